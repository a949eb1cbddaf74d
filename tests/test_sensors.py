"""Sensors in each of their modes: poke, reschedule, and deferred to the triggerer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseHook,
    TaskDeferred,
)

from tests.contract.running import events_of, leave, new_context, resume
from tests.lines import hearing, named, since
from topview_provider.exceptions import (
    TopviewConnectionInvalid,
    TopviewError,
    TopviewNotFound,
    TopviewTaskFailed,
    TopviewUnavailable,
)
from topview_provider.hooks import requesting
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator
from topview_provider.sensors.topview import (
    TopviewMarketingVideoExportSensor,
    TopviewMarketingVideoSensor,
    TopviewTextToVoiceSensor,
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


Rescheduled = named(*(f"airflow.{place}.AirflowRescheduleException" for place in ("sdk.exceptions", "exceptions")))


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
        except Rescheduled:
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


REFUSALS = {"poke": 4, "reschedule": 4, "deferrable": 5}
"""Looks at a key that stays refused: the triggerer begins to count after the sensor's own first look."""


@pytest.mark.parametrize(("name", "looks"), REFUSALS.items())
def test_a_key_that_stays_refused_fails_the_sensor_after_its_tries_so_that_airflow_may_retry(
    name: str, looks: int, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topview_provider.polling.AUTH_WAIT", 0.01)
    topview_task_id = submitted()
    service.fault("status", method="GET", value=401, times=-1)
    with pytest.raises(TopviewUnavailable, match="401") as refused:
        run(lambda: sensor(topview_task_id, **MODES[name]))
    assert not isinstance(refused.value, AirflowFailException)
    assert len(service.requests("/v1/video_avatar/task/query")) == looks


def test_a_key_that_is_refused_for_a_while_only_does_not_fail_the_sensor(
    mode: dict[str, Any], service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topview_provider.polling.AUTH_WAIT", 0.01)
    topview_task_id = submitted()
    service.fault("status", method="GET", value=403, times=3)
    assert run(lambda: sensor(topview_task_id, **mode))[0]["status"] == "success"


def test_a_connection_that_vanishes_behind_a_refused_key_fails_the_sensor_for_good(
    mode: dict[str, Any], service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    topview_task_id = submitted()
    service.fault("status", method="GET", value=401, times=1)
    waiting = sensor(topview_task_id, **mode)
    assert waiting.hook.settings.api_key
    monkeypatch.delenv("AIRFLOW_CONN_TOPVIEW_DEFAULT")
    with pytest.raises(TopviewConnectionInvalid, match="airflow connections add"):
        run(lambda: waiting)


@pytest.mark.parametrize("name", ["poke", "reschedule"])
def test_airflow_not_telling_the_connection_right_now_is_borne(
    name: str, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    topview_task_id = submitted()
    known, asked = BaseHook.get_connection, []

    def asks(conn_id: str) -> Any:
        asked.append(conn_id)
        if len(asked) <= requesting.READ_ATTEMPTS:
            raise ConnectionError("the API server restarts")
        return known(conn_id)

    monkeypatch.setattr(BaseHook, "get_connection", asks)
    assert run(lambda: sensor(topview_task_id, poll_interval=0.01, **MODES[name]))[0]["status"] == "success"


def test_what_topview_asks_to_wait_is_waited_in_the_mode_that_remembers(service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault("status", method="GET", value=429, retry_after=3600, times=requesting.READ_ATTEMPTS)
    with suppress(AirflowSensorTimeout):  # the last look is at the deadline, unless Airflow sees it pass first
        run(lambda: sensor(topview_task_id, timeout=0.3, **MODES["poke"]))
    assert service.stats("video_avatar")["queries"] <= requesting.READ_ATTEMPTS + 1


def test_only_changes_are_logged_and_not_every_look(
    mode: dict[str, Any], service: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "topview_provider.polling")
    topview_task_id = submitted()
    service.fault("unknown-status", value="pondering", times=4)
    waiting = sensor(topview_task_id, **mode)  # one process: in mode reschedule each look has a memory of its own
    run(lambda: waiting)
    said = [record for record in caplog.records if "'pondering'" in record.getMessage()]
    # A deferred sensor looks once on the worker, once more in the triggerer.
    assert [record.levelname for record in said] == ["WARNING"] * (2 if mode.get("deferrable") else 1)


def ends(said: Any) -> list[str]:
    """Return the lines that say how a task ended."""
    return [entry["event"] for entry in said if " ended: " in entry["event"] and entry["log_level"] == "info"]


def test_one_line_says_how_a_task_ended_and_what_it_cost(mode: dict[str, Any], service: StandIn) -> None:
    given = {"task_id": "t", "voice_text": "Hello.", "voice_id": "v1", "wait_for_completion": False}
    topview_task_id = TopviewTextToVoiceOperator(**given).execute(new_context())["topview_task_id"]
    service.fault("unknown-status", value="running", times=1)
    with hearing() as said:
        run(lambda: TopviewTextToVoiceSensor(task_id="s", topview_task_id=topview_task_id, **mode))
    (line,) = ends(said)
    assert line.startswith(f"text_to_voice {topview_task_id} ended: outcome=success queued=unknown running=unknown ")
    assert line.endswith(f" failed_polls=0 credits={service.stats('text_to_voice')['charged']:g}")


@pytest.mark.parametrize("softness", ["", "soft_fail", "never_fail"])
@pytest.mark.parametrize(("fault", "outcome"), [("fail", "failed"), ("never-ends", "timeout")])
def test_a_bad_end_is_one_line_too(
    fault: str, outcome: str, softness: str, mode: dict[str, Any], service: StandIn
) -> None:
    service.fault(fault, method="POST", times=-1)
    topview_task_id = submitted()
    words = {"timeout": 0} if outcome == "timeout" else {}
    with hearing() as said, pytest.raises(AirflowException):
        run(lambda: sensor(topview_task_id, **mode, **words, **({softness: True} if softness else {})))
    (line,) = ends(said)
    assert line.startswith(f"video_avatar {topview_task_id} ended: outcome={outcome} ")
    assert line.endswith(" credits=unknown")


@since((3, 0), "the first look of a sensor in its context")
@pytest.mark.parametrize("softness", ["", "soft_fail", "never_fail"])
def test_a_deadline_that_airflow_finds_first_names_the_task_and_is_one_line(softness: str, service: StandIn) -> None:
    """In mode reschedule the time counts from the first of all looks, which only Airflow knows."""
    service.fault("never-ends", method="POST", times=-1)
    topview_task_id = submitted()
    long_ago = datetime.now(UTC) - timedelta(days=1)
    context = new_context(get_first_reschedule_date=lambda _context: long_ago)
    waiting = sensor(topview_task_id, timeout=60, **MODES["reschedule"], **({softness: True} if softness else {}))
    kind = AirflowSkipException if softness else AirflowSensorTimeout
    with hearing() as said, pytest.raises(kind, match=f"{topview_task_id}.*last seen: .*goes on at TopView"):
        waiting.execute(context)
    assert len(ends(said)) == 1


def test_a_skip_of_a_user_s_own_stays_a_skip(service: StandIn) -> None:
    class Choosy(TopviewVideoAvatarSensor):
        def poke(self, context: Any) -> Any:
            super().poke(context)
            raise AirflowSkipException("not today")

    service.fault("unknown-status", times=1)
    with pytest.raises(AirflowSkipException, match="not today"):
        Choosy(task_id="s", topview_task_id=submitted()).execute(new_context())


def test_a_sensor_that_is_killed_says_that_the_task_goes_on(service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault("unknown-status", value="running", times=1)
    waiting = sensor(topview_task_id, **MODES["poke"])
    waiting.poke(new_context())
    with hearing() as said:
        waiting.on_kill()
    assert [entry["log_level"] for entry in said] == ["warning"]
    assert f"no call to cancel video_avatar {topview_task_id}: it goes on there" in said[0]["event"]
    assert "(last seen: running)" in said[0]["event"]


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
