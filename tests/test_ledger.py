"""Which task was already paid for: the record, and the doubts in which nothing is bought."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topview_provider.exceptions import TopviewError, TopviewSubmitUnknown
from topview_provider.ledger import KEY, Ledger, Record, buy_once, fingerprint, forgotten, orphaned

BODY = {"productLink": "https://shop.example/p", "videoLengthType": 1}


class Store(dict[str, Any]):
    """A store of JSON values, as Airflow's is; a test may put an act of another attempt behind a write."""

    after_write: Callable[[], None] | None = None

    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))
        if self.after_write:
            self.after_write()

    def delete(self, key: str) -> None:
        self.pop(key, None)


class Broken(Store):
    """A store that cannot be reached."""

    def get(self, key: str, default: Any = None) -> Any:
        raise ConnectionError("the API server is away")

    def set(self, key: str, value: Any) -> None:
        raise ConnectionError("the API server is away")


def bought(body: dict[str, Any] = BODY, **words: Any) -> str:
    where = {"family": "marketing_video", "base_url": "https://api.topview.ai", "uid": "u", **words}
    return fingerprint(body=body, **where)


def test_a_record_comes_back_as_it_was_written() -> None:
    store = Store()
    book = Ledger(store)
    record = book.accept(book.intend("fp", seen="e1"), "t1")
    book.settle("t1", "success", 5.0)

    found = Ledger(store).read()
    assert found == Record("fp", record.nonce, record.intent_at, "t1", record.submitted_at, "e1", "success", 5.0)
    assert record.submitted_at >= record.intent_at > 0


@given(fp=st.text(), task=st.text(), seen=st.text(), cost=st.none() | st.floats(allow_nan=False), at=st.floats(0, 1e12))
def test_any_record_survives_the_store(fp: str, task: str, seen: str, cost: float | None, at: float) -> None:
    record = Record(fp, "n", at, task, at, seen, "failed", cost)
    book = Ledger(Store())

    assert book.write(record) == book.read() == record


def test_nothing_written_is_nothing_bought() -> None:
    assert Ledger(Store()).read() is None
    assert Ledger(Store()).remembers


def test_fields_of_a_later_release_are_ignored() -> None:
    assert Ledger(Store({KEY: {"fingerprint": "fp", "of_tomorrow": 1}})).read() == Record("fp")


def test_a_store_that_cannot_be_read_is_an_error_and_not_no_record() -> None:
    with pytest.raises(TopviewError, match="cannot be read, so nothing is submitted: the API server is away"):
        Ledger(Broken()).read()


@pytest.mark.parametrize("value", ["t1", 5, ["t1"], {}, {"fingerprint": 5}, {"topview_task_id": "t1"}])
def test_a_foreign_value_is_an_error_and_not_no_record(value: Any) -> None:
    with pytest.raises(TopviewError, match="holds something else under 'topview'"):
        Ledger(Store({KEY: value})).read()


def test_an_intent_that_cannot_be_written_is_an_error_before_anything_is_sent() -> None:
    with pytest.raises(TopviewError, match="cannot be written: the API server is away"):
        Ledger(Broken()).intend("fp")


def test_an_id_that_cannot_be_written_is_named_in_the_error() -> None:
    with pytest.raises(TopviewError, match="cannot be written; TopView accepted t1: ") as caught:
        Ledger(Broken()).accept(Record("fp"), "t1")

    assert caught.value.topview_task_id == "t1"


def test_an_intent_is_read_again_and_the_later_writer_goes_on() -> None:
    store = Store()
    store.after_write = lambda: store.update({KEY: {"fingerprint": "fp", "nonce": "another attempt"}})

    with pytest.raises(TopviewError, match="Another attempt of this task is submitting right now"):
        Ledger(store).intend("fp")


def test_an_intent_that_vanished_is_not_followed_by_a_submit() -> None:
    store = Store()
    store.after_write = store.clear

    with pytest.raises(TopviewError, match="Another attempt"):
        Ledger(store).intend("fp")


def test_every_intent_has_a_mark_of_its_own() -> None:
    book = Ledger(Store())

    assert book.intend("fp").nonce != book.intend("fp").nonce


def test_what_is_forgotten_is_gone_and_may_be_forgotten_again() -> None:
    book = Ledger(Store())
    record = book.intend("fp")
    book.forget(record)
    book.forget(record)

    assert book.read() is None


