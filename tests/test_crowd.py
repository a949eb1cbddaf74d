"""Many triggers in one process: one session, few connections, and nothing left behind, whoever is cancelled where."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Iterator
from functools import partial
from typing import Any

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks import shared as sharing
from topview_provider.hooks.asynchronous import TopviewAsyncHook
from topview_provider.hooks.shared import POOL, Shared, shared_here
from topview_provider.triggers.topview import TopviewTaskTrigger

from .support import PATIENCE, Request, Server

Connect = Callable[..., str]
ANSWER = b'{"code": "200", "message": "Success", "result": {"uid": "uid-1", "taskId": "t", "status": "%s"}}'


class Service:
    """A TopView that answers at once, on a loop and in a thread of its own: each task runs for so many looks."""

    uid, api_key = "uid-1", "key-one-two-three"

    def __init__(self, looks: int = 0) -> None:
        self.looks = looks
        self.asked: Counter[str] = Counter()
        self.connections = self.open = self.most = 0
        self.url = ""
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.thread.start()
        self.ready.wait(10)

    async def _serve(self) -> None:
        self.loop, self.ended = asyncio.get_running_loop(), asyncio.Event()
        server = await self.loop.create_server(lambda: Client(self), "127.0.0.1", 0, backlog=1000)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.ready.set()
        await self.ended.wait()
        server.close()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(10)

    def answer(self, target: str) -> bytes:
        self.asked[target] += 1
        return ANSWER % (b"success" if self.asked[target] > self.looks else b"running")


class Client(asyncio.Protocol):
    """One connection to the service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.data = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.service.connections += 1
        self.service.open += 1
        self.service.most = max(self.service.most, self.service.open)

    def connection_lost(self, error: Exception | None) -> None:
        self.service.open -= 1

    def data_received(self, data: bytes) -> None:
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, _, self.data = self.data.partition(b"\r\n\r\n")
            body = self.service.answer(head.split(b" ", 2)[1].decode())
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


@pytest.fixture
def crowded(connect: Connect) -> Iterator[Callable[..., Service]]:
    """What starts a service for a crowd, and points the connection at it."""
    begun: list[Service] = []

    def begin(looks: int = 0, **extra: Any) -> Service:
        begun.append(Service(looks))
        connect(begun[-1], **{"poll_interval": 0.01, "max_rps": 0, **extra})
        return begun[-1]

    yield begin
    for service in begun:
        service.close()


async def outcome(number: int) -> str:
    """Run one trigger to its end."""
    trigger = TopviewTaskTrigger(
        family="video_avatar",
        topview_conn_id="topview_default",
        topview_task_id=str(number),
        end_time=time.time() + 600,
        submitted_at=time.time(),
    )
    return str((await anext(trigger.run())).payload["outcome"])


async def until(true: Callable[[], Any]) -> None:
    while not true():
        await asyncio.sleep(0.001)


