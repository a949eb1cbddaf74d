"""The record of one purchase: what is written, what is read, and the doubts in which nothing is bought."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topview_provider.exceptions import TopviewError, TopviewInvalidRequest, TopviewSubmitUnknown
from topview_provider.ledger.book import Ledger, begun, buy_once, ids_held
from topview_provider.ledger.records import MOST_EARLIER, Purchase, Record, purchase
from topview_provider.ledger.rules import Attempt
from topview_provider.ledger.stores import KEY

FIRST, RETRY, CLEARED = Attempt(1, 0), Attempt(2, 0), Attempt(3, 2)
A, B = Purchase("fp-a"), Purchase("fp-b")


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


class ReadOnly(Store):
    """A store that can be read, and written no more."""

    def set(self, key: str, value: Any) -> None:
        raise ConnectionError("the disk is full")

    def delete(self, key: str) -> None:
        raise ConnectionError("the disk is full")


def fresh(bought: Purchase = A, attempt: Attempt = FIRST) -> Record:
    return begun(bought, attempt)


def bought(**body: Any) -> Purchase:
    return purchase("download", body, "https://api.topview.ai", "u")


def test_a_record_comes_back_as_it_was_written() -> None:
    store = Store()
    book = Ledger(store)
    intent = book.intend(replace(fresh(bought(key="a", size=1), CLEARED), seen="e1"))
    record = book.accept(intent, "t1")
    book.settle("t1", "success", 5.0)
    assert Ledger(store).read() == replace(record, outcome="success", cost_credit=5.0, earlier=[])
    assert (record.topview_task_id, record.seen, record.round) == ("t1", "e1", 2)
    assert set(record.parts) == {"key", "size", "the host", "Topview-Uid"}
    assert record.submitted_at >= record.intent_at > 0


@given(fp=st.text(), task=st.text(), seen=st.text(), cost=st.none() | st.floats(allow_nan=False), at=st.floats(0, 1e12))
def test_any_record_survives_the_store(fp: str, task: str, seen: str, cost: float | None, at: float) -> None:
    record = Record(fp, "n", at, task, at, seen, "failed", cost, {"url": seen}, {fp: task}, 2, [{"fingerprint": task}])
    book = Ledger(Store())
    assert book.write(record) == book.read() == record


def test_nothing_written_is_nothing_bought() -> None:
    assert Ledger(Store()).read() is None
    assert Ledger(Store()).remembers


def test_a_record_of_an_earlier_or_a_later_release_is_read() -> None:
    assert Ledger(Store({KEY: {"fingerprint": "fp", "of_tomorrow": 1}})).read() == Record("fp")
    old = {"fingerprint": "fp", "nonce": "n", "intent_at": 1.0, "topview_task_id": "t1", "submitted_at": 2.0}
    assert Ledger(Store({KEY: old})).read() == Record("fp", "n", 1.0, "t1", 2.0)


def test_a_store_that_cannot_be_read_is_an_error_and_not_no_record() -> None:
    with pytest.raises(TopviewError, match="cannot be read, so nothing is submitted: the API server is away"):
        Ledger(Broken()).read()


@pytest.mark.parametrize("value", ["t1", 5, ["t1"], {}, {"fingerprint": 5}, {"topview_task_id": "t1"}])
def test_a_foreign_value_is_an_error_and_not_no_record(value: Any) -> None:
    with pytest.raises(TopviewError, match="holds something else under 'topview'"):
        Ledger(Store({KEY: value})).read()


def test_an_intent_that_cannot_be_written_is_an_error_before_anything_is_sent() -> None:
    with pytest.raises(TopviewError, match="cannot be written: the disk is full"):
        Ledger(ReadOnly()).intend(fresh())


def test_an_id_that_cannot_be_written_is_named_in_the_error() -> None:
    with pytest.raises(TopviewError, match="cannot be written; TopView accepted t1: the disk is full") as caught:
        Ledger(ReadOnly()).accept(Record("fp"), "t1")
    assert caught.value.topview_task_id == "t1"


def test_an_intent_that_cannot_be_removed_is_an_error() -> None:
    record = Record("fp", "n")
    with pytest.raises(TopviewError, match="cannot be written"):
        Ledger(ReadOnly({KEY: asdict(record)})).forget(record)


@pytest.mark.parametrize("act", [lambda s: s.update({KEY: {"fingerprint": "fp", "nonce": "another"}}), dict.clear])
def test_an_intent_is_read_again_and_the_later_writer_goes_on(act: Callable[[Store], None]) -> None:
    store = Store()
    store.after_write = lambda: act(store)
    with pytest.raises(TopviewError, match="Another attempt of this task is submitting right now; this one stands"):
        Ledger(store).intend(fresh())


def test_every_intent_has_a_mark_of_its_own() -> None:
    book = Ledger(Store())
    assert book.intend(fresh()).nonce != book.intend(fresh()).nonce


def test_what_is_forgotten_is_gone_and_may_be_forgotten_again() -> None:
    book = Ledger(Store())
    record = book.intend(fresh())
    book.forget(record)
    book.forget(record)
    assert book.read() is None


def test_what_another_attempt_wrote_is_neither_forgotten_nor_settled() -> None:
    book = Ledger(Store())
    older = book.intend(fresh())
    newer = book.accept(book.intend(fresh()), "t2")
    book.forget(older)
    book.settle("t1", "failed")
    assert book.read() == newer


def test_an_id_that_could_not_be_noted_is_noted_with_the_outcome() -> None:
    book = Ledger(Store())
    book.intend(fresh())
    book.settle("t1", "success", 2.5)
    found = book.read()
    assert found
    assert (found.topview_task_id, found.outcome, found.cost_credit) == ("t1", "success", 2.5)


def test_settling_nothing_writes_nothing() -> None:
    store = Store()
    Ledger(store).settle("t1", "failed")
    assert store == {}


def test_an_outcome_is_not_that_of_the_next_purchase() -> None:
    book = Ledger(Store())
    book.accept(book.intend(fresh()), "t1")
    book.settle("t1", "failed")
    assert book.accept(book.intend(fresh()), "t2").outcome == ""


def test_what_is_bought_with_other_inputs_keeps_what_was_bought_before() -> None:
    book = Ledger(Store())
    first = book.accept(book.intend(fresh(A)), "t1")
    second = book.accept(book.intend(fresh(B, CLEARED)), "t2")
    assert book.recall(B) == second
    back = book.recall(A)
    assert back
    assert (replace(back, earlier=()), book.read()) == (replace(first, earlier=()), back)
    again = book.recall(B)
    assert again
    assert [again.topview_task_id, *(one["topview_task_id"] for one in again.earlier)] == ["t2", "t1"]
    assert book.recall(Purchase("fp-c")) == again


def test_a_refused_purchase_leaves_the_one_before_it_as_it_was() -> None:
    book = Ledger(Store())
    book.accept(book.intend(fresh(A)), "t1")
    book.settle("t1", "success", 1.0)
    before = book.read()
    book.forget(book.intend(fresh(A, CLEARED)))
    assert book.read() == before
    book.forget(book.intend(fresh(B, CLEARED)))
    assert book.read() == before


def test_a_new_task_of_the_same_inputs_takes_the_place_of_the_old_one() -> None:
    book = Ledger(Store())
    book.accept(book.intend(fresh(A)), "t1")
    assert book.accept(book.intend(fresh(A, CLEARED)), "t2").earlier == []


def test_a_record_does_not_grow_without_end() -> None:
    book = Ledger(Store())
    for number in range(MOST_EARLIER + 10):
        book.accept(book.intend(fresh(Purchase(f"fp-{number}"))), f"t{number}")
    found = book.read()
    assert found
    assert len(found.earlier) == MOST_EARLIER
    assert found.earlier[0]["topview_task_id"] == f"t{MOST_EARLIER + 8}"
    assert all(one["earlier"] == [] for one in found.earlier)


def test_a_paid_answer_is_kept_and_not_bought_again() -> None:
    book, calls = Ledger(Store()), []

    def call() -> dict[str, int]:
        calls.append(1)
        return {"n": len(calls)}

    assert [buy_once(book, A, "call", each, call) for each in (FIRST, RETRY, CLEARED)] == [{"n": 1}] * 3
    assert [buy_once(book, B, "call", each, call) for each in (CLEARED, Attempt(4, 2))] == [{"n": 2}] * 2
    assert buy_once(book, A, "call", Attempt(6, 5), call) == {"n": 1}


def test_a_paid_call_whose_inputs_changed_in_an_automatic_retry_is_not_made() -> None:
    book = Ledger(Store())
    first, second = (bought(key=key) for key in "ab")
    buy_once(book, first, "download", FIRST, lambda: "paid")
    with pytest.raises(TopviewInvalidRequest, match=r"inputs of this task changed since download.*: key\."):
        buy_once(book, second, "download", RETRY, lambda: pytest.fail("bought"))


def test_a_paid_call_of_unknown_outcome_is_not_made_again() -> None:
    book = Ledger(Store())

    def lost() -> None:
        raise TopviewSubmitUnknown("lost")

    for attempt, words in ((FIRST, "lost"), (RETRY, "announced a submit"), (CLEARED, "announced a submit")):
        with pytest.raises(TopviewSubmitUnknown, match=words):
            buy_once(book, A, "call", attempt, lost)


def test_a_paid_call_that_was_refused_may_be_made_again() -> None:
    book = Ledger(Store())

    def refused() -> None:
        raise TopviewError("no")

    with pytest.raises(TopviewError, match="no"):
        buy_once(book, A, "call", FIRST, refused)
    assert buy_once(book, A, "call", RETRY, lambda: "yes") == "yes"


def test_without_a_store_nothing_is_remembered_and_nothing_fails() -> None:
    book = Ledger.of({"ti": None})
    record = book.accept(book.intend(fresh()), "t1")
    book.settle("t1", "success")
    book.forget(record)
    assert record.topview_task_id == "t1"
    assert (book.read(), book.remembers, book.others()) == (None, False, None)


def test_the_ledger_of_a_task_instance_is_airflow_s_task_state_store(context: dict[str, Any]) -> None:
    book = Ledger.of(context)
    book.intend(fresh())
    assert context["task_state_store"][KEY]["fingerprint"] == A.fingerprint
    assert book.others() is None
    assert book.forget_by_hand == "delete the key 'topview' under Task State Store in the task's Storage tab"


def test_only_ids_that_are_known_are_held() -> None:
    assert ids_held([Record("a", topview_task_id="t1"), Record("b"), Record("c", outcome="success")]) == {"t1"}
