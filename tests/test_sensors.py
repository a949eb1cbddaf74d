"""Sensors in each of their modes: poke, reschedule, and deferred to the triggerer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)

from tests.contract.running import events_of, leave, new_context, resume
from topview_provider.exceptions import TopviewError, TopviewNotFound, TopviewTaskFailed, TopviewUnavailable
from topview_provider.hooks import requesting
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.sensors.topview import (
    TopviewMarketingVideoExportSensor,
    TopviewMarketingVideoSensor,
    TopviewVideoAvatarSensor,
)
from topview_provider.standin.server import StandIn

pytestmark = pytest.mark.usefixtures("hasty")

MODES = {
    "poke": {"mode": "poke", "poke_interval": 0.01},
    "reschedule": {"mode": "reschedule", "poke_interval": 0.01},
    "deferrable": {"deferrable": True},
}


@pytest.fixture(params=list(MODES))
def mode(request: pytest.FixtureRequest) -> dict[str, Any]:
    return MODES[request.param]


def submitted() -> str:
    task = TopviewVideoAvatarOperator(task_id="t", avatar_id="a", tts_text="Hello.", wait_for_completion=False)
    return str(task.execute(new_context())["topview_task_id"])


def sensor(topview_task_id: str, **words: Any) -> TopviewVideoAvatarSensor:
    return TopviewVideoAvatarSensor(task_id="s", topview_task_id=topview_task_id, **words)


def run(make: Callable[[], Any]) -> tuple[Any, int]:
    """Run a sensor to its end as Airflow does, and return its result with how often it left the worker."""
    context = new_context(get_first_reschedule_date=lambda _context: None)
    left, times = None, 0
    while True:
        try:
            return (resume(make(), left, context) if left else make().execute(context)), times
        except TaskDeferred as deferred:
            left = deferred
        except AirflowRescheduleException:
            left = None
        times += 1


def test_a_sensor_waits_until_the_task_is_done(mode: dict[str, Any], service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault("unknown-status", times=2)
    manifest, left = run(lambda: sensor(topview_task_id, **mode))
    assert (manifest["status"], manifest["topview_task_id"]) == ("success", topview_task_id)
    assert left == {"poke": 0, "reschedule": 2, None: 1}[mode.get("mode")]


def test_a_task_that_is_done_already_needs_one_look(mode: dict[str, Any], service: StandIn) -> None:
    topview_task_id = submitted()
    assert run(lambda: sensor(topview_task_id, **mode))[1] == 0
    assert service.stats("video_avatar")["queries"] == 1


def test_a_failed_task_fails_the_sensor(mode: dict[str, Any], service: StandIn) -> None:
    service.fault("fail", method="POST", message="no face found")
    topview_task_id = submitted()
    with pytest.raises(TopviewTaskFailed, match="no face found") as failed:
        run(lambda: sensor(topview_task_id, **mode))
    assert failed.value.topview_task_id == topview_task_id


def test_a_task_that_fails_while_the_sensor_is_deferred_fails_it(service: StandIn) -> None:
    service.fault("fail", method="POST", message="no face found")
    topview_task_id = submitted()
    service.fault("unknown-status", times=1)
    with pytest.raises(TopviewTaskFailed, match="no face found"):
        run(lambda: sensor(topview_task_id, deferrable=True))


@pytest.mark.parametrize("softness", ["soft_fail", "never_fail"])
@pytest.mark.parametrize("unknown", [0, 1], ids=["at-the-first-look", "later"])
def test_a_soft_sensor_skips_when_the_task_failed(
    mode: dict[str, Any], softness: str, unknown: int, service: StandIn
) -> None:
    service.fault("fail", method="POST", message="no face found")
    topview_task_id = submitted()
    service.fault("unknown-status", times=unknown)
    with pytest.raises(AirflowSkipException):
        run(lambda: sensor(topview_task_id, **mode, **{softness: True}))


def test_the_deadline_is_a_sensor_timeout(mode: dict[str, Any], service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=-1)
    topview_task_id = submitted()
    with pytest.raises(AirflowSensorTimeout):
        run(lambda: sensor(topview_task_id, timeout=0, **mode))


def test_the_deadline_of_a_deferred_sensor_names_the_task_that_goes_on(service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=-1)
    topview_task_id = submitted()
    with pytest.raises(AirflowSensorTimeout, match=f"{topview_task_id}.*goes on at TopView"):
        run(lambda: sensor(topview_task_id, timeout=timedelta(0), deferrable=True))


@pytest.mark.parametrize("softness", ["soft_fail", "never_fail"])
def test_a_soft_sensor_skips_at_the_deadline(mode: dict[str, Any], softness: str, service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=-1)
    topview_task_id = submitted()
    with pytest.raises(AirflowSkipException):
        run(lambda: sensor(topview_task_id, timeout=0, **mode, **{softness: True}))


@pytest.mark.parametrize("softness", ["soft_fail", "never_fail"])
@pytest.mark.parametrize("outcome", ["failed", "timeout", "error"])
def test_a_soft_sensor_skips_on_every_airflow_version(softness: str, outcome: str, service: StandIn) -> None:
    """Airflow 2.11 turns never_fail into a skip nowhere on the way back from the triggerer: the sensor must."""
    topview_task_id = submitted()
    service.fault("unknown-status", times=1)
    left = leave(sensor(topview_task_id, deferrable=True), new_context())
    event = {**events_of(left.trigger)[0], "outcome": outcome, "message": "it was not to be"}
    with pytest.raises(AirflowSkipException, match="it was not to be"):
        sensor(topview_task_id, **{softness: True}).execute_complete(new_context(), event=event)


@pytest.mark.parametrize("event", [None, "success", [], {}, {"outcome": "success"}])
def test_an_event_of_the_wrong_shape_is_a_failure_and_a_skip_where_that_is_wanted(event: Any, service: StandIn) -> None:
    with pytest.raises(TopviewError, match="event that is not one"):
        sensor("1").execute_complete(new_context(), event=event)
    with pytest.raises(AirflowSkipException):
        sensor("1", never_fail=True).execute_complete(new_context(), event=event)


@pytest.mark.parametrize("fault", [{"kind": "wrong-type"}, {"kind": "status", "value": 503}], ids=["type", "status"])
def test_an_outage_is_borne(mode: dict[str, Any], fault: dict[str, Any], service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault(method="GET", times=requesting.READ_ATTEMPTS + 2, **fault)
    assert run(lambda: sensor(topview_task_id, **mode))[0]["status"] == "success"
    assert service.stats("video_avatar")["queries"] > requesting.READ_ATTEMPTS + 2


def test_a_short_outage_is_not_even_seen(mode: dict[str, Any], service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault("status", method="GET", value=503, times=requesting.READ_ATTEMPTS - 1)
    assert run(lambda: sensor(topview_task_id, **mode))[1] == 0


@pytest.mark.parametrize("words", [MODES["poke"], MODES["deferrable"]], ids=["poke", "deferrable"])
def test_an_outage_that_lasts_fails_the_sensor_so_that_airflow_may_retry(words: Any, service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault("wrong-type", method="GET", times=-1)
    with pytest.raises(TopviewUnavailable) as away:
        run(lambda: sensor(topview_task_id, max_poll_outage=0, timeout=20, **words))
    assert not isinstance(away.value, AirflowFailException)


def test_an_outage_that_lasts_skips_a_sensor_that_never_fails(service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault("wrong-type", method="GET", times=-1)
    with pytest.raises(AirflowSkipException):
        run(lambda: sensor(topview_task_id, max_poll_outage=0, timeout=20, never_fail=True, **MODES["poke"]))


def test_an_unknown_task_fails_for_good(mode: dict[str, Any], service: StandIn) -> None:
    with pytest.raises(TopviewNotFound, match="4004") as missing:
        run(lambda: sensor("no-such-task", **mode))
    assert isinstance(missing.value, AirflowFailException)


def test_a_key_that_is_rotated_while_the_sensor_waits_goes_on(
    mode: dict[str, Any], service: StandIn, connect: Callable[..., str]
) -> None:
    topview_task_id = submitted()
    connect(service, password="yesterday")
    waiting = sensor(topview_task_id, **mode)
    assert waiting.hook.settings.api_key == "yesterday"
    connect(service)
    assert run(lambda: waiting)[0]["status"] == "success"


def test_previews_and_exports_of_a_marketing_video_are_told_apart(
    mode: dict[str, Any], connect: Callable[..., str]
) -> None:
    with StandIn(seconds=0, scripts=2) as service:
        connect(service)
        given = {"task_id": "t", "product_link": "https://shop.example/p", "wait_for_completion": False}
        previewed, exported = (
            TopviewMarketingVideoOperator(**given, preview=preview).execute(new_context())["topview_task_id"]
            for preview in (True, False)
        )

        def videos(topview_task_id: str, **words: Any) -> list[str]:
            kind = TopviewMarketingVideoSensor
            found = run(lambda: kind(task_id="s", topview_task_id=topview_task_id, **mode, **words))[0]
            return [entry["item_id"] for entry in found["outputs"] if entry["name"] == "video"]

        assert videos(previewed, preview=True) == videos(exported) == ["0", "1"]
        assert videos(previewed, preview="true", script_id=1) == videos(exported, script_id="1") == ["1"]
        with pytest.raises(AirflowSensorTimeout):
            videos(previewed, preview=False, timeout=0)
        with pytest.raises(AirflowSensorTimeout):
            videos(exported, script_id=7, timeout=0)


def test_the_sensor_of_an_export_waits_for_the_first_script_unless_told(connect: Callable[..., str]) -> None:
    with StandIn(seconds=0, scripts=2) as service:
        connect(service)
        task = TopviewMarketingVideoOperator(task_id="t", product_link="https://shop.example/p")
        exported = task.execute(new_context())["topview_task_id"]
        for words, item in (({}, "0"), ({"script_id": 1}, "1")):
            found = TopviewMarketingVideoExportSensor(task_id="s", topview_task_id=exported, **words)
            assert found.execute(new_context())["outputs"][0]["item_id"] == item
