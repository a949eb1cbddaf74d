"""The preset for Airflow 3.3's retry policies: what it decides, and how it travels with a DAG."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("airflow.sdk.definitions.retry_policy", reason="Airflow has retry policies from 3.3 on")

from airflow.dag_processing.dagbag import DagBag
from airflow.providers.common.compat.sdk import RetryAction, RetryDecision

from tests.contract.running import new_context
from tests.lines import through_the_database
from topview_provider import exceptions as errors
from topview_provider.retry_policy import TopviewRetryPolicy, retry_arguments
from topview_provider.standin.server import StandIn

BUSY = errors.TopviewBusy("POST /x answered 4007")
AWAY = errors.TopviewUnavailable("GET /x: the connection broke off")
FAILED = errors.TopviewTaskFailed("scraper t1 failed at TopView: no face")
LATE = errors.TopviewTaskTimeout("scraper t1: not finished after 40 min")


def decided(error: BaseException, number: int = 1, **words: Any) -> RetryDecision:
    return TopviewRetryPolicy(**words).evaluate(error, number, 5)


def in_round(number: int, max_tries: int, retries: int) -> dict[str, Any]:
    """Return the context of a try; Airflow raises the limit by as many tries as there were when a person clears."""
    ti = SimpleNamespace(try_number=number, max_tries=max_tries)
    return {"ti": ti, "task": SimpleNamespace(retries=retries)}


@pytest.mark.parametrize("number", [1, 4])
def test_a_busy_topview_is_asked_again_in_a_minute(number: int) -> None:
    decision = decided(BUSY, number)
    assert (decision.action, decision.retry_delay) == (RetryAction.RETRY, timedelta(seconds=60))
    assert decided(BUSY, number, busy_delay=5).retry_delay == timedelta(seconds=5)


def test_what_a_busy_topview_asks_for_is_waited() -> None:
    asked = errors.TopviewBusy("POST /x answered HTTP 429", retry_after=300)
    assert decided(asked).retry_delay == timedelta(seconds=300)


def test_what_cannot_be_reached_is_asked_more_and_more_slowly() -> None:
    delays = [decided(AWAY, number).retry_delay for number in (1, 2, 3, 4, 5, 6, 10_000)]
    assert delays == [timedelta(seconds=each) for each in (60, 120, 240, 480, 900, 900, 900)]


def test_a_task_that_topview_ended_in_failure_gets_a_second_try_and_not_a_third() -> None:
    assert [decided(FAILED, number).action for number in (1, 2, 3)] == [
        RetryAction.DEFAULT,
        RetryAction.FAIL,
        RetryAction.FAIL,
    ]
    assert decided(FAILED, 2, failed_tries=3).action == RetryAction.DEFAULT


@pytest.mark.parametrize(
    ("number", "max_tries", "action"),
    [(1, 3, RetryAction.DEFAULT), (2, 3, RetryAction.FAIL), (3, 5, RetryAction.DEFAULT), (4, 5, RetryAction.FAIL)],
)
def test_a_clear_begins_to_count_anew(number: int, max_tries: int, action: RetryAction) -> None:
    context = in_round(number, max_tries, retries=3)
    assert TopviewRetryPolicy().evaluate(FAILED, number, max_tries, context).action == action


@pytest.mark.parametrize("error", [LATE, ValueError("x"), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_everything_else_is_left_to_the_task(error: BaseException) -> None:
    assert decided(error, 2) == RetryDecision.default()


def test_it_travels_as_json_and_comes_back_the_same() -> None:
    policy = TopviewRetryPolicy(busy_delay=5, failed_tries=3)
    assert TopviewRetryPolicy.deserialize(json.loads(json.dumps(policy.serialize()))) == policy
    assert copy.deepcopy(policy) == policy


DAG_FILE = """
import pendulum
from airflow.providers.common.compat.sdk import DAG
from topview_provider.operators.product import TopviewScraperOperator
from topview_provider.retry_policy import TopviewRetryPolicy

with DAG("patient", schedule=None, start_date=pendulum.datetime(2026, 1, 1), default_args={"retries": 4}):
    TopviewScraperOperator(task_id="one", product_link="https://a.example", retry_policy=TopviewRetryPolicy())
    TopviewScraperOperator.partial(task_id="many", retry_policy=TopviewRetryPolicy()).expand(product_link=["a", "b"])
"""


@pytest.fixture
def dag(tmp_path: Path) -> Any:
    (tmp_path / "patient.py").write_text(DAG_FILE)
    bag = DagBag(tmp_path)
    assert bag.import_errors == {}
    return bag.dags["patient"]


def test_a_dag_with_it_is_parsed_and_serialised_as_airflow_does_it(dag: Any) -> None:
    back = through_the_database(dag)
    # The scheduler learns that there is a policy; the worker parses the file again and has the object.
    assert [back.get_task(name).has_retry_policy for name in ("one", "many")] == [True, True]
    assert [dag.get_task(name).retry_policy for name in ("one", "many")] == [TopviewRetryPolicy()] * 2


def test_it_decides_about_the_error_that_an_operator_really_raises(dag: Any, service: StandIn) -> None:
    service.fault("fail", match={"family": "scraper"}, message="no product there")
    task = dag.get_task("one")
    with pytest.raises(errors.TopviewTaskFailed) as failed:
        task.execute(new_context())
    for number, action in ((1, RetryAction.DEFAULT), (2, RetryAction.FAIL)):
        context = {**new_context(try_number=number, max_tries=4), "task": task}
        words = {"exception": failed.value, "try_number": number, "max_tries": 4, "context": context}
        assert task.retry_policy.evaluate(**words).action == action


def test_it_can_be_given_as_an_argument_that_older_airflows_do_not_have() -> None:
    assert retry_arguments(busy_delay=5) == {"retry_policy": TopviewRetryPolicy(busy_delay=5)}
