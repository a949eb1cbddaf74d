"""What is paid for is landed, and nothing is bought because of somebody else's change or failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, BaseHook, TaskDeferred

from tests.conftest import FakeStore
from tests.contract.running import events_of, leave, new_context, resume, walk
from topview_provider.catalog import family
from topview_provider.exceptions import TopviewBusy, TopviewInvalidRequest, TopviewSubmitUnknown, TopviewTaskFailed
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.product import TopviewProductAvatarV1DownloadOperator
from topview_provider.operators.script import TopviewMarketingVideoScriptUpdateOperator
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator
from topview_provider.polling import Watch
from topview_provider.results import FAILED_BEFORE, Phase, seen_item, state_of
from topview_provider.sensors.topview import TopviewVideoAvatarSensor
from topview_provider.standin.server import StandIn

EXPORT = family("marketing_video_export")


@pytest.fixture
def service(connect: Callable[..., str]) -> Iterator[StandIn]:
    """A stand-in of this test's own with two scripts per preview."""
    with StandIn(seconds=0, any_file=True, scripts=2) as service:
        connect(service, poll_interval=0.01)
        yield service


def avatar(**words: Any) -> TopviewVideoAvatarOperator:
    return TopviewVideoAvatarOperator(task_id="t", **{"avatar_id": "a1", "tts_text": "Hello.", **words})


def previewed() -> str:
    task = TopviewMarketingVideoOperator(task_id="p", product_link="https://shop.example/k", preview=True)
    return str(task.execute(new_context())["topview_task_id"])


def export(topview_task_id: str, **words: Any) -> TopviewMarketingVideoExportOperator:
    return TopviewMarketingVideoExportOperator(task_id="e", topview_task_id=topview_task_id, **words)


def rewrite(topview_task_id: str, script_id: str) -> None:
    TopviewMarketingVideoScriptUpdateOperator(
        task_id="u",
        topview_task_id=topview_task_id,
        script_id=script_id,
        script_contents=[{"segId": "0", "segText": f"new words {time.time()}"}],
    ).execute(new_context())


@pytest.mark.parametrize("again", [{"try_number": 2, "max_tries": 1}, {"try_number": 2, "max_tries": 2}])
def test_editing_another_script_neither_blocks_nor_rebuys_an_export(again: dict[str, int], service: StandIn) -> None:
    task_id, store = previewed(), FakeStore()
    export(task_id, retries=1).execute(new_context(store))
    rewrite(task_id, "1")
    export(task_id, retries=1).execute(new_context(store, **again))
    assert service.stats("marketing_video_export")["received"] == 1


def test_a_failure_that_stood_there_before_an_export_is_not_the_new_one_s() -> None:
    judge = {"items": "exportVideos", "script_id": "0"}
    old = {"status": "success", "exportVideos": [{"scriptId": 0, "status": "fail", "errorMsg": "no"}]}
    assert state_of(EXPORT, old, judge).phase is Phase.FAILED
    assert seen_item(EXPORT, old, judge) == FAILED_BEFORE
    assert state_of(EXPORT, old, {**judge, "seen": FAILED_BEFORE}).phase is Phase.RUNNING
    watch = Watch(EXPORT, "t", {**judge, "seen": FAILED_BEFORE}, 0.0, 1000.0, 10.0)
    running = {"status": "success", "exportVideos": [{"scriptId": 0, "status": "running"}]}
    assert [watch.saw(answer, now).outcome for now, answer in enumerate((old, running))] == [None, None]
    ended = watch.saw(old, 3.0).outcome
    assert ended
    assert ended.word == "failed"


