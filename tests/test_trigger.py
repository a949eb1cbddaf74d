"""The trigger: it never raises when it is built, reads only, and always has one event to send."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, BaseHook
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.running import events_of, leave, new_context, rebuilt, resume
from tests.lines import hearing, since
from topview_provider.exceptions import TopviewConnectionInvalid, TopviewNotFound, TopviewUnavailable
from topview_provider.hooks.asynchronous import TopviewAsyncHook
from topview_provider.hooks.shared import shared_here
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.polling import Wait
from topview_provider.standin.server import StandIn
from topview_provider.triggers.topview import TopviewTaskTrigger
from topview_provider.waiting import read_event

from .support import PATIENCE, Request, Server, answering

NAMES = (
    "family",
    "topview_conn_id",
    "topview_task_id",
    "end_time",
    "submitted_at",
    "pace",
    "max_poll_outage",
    "judge",
    "dated",
    "not_before",
)
ANYTHING = st.one_of(
    st.none(), st.text(), st.integers(), st.floats(), st.lists(st.integers()), st.dictionaries(st.text(), st.text())
)


def avatar(**words: Any) -> TopviewVideoAvatarOperator:
    given = {"avatar_id": "a", "tts_text": "Hello.", "deferrable": True, **words}
    return TopviewVideoAvatarOperator(task_id="t", **given)


def trigger(topview_task_id: str, **words: Any) -> TopviewTaskTrigger:
    usual = {"family": "video_avatar", "topview_conn_id": "topview_default", "end_time": time.time() + 60}
    return TopviewTaskTrigger(topview_task_id=topview_task_id, **{**usual, **words})


def submitted() -> str:
    return str(avatar(wait_for_completion=False).execute(new_context())["topview_task_id"])


async def eventually(ask: Callable[[], Any]) -> None:
    """Wait until something is true; it must become so."""
    while not await asyncio.to_thread(ask):
        await asyncio.sleep(0.005)


@settings(max_examples=50, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(NAMES, ANYTHING)))
def test_a_trigger_can_be_built_of_anything_and_shown(arguments: dict[str, Any]) -> None:
    built = TopviewTaskTrigger(**arguments)
    assert all(getattr(built, name) is value for name, value in arguments.items())
    assert "TopviewTaskTrigger" in repr(built)


def test_a_trigger_travels_as_json_and_comes_back_the_same() -> None:
    first = trigger("1", judge={"items": "exportVideos", "script_id": "0", "seen": "etag"}, pace=2.5, submitted_at=1.0)
    path, kwargs = first.serialize()
    assert path == "topview_provider.triggers.topview.TopviewTaskTrigger"
    assert json.loads(json.dumps(kwargs)) == kwargs
    assert set(kwargs) == set(NAMES)
    assert rebuilt(first).serialize() == (path, kwargs)


def test_a_trigger_of_an_earlier_release_with_fewer_arguments_still_runs(service: StandIn) -> None:
    old = TopviewTaskTrigger(
        family="video_avatar", topview_conn_id="topview_default", topview_task_id=submitted(), end_time=time.time() + 60
    )
    assert events_of(old)[0]["outcome"] == "success"


def test_the_event_carries_the_outcome_and_nothing_that_expires_or_is_secret(service: StandIn) -> None:
    topview_task_id = submitted()
    event = events_of(trigger(topview_task_id, end_time=2e9, submitted_at=1e9))[0]
    assert event == {
        "outcome": "success",
        "message": "",
        "error": "",
        "family": "video_avatar",
        "topview_task_id": topview_task_id,
        "submitted_at": 1e9,
        "end_time": 2e9,
        "judge": {},
        "dated": True,
        "tally": {
            "queued": None,
            "running": None,
            "detected": None,
            "seconds": None,
            "polls": 1,
            "failed_polls": 0,
        },
    }


def test_a_missing_connection_is_an_event_and_fails_the_task_for_good(service: StandIn) -> None:
    left = leave(avatar(), new_context())
    left.trigger.topview_conn_id = "nowhere"
    event = events_of(left.trigger)[0]
    assert (event["outcome"], event["error"]) == ("error", "TopviewConnectionInvalid")
    with pytest.raises(TopviewConnectionInvalid, match="airflow connections add nowhere") as missing:
        resume(avatar(), left, new_context(), event)
    assert isinstance(missing.value, AirflowFailException)


def test_an_unknown_task_is_an_event_and_fails_the_task_for_good(service: StandIn) -> None:
    event = events_of(trigger("no-such-task"))[0]
    assert (event["outcome"], event["error"]) == ("error", "TopviewNotFound")
    with pytest.raises(TopviewNotFound, match="no-such-task"):
        avatar().execute_complete(new_context(), event=event)


def test_a_failed_task_is_an_event_with_its_reason(service: StandIn) -> None:
    service.fault("fail", method="POST", message="no face found")
    event = events_of(trigger(submitted()))[0]
    assert (event["outcome"], event["message"], event["error"]) == ("failed", "no face found", "")


def test_the_deadline_is_absolute_and_outlives_the_triggerer(service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=-1)
    late = trigger(submitted(), end_time=time.time(), submitted_at=time.time() - 90)
    for again in (late, rebuilt(late)):
        event = events_of(again)[0]
        assert event["outcome"] == "timeout"
        assert event["end_time"] == late.end_time
        assert "not finished after 90 s" in event["message"] or "not finished after 91 s" in event["message"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "value": 503},
        {"kind": "status", "value": 429, "retry_after": 0},
        {"kind": "code", "value": "5000"},
        {"kind": "reset"},
        {"kind": "reset-mid-body"},
        {"kind": "html"},
        {"kind": "truncated-json"},
        {"kind": "wrong-type"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_polls_that_fail_are_borne(fault: dict[str, Any], service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault(method="GET", times=2, **fault)
    assert events_of(trigger(topview_task_id))[0]["outcome"] == "success"
    assert service.stats("video_avatar")["queries"] == 3


def test_polls_that_fail_for_too_long_are_an_event_that_airflow_may_retry(service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault("status", method="GET", value=503, times=-1)
    event = events_of(trigger(topview_task_id, max_poll_outage=0.0))[0]
    assert (event["outcome"], event["error"]) == ("error", "TopviewUnavailable")
    with pytest.raises(TopviewUnavailable, match="max_poll_outage") as away:
        avatar().execute_complete(new_context(), event=event)
    assert not isinstance(away.value, AirflowFailException)


def test_a_key_that_is_rotated_while_the_task_is_waited_for_goes_on(
    service: StandIn, connect: Callable[..., str]
) -> None:
    topview_task_id = submitted()

    async def wait() -> Any:
        connect(service, password="yesterday", poll_interval=0.01)
        # The first hook of this loop reads the connection for all that come after it.
        async with TopviewAsyncHook("topview_default"):
            connect(service, poll_interval=0.01)
            return [event.payload async for event in trigger(topview_task_id).run()]

    (event,) = asyncio.run(wait())
    assert event["outcome"] == "success"
    assert [entry["status"] for entry in service.requests("/v1/video_avatar/task/query")] == [401, 200]


def forgetting(times: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Airflow be unable to tell its connections so many times."""
    known, asked = BaseHook.get_connection, []

    def asks(conn_id: str) -> Any:
        asked.append(conn_id)
        if len(asked) <= times:
            raise ConnectionError("the API server restarts")
        return known(conn_id)

    monkeypatch.setattr(BaseHook, "get_connection", asks)
    monkeypatch.setattr("topview_provider.triggers.topview.LOOKUP_PAUSE", 0.01)


