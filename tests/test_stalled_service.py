"""A service that does not answer, or wants to be left alone: what those do who wait for a connection meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from topview_provider.catalog import FAMILIES
from topview_provider.exceptions import TopviewUnavailable
from topview_provider.hooks import shared as sharing
from topview_provider.hooks.shared import POOL
from topview_provider.hooks.topview import TopviewAsyncHook
from topview_provider.polling import Watch
from topview_provider.triggers.topview import TopviewTaskTrigger

from .crowd import Overheard, until
from .support import Server, answering

RUNNING = b'{"code": "200", "message": "Success", "result": {"uid": "uid-1", "taskId": "t", "status": "running"}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(RUNNING), RUNNING)
BUSY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 200\r\nContent-Length: 2\r\n\r\n{}"


class Held:
    """A service, on the loop of the test, that answers nobody before the test says so."""

    uid, api_key, url = "uid-1", "key-one-two-three", ""

    def __init__(self) -> None:
        self.waiting: list[asyncio.StreamWriter] = []
        self.arrived = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take requests, one after the other, from one connection."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                self.arrived += 1
                self.waiting.append(writer)
        writer.close()

    def answer(self, count: int, said: bytes) -> None:
        """Answer so many of those who wait."""
        for _ in range(count):
            self.waiting.pop(0).write(said)


@pytest.fixture
async def held() -> AsyncIterator[Held]:
    service = Held()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield service
    server.close()


@contextlib.asynccontextmanager
async def asking(count: int) -> AsyncIterator[tuple[TopviewAsyncHook, list[asyncio.Task[Any]]]]:
    """Ask after so many tasks at once."""
    async with TopviewAsyncHook() as hook:
        asked = [asyncio.create_task(hook.query("video_avatar", str(number))) for number in range(count)]
        yield hook, asked
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def test_a_pause_that_the_service_asks_for_holds_for_those_who_wait_for_a_connection(
    held: Held, connect: Callable[..., str]
) -> None:
    connect(held, max_rps=0)
    async with asking(100) as (hook, asked):
        await until(lambda: held.arrived == POOL)
        held.answer(1, BUSY)
        await until(lambda: hook._shared.limiter.share < 1)
        held.answer(POOL - 1, ANSWER)
        await until(lambda: sum(one.done() for one in asked) == POOL - 1)
        assert hook._shared.limiter.free == POOL
        assert hook._shared.limiter.waiting == 100 - POOL
        assert held.arrived == POOL


@pytest.mark.parametrize(
    ("max_rps", "pause", "said"),
    [
        (10, b"Retry-After: 200", "no request for 200 s, then 5 instead of 10 requests per second"),
        (10, b"X: y", "5 instead of 10 requests per second"),
        (0, b"Retry-After: 200", "no request for 200 s, then any number of requests per second"),
    ],
)
async def test_a_service_that_asks_for_less_is_told_of_once_in_the_log_of_the_triggerer(
    held: Held, connect: Callable[..., str], max_rps: int, pause: bytes, said: str
) -> None:
    connect(held, max_rps=max_rps)
    busy = BUSY.replace(b"Retry-After: 200", pause)
    with Overheard(sharing.__name__) as overheard:
        async with asking(30) as (hook, _):
            limiter = hook._shared.limiter
            await until(lambda: held.arrived == POOL)
            held.answer(5, busy)
            await until(lambda: limiter.free + held.arrived >= POOL + 5)

    words = f"WARNING Connection 'topview_default': TopView asks for less (HTTP 429): {said}; 10 wait for their turn"
    assert overheard.lines == [("", words)]


async def test_the_deadline_holds_while_the_uid_is_asked_for(connect: Callable[..., str]) -> None:
    with Server(answering(b"{}", "429 Too Many Requests", retry_after="300")) as server:
        connect(server, login="", connect_timeout=0.2)
        one = TopviewTaskTrigger(
            family="video_avatar",
            topview_conn_id="topview_default",
            topview_task_id="1",
            end_time=time.time() + 0.5,
            submitted_at=time.time(),
        )
        async with asyncio.timeout(60):
            event = (await anext(one.run())).payload
    assert event["outcome"] == "timeout"
    assert "the uid could not be asked for in time" in event["message"]


async def test_an_outage_ends_in_time_though_every_connection_hangs(
    held: Held, connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "POOL", 1)
    connect(held, max_rps=0, connect_timeout=0.1)
    begun = time.time()
    one = Watch(FAMILIES["video_avatar"], "t1", {}, begun, begun + 3600, pace=0.01, max_poll_outage=0.2)
    one.missed(TopviewUnavailable("the connection broke off"), begun)
    async with asking(1) as (hook, asked):
        await until(lambda: held.arrived == 1)
        async with asyncio.timeout(60):
            outcome = await hook.wait(one)
        assert not asked[0].done()
    assert (outcome.word, outcome.error) == ("error", "TopviewUnavailable")
    assert "(max_poll_outage 0 s): GET /v1/video_avatar/task/query: none of 1 connections" in outcome.message
