"""What task operators do beside the contract: modes, refusals with advice, deadlines, and the way back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from tests.contract.running import events_of, leave, new_context, resume, submits, walk
from topview_provider.catalog import FAMILIES
from topview_provider.exceptions import (
    TopviewAuthError,
    TopviewConnectionInvalid,
    TopviewError,
    TopviewInvalidRequest,
    TopviewTaskFailed,
    TopviewTaskTimeout,
)
from topview_provider.operators import script
from topview_provider.operators.product import TopviewScraperOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

LINK = "https://shop.example/p"
ROW = FAMILIES["marketing_video"]


def video(**words: Any) -> TopviewMarketingVideoOperator:
    return TopviewMarketingVideoOperator(task_id="t", **{"product_link": LINK, **words})


@pytest.mark.parametrize(
    ("wait_for_completion", "deferrable", "ends"),
    [(True, True, "deferred"), (True, False, "success"), (False, True, "accepted"), (False, False, "accepted")],
)
def test_waiting_and_deferring_are_two_switches(
    wait_for_completion: bool, deferrable: bool, ends: str, service: StandIn
) -> None:
    task = video(wait_for_completion=wait_for_completion, deferrable=deferrable)
    try:
        how = task.execute(new_context())["status"]
    except TaskDeferred:
        how = "deferred"
    assert how == ends
    assert service.stats("marketing_video")["accepted"] == 1


def test_where_tasks_wait_by_default_is_what_airflow_is_configured_for() -> None:
    program = """
import json
from topview_provider.operators.product import TopviewScraperOperator as Operator
from topview_provider.sensors.topview import TopviewScraperSensor as Sensor
both = [(Operator, {"product_link": "x"}), (Sensor, {"topview_task_id": "1"})]
print(json.dumps([(kind(task_id="a", **given).deferrable, kind(task_id="b", deferrable=False, **given).deferrable)
                  for kind, given in both]))