def test_what_another_attempt_wrote_is_neither_forgotten_nor_settled() -> None:
    book = Ledger(Store())
    older = book.intend("fp")
    newer = book.accept(book.intend("fp"), "t2")
    book.forget(older)
    book.settle("t1", "failed")

    assert book.read() == newer


def test_an_id_that_could_not_be_noted_is_noted_with_the_outcome() -> None:
    book = Ledger(Store())
    book.intend("fp")
    book.settle("t1", "success")

    found = book.read()
    assert found
    assert (found.topview_task_id, found.outcome) == ("t1", "success")


def test_a_paid_answer_is_kept_and_not_bought_again() -> None:
    book, calls = Ledger(Store()), []

    def call() -> dict[str, int]:
        calls.append(1)
        return {"n": len(calls)}

    assert [buy_once(book, "fp", "call", True, call) for _ in range(3)] == [{"n": 1}] * 3
    assert buy_once(book, "other", "call", True, call) == {"n": 2}


def test_a_paid_call_of_unknown_outcome_is_not_made_again() -> None:
    book = Ledger(Store())

    def lost() -> None:
        raise TopviewSubmitUnknown("lost")

    for words in ("lost", "announced a submit"):
        with pytest.raises(TopviewSubmitUnknown, match=words):
            buy_once(book, "fp", "call", True, lost)


def test_a_paid_call_that_was_refused_may_be_made_again() -> None:
    book = Ledger(Store())

    def refused() -> None:
        raise TopviewError("no")

    with pytest.raises(TopviewError, match="no"):
        buy_once(book, "fp", "call", True, refused)
    assert buy_once(book, "fp", "call", False, lambda: "yes") == "yes"


def test_settling_nothing_writes_nothing() -> None:
    store = Store()
    Ledger(store).settle("t1", "failed")

    assert store == {}


def test_without_a_store_nothing_is_remembered_and_nothing_fails() -> None:
    book = Ledger.of({"ti": None})
    record = book.accept(book.intend("fp"), "t1")
    book.settle("t1", "success")
    book.forget(record)

    assert record.topview_task_id == "t1"
    assert (book.read(), book.remembers) == (None, False)


def test_the_ledger_of_a_task_instance_is_airflow_s_task_state_store(context: dict[str, Any]) -> None:
    Ledger.of(context).intend("fp")

    assert context["task_state_store"][KEY]["fingerprint"] == "fp"


def test_a_record_never_holds_the_key_or_the_body() -> None:
    store = Store()
    Ledger(store).intend(bought())

    assert "shop.example" not in json.dumps(store)


def test_an_orphaned_intent_says_what_is_known_and_what_to_do() -> None:
    error = orphaned(Record("fp", intent_at=1.0))

    assert isinstance(error, TopviewSubmitUnknown)
    assert "may have accepted and may charge it. It is not sent again by itself" in str(error)
    assert "delete the key 'topview' under Task State Store" in str(error)


def test_a_retry_without_a_store_says_that_it_cannot_know() -> None:
    error = forgotten("scraper")

    assert isinstance(error, TopviewSubmitUnknown)
    assert "cannot know whether an earlier attempt already bought this scraper" in str(error)


@pytest.mark.parametrize(
    "other",
    [
        {"family": "scraper"},
        {"base_url": "https://other.example"},
        {"base_url": "http://api.topview.ai"},
        {"base_url": "https://api.topview.ai:8443"},
        {"uid": "v"},
        {"content": ["a script"]},
        {"body": {**BODY, "videoLengthType": 2}},
        {"body": {**BODY, "videoLengthType": "1"}},
        {"body": {**BODY, "language": "de"}},
        {"body": {}},
    ],
)
def test_another_family_host_account_body_or_script_is_another_purchase(other: dict[str, Any]) -> None:
    assert bought(**other) != bought()


@pytest.mark.parametrize(
    "same",
    [
        {"body": {**BODY, "noticeUrl": "https://me.example/1"}},
        {"body": dict(reversed(BODY.items()))},
        {"base_url": "https://API.topview.ai"},
        {"base_url": "https://api.topview.ai/prefix"},
        {"content": None},
    ],
)
def test_callback_order_of_keys_and_path_prefix_are_no_part_of_the_purchase(same: dict[str, Any]) -> None:
    assert bought(**same) == bought()


def test_an_edited_script_makes_another_purchase() -> None:
    assert bought(content=[{"segText": "a"}]) != bought(content=[{"segText": "b"}])
