"""Waiting for a task, on the worker and in the triggerer alike: the same decisions behind both doors."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from topview_provider import exceptions as errors
from topview_provider.catalog import FAMILIES
from topview_provider.hooks.topview import TopviewAsyncHook, TopviewHook
from topview_provider.polling import Outcome, Watch
from topview_provider.standin.server import StandIn

from .support import Request, Server, Talk, answering

Connect = Callable[..., str]
BODY = {"productLink": "https://shop.example/p"}


def watch(task: str, **words: Any) -> Watch:
    now = time.time()
    arguments: dict[str, Any] = {"submitted_at": now, "end_time": now + 30, "pace": 0.02, **words}
    return Watch(row=FAMILIES["scraper"], topview_task_id=task, judge={}, **arguments)


@pytest.fixture(params=["worker", "triggerer"])
def wait(request: pytest.FixtureRequest) -> Callable[[Watch], Outcome]:
    """Wait for a task at one of the doors."""

    def waiting(one: Watch) -> Outcome:
        if request.param == "worker":
            return TopviewHook().wait(one)

        async def by_trigger() -> Outcome:
            async with TopviewAsyncHook() as hook:
                return await hook.wait(one)

        return asyncio.run(by_trigger())

    return waiting


def test_waiting_ends_when_the_task_does(wait: Any, service: StandIn) -> None:
    one = watch(TopviewHook().submit("scraper", BODY))
    service.fault("unknown-status", match={"taskId": one.topview_task_id}, times=2)

    assert wait(one) == Outcome("success")
    assert one.polls == 3


def test_waiting_survives_faults_and_tells_a_failure(wait: Any, service: StandIn) -> None:
    task = TopviewHook().submit("scraper", BODY)
    for kind, words in (("status", {"value": 502}), ("reset", {}), ("wrong-type", {}), ("html", {})):
        service.fault(kind, match={"taskId": task}, times=1, **words)
    service.fault("fail", match={"taskId": task}, message="no product there")
    one = watch(task)

    assert wait(one) == Outcome("failed", "no product there")
    assert one.polls >= 4, "aiohttp asks again by itself when a kept connection was reset"


ODD = [
    *[("status", {"value": status}) for status in (302, 404, 405, 407, 413, 418, 429)],
    *[("code", {"value": code}) for code in ("500", "429", "404", "503", "0", "OK", "7000", "5000")],
]


def test_no_odd_answer_to_a_poll_ends_the_wait_for_a_paid_task(wait: Any, service: StandIn) -> None:
    task = TopviewHook().submit("scraper", BODY)
    for kind, words in ODD:
        service.fault(kind, match={"taskId": task}, times=1, **words)
    one = watch(task, pace=1e-5)  # the pauses double with each failure

    assert wait(one) == Outcome("success")
    assert one.polls == len(ODD) + 1


def test_a_task_that_topview_says_it_does_not_know_ends_the_wait(wait: Any, service: StandIn) -> None:
    one = watch("0" * 32)

    assert wait(one).error == errors.TopviewNotFound.__name__
    assert one.polls == 1


IN_AN_HOUR = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize("status", [429, 503, 408])
@pytest.mark.parametrize("asked", [3600, IN_AN_HOUR], ids=["seconds", "date"])
def test_what_topview_asks_to_wait_is_waited_up_to_the_deadline(
    wait: Any, status: int, asked: Any, service: StandIn
) -> None:
    task = TopviewHook().submit("scraper", BODY)
    service.fault("status", match={"taskId": task}, value=status, retry_after=asked, times=1)
    one = watch(task, end_time=time.time() + 0.3)

    assert wait(one) == Outcome("success")
    assert one.polls == 2


@pytest.mark.parametrize("fault", [("status", 429), ("code", "5003"), ("code", "4007")], ids=str)
def test_a_busy_topview_that_names_no_time_is_asked_more_and_more_slowly(
    wait: Any, fault: tuple[str, Any], service: StandIn
) -> None:
    task = TopviewHook().submit("scraper", BODY)
    service.fault(fault[0], match={"taskId": task}, value=fault[1], times=-1)
    one = watch(task, end_time=time.time() + 0.3, pace=0.02)

    assert wait(one).word == "timeout"
    assert one.polls <= 6, "at a steady pace there would be twice as many"


def test_polls_may_fail_for_a_time_and_not_for_a_number_of_tries(wait: Any, service: StandIn) -> None:
    task = TopviewHook().submit("scraper", BODY)
    service.fault("status", match={"taskId": task}, value=503, times=14)
    one = watch(task, pace=1e-5)  # the pauses double with each failure

    assert wait(one) == Outcome("success")
    assert one.polls == 15


def test_waiting_ends_at_the_deadline(wait: Any, service: StandIn) -> None:
    task = TopviewHook().submit("scraper", BODY)
    service.fault("never-ends", match={"taskId": task})

    assert wait(watch(task, end_time=time.time() + 0.1)).word == "timeout"


OLD, DONE = "the-old-key-123", b'{"code": "200", "result": {"taskId": "t1", "status": "success"}}'


def refusing_the_old_key(act: Callable[[], Any]) -> Talk:
    """Return a talk that knows another key than the old one, and acts when it sees that."""

    def talk(client: socket.socket, request: Request) -> None:
        if request.headers["authorization"] == f"Bearer {OLD}":
            act()
            answering(b"", "401 Unauthorized")(client, request)
        else:
            answering(DONE)(client, request)

    return talk


def test_a_key_that_is_rotated_while_waiting_is_used_without_a_new_attempt(wait: Any, connect: Connect) -> None:
    with Server(refusing_the_old_key(lambda: connect(server))) as server:
        connect(server, password=OLD)
        assert wait(watch("t1")) == Outcome("success")

    keys = [request.headers["authorization"] for request in server.requests]
    assert keys == [f"Bearer {OLD}", f"Bearer {server.api_key}"]


def test_a_connection_that_vanishes_while_waiting_ends_it(
    wait: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(refusing_the_old_key(lambda: monkeypatch.delenv("AIRFLOW_CONN_TOPVIEW_DEFAULT"))) as server:
        connect(server, password=OLD)
        assert wait(watch("t1")).error == "TopviewConnectionInvalid"


def test_a_key_that_stays_wrong_is_given_up_after_three_more_tries(
    wait: Any, service: StandIn, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topview_provider.polling.AUTH_WAIT", 0.01)
    connect(service, password="never-the-right-key")

    outcome = wait(watch("f" * 32))
    assert (outcome.word, outcome.error) == ("error", "TopviewUnavailable")
    assert len(service.requests("/v1/scraper/task/query")) == 4