"""
    env = {**os.environ, "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": "True"}
    done = subprocess.run([sys.executable, "-c", program], env=env, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [[True, False], [True, False]]
    assert TopviewScraperOperator(task_id="a", product_link="x").deferrable is False


@pytest.mark.parametrize("auth_mode", ["http401", "http403", "envelope401"])
@pytest.mark.parametrize("wrong", [{"password": "stolen-key"}, {"login": "somebody-else"}])
def test_a_wrong_key_or_uid_fails_for_good_and_says_where_to_look(
    wrong: dict[str, str], auth_mode: str, connect: Callable[..., str]
) -> None:
    with StandIn(seconds=0, auth_mode=auth_mode) as service:
        connect(service, conn_id="ours", **wrong)
        with pytest.raises(TopviewAuthError) as refused:
            video(topview_conn_id="ours").execute(new_context())
        assert service.stats("marketing_video")["accepted"] == 0
    assert isinstance(refused.value, AirflowFailException)
    for word in ("login", "Topview-Uid", "password", "API key", "'ours'"):
        assert word in str(refused.value)
    assert "stolen-key" not in str(refused.value)


def test_a_missing_connection_shows_the_line_that_adds_it() -> None:
    with pytest.raises(
        TopviewConnectionInvalid, match="airflow connections add nowhere --conn-type topview"
    ) as missing:
        video(topview_conn_id="nowhere").execute(new_context())
    assert isinstance(missing.value, AirflowFailException)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"product_link": None, "file_ids": []}, ["product_link", "file_ids", "is empty", "at least one"]),
        ({"language": "klingon"}, ["language", "'klingon'", "allowed: en, ar", "zh-Hant"]),
        ({"video_length_type": 9}, ["video_length_type", "videoLengthType", "9", "allowed: 1, 2, 3, 4"]),
    ],
)
def test_a_request_that_topview_would_refuse_is_never_sent(
    arguments: dict[str, Any], words: list[str], service: StandIn
) -> None:
    with pytest.raises(TopviewInvalidRequest) as refused:
        video(**arguments).execute(new_context())
    assert all(word in str(refused.value) for word in words)
    assert isinstance(refused.value, AirflowFailException)
    assert service.stats("marketing_video")["received"] == 0


def test_every_mistake_of_a_request_is_named_at_once(service: StandIn) -> None:
    with pytest.raises(TopviewInvalidRequest) as refused:
        video(product_link="", language="klingon", preview="maybe").execute(new_context())
    for word in ("product_link", "product_name", "language", "preview"):
        assert word in str(refused.value)


def test_extra_payload_lets_a_choice_of_tomorrow_pass(connect: Callable[..., str]) -> None:
    with StandIn(seconds=0, any_file=True, lenient_enums=True) as service:
        connect(service)
        task = TopviewMarketingVideoOperator(
            task_id="t", extra_payload={"language": "tlh", "productLink": LINK}, wait_for_completion=False
        )
        task.execute(new_context())
        assert submits(service, ROW) == [{"language": "tlh", "productLink": LINK}]


def test_extra_payload_replaces_nothing_where_an_argument_is_left_empty(
    service: StandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    video(language="", extra_payload={"language": "de"}, wait_for_completion=False).execute(new_context())
    assert submits(service, ROW) == [{"language": "de", "productLink": LINK}]
    assert "extra_payload replaces" not in capfd.readouterr().out


def test_extra_payload_replaces_an_argument_and_says_so(service: StandIn, capfd: pytest.CaptureFixture[str]) -> None:
    video(language="en", extra_payload={"language": "de"}, wait_for_completion=False).execute(new_context())
    assert submits(service, ROW) == [{"language": "de", "productLink": LINK}]
    assert capfd.readouterr().out.count("extra_payload replaces what arguments set: language") == 1


def test_extra_payload_may_not_name_the_task_of_a_second_step(service: StandIn) -> None:
    task = TopviewMarketingVideoExportOperator(task_id="t", topview_task_id="1", extra_payload={"taskId": "2"})
    with pytest.raises(TopviewInvalidRequest, match=r"taskId.*topview_task_id"):
        task.execute(new_context())
    assert service.requests() == []


def test_extra_payload_must_be_a_mapping(service: StandIn) -> None:
    with pytest.raises(TopviewInvalidRequest, match="extra_payload must be a mapping"):
        video(extra_payload="{'language': 'de'}").execute(new_context())
    assert service.stats("marketing_video")["received"] == 0


def test_the_raw_answer_goes_where_the_user_wants_it(service: StandIn, tmp_path: Path) -> None:
    context = new_context()
    task = video(result_path=f"{tmp_path}/new/raw.json", return_raw=True)
    manifest = task.execute(context)
    assert json.loads((tmp_path / "new" / "raw.json").read_text()) == context["ti"].pushed["raw"]
    assert context["ti"].pushed["raw"]["taskId"] == manifest["topview_task_id"]


def test_a_raw_answer_too_large_for_xcom_is_refused_and_says_what_to_do(connect: Callable[..., str]) -> None:
    with StandIn(seconds=0, scripts=100) as service:
        connect(service)
        context = new_context()
        with pytest.raises(TopviewInvalidRequest, match="result_path"):
            video(return_raw=True).execute(context)
    assert len(context["ti"].pushed["video_urls"]) == 100
    assert "raw" not in context["ti"].pushed


def test_the_card_shows_title_language_and_state(service: StandIn) -> None:
    context = new_context()
    manifest = video(product_name="Red Kettle", language="de", preview=True).execute(context)
    card = context["ti"].pushed["topview"]
    assert card.pop("seconds") >= 0
    assert time.time() - 60 < card.pop("submitted_at") <= time.time()
    assert card.pop("end_time") > time.time()
    assert card.pop("duration_ms") == manifest["outputs"][0]["duration_ms"]
    assert card == {
        "family": "marketing_video",
        "topview_task_id": manifest["topview_task_id"],
        "topview_conn_id": "topview_default",
        "title": "Red Kettle 1",
        "product": "Red Kettle",
        "language": "de",
        "state": "success",
        "error": None,
        "cost_credit": None,
        "expected_seconds": 480,
        "outputs": "video:video:1 cover:image:1",
        "items": "previewVideos",
        "script_id": None,
        "cloud_front": False,
        "bought": True,
        "map_index": -1,
    }


def test_the_card_of_a_failure_holds_the_reason_and_no_more_of_it_than_people_read(service: StandIn) -> None:
    service.fault("fail", match={"family": "marketing_video"}, message="no face found " * 100)
    context = new_context()
    with pytest.raises(TopviewTaskFailed):
        video().execute(context)
    card = context["ti"].pushed["topview"]
    assert (card["state"], card["outputs"], len(card["error"])) == ("failed", "", 500)
    assert card["error"].startswith("no face found")


def test_cloudfront_urls_come_when_they_are_asked_for(service: StandIn) -> None:
    plain, cloud = (video(need_cloud_front_url=wanted).execute(new_context()) for wanted in (False, True))
    last = service.requests(ROW.query)[-1]
    assert last["query"] == {"taskId": cloud["topview_task_id"], "needCloudFrontUrl": "true"}
    first, second = (one["outputs"][0]["url"].split("/")[3] for one in (plain, cloud))
    assert first != second


@pytest.mark.parametrize("timeout", [50, timedelta(seconds=50)])
def test_the_shorter_of_timeout_and_execution_timeout_is_the_deadline(timeout: Any, service: StandIn) -> None:
    before = time.time()
    longer = leave(video(deferrable=True, timeout=timeout), new_context())
    shorter = leave(video(deferrable=True, timeout=timeout, execution_timeout=timedelta(seconds=20)), new_context())
    usual = leave(video(deferrable=True), new_context())
    after = time.time()
    for deferred, budget in ((longer, 50), (shorter, 18), (usual, ROW.timeout_seconds)):
        assert before + budget <= deferred.trigger.end_time <= after + budget
        assert before + deferred.timeout.total_seconds() > deferred.trigger.end_time


def test_a_result_that_is_not_settled_after_all_is_waited_for_under_the_same_deadline(service: StandIn) -> None:
    context = new_context()
    deferred = leave(video(deferrable=True), context)
    event = events_of(deferred.trigger)[0]
    service.fault("unknown-status", times=1)
    with pytest.raises(TaskDeferred) as again:
        resume(video(deferrable=True), deferred, context, event)
    for name in ("topview_task_id", "end_time", "submitted_at", "judge"):
        assert getattr(again.value.trigger, name) == getattr(deferred.trigger, name)
    assert again.value.trigger.not_before > 0
    assert resume(video(deferrable=True), again.value, context)["status"] == "success"


def test_a_result_that_is_not_settled_after_all_is_waited_for_on_the_worker_too(service: StandIn) -> None:
    context = new_context()
    deferred = leave(video(deferrable=True), context)
    event = events_of(deferred.trigger)[0]
    service.fault("unknown-status", times=2)
    assert resume(video(deferrable=False), deferred, context, event)["status"] == "success"


def test_a_result_that_is_never_settled_ends_at_the_deadline(service: StandIn) -> None:
    context = new_context()
    deferred = leave(video(deferrable=True), context)
    event = {**events_of(deferred.trigger)[0], "end_time": time.time()}
    service.fault("unknown-status", times=-1)
    with pytest.raises(TopviewTaskTimeout, match=event["topview_task_id"]):
        resume(video(deferrable=True), deferred, context, event)


def test_a_task_that_failed_after_all_fails(service: StandIn) -> None:
    context = new_context()
    deferred = leave(video(deferrable=True), context)
    event = events_of(deferred.trigger)[0]
    service.fault("fail", message="withdrawn", times=-1)
    with pytest.raises(TopviewTaskFailed, match="withdrawn"):
        resume(video(deferrable=True), deferred, context, event)


@pytest.mark.usefixtures("hasty")
def test_a_short_outage_at_the_landing_is_borne(service: StandIn) -> None:
    context = new_context()
    deferred = leave(video(deferrable=True), context)
    event = events_of(deferred.trigger)[0]
    service.fault("status", method="GET", value=503, times=3)
    assert resume(video(deferrable=True), deferred, context, event)["status"] == "success"


@pytest.mark.parametrize("event", [None, "success", [], {}, {"outcome": "success"}])
def test_an_event_of_the_wrong_shape_is_a_failure(event: Any, service: StandIn) -> None:
    deferred = leave(video(deferrable=True), new_context())
    good = events_of(deferred.trigger)[0]
    spoilt = [event, {**good, "family": "scraper"}, {**good, "outcome": "splendid"}, {**good, "judge": "none"}]
    for payload in [*spoilt, *({k: v for k, v in good.items() if k != key} for key in ("end_time", "topview_task_id"))]:
        context = new_context()
        with pytest.raises(TopviewError, match="event that is not one"):
            video(deferrable=True).execute_complete(context, event=payload)
        assert {*context["ti"].pushed} == {"topview_error"}


def test_a_retry_is_told_when_the_triggerer_could_not_ask(service: StandIn) -> None:
    deferred = leave(video(deferrable=True, max_poll_outage=0), new_context())
    service.fault("status", method="GET", value=503, times=2)
    context = new_context()
    with pytest.raises(TopviewError, match="HTTP 503") as unknown:
        resume(video(deferrable=True), deferred, context)
    assert type(unknown.value).__name__ == "TopviewUnavailable"
    assert not isinstance(unknown.value, AirflowFailException)


def test_a_script_update_is_done_when_the_list_shows_it(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "SETTLE_SECONDS", 0.0)
    task_id = walk(lambda: video(preview=True), new_context())["topview_task_id"]
    segments = [{"segId": "0", "segText": "Buy the kettle."}]
    given = {"topview_task_id": task_id, "script_contents": json.dumps(segments)}
    script.TopviewMarketingVideoScriptUpdateOperator(task_id="u", **given).execute(new_context())
    found = script.TopviewMarketingVideoScriptListOperator(task_id="l", topview_task_id=task_id).execute(new_context())
    assert found == [{"scriptId": 0, "scriptContents": segments}]
    service.fault("wrong-type", path="/v1/m2v/script/list", times=-1)
    with pytest.raises(TopviewError, match=f"{task_id}.*does not show it"):
        script.TopviewMarketingVideoScriptUpdateOperator(task_id="u", **given).execute(new_context())
