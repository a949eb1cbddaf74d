"""What a record means for the next attempt: every record, every inputs, every attempt, every rule."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from tests.conftest import FakeTaskInstance
from tests.lines import named
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.ledger.records import Purchase, Record
from topview_provider.ledger.rules import Action, Attempt, Rules, decide

RULES = {
    "by default": Rules(),
    "with on_changed_input='resubmit'": Rules(on_changed_input="resubmit"),
    "with on_changed_input='fail'": Rules(on_changed_input="fail"),
    "with force_resubmit": Rules(force_resubmit=True),
    "without resubmit_on_failure": Rules(resubmit_on_failure=False),
}
RECORDS = {
    "no record": None,
    "an intent without an id": Record("fp", intent_at=1.0, round=0),
    "a running task": Record("fp", topview_task_id="t1", round=0),
    "a finished task": Record("fp", topview_task_id="t1", outcome="success", round=0),
    "a failed task": Record("fp", topview_task_id="t1", outcome="failed", round=0),
}
INPUTS = {"the same inputs": Purchase("fp"), "other inputs": Purchase("other")}
ATTEMPTS = {
    "an automatic retry": (Attempt(2, 0), False),
    "a clear": (Attempt(2, 1), False),
    "a clear, once TopView was asked": (Attempt(2, 1), True),
    "the retry after a clear, once TopView was asked": (Attempt(3, 1), True),
}

# One row per record, inputs and attempt; one column per rule, in the order of RULES.
TABLE = """
no record               | the same inputs | an automatic retry              | BUY     BUY     BUY     BUY     BUY
no record               | the same inputs | a clear                         | BUY     BUY     BUY     BUY     BUY
an intent without an id | the same inputs | an automatic retry              | SEARCH  SEARCH  SEARCH  SEARCH  SEARCH
an intent without an id | the same inputs | a clear                         | SEARCH  SEARCH  SEARCH  BUY     SEARCH
an intent without an id | other inputs    | an automatic retry              | SEARCH  SEARCH  SEARCH  SEARCH  SEARCH
an intent without an id | other inputs    | a clear                         | SEARCH  SEARCH  SEARCH  BUY     SEARCH
a running task          | the same inputs | an automatic retry              | GO_ON   GO_ON   GO_ON   GO_ON   GO_ON
a running task          | the same inputs | a clear                         | ASK     ASK     ASK     BUY     ASK
a running task          | the same inputs | a clear, once TopView was asked | GO_ON   GO_ON   GO_ON   BUY     GO_ON
a running task          | other inputs    | an automatic retry              | REFUSE  BUY     REFUSE  REFUSE  REFUSE
a running task          | other inputs    | a clear                         | ASK     ASK     ASK     BUY     ASK
a running task          | other inputs    | a clear, once TopView was asked | REFUSE  BUY     REFUSE  BUY     REFUSE
a finished task         | the same inputs | an automatic retry              | GO_ON   GO_ON   GO_ON   GO_ON   GO_ON
a finished task         | the same inputs | a clear                         | GO_ON   GO_ON   GO_ON   BUY     GO_ON
a finished task         | the same inputs | a clear, once TopView was asked | GO_ON   GO_ON   GO_ON   BUY     GO_ON
a finished task         | other inputs    | an automatic retry              | REFUSE  BUY     REFUSE  REFUSE  REFUSE
a finished task         | other inputs    | a clear                         | BUY     BUY     REFUSE  BUY     BUY
a finished task         | other inputs    | a clear, once TopView was asked | BUY     BUY     REFUSE  BUY     BUY
a failed task           | the same inputs | an automatic retry              | BUY     BUY     BUY     BUY     GO_ON
a failed task           | the same inputs | a clear                         | BUY     BUY     BUY     BUY     GO_ON
a failed task           | the same inputs | a clear, once TopView was asked | BUY     BUY     BUY     BUY     GO_ON
a failed task           | other inputs    | an automatic retry              | REFUSE  BUY     REFUSE  REFUSE  REFUSE
a failed task           | other inputs    | a clear                         | BUY     BUY     REFUSE  BUY     BUY
a failed task           | other inputs    | a clear, once TopView was asked | BUY     BUY     REFUSE  BUY     BUY
"""


def rows() -> Iterator[Any]:
    """Yield each cell of the table; its name is a sentence."""
    for line in TABLE.strip().splitlines():
        record, inputs, attempt, actions = (part.strip() for part in line.split("|"))
        for rule, action in zip(RULES, actions.split(), strict=True):
            sentence = f"after {attempt} {record} with {inputs} {rule} means {Action[action].value}"
            yield pytest.param(record, inputs, attempt, rule, Action[action], id=sentence)


@pytest.mark.parametrize(("record", "inputs", "attempt", "rule", "action"), rows())
def test_what_a_record_means(record: str, inputs: str, attempt: str, rule: str, action: Action) -> None:
    which, asked = ATTEMPTS[attempt]
    assert decide(RECORDS[record], INPUTS[inputs], which, RULES[rule], asked=asked).action is action


@pytest.mark.parametrize(("record", "inputs", "attempt"), product(RECORDS, INPUTS, ATTEMPTS))
def test_what_a_lost_task_or_result_means_is_asked_later_and_changes_no_decision(
    record: str, inputs: str, attempt: str
) -> None:
    which, asked = ATTEMPTS[attempt]
    later = Rules(on_orphaned_intent="resubmit", on_missing_result="resubmit")
    by_default, found = (
        decide(RECORDS[record], INPUTS[inputs], which, rules, asked=asked) for rules in (Rules(), later)
    )
    assert found == by_default


def test_the_retry_after_a_clear_belongs_to_the_clear_until_something_is_bought() -> None:
    """A cleared attempt may die before it buys; what it bought is then resumed by its retries, not bought again."""
    old, new = RECORDS["a finished task"], Record("fp", topview_task_id="t2", outcome="success", round=1)
    retry, asked = ATTEMPTS["the retry after a clear, once TopView was asked"]
    force = RULES["with force_resubmit"]
    assert decide(old, INPUTS["the same inputs"], retry, force, asked=asked).action is Action.BUY
    assert decide(new, INPUTS["the same inputs"], retry, force, asked=asked).action is Action.GO_ON
    assert decide(old, INPUTS["other inputs"], retry, Rules()).action is Action.BUY
    assert decide(new, INPUTS["other inputs"], retry, Rules()).action is Action.REFUSE


def test_a_record_that_does_not_tell_its_round_is_cleared_by_a_first_attempt_only() -> None:
    record = Record("fp", topview_task_id="t1", outcome="success")
    assert Attempt(2, 1).cleared_since(record)
    assert not Attempt(3, 1).cleared_since(record)


@pytest.mark.parametrize(("record", "inputs", "rule"), product(RECORDS, INPUTS, RULES))
def test_an_automatic_retry_buys_a_second_task_only_where_nothing_is_charged_or_the_user_says_so(
    record: str, inputs: str, rule: str
) -> None:
    found = decide(RECORDS[record], INPUTS[inputs], Attempt(2, 0), RULES[rule])
    allowed = record in ("no record", "a failed task") or rule == "with on_changed_input='resubmit'"
    assert allowed or found.action is not Action.BUY


@pytest.mark.parametrize(("record", "inputs", "attempt"), product(RECORDS, INPUTS, ATTEMPTS))
def test_every_decision_but_the_first_purchase_says_why(record: str, inputs: str, attempt: str) -> None:
    which, asked = ATTEMPTS[attempt]
    found = decide(RECORDS[record], INPUTS[inputs], which, Rules(), asked=asked)
    assert bool(found.why) == (record != "no record")


@pytest.mark.parametrize("name", ["on_changed_input", "on_orphaned_intent", "on_missing_result"])
@pytest.mark.parametrize("said", ["ask", "", "FAIL", None, True])
def test_a_rule_that_is_none_of_its_choices_is_refused_with_those_there_are(name: str, said: Any) -> None:
    with pytest.raises(TopviewInvalidRequest, match=rf"{name}: {said!r} is none of .*fail") as refused:
        Rules(**{name: said}).checked()
    assert "resubmit" in str(refused.value)
    assert Rules().checked() == Rules()


class Airflow:
    """How Airflow counts, 2.11 as 3.x: ``clear_task_instances`` adds the retries to the try number."""

    def __init__(self, retries: int) -> None:
        self.retries = retries
        self.ti = FakeTaskInstance(try_number=1, max_tries=retries)

    def retry(self) -> Attempt:
        self.ti.try_number += 1
        return self.attempt()

    def clear(self) -> Attempt:
        self.ti.max_tries = self.ti.try_number + self.retries
        return self.retry()

    def restart(self) -> Attempt:
        """Clear the task while it runs: Airflow kills it and counts a retry, whatever its retries are."""
        return self.retry()

    def attempt(self) -> Attempt:
        return Attempt.of({"ti": self.ti}, self.retries)


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_a_round_begins_with_the_run_and_with_each_clear(retries: int) -> None:
    airflow = Airflow(retries)
    assert airflow.attempt() == Attempt(1, retries, retries)
    assert airflow.attempt().first
    assert airflow.retry() == Attempt(2, retries, retries)
    assert not airflow.attempt().first
    assert airflow.clear() == Attempt(3, 2 + retries, retries)
    assert airflow.attempt().first
    assert airflow.retry() == Attempt(4, 2 + retries, retries)
    assert not airflow.attempt().first
    assert airflow.clear() == Attempt(5, 4 + retries, retries)


@pytest.mark.parametrize("retries", [0, 3])
def test_a_clear_of_a_running_task_is_no_new_round(retries: int) -> None:
    airflow = Airflow(retries)
    assert airflow.restart() == Attempt(2, retries, retries)
    assert not airflow.attempt().first
    record = Record("fp", topview_task_id="t1", round=retries)
    assert not airflow.attempt().cleared_since(record)
    assert airflow.clear().cleared_since(record)


def test_fewer_retries_in_the_dag_are_no_clear() -> None:
    record = Record("fp", topview_task_id="t1", round=5)
    ti = FakeTaskInstance(try_number=2, max_tries=5)
    assert not Attempt.of({"ti": ti}, 1).cleared_since(record)


def test_airflow_tells_the_attempt_under_the_names_that_are_read() -> None:
    instance = named("airflow.sdk.execution_time.task_runner.RuntimeTaskInstance", "airflow.models.TaskInstance")
    assert {"try_number", "max_tries"} <= {*getattr(instance, "model_fields", dir(instance))}


@pytest.mark.parametrize("ti", [None, object(), FakeTaskInstance(max_tries=None), FakeTaskInstance(try_number="?")])
def test_an_attempt_of_which_airflow_does_not_tell_is_one_that_no_person_asked_for(ti: Any) -> None:
    found = Attempt.of({"ti": ti}, 1)
    assert not found.first
    assert found.number > 1
