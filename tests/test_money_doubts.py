"""Doubts in which nothing may be bought again, and results that are paid for and must not be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from tests.attempts import IDS, DeafStore, accepted, buying, cleared, forgetful, remember_in, retried
from tests.conftest import FakeStore
from tests.contract.examples import minimal
from tests.contract.running import leave, resume
from topview_provider.catalog import FAMILIES
from topview_provider.exceptions import (
    TopviewBusy,
    TopviewInvalidRequest,
    TopviewPathNotFound,
    TopviewSubmitUnknown,
    TopviewTaskFailed,
)
from topview_provider.ledger.book import Ledger, buy_once
from topview_provider.ledger.records import Purchase
from topview_provider.ledger.rules import Attempt
from topview_provider.operators.anyshoot import TopviewAnyshootV2ProductModelOperator
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

buy = buying(False)


def avatar(**words: Any) -> TopviewVideoAvatarOperator:
    return TopviewVideoAvatarOperator(task_id="t", avatar_id="a1", tts_text="A", deferrable=True, **words)


class GoneStore(FakeStore):
    """A store that goes away."""

    gone = False

    def get(self, key: str, default: Any = None) -> Any:
        if self.gone:
            raise ConnectionError("no database")
        return super().get(key, default)


def test_resuming_another_task_by_hand_forgets_nothing_of_what_was_bought(service: StandIn) -> None:
    store = FakeStore()
    buy("A", retried(store, 1))
    buy("B", cleared(store, 2))
    other = buy("X", retried(FakeStore(), 1))["topview_task_id"]
    buy("C", cleared(store, 3), resume_topview_task_id=other)
    buy("A", cleared(store, 4))
    buy("B", cleared(store, 5))
    assert service.stats("video_avatar")["duplicates"] == 0


@pytest.mark.parametrize("text", ["False", "false", "0"])
def test_a_switch_may_be_a_text_and_means_what_it_says(service: StandIn, text: str) -> None:
    store = FakeStore()
    buy("A", retried(store, 1), force_resubmit=text)
    buy("A", cleared(store, 2), force_resubmit=text)
    assert accepted(service) == 1


def test_a_switch_that_is_neither_is_refused_before_anything_is_sent(service: StandIn) -> None:
    for name in ("force_resubmit", "resubmit_on_failure", "wait_for_completion", "deferrable", "allow_partial"):
        with pytest.raises(TopviewInvalidRequest, match=name):
            buy("A", retried(FakeStore(), 1), **{name: "{{ params.x }}"})
    assert accepted(service) == 0


def test_a_failure_stays_one_where_the_switch_is_the_text_false(service: StandIn) -> None:
    service.fault("fail", method="POST", times=1)
    store = FakeStore()
    for number in (1, 2):
        with pytest.raises(TopviewTaskFailed):
            buy("A", retried(store, number), resubmit_on_failure="False")
    assert accepted(service) == 1


def test_a_ledger_that_is_not_mounted_any_more_is_an_error_and_not_no_record(
    service: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_in(tmp_path / "mount" / "ledger", monkeypatch)
    buy("A", forgetful())
    (tmp_path / "mount").rename(tmp_path / "away")
    with pytest.raises(TopviewInvalidRequest, match="ledger_path"):
        buy("A", forgetful(2))
    assert accepted(service) == 1


def test_files_of_an_older_airflow_count_after_the_upgrade(
    service: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_in(tmp_path / "ledger", monkeypatch)
    buy("A", forgetful())
    buy("A", cleared(FakeStore(), 2, **IDS))
    assert accepted(service) == 1


def test_a_store_that_is_away_at_the_end_does_not_cost_the_result(service: StandIn) -> None:
    store = GoneStore()
    context = retried(store, 1)
    left = leave(avatar(), context)
    store.gone = True
    assert resume(avatar(), left, context)["status"] == "success"
    assert context["ti"].pushed["video_url"]


def test_a_store_that_is_away_does_not_hide_a_failure(service: StandIn) -> None:
    service.fault("fail", method="POST", times=1)
    store = GoneStore()
    context = retried(store, 1)
    left = leave(avatar(), context)
    store.gone = True
    with pytest.raises(TopviewTaskFailed):
        resume(avatar(), left, context)


def test_a_paid_answer_that_cannot_be_kept_is_returned() -> None:
    book = Ledger(DeafStore(1))
    assert buy_once(book, Purchase("f"), "call", Attempt(1, 0), lambda: {"url": "paid"}) == {"url": "paid"}


def test_a_timer_that_lost_its_argument_is_a_last_look(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does ``airflow dags test``."""
    monkeypatch.setattr("topview_provider.hooks.requesting.LONGEST_WAIT", 0.0)
    service.fault("status", method="POST", value=429, retry_after=60, times=-1)
    context, task = retried(FakeStore(), 1), avatar()
    task.hook.patience = 0
    with pytest.raises(TaskDeferred) as left:
        task.execute(context)
    task = avatar()
    task.hook.patience = 0
    with pytest.raises(TopviewBusy):
        task.execute_submit(context, event=left.value.trigger)


def test_an_address_that_is_not_there_says_nothing_about_the_task(service: StandIn) -> None:
    given = minimal(FAMILIES["anyshoot_v2_product_model"]).arguments
    task = TopviewAnyshootV2ProductModelOperator(task_id="t", deferrable=False, on_missing_result="resubmit", **given)
    store = FakeStore()
    task.execute(retried(store, 1))
    service.fault("status", value=404, path="*/result", times=1)
    with pytest.raises(TopviewPathNotFound):
        task.execute(cleared(store, 2))
    assert service.stats("anyshoot_v2_product_model")["accepted"] == 1


def test_extra_payload_takes_texts_as_names_only(service: StandIn) -> None:
    with pytest.raises(TopviewInvalidRequest, match="extra_payload"):
        buy("A", retried(FakeStore(), 1), extra_payload={1: "x"})


def test_fewer_retries_in_the_dag_are_not_taken_for_a_clear(service: StandIn) -> None:
    store = FakeStore()
    leave(avatar(retries=3, force_resubmit=True), retried(store, 1, 3))
    avatar(retries=1, force_resubmit=True).execute(retried(store, 2, 3))
    assert accepted(service) == 1


def test_a_retry_after_a_clear_that_landed_the_same_refuses_changed_inputs(service: StandIn) -> None:
    store = FakeStore()
    buy("A", retried(store, 1))
    buy("A", cleared(store, 2))
    with pytest.raises(TopviewInvalidRequest, match="inputs of this task changed"):
        buy("C", retried(store, 3, 1))
    assert accepted(service) == 1


def test_the_earlier_task_of_a_neighbour_is_not_adopted(
    service: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def video(name: str, context: dict[str, Any]) -> Any:
        given: dict[str, Any] = {"product_name": name, "product_description": "d", "file_ids": ["f"]}
        return TopviewMarketingVideoOperator(task_id="v", deferrable=False, **given).execute(context)

    remember_in(tmp_path, monkeypatch)
    video("Lamp", forgetful(map_index=0))
    video("Desk", forgetful(2, 1, map_index=0))
    service.fault("status", method="POST", value=502, times=1)
    for number in (1, 2):
        with pytest.raises(TopviewSubmitUnknown):
            video("Lamp", forgetful(number, map_index=1))
