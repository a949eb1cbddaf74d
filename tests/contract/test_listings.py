"""Lists and actions: what is asked, what comes back, and what is refused before anything is asked."""

from __future__ import annotations

import inspect
import json
import math
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from airflow.providers.common.compat.sdk import BaseOperator

from tests.lines import through_the_database as serialized
from topview_provider.catalog import Listing
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.operators.listing import TopviewActionOperator, TopviewListOperator
from topview_provider.standin.server import StandIn

from .examples import Example, full, minimal, wrong
from .promises import call_promise, list_promise
from .running import known, made, new_context, operator_class, unsigned
from .test_classes import dag

LISTED: dict[str, tuple[str, dict[str, Any]]] = {
    "credit_logs": ("remove_background", {}),
    "marketing_video_task_list": ("marketing_video", {}),
    "board_task_list": ("text_to_voice", {"board_id": "b1"}),
}
"""Lists that follow what was done, and a task that then stands in them."""


@pytest.fixture(autouse=True)
def something_was_done(request: pytest.FixtureRequest, service: StandIn) -> None:
    """Let a list that follows what was done have something to show."""
    name = request.node.callspec.params["row"].name
    if name in LISTED:
        family, arguments = LISTED[name]
        for _ in range(7):
            made(family, **arguments)


def texts(body: dict[str, Any]) -> dict[str, str]:
    """Return what stands in a query string."""
    return {wire: str(value).lower() if isinstance(value, bool) else str(value) for wire, value in body.items()}


def asked(service: StandIn, row: Listing) -> list[Any]:
    """Return what the calls of a row said, in the order they came."""
    calls = [entry for entry in service.requests(row.path) if entry["method"] == row.method]
    return [entry["body"] if row.body else entry["query"] for entry in calls]


def straight(service: StandIn, row: Listing, body: dict[str, Any]) -> Any:
    """Ask the service without any of our code, a page of everything at once, and return the result."""
    paging = {"pageSize": 1000} if row.paged else {}
    url = f"{service.url}{row.path}" + ("" if row.body else f"?{urlencode(texts({**body, **paging}))}")
    data = json.dumps(body).encode() if row.body else None
    headers = {**service.headers, "Content-Type": "application/json"}
    with build_opener(ProxyHandler({})).open(Request(url, data, headers, method=row.method), timeout=30) as answer:
        return json.load(answer)["result"]


def needed(row: Listing) -> Example:
    """Return an example with what a call cannot do without, which may be nothing."""
    return minimal(row, known(row)) if any(field.required for field in row.fields) else Example({}, {})


def items(row: Listing, result: Any) -> list[Any]:
    found = result[row.items_key] if row.items_key else result if isinstance(result, list) else [result]
    return [clean(row, item) for item in found]


def clean(row: Listing, item: Any) -> Any:
    """Return what may leave the wire: no keys in clear."""
    return {key: value for key, value in item.items() if key not in row.drop} if isinstance(item, dict) else item


def shown(row: Listing, found: list[Any]) -> list[Any]:
    """Return what of the items goes to XCom by default: the columns of the row, or everything."""
    return [{name: item.get(name) for name in row.columns} if row.columns else item for item in found]


@call_promise
def test_an_operator_stands_for_the_call(row: Listing) -> None:
    found = operator_class(row)
    assert vars(found)["listing"] == row.name
    assert issubclass(found, TopviewActionOperator if row.action or row.single else TopviewListOperator)


@call_promise
def test_the_constructor_is_the_row_and_every_field_a_template(row: Listing) -> None:
    found = operator_class(row)
    parameters = inspect.signature(vars(found)["__init__"]).parameters
    beside = ("self", "kwargs", *found.own_arguments)
    own = {name: parameter for name, parameter in parameters.items() if name not in beside}
    assert set(own) == {field.name for field in row.fields}
    for field in row.fields:
        assert own[field.name].kind is inspect.Parameter.KEYWORD_ONLY, field.name
        needed = field.required and not field.send_default
        assert (own[field.name].default is inspect.Parameter.empty) == needed, field.name
    assert set(found.template_fields) >= {*own, "topview_conn_id"}


@call_promise
def test_rendered_text_is_asked_with_the_right_type(row: Listing, service: StandIn) -> None:
    example = full(row, known(row))
    task = operator_class(row)(task_id="t", **example.templates())
    task.render_template_fields({})
    task.execute(new_context())
    assert asked(service, row)[0] == (example.body if row.body else texts(example.body))


@call_promise
def test_nothing_is_asked_that_was_not_given(row: Listing, service: StandIn) -> None:
    example = needed(row)
    task = operator_class(row)(task_id="t", **example.templates())
    task.render_template_fields({})
    task.execute(new_context())
    paging = {"pageNo": "1"} if row.paged else {}
    assert asked(service, row)[0] == (example.body if row.body else {**texts(example.body), **paging})


@call_promise
def test_the_result_is_what_topview_has(row: Listing, service: StandIn) -> None:
    example = needed(row)
    found = operator_class(row)(task_id="t", **example.arguments).execute(new_context())
    there = straight(service, row, example.body)
    assert unsigned(found) == unsigned(clean(row, there) if row.action or row.single else shown(row, items(row, there)))
    assert row.action or found
    assert service.requests(row.path)[0]["status"] == 200


