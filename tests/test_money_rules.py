"""What users can want about a record, attempt by attempt, on the worker and in the triggerer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from tests.attempts import FAMILY, Buy, accepted, buying, cleared, ids, retried
from tests.conftest import FakeStore
from topview_provider.exceptions import (
    TopviewError,
    TopviewInvalidRequest,
    TopviewNotFound,
    TopviewSubmitUnknown,
    TopviewTaskFailed,
    TopviewTaskTimeout,
)
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.standin.server import StandIn

QUERY = "/v1/video_avatar/task/query"


@pytest.fixture(params=[False, True], ids=["stays", "defers"])
def buy(request: pytest.FixtureRequest) -> Buy:
    return buying(request.param)


def never_charged_twice(service: StandIn) -> bool:
    return service.stats(FAMILY)["duplicates"] == 0


@pytest.mark.parametrize("clear", [False, True], ids=["a retry", "a clear"])
def test_what_is_done_lands_again_without_a_submit_and_without_waiting(buy: Buy, clear: bool, service: StandIn) -> None:
    store = FakeStore()
    first = buy("Hello.", retried(store, 1))
    context = cleared(store, 2) if clear else retried(store, 2)
    again = TopviewVideoAvatarOperator(task_id="t", avatar_id="a1", tts_text="Hello.", deferrable=True).execute(context)
    assert again["topview_task_id"] == first["topview_task_id"] == context["ti"].pushed["topview_task_id"]
    assert context["ti"].pushed["video_url"]
    assert service.stats(FAMILY)["received"] == 1


def test_what_failed_stays_failed_where_the_user_wants_that(buy: Buy, service: StandIn) -> None:
    service.fault("fail", method="POST", times=1)
    store = FakeStore()
    for context in (retried(store, 1), retried(store, 2), cleared(store, 3)):
        with pytest.raises(TopviewTaskFailed):
            buy("Hello.", context, resubmit_on_failure=False)
    assert accepted(service) == 1


def test_changed_inputs_fail_an_automatic_retry_and_are_named(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    buy("Hello.", retried(store, 1))
    with pytest.raises(
        TopviewInvalidRequest, match=r"done and paid for: aiAvatarId, ttsText\. .*Storage tab"
    ) as changed:
        buy("Bye.", retried(store, 2), avatar_id="a2")
    assert isinstance(changed.value, AirflowFailException)
    assert changed.value.topview_task_id == ids(service)[0]
    assert accepted(service) == 1


def test_changed_inputs_are_bought_after_a_clear_of_a_finished_task(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    buy("Hello.", retried(store, 1))
    context = cleared(store, 2)
    assert buy("Bye.", context)["topview_task_id"] == ids(service)[1]
    assert buy("Bye.", retried(store, 3))["topview_task_id"] == ids(service)[1]
    assert accepted(service) == 2


def test_who_goes_back_to_earlier_inputs_gets_the_earlier_result(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    for number, text in enumerate(("Hello.", "Bye.", "Hello.", "Bye.")):
        found = buy(text, cleared(store, number + 1))
        assert found["topview_task_id"] == ids(service)[number % 2]
    assert accepted(service) == 2


def test_changed_inputs_never_buy_while_the_first_task_is_open(buy: Buy, service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=-1)
    store = FakeStore()
    buy("Hello.", retried(store, 1), wait_for_completion=False)
    for context in (retried(store, 2), cleared(store, 3)):
        with pytest.raises(TopviewInvalidRequest, match=r"is not finished: ttsText\. "):
            buy("Bye.", context)
    assert accepted(service) == 1


def test_changed_inputs_are_bought_once_a_clear_finds_the_first_task_finished(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    buy("Hello.", retried(store, 1), wait_for_completion=False)
    assert buy("Bye.", cleared(store, 2))["topview_task_id"] == ids(service)[1]
    assert store["topview"]["earlier"][0]["outcome"] == "success"


def test_changed_inputs_are_not_bought_where_the_user_wants_none(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    buy("Hello.", retried(store, 1))
    for context in (retried(store, 2), cleared(store, 3)):
        with pytest.raises(TopviewInvalidRequest, match="ttsText"):
            buy("Bye.", context, on_changed_input="fail")
    assert accepted(service) == 1


def test_changed_inputs_are_bought_in_any_attempt_where_the_user_wants_that(buy: Buy, service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=1)
    store = FakeStore()
    buy("Hello.", retried(store, 1), wait_for_completion=False)
    for number, text in ((2, "Bye."), (3, "See you.")):
        assert buy(text, retried(store, number), on_changed_input="resubmit")["status"] == "success"
    assert (accepted(service), never_charged_twice(service)) == (3, True)


def test_another_connection_of_the_same_account_and_host_is_no_change(
    buy: Buy, service: StandIn, connect: Callable[..., str]
) -> None:
    connect(service, conn_id="other", poll_interval=0.01)
    store = FakeStore()
    buy("Hello.", retried(store, 1))
    buy("Hello.", retried(store, 2), topview_conn_id="other")
    assert accepted(service) == 1


@pytest.mark.parametrize("clear", [False, True], ids=["a retry", "a clear"])
def test_a_result_that_is_gone_fails_and_says_what_to_do(buy: Buy, clear: bool, service: StandIn) -> None:
    store = FakeStore()
    buy("Hello.", retried(store, 1))
    service.fault("code", path=QUERY, value="4004", message="task not found", times=-1)
    with pytest.raises(TopviewNotFound, match=r"finished and paid for, but TopView no longer knows it") as gone:
        buy("Hello.", cleared(store, 2) if clear else retried(store, 2))
    assert gone.value.topview_task_id == ids(service)[0]
    assert accepted(service) == 1


def test_a_result_that_is_gone_is_bought_again_where_the_user_wants_that(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    buy("Hello.", retried(store, 1))
    service.fault("code", path=QUERY, value="4004", times=1)
    found = buy("Hello.", cleared(store, 2), on_missing_result="resubmit")
    assert found["topview_task_id"] == ids(service)[1] == store["topview"]["topview_task_id"]


def test_a_task_that_is_not_known_while_it_runs_is_never_bought_again(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    buy("Hello.", retried(store, 1), wait_for_completion=False)
    service.fault("code", path=QUERY, value="4004", times=-1)
    for context in (retried(store, 2), cleared(store, 3)):
        with pytest.raises(TopviewNotFound):
            buy("Hello.", context, on_missing_result="resubmit")
    assert accepted(service) == 1


@pytest.mark.parametrize("rule", ["fail", "resubmit"])
def test_a_doubt_is_left_to_a_person_or_bought_anew(rule: str, buy: Buy, service: StandIn) -> None:
    service.fault("answer-lost-after-accept", method="POST", times=1)
    store = FakeStore()
    with pytest.raises(TopviewSubmitUnknown):
        buy("Hello.", retried(store, 1), on_orphaned_intent=rule)
    if rule == "fail":
        with pytest.raises(TopviewSubmitUnknown, match="no list that shows what this family was given"):
            buy("Hello.", retried(store, 2), on_orphaned_intent=rule)
    else:
        assert buy("Hello.", retried(store, 2), on_orphaned_intent=rule)["topview_task_id"] == ids(service)[1]
    assert accepted(service) == 1 + (rule == "resubmit")


@pytest.mark.parametrize("name", ["on_changed_input", "on_orphaned_intent", "on_missing_result"])
def test_a_rule_that_is_none_of_its_choices_is_refused_before_anything_is_sent(
    name: str, buy: Buy, service: StandIn
) -> None:
    with pytest.raises(TopviewInvalidRequest, match=f"{name}: 'maybe' is none of"):
        buy("Hello.", retried(FakeStore(), 1), **{name: "maybe"})
    assert service.stats(FAMILY)["received"] == 0


def test_a_deadline_is_new_in_each_attempt_and_the_task_the_same(buy: Buy, service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=1)
    store = FakeStore()
    for context in (retried(store, 1), retried(store, 2), cleared(store, 3)):
        with pytest.raises(TopviewTaskTimeout) as late:
            buy("Hello.", context, timeout=0)
        assert late.value.topview_task_id == ids(service)[0]
    assert accepted(service) == 1


def test_what_is_in_doubt_is_told_before_changed_inputs_are(buy: Buy, service: StandIn) -> None:
    service.fault("answer-lost-after-accept", method="POST", times=1)
    store = FakeStore()
    with pytest.raises(TopviewError):
        buy("Hello.", retried(store, 1))
    with pytest.raises(TopviewSubmitUnknown, match="An earlier attempt announced a submit of video_avatar"):
        buy("Bye.", cleared(store, 2), on_changed_input="resubmit")
    assert accepted(service) == 1


@pytest.mark.parametrize("place", ["{tmp_path}", "{tmp_path}/", "s3://bucket/raw.json"])
def test_a_place_for_the_raw_answer_that_cannot_be_used_is_refused_before_anything_is_bought(
    place: str, buy: Buy, service: StandIn, tmp_path: Path
) -> None:
    with pytest.raises(TopviewInvalidRequest):
        buy("Hello.", retried(FakeStore(), 1), result_path=place.format(tmp_path=tmp_path))
    assert accepted(service) == 0