def test_a_connection_that_airflow_cannot_tell_right_now_is_an_outage_and_one_warning(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    topview_task_id = submitted()
    forgetting(3, monkeypatch)
    with hearing() as said:
        assert events_of(trigger(topview_task_id))[0]["outcome"] == "success"
    (line,) = [entry["event"] for entry in said if entry["log_level"] == "warning"]
    assert f"video_avatar {topview_task_id} goes on, but: Airflow cannot read its connection" in line


def test_a_connection_that_airflow_cannot_tell_for_too_long_is_an_event_that_airflow_may_retry(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    topview_task_id = submitted()
    forgetting(float("inf"), monkeypatch)
    event = events_of(trigger(topview_task_id, max_poll_outage=0.05))[0]
    assert (event["outcome"], event["error"], event["tally"]) == ("error", "TopviewUnavailable", {})


def test_a_trigger_that_is_cancelled_leaves_nothing_open(service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=-1)
    topview_task_id = submitted()

    async def cancel() -> tuple[Any, Any]:
        running = asyncio.create_task(anext(trigger(topview_task_id).run()))
        await eventually(lambda: service.stats("video_avatar")["queries"])
        shared = shared_here()["topview_default"]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return shared, shared_here()

    shared, left = asyncio.run(cancel())
    assert shared.session.closed
    assert (shared.users, left) == (0, {})


def test_a_trigger_that_is_cancelled_in_a_request_leaves_nothing_open(service: StandIn) -> None:
    topview_task_id = submitted()
    service.fault("never-answer", method="GET", times=-1)

    async def cancel() -> Any:
        running = asyncio.create_task(anext(trigger(topview_task_id).run()))
        await eventually(lambda: service.requests("/v1/video_avatar/task/query"))
        shared = shared_here()["topview_default"]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return shared

    shared = asyncio.run(cancel())
    assert (shared.session.closed, shared.users) == (True, 0)


class Stream:
    """One trigger that runs as a task of its own, and the session it uses."""

    def __init__(self, one: TopviewTaskTrigger) -> None:
        self.one = one
        self.task = asyncio.create_task(anext(one.run()))

    async def spin(self, turns: int) -> int:
        """Let the loop turn so often, or until the trigger is done; return how often it turned."""
        for turn in range(turns):
            if self.task.done():
                return turn
            await asyncio.sleep(0)
        return turns

    async def cancel(self) -> None:
        """End the trigger as the triggerer does when a person acts on the task."""
        shared = shared_here().get("topview_default")
        session = shared.session if shared else None
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        await self.one.on_kill()
        await self.one.cleanup()
        if session:
            assert session.closed
            assert session.connector is None or not session.connector._acquired
        assert not shared_here()


def test_a_trigger_may_be_cancelled_at_any_moment_and_leaves_nothing_open(service: StandIn) -> None:
    topview_task_id = submitted()

    async def whole() -> int:
        stream = Stream(trigger(topview_task_id))
        turns = await stream.spin(1_000_000)
        assert stream.task.result().payload["outcome"] == "success"
        return turns

    async def until(turn: int) -> None:
        stream = Stream(trigger(topview_task_id))
        await stream.spin(turn)
        await stream.cancel()

    turns = asyncio.run(whole())
    moments = {*range(12), *(turns * part // 24 for part in range(25))}
    for turn in sorted(moments):
        asyncio.run(until(turn))
    calls = service.requests()
    assert {call["method"] for call in calls if call["path"] != "/v1/video_avatar/task/submit"} == {"GET"}
    assert service.stats("video_avatar")["received"] == 1


def test_a_cancelled_trigger_asks_nothing_more(connect: Callable[..., str]) -> None:
    """In the middle of a request, and in a pause between two polls."""
    running = answering(b'{"code": "200", "result": {"taskId": "t1", "status": "running"}}')
    silent = Event()

    def holding(client: socket.socket, request: Request) -> None:
        silent.wait(PATIENCE)

    async def cancelled(server: Server, pace: float) -> None:
        stream = Stream(trigger("t1", pace=pace))
        await eventually(lambda: server.requests)
        await eventually(lambda: talk is holding or stream.one._seen.polls)
        await stream.cancel()

    for talk in (holding, running):
        with Server(talk) as server:
            connect(server)
            asyncio.run(cancelled(server, pace=2))
            assert [request.method for request in server.requests] == ["GET"]
    silent.set()


@pytest.mark.parametrize(
    ("wanted", "connection", "interval"),
    [(None, 0, 0), (None, 600, 600), (7, 600, 7), (7, 0, 7), ("adaptive", 600, 0), ("adaptive", 0, 0)],
)
def test_a_task_s_own_poll_interval_goes_before_the_connection_s_and_adaptive_is_one_too(
    wanted: Any, connection: float, interval: float, connect: Callable[..., str]
) -> None:
    task = avatar(poll_interval=wanted)
    wait = Wait("t1", time.time(), time.time() + 60)

    async def seen(one: TopviewTaskTrigger) -> Any:
        stream = Stream(one)
        await eventually(lambda: one._seen)
        await stream.cancel()
        return one._seen

    with Server(answering(b"")) as server:
        connect(server, poll_interval=connection)
        watches = [task.watch(wait), asyncio.run(seen(rebuilt(task.trigger(wait))))]
    assert [one.pace for one in watches] == [interval or task.row.poll_seconds] * 2
    assert [one.adaptive for one in watches] == [not interval] * 2


@since((3, 0), "operators that run in any thread")
async def test_a_trigger_that_a_person_ends_says_that_the_task_goes_on(service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=-1)
    one = trigger(await asyncio.to_thread(submitted), submitted_at=time.time() - 90)
    with hearing() as before:
        await one.on_kill()
    stream = Stream(one)
    await eventually(lambda: one._seen and one._seen.polls)
    with hearing() as after:
        await stream.cancel()
    (early,), (late,) = ([entry for entry in said if entry["log_level"] == "warning"] for said in (before, after))
    about = f"no call to cancel video_avatar {one.topview_task_id}: it goes on there and is charged if it finishes"
    assert about in early["event"]
    assert "last seen" not in early["event"]
    assert f"{about} (last seen: running, " in late["event"]
    assert "A retry or a clear resumes it without paying again" in late["event"]


def test_a_trigger_that_is_to_begin_later_asks_nothing_before(service: StandIn) -> None:
    topview_task_id = submitted()
    asked: list[int] = []

    async def run() -> Any:
        moment = time.time() + 0.2
        stream = Stream(trigger(topview_task_id, not_before=moment))
        while not stream.task.done():
            if time.time() < moment:
                asked.append(await asyncio.to_thread(lambda: service.stats("video_avatar")["queries"]))
            await asyncio.sleep(0.005)
        return stream.task.result().payload

    assert asyncio.run(run())["outcome"] == "success"
    assert asked
    assert set(asked) == {0}


def test_a_trigger_that_is_to_begin_after_its_deadline_looks_at_the_deadline(service: StandIn) -> None:
    service.fault("never-ends", method="POST", times=-1)
    event = events_of(trigger(submitted(), not_before=time.time() + 3600, end_time=time.time()))[0]
    assert (event["outcome"], event["tally"]["polls"]) == ("timeout", 1)


def test_the_tally_of_the_wait_comes_back_to_the_worker(service: StandIn) -> None:
    now = time.time()
    for word in ("init", "running"):
        service.fault("unknown-status", value=word, times=2)
    service.fault("status", method="GET", value=503, times=1)  # strikes the first of the two that say init
    event = events_of(trigger(submitted(), submitted_at=now))[0]
    outcome, wait = read_event(event, "video_avatar")
    assert outcome.tally
    assert (outcome.tally.polls, outcome.tally.failed_polls) == (5, 1)
    assert None not in outcome.tally.flat().values()
    assert wait.dated
    del event["tally"], event["dated"]  # as a trigger of an earlier release sends it
    outcome, wait = read_event(event, "video_avatar")
    assert (outcome.tally, wait.dated) == (None, True)


def test_many_triggers_share_one_session_and_each_sends_its_event(service: StandIn) -> None:
    topview_task_ids = [submitted() for _ in range(12)]

    async def one(topview_task_id: str) -> Any:
        return [event.payload async for event in trigger(topview_task_id).run()]

    async def wait() -> tuple[list[Any], int]:
        async with TopviewAsyncHook("topview_default"):
            shared = shared_here()["topview_default"]
            session = shared.session
            found = await asyncio.gather(*map(one, topview_task_ids))
            assert shared.session is session
            return found, shared.users

    found, users = asyncio.run(wait())
    assert [events[0]["topview_task_id"] for events in found] == topview_task_ids
    assert {events[0]["outcome"] for events in found} == {"success"}
    assert users == 1


def test_two_copies_of_a_trigger_do_no_harm(service: StandIn) -> None:
    """A restarted triggerer may run a trigger that the old one still runs."""
    first = trigger(submitted())

    async def both() -> list[Any]:
        async def run(one: Any) -> Any:
            return [event.payload async for event in one.run()]

        return await asyncio.gather(run(first), run(rebuilt(first)))

    ((one,), (other,)) = asyncio.run(both())
    del one["tally"], other["tally"]
    assert one == other
    assert service.stats("video_avatar")["received"] == 1


@pytest.mark.parametrize("nonsense", [{"family": "hologram"}, {"end_time": "soon"}], ids=str)
def test_a_trigger_made_of_nonsense_ends_and_leaves_nothing_open(nonsense: dict[str, Any], service: StandIn) -> None:
    """Airflow turns what ``run`` raises into a failure of this one task; it must not take the triggerer with it."""
    topview_task_id = submitted()
    service.fault("unknown-status", times=-1)

    async def run() -> Any:
        with pytest.raises((KeyError, TypeError)):
            await anext(trigger(topview_task_id, **nonsense).run())
        return shared_here()

    assert asyncio.run(run()) == {}
