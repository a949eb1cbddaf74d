"""The law of money, attempt by attempt: the store survives them, everything else is new each time."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from tests.attempts import BlindStore, DeafStore, DyingStore
from tests.conftest import FakeStore
from tests.contract.running import leave, new_context, resume, walk
from topview_provider.exceptions import (
    TopviewBusy,
    TopviewError,
    TopviewInsufficientCredits,
    TopviewSubmitUnknown,
    TopviewTaskFailed,
    TopviewTaskTimeout,
    TopviewUnavailable,
)
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.standin.server import StandIn

FAMILY = "video_avatar"


def avatar(**words: Any) -> TopviewVideoAvatarOperator:
    return TopviewVideoAvatarOperator(task_id="t", **{"avatar_id": "a1", "tts_text": "Hello.", **words})


def accepted(service: StandIn) -> int:
    return int(service.stats(FAMILY)["accepted"])


@pytest.fixture(params=[False, True], ids=["stays", "defers"])
def deferrable(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_a_retry_resumes_the_task_that_is_running(deferrable: bool, service: StandIn) -> None:
    service.fault("never-ends", times=-1)
    first = new_context()
    with pytest.raises(TopviewTaskTimeout):
        walk(lambda: avatar(deferrable=deferrable, timeout=0), first)
    second = new_context(first["task_state_store"], try_number=2)
    with pytest.raises(TopviewTaskTimeout):
        walk(lambda: avatar(deferrable=deferrable, timeout=0), second)
    assert first["ti"].pushed["topview_task_id"] == second["ti"].pushed["topview_task_id"]
    assert accepted(service) == 1


def test_a_retry_after_the_worker_was_killed_while_it_waited_lands_the_result(service: StandIn) -> None:
    first = new_context()
    leave(avatar(deferrable=True), first)
    again = new_context(first["task_state_store"], try_number=2)
    assert avatar().execute(again)["topview_task_id"] == first["ti"].pushed["topview_task_id"]
    assert accepted(service) == 1


def test_clearing_a_finished_task_lands_it_again_for_free(deferrable: bool, service: StandIn) -> None:
    first = new_context()
    manifest = walk(lambda: avatar(deferrable=deferrable), first)
    cleared = new_context(first["task_state_store"], try_number=2, max_tries=1)
    assert walk(lambda: avatar(deferrable=deferrable), cleared)["topview_task_id"] == manifest["topview_task_id"]
    assert accepted(service) == 1


def test_an_attempt_killed_between_post_and_record_is_not_repeated(service: StandIn) -> None:
    store = DyingStore()
    with pytest.raises(SystemExit):
        avatar().execute(new_context(store))
    assert accepted(service) == 1
    for number in (2, 3):
        with pytest.raises(TopviewSubmitUnknown, match=r"has no id for it.*not sent again.*Storage tab") as orphan:
            avatar().execute(new_context(FakeStore(store), try_number=number))
        assert isinstance(orphan.value, AirflowFailException)
    assert accepted(service) == 1


def test_an_answer_that_is_lost_is_not_asked_for_again_by_a_second_submit(service: StandIn) -> None:
    service.fault("answer-lost-after-accept", method="POST", times=1)
    store = FakeStore()
    with pytest.raises(TopviewSubmitUnknown, match=r"may have accepted.*not sent again") as lost:
        avatar().execute(new_context(store))
    assert isinstance(lost.value, AirflowFailException)
    assert store["topview"]["topview_task_id"] == ""
    with pytest.raises(TopviewSubmitUnknown, match="An earlier attempt"):
        avatar().execute(new_context(store, try_number=2))
    assert service.stats(FAMILY)["received"] == accepted(service) == 1


def test_deleting_the_record_as_the_words_say_buys_anew(service: StandIn) -> None:
    service.fault("answer-lost-after-accept", method="POST", times=1)
    store = FakeStore()
    with pytest.raises(TopviewSubmitUnknown):
        avatar().execute(new_context(store))
    store.delete("topview")
    assert avatar().execute(new_context(store, try_number=2))["status"] == "success"
    assert accepted(service) == 2


def test_a_task_that_failed_at_topview_is_bought_anew_by_a_retry(deferrable: bool, service: StandIn) -> None:
    service.fault("fail", method="POST", times=1)
    store = FakeStore()
    with pytest.raises(TopviewTaskFailed):
        walk(lambda: avatar(deferrable=deferrable), new_context(store))
    assert store["topview"]["outcome"] == "failed"
    found = walk(lambda: avatar(deferrable=deferrable), new_context(store, try_number=2))
    assert found["status"] == "success"
    assert found["topview_task_id"] == store["topview"]["topview_task_id"]
    assert accepted(service) == 2


def test_another_callback_address_is_not_another_purchase(service: StandIn) -> None:
    store = FakeStore()
    for number, url in enumerate((None, "https://hook.example/b"), 1):
        avatar(notice_url=url).execute(new_context(store, try_number=number))
    assert accepted(service) == 1


def test_a_refused_submit_leaves_no_record(service: StandIn) -> None:
    service.fault("code", method="POST", value="4100", times=1)
    store = FakeStore()
    with pytest.raises(TopviewInsufficientCredits, match="top up") as refused:
        avatar().execute(new_context(store))
    assert isinstance(refused.value, AirflowFailException)
    assert store == {}
    assert avatar().execute(new_context(store, try_number=2))["status"] == "success"


def test_a_service_that_cannot_be_reached_leaves_no_record(service: StandIn) -> None:
    store = FakeStore()
    task = avatar()
    task.hook.patience = 0
    task.hook.settings  # noqa: B018 - read the connection while there is one
    service.stop()
    with pytest.raises(TopviewUnavailable) as away:
        task.execute(new_context(store))
    assert not isinstance(away.value, AirflowFailException)
    assert store == {}


def test_an_unreadable_store_is_never_taken_for_an_empty_one(service: StandIn) -> None:
    with pytest.raises(TopviewError, match="cannot be read, so nothing is submitted"):
        avatar().execute(new_context(BlindStore()))
    assert service.stats(FAMILY)["received"] == 0


def test_nothing_is_bought_when_the_intent_cannot_be_written(service: StandIn) -> None:
    with pytest.raises(TopviewError, match="cannot be written"):
        avatar().execute(new_context(DeafStore(0)))
    assert service.stats(FAMILY)["received"] == 0


def test_a_result_whose_id_cannot_be_written_is_landed_and_never_bought_twice(
    service: StandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    store, context = DeafStore(1), new_context()
    manifest = avatar().execute({**context, "task_state_store": store})
    topview_task_id = manifest["topview_task_id"]
    assert f"cannot be written; TopView accepted {topview_task_id}: no database" in capfd.readouterr().out
    assert context["ti"].pushed["topview_task_id"] == topview_task_id
    with pytest.raises(TopviewSubmitUnknown):
        avatar().execute(new_context(FakeStore(store), try_number=2))
    assert accepted(service) == 1


def test_a_busy_topview_sends_a_deferrable_task_to_a_timer_that_asks_nothing(service: StandIn) -> None:
    service.fault("status", method="POST", value=429, retry_after=60, times=1)
    context = new_context()
    waiting = leave(avatar(deferrable=True), context)
    assert type(waiting.trigger).__name__ == "DateTimeTrigger"
    assert waiting.method_name == "execute_submit"
    assert (accepted(service), context["task_state_store"], context["ti"].pushed) == (0, {}, {})
    polling = leave(avatar(deferrable=True), context, waiting, event="the timer's")
    assert polling.method_name == "execute_complete"
    assert accepted(service) == 1
    assert resume(avatar(deferrable=True), polling, context)["status"] == "success"


def test_a_busy_topview_may_send_a_task_to_the_timer_more_than_once(service: StandIn) -> None:
    service.fault("status", method="POST", value=429, retry_after=60, times=2)
    context = new_context()
    first = leave(avatar(deferrable=True), context)
    second = leave(avatar(deferrable=True), context, first, event="the timer's")
    assert set(first.kwargs or ()) == {"busy_until"}
    assert (second.method_name, second.kwargs) == ("execute_submit", first.kwargs)
    polling = leave(avatar(deferrable=True), context, second, event="the timer's")
    assert resume(avatar(deferrable=True), polling, context)["status"] == "success"
    assert service.stats(FAMILY)["received"] == 3


def test_the_busy_timeout_ends_the_waiting_for_a_busy_topview(service: StandIn) -> None:
    service.fault("status", method="POST", value=429, retry_after=60, times=-1)
    with pytest.raises(TopviewBusy):
        avatar(deferrable=True, busy_timeout=0).execute(new_context())
    with pytest.raises(TopviewBusy):
        avatar(deferrable=True).execute_submit(new_context(), event="the timer's", busy_until=0)
    assert accepted(service) == 0


def test_a_busy_topview_leaves_a_worker_to_the_retries_of_airflow(service: StandIn) -> None:
    service.fault("status", method="POST", value=429, retry_after=60, times=1)
    store = FakeStore()
    with pytest.raises(TopviewBusy) as busy:
        avatar(deferrable=False).execute(new_context(store))
    assert not isinstance(busy.value, AirflowFailException)
    assert store == {}
    assert avatar().execute(new_context(store, try_number=2))["status"] == "success"
    assert accepted(service) == 1
