"""Whatever a server may send: it is read, or it is one of our errors, and no message of ours holds the key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from topview_provider import exceptions as errors
from topview_provider import results
from topview_provider.catalog import FAMILIES, LISTINGS
from topview_provider.hooks.requesting import items_in, task_answer
from topview_provider.polling import Watch
from topview_provider.wire import Call, accepted_id, interpret, redacted

KEY = "sk-0123456789abcdef"
READ = Call("GET", "/v1/m2v/task/query", "topview_default", topview_task_id="t1")
SUBMIT = Call("POST", "/v1/m2v/task/submit", "topview_default", body={}, submits=True)

TEXTS = st.text() | st.sampled_from([KEY, f"for {KEY}: no", "success", "running", "fail", "https://b.example/k?sig=1"])
NUMBERS = st.integers() | st.floats() | st.sampled_from([1e308, -1e308, 10**4000, float("nan"), float("inf"), 1e-320])
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
CODES = st.sampled_from(["200", 200, "4004", 4007, "5003", "6001", "401", 200.0, True]) | ANYTHING


def keys_of(row: Any) -> set[str]:
    """Return the names that an answer of a family is read by."""
    paths = [output.path for output in row.outputs] + [output.duration for output in row.outputs]
    paths += [*row.values.values(), row.title_path, row.item_id_key, row.item_status_key, row.items_key]
    names = {part.partition("[")[0] for path in paths for part in path.split(".")}
    return {*names, row.status_key, row.task_id_key, "costCredit", "errorMsg", "errorCode", "videoEtag"} - {"", "**"}


KNOWN = sorted({name for row in FAMILIES.values() for name in keys_of(row)} | {"exportVideos", "previewVideos"})
NAMES = st.sampled_from(KNOWN) | TEXTS
RESULTS = st.recursive(
    ANYTHING,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


def twice(envelope: dict[str, Any]) -> str:
    """Write an envelope whose every key stands there twice."""
    pairs = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in envelope.items()]
    return "{" + ", ".join([*pairs, *reversed(pairs)]) + "}"


TASKS = st.fixed_dictionaries({"code": st.just("200"), "result": st.dictionaries(NAMES, RESULTS, max_size=6)})
ENVELOPES = st.fixed_dictionaries({"code": CODES}, optional={"message": ANYTHING, "result": RESULTS})
SAID = ENVELOPES.map(json.dumps) | ENVELOPES.map(twice) | ANYTHING.map(json.dumps)
ENCODED = st.tuples(SAID, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"]))
BODIES = st.binary(max_size=50) | ENCODED.map(lambda pair: pair[0].encode(pair[1], "replace"))
HEADERS = st.dictionaries(st.sampled_from(["Retry-After", "Location", "retry-after", "X"]), TEXTS, max_size=3)
STATUSES = st.just(200) | st.integers(100, 599)


JUDGES: list[dict[str, str]] = [
    {},
    {"items": "exportVideos"},
    {"items": "exportVideos", "script_id": "0", "seen": "x"},
]


def interpreted(call: Call, status: int, headers: dict[str, str], body: bytes) -> Any:
    return interpret(call, status, headers, body, hide=(KEY,))


def read_as_a_task(result: Any) -> Iterator[str]:
    """Read a query's result in every way we do, for every family, and yield what may be shown of it."""
    answer = task_answer(READ, result)
    for row in FAMILIES.values():
        for judge in JUDGES if row.item_id_key else JUDGES[:1]:
            state = results.state_of(row, answer, judge)
            yield f"{state.word} {state.message}"
            yield from results.failed_items(row, answer, judge)
            results.seen_item(row, answer, judge)
            results.under_way(row, answer, judge)
            json.dumps([results.outputs_of(row, answer, judge), results.values_of(row, answer, judge)])
            json.dumps([results.title_of(row, answer, judge), results.cost_of(row, answer)])
        step = Watch(row, "t1", {}, 0.0, 60.0, 5.0).saw(answer, 1.0)
        yield f"{step.note} {step.outcome}"
    yield redacted(answer)


def accepted(result: Any) -> Iterator[str]:
    yield accepted_id(SUBMIT, result, "taskId")


def read_as_a_list(result: Any) -> Iterator[str]:
    for row in LISTINGS.values():
        json.dumps(items_in(row, result))
    yield ""


READERS = {"query": (READ, read_as_a_task), "submit": (SUBMIT, accepted), "list": (READ, read_as_a_list)}


def shown_by(call: Call, read: Callable[[Any], Iterator[str]], *said: Any) -> list[str]:
    """Return what we would show of an answer; anything raised but our own errors ends the test."""
    try:
        return list(read(interpreted(call, *said)))
    except errors.TopviewError as error:
        return [str(error)]


by_every_reader = pytest.mark.parametrize(("call", "read"), READERS.values(), ids=list(READERS))


@by_every_reader
@given(status=STATUSES, headers=HEADERS, body=BODIES)
def test_any_bytes_are_read_or_one_of_our_errors_and_no_message_holds_the_key(
    call: Call, read: Any, status: int, headers: dict[str, str], body: bytes
) -> None:
    assert not [text for text in shown_by(call, read, status, headers, body) if KEY in text]


@by_every_reader
@given(envelope=TASKS, write=st.sampled_from([json.dumps, twice]))
@example(envelope={"code": "200", "result": {"status": "fail", "errorMsg": KEY}}, write=json.dumps)
@example(envelope={"code": "200", "result": {"status": KEY}}, write=json.dumps)
def test_any_result_is_read_or_one_of_our_errors_and_no_message_holds_the_key(
    call: Call, read: Any, envelope: dict[str, Any], write: Callable[[Any], str]
) -> None:
    assert not [text for text in shown_by(call, read, 200, {}, write(envelope).encode()) if KEY in text]


def nested(depth: int, opening: str = "[", closing: str = "]", name: str = "status") -> bytes:
    value = opening * depth + "1" + closing * depth
    return f'{{"code": "200", "result": {{"taskId": "t1", "{name}": {value}}}}}'.encode()


@by_every_reader
def test_an_answer_of_any_depth_is_read_or_refused(call: Call, read: Any) -> None:
    for name in KNOWN:
        for brackets in (("[", "]"), ('{"a":', "}")):
            for depth in (90, 900):
                assert shown_by(call, read, 200, {}, nested(depth, *brackets, name))


def test_an_answer_that_is_too_deep_to_be_topview_s_leaves_a_submit_unknown() -> None:
    assert interpreted(SUBMIT, 200, {}, nested(90))["taskId"] == "t1"
    with pytest.raises(errors.TopviewSubmitUnknown, match="not TopView's envelope"):
        interpreted(SUBMIT, 200, {}, nested(900))


def test_an_echo_of_the_key_does_not_get_into_a_result_and_a_short_word_does() -> None:
    body = json.dumps({"code": "200", "result": {"text": f"my {KEY}", "other": "a secret"}}).encode()
    assert interpret(READ, 200, {}, body, hide=(KEY, "secret")) == {"text": "my ***", "other": "a secret"}
    assert interpret(READ, 200, {}, body.decode().encode("utf-16"), hide=(KEY,))["text"] == "my ***"