@call_promise
def test_a_call_that_lacks_something_is_refused_before_it_is_made(row: Listing, service: StandIn) -> None:
    arguments = {field.name: "" for field in row.fields if field.required and not field.send_default}
    for name in arguments:
        task = operator_class(row)(task_id="t", **{**full(row).arguments, name: ""})
        with pytest.raises(TopviewInvalidRequest, match=name):
            task.execute(new_context())
    assert asked(service, row) == []


@call_promise
def test_a_call_with_a_wrong_value_is_refused_before_it_is_made(row: Listing, service: StandIn) -> None:
    for field in row.fields:
        task = operator_class(row)(task_id="t", **{**full(row).arguments, field.name: wrong(field)})
        with pytest.raises(TopviewInvalidRequest) as refused:
            task.execute(new_context())
        assert field.name in str(refused.value)
        assert field.open_choices or all(str(choice) in str(refused.value) for choice in field.choices)
    assert asked(service, row) == []


@call_promise
def test_a_call_has_a_place_in_a_dag(row: Listing) -> None:
    """Default args apply, results of others make them upstreams, it can be mapped, and the DAG can be serialized."""
    given = full(row).arguments
    name, value = next(iter(given.items()), ("topview_conn_id", "ours"))
    others = {other: value for other, value in given.items() if other != name}
    with dag(default_args={"topview_conn_id": "theirs"}) as written:
        before = {field.name: BaseOperator(task_id=field.name) for field in row.fields}
        task = operator_class(row)(task_id="t", **{name: other.output for name, other in before.items()})
        mapped = operator_class(row).partial(task_id="mapped", **others).expand(**{name: [value]})
    assert task.topview_conn_id == "theirs"
    assert task.upstream_task_ids == set(before)
    assert getattr(mapped.unmap({name: value}), name) == value
    read = {task.task_id: task.task_type for task in serialized(written).tasks}
    assert read["t"] == read["mapped"] == operator_class(row).__name__


def small(row: Listing, **words: Any) -> Any:
    """Return the list operator with what it must have, and small pages where it has pages."""
    paging = {"page_size": 5} if row.paged else {}
    return operator_class(row)(task_id="t", **{**needed(row).arguments, **paging, **words})


@list_promise
def test_every_page_is_read(row: Listing, service: StandIn) -> None:
    found = small(row).execute(new_context())
    calls = asked(service, row)
    pages = math.ceil(len(found) / 5) if row.paged else 1
    assert len(calls) == pages
    assert [call.get("pageNo") for call in calls] == [str(n + 1) if row.paged else None for n in range(pages)]
    there = items(row, straight(service, row, needed(row).body))
    assert unsigned(found) == unsigned(shown(row, there))


@list_promise
def test_a_limit_ends_the_reading(row: Listing, service: StandIn) -> None:
    everything = small(row).execute(new_context())
    before = len(asked(service, row))
    assert unsigned(small(row, limit=6).execute(new_context())) == unsigned(everything[:6])
    assert len(asked(service, row)) == before + (min(2, math.ceil(len(everything) / 5)) if row.paged else 1)


@list_promise
def test_only_the_chosen_fields_stay(row: Listing, service: StandIn) -> None:
    there = items(row, straight(service, row, needed(row).body))
    for key in there[0]:
        chosen = small(row, fields=[key, "unheardOf"], limit=7).execute(new_context())
        assert unsigned(chosen) == unsigned([{key: item.get(key), "unheardOf": None} for item in there[:7]])


@list_promise
def test_a_long_list_can_go_to_a_file_and_is_whole_there(row: Listing, service: StandIn, tmp_path: Path) -> None:
    target = tmp_path / "of" / "today.jsonl"
    task = small(row, result_path=str(tmp_path) + "/of/{{ day }}.jsonl")
    task.render_template_fields({"day": "today"})
    found = task.execute(new_context())
    assert found.endswith(str(target))
    assert [path.name for path in target.parent.iterdir()] == ["today.jsonl"]
    written = [json.loads(line) for line in target.read_text().splitlines()]
    assert unsigned(written) == unsigned(items(row, straight(service, row, needed(row).body)))


@list_promise
def test_what_a_list_returns_is_what_its_docstring_says(row: Listing, service: StandIn) -> None:
    text = inspect.cleandoc(operator_class(row).__doc__ or "")
    paragraph = " ".join(text.partition("\nReturns ")[2].partition("\n\n")[0].split())
    returned, _, others = paragraph.partition("``fields`` may name ")
    assert paragraph
    there = items(row, straight(service, row, needed(row).body))[0]
    if row.columns:
        assert re.findall(r"``(\w+)``", returned) == list(row.columns)
        assert {*re.findall(r"``(\w+)``", others)} == {*there} - {*row.columns}
    assert {*small(row, limit=1).execute(new_context())[0]} <= {*re.findall(r"``(\w+)``", returned)}