async def test_a_thousand_triggers_share_one_session_of_a_few_connections(
    crowded: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, opened = crowded(looks=2), []
    made = Shared._open

    async def open_(shared: Shared) -> None:
        opened.append(shared)
        await made(shared)

    monkeypatch.setattr(Shared, "_open", open_)
    assert Counter(await asyncio.gather(*map(outcome, range(1000)))) == {"success": 1000}
    assert len(opened) == 1
    assert service.connections <= POOL
    assert sum(service.asked.values()) == 3000
    assert opened[0].session is not None
    assert opened[0].session.closed
    await until(lambda: not service.open)


async def test_ten_thousand_triggers_end_in_one_process(crowded: Callable[..., Service]) -> None:
    service = crowded(poll_interval=1)
    async with asyncio.timeout(60):
        assert Counter(await asyncio.gather(*map(outcome, range(10_000)))) == {"success": 10_000}
    assert service.most <= POOL
    assert sum(service.asked.values()) == 10_000
    assert not shared_here()


class Steps:
    """Await a coroutine, and cancel the task at one of the points where it waits for something."""

    def __init__(self, coro: Coroutine[Any, Any, Any], last: int) -> None:
        self.coro = coro
        self.last = last
        self.count = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self.coro.__await__()
        step: Callable[[], Any] = partial(inner.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration as done:
                return done.value
            self.count += 1
            task = asyncio.current_task()
            if self.count == self.last and task:
                task.cancel()
            try:
                yield awaited
            except BaseException as error:
                step = partial(inner.throw, error)
            else:
                step = partial(inner.send, None)


async def victim(steps: Steps) -> str:
    return str(await steps)


async def cancelled_at(last: int, alone: bool) -> int:
    """Cancel a trigger where it waits the so manieth time, beside others; return how often it waited."""
    shared = Shared("none")
    steps = Steps(outcome(0), last)
    others = [] if alone else [asyncio.create_task(outcome(number)) for number in (1, 2, 3)]
    task = asyncio.create_task(victim(steps))
    while not task.done():
        shared = shared_here().get("topview_default", shared)
        await asyncio.sleep(0)
    assert task.cancelled() or task.result() == "success"
    assert await asyncio.gather(*others) == ["success"] * len(others)
    assert not shared_here()
    assert shared.users == 0
    assert shared.limiter.waiting == len(shared.limiter._queue) == 0
    assert shared.limiter.free == POOL
    if shared.session:
        assert shared.session.closed
        assert shared.session.connector is None or not shared.session.connector._acquired
    return steps.count


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("login", ["uid-1", ""])
async def test_a_trigger_may_be_cancelled_wherever_it_waits_and_the_others_go_on(
    crowded: Callable[..., Service], login: str, alone: bool
) -> None:
    service = crowded(looks=1, max_rps=5, login=login)
    points = await cancelled_at(0, alone)
    assert points > 5
    for last in range(1, points + 1):
        service.asked.clear()
        await cancelled_at(last, alone)
        await until(lambda: not service.open)


async def test_who_finds_every_connection_taken_gives_up_at_its_deadline(
    crowded: Callable[..., Service], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "POOL", 1)
    held, go = threading.Event(), threading.Event()

    def hold(_client: socket.socket, _request: Request) -> None:
        held.set()
        go.wait(PATIENCE)

    with Server(hold) as server:
        connect(server, max_rps=0, connect_timeout=0.1)
        first = asyncio.create_task(outcome(1))
        await asyncio.to_thread(held.wait, PATIENCE)
        trigger = TopviewTaskTrigger(
            family="video_avatar", topview_conn_id="topview_default", topview_task_id="2", end_time=time.time() + 0.1
        )
        event = (await anext(trigger.run())).payload
        assert not first.done()
        first.cancel()
        go.set()
    assert event["outcome"] == "timeout"
    assert "none of 1 connections became free" in event["message"]


async def test_a_crowd_that_cannot_open_tries_once_and_all_are_told(
    crowded: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    crowded()
    tried = []

    def read(conn_id: str) -> Any:
        tried.append(conn_id)
        raise errors.TopviewUnavailable("Airflow restarts")

    monkeypatch.setattr(sharing, "read_settings", read)

    async def enter() -> None:
        async with TopviewAsyncHook():
            raise AssertionError("must not get in")

    said = await asyncio.gather(*(enter() for _ in range(1000)), return_exceptions=True)
    assert {str(error) for error in said} == {"Airflow restarts"}
    assert len(tried) == 1
    assert not shared_here()


async def test_a_crowd_without_a_login_asks_for_the_uid_once(crowded: Callable[..., Service]) -> None:
    service = crowded(login="")
    assert Counter(await asyncio.gather(*map(outcome, range(200)))) == {"success": 200}
    assert sum(count for target, count in service.asked.items() if "credit" in target) == 1


async def test_a_crowd_whose_key_was_rotated_reads_the_connection_once(
    crowded: Callable[..., Service], connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = crowded()
    read: list[str] = []
    known = sharing.read_settings
    monkeypatch.setattr(sharing, "read_settings", lambda conn_id: (read.append(conn_id), known(conn_id))[1])
    async with TopviewAsyncHook() as hook:
        connect(service, password="key-four-five-six", poll_interval=0.01, max_rps=0)
        assert set(await asyncio.gather(*(hook.reread() for _ in range(200)))) == {True}
    assert len(read) == 2