def test_the_exported_script_decides_whatever_the_parent_says() -> None:
    judge = {"items": "exportVideos", "script_id": "0"}
    done = {"scriptId": 0, "status": "success", "videoUrl": "https://files.example/v.mp4"}
    answer = {"status": "fail", "exportVideos": [done, {"scriptId": 1, "status": "fail"}]}
    assert state_of(EXPORT, answer, judge).phase is Phase.SUCCESS
    assert state_of(EXPORT, {"status": "fail", "exportVideos": None}, judge).phase is Phase.FAILED
    stale = {**judge, "seen": FAILED_BEFORE}
    assert state_of(EXPORT, {"status": "fail", "exportVideos": None}, stale).phase is Phase.RUNNING


def test_clearing_a_task_that_nobody_waited_for_looks_how_it_ended(service: StandIn) -> None:
    service.fault("fail", match={"family": "video_avatar"})
    store = FakeStore()
    first = avatar(wait_for_completion=False).execute(new_context(store))
    again = avatar(wait_for_completion=False).execute(new_context(store, try_number=2, max_tries=1))
    assert again["topview_task_id"] != first["topview_task_id"]
    other = avatar(wait_for_completion=False, tts_text="Other.")
    third = other.execute(new_context(store, try_number=3, max_tries=2))
    assert third["topview_task_id"] not in (first["topview_task_id"], again["topview_task_id"])
    assert service.stats("video_avatar")["accepted"] == 3


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize("status", [503, 401])
def test_a_passing_fault_does_not_lose_a_result_that_is_there(
    deferrable: bool, status: int, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topview_provider.polling.AUTH_WAIT", 0.01)
    context = new_context()
    deferred = leave(avatar(deferrable=True), context)
    event = events_of(deferred.trigger)[0]
    service.fault("status", path="*/query", value=status, times=3)
    assert resume(avatar(deferrable=deferrable), deferred, context, event)["status"] == "success"


def test_a_key_that_stays_refused_while_landing_is_retried_by_airflow(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topview_provider.polling.AUTH_WAIT", 0.01)
    context = new_context()
    deferred = leave(avatar(deferrable=True), context)
    event = events_of(deferred.trigger)[0]
    service.fault("status", path="*/query", value=401, times=-1)
    with pytest.raises(Exception, match="401") as refused:
        resume(avatar(deferrable=True), deferred, context, event)
    assert not isinstance(refused.value, AirflowFailException)


def test_a_sensor_that_cannot_land_stops_at_its_deadline(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topview_provider.hooks.requesting.READ_ATTEMPTS", 1)
    task_id = avatar().execute(new_context())["topview_task_id"]
    sensor = TopviewVideoAvatarSensor(task_id="s", topview_task_id=task_id, deferrable=True)
    service.fault("status", path="*/query", value=503, times=-1)
    context = new_context()
    with pytest.raises(TaskDeferred) as left:
        sensor.execute(context)
    service.clear_faults()
    event = events_of(left.value.trigger)[0]
    assert event["outcome"] == "success"
    service.fault("status", path="*/query", value=503, times=-1)
    with pytest.raises(AirflowSensorTimeout, match=task_id):
        resume(sensor, left.value, context, {**event, "end_time": time.time()})


def test_airflow_not_telling_the_connection_right_now_does_not_lose_a_result_that_is_there(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = new_context()
    deferred = leave(avatar(deferrable=True), context)
    event = events_of(deferred.trigger)[0]
    known, asked = BaseHook.get_connection, []

    def asks(conn_id: str) -> Any:
        asked.append(conn_id)
        if len(asked) == 1:
            raise ConnectionError("the API server restarts")
        return known(conn_id)

    monkeypatch.setattr(BaseHook, "get_connection", asks)
    assert resume(avatar(deferrable=True), deferred, context, event)["status"] == "success"


def test_a_sensor_whose_task_is_not_settled_after_all_waits_on_after_a_pause(service: StandIn) -> None:
    task_id = avatar().execute(new_context())["topview_task_id"]
    sensor = TopviewVideoAvatarSensor(task_id="s", topview_task_id=task_id, deferrable=True)
    service.fault("unknown-status", times=1)
    context = new_context()
    left = leave(sensor, context)
    event = events_of(left.trigger)[0]
    service.fault("unknown-status", times=1)
    again = leave(sensor, context, left, event)
    assert again.trigger.end_time == event["end_time"]
    assert again.trigger.not_before > 0
    assert resume(sensor, again, context)["status"] == "success"


def test_a_pause_that_topview_asks_for_does_not_outlast_the_patience_for_a_busy_one(
    service: StandIn,
) -> None:
    service.fault("status", path="*/submit", value=429, retry_after=86_400, times=-1)
    with pytest.raises(TopviewBusy):
        avatar(deferrable=True, busy_timeout=timedelta(minutes=2)).execute(new_context())


def test_a_store_that_breaks_after_the_submit_does_not_lose_the_video(service: StandIn) -> None:
    class Breaking(FakeStore):
        def set(self, key: str, value: Any) -> None:
            if value["topview_task_id"] and not value["outcome"]:
                raise ConnectionError("no database")
            super().set(key, value)

    store = Breaking()
    done = walk(lambda: avatar(deferrable=True), new_context(store))
    again = walk(lambda: avatar(deferrable=True), new_context(store, try_number=2, max_tries=1))
    assert again["topview_task_id"] == done["topview_task_id"]
    assert service.stats("video_avatar")["accepted"] == 1


def test_a_failed_task_of_a_cleared_run_is_bought_anew_by_default_only(service: StandIn) -> None:
    service.fault("fail", match={"family": "video_avatar"}, times=-1)
    store = FakeStore()
    for attempt in (1, 2):
        with pytest.raises(TopviewTaskFailed):
            avatar(resubmit_on_failure=False).execute(new_context(store, try_number=attempt, max_tries=attempt - 1))
    assert service.stats("video_avatar")["accepted"] == 1


def test_the_paid_download_is_made_once_whatever_happens_to_its_answer(service: StandIn) -> None:
    def clean() -> TopviewProductAvatarV1DownloadOperator:
        return TopviewProductAvatarV1DownloadOperator(task_id="d", topview_task_id=previewed_image, key="k")

    previewed_image = avatar().execute(new_context())["topview_task_id"]
    path = "*/download_without_watermark"
    store = FakeStore()
    kept = clean().execute(new_context(store))
    assert clean().execute(new_context(store, try_number=2, max_tries=1)) == kept
    assert len(service.requests("/v1/product_avatar/task/image_replace/download_without_watermark")) == 1
    service.fault("answer-lost-after-accept", path=path, times=-1)
    lost = FakeStore()
    for _ in range(2):
        with pytest.raises(TopviewSubmitUnknown):
            clean().execute(new_context(lost))
    assert len(service.requests("/v1/product_avatar/task/image_replace/download_without_watermark")) == 2


@pytest.mark.parametrize("name", ["timeout", "poll_interval", "max_poll_outage", "busy_timeout"])
def test_a_duration_that_is_none_is_refused_by_its_name_before_money_is_spent(name: str, service: StandIn) -> None:
    with pytest.raises(TopviewInvalidRequest, match=f"{name}: 'soon' is neither"):
        avatar(**{name: "soon"}).execute(new_context())
    assert service.stats("video_avatar")["received"] == 0


def test_the_manifest_of_an_operator_will_do_as_its_task_id(service: StandIn, tmp_path: Path) -> None:
    manifest = avatar().execute(new_context())
    sensor = TopviewVideoAvatarSensor(task_id="s", topview_task_id=manifest)
    assert sensor.execute(new_context())["topview_task_id"] == manifest["topview_task_id"]
    path = str(tmp_path / "v.mp4")
    fetch = TopviewDownloadOperator(task_id="d", family="video_avatar", topview_task_id=manifest, path=path)
    assert fetch.execute(new_context()) == path
    for nothing in ("None", "", None, {}):
        with pytest.raises(TopviewInvalidRequest, match="is no task id"):
            TopviewVideoAvatarSensor(task_id="s", topview_task_id=nothing).execute(new_context())
