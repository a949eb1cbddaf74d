"""Many triggers that wait on one loop, and a service in front of the stand-in whose lists say what a test wants."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

from tests.support import PATIENCE, Address, Request, Server
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn
from topview_provider.triggers.topview import TopviewTaskTrigger

VIDEO = {"productLink": "https://shop.example/p", "preview": "false"}
M2V_LIST, M2V_QUERY = "/v1/m2v/task/list", "/v1/m2v/task/query"
BOARD_LIST, PHOTO_QUERY = "/boards/tasks/list", "/v1/photo_avatar/task/query"
LISTS = (M2V_LIST, BOARD_LIST)

TASK = ContextVar("TASK", default="")
"""Whose log a line belongs to, as Airflow's triggerer knows it; empty: the log of the triggerer."""

Edit = Callable[[list[dict[str, Any]]], Any]


def videos(count: int, **body: Any) -> list[str]:
    """Submit marketing videos and return their ids."""
    hook = TopviewHook()
    return [hook.submit("marketing_video", {**VIDEO, **body}) for _ in range(count)]


def photos(count: int, **body: Any) -> list[str]:
    """Submit talking photos and return their ids."""
    hook, words = TopviewHook(), {"templateImageFileId": "f1", "mode": "avatar4", "scriptMode": "text"}
    spoken = {"ttsText": "Hello.", "voiceId": "v1"}
    return [hook.submit("photo_avatar", {**words, **spoken, **body}) for _ in range(count)]


def trigger(topview_task_id: str, **words: Any) -> TopviewTaskTrigger:
    """Return what waits for a marketing video, unless the words say otherwise."""
    usual = {
        "family": "marketing_video",
        "topview_conn_id": "topview_default",
        "end_time": time.time() + 600,
        "submitted_at": time.time(),
        "judge": {"items": "exportVideos"},
    }
    return TopviewTaskTrigger(topview_task_id=topview_task_id, **{**usual, **words})


async def until(ask: Callable[[], Any]) -> None:
    """Wait until something on this loop is true; it must become so."""
    end = time.monotonic() + 60
    while not ask():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def told(ask: Callable[[], Any]) -> None:
    """Wait until the stand-in tells something, without holding up this loop; it must do so."""
    end = time.monotonic() + 60
    while not await asyncio.to_thread(ask):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


class Overheard(logging.Handler):
    """
    Keep the lines of a logger while a ``with`` block lasts, each with whose log it belongs to.

    :param name: Name of the logger.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.logger = logging.getLogger(name)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((TASK.get(), f"{record.levelname} {record.getMessage()}"))

    def __enter__(self) -> Self:
        self.level_before = self.logger.level
        self.logger.setLevel(logging.INFO)
        self.logger.addHandler(self)
        self.token = TASK.set("a task")
        return self

    def __exit__(self, *exc: object) -> None:
        TASK.reset(self.token)
        self.logger.removeHandler(self)
        self.logger.setLevel(self.level_before)


class Crowd:
    """
    Run triggers on this loop while an ``async with`` block lasts; who still waits at its end is cancelled.

    :param triggers: Who waits.
    """

    def __init__(self, triggers: Iterable[TopviewTaskTrigger]) -> None:
        self.triggers = list(triggers)
        self.tasks: dict[str, asyncio.Task[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        self.tasks = {one.topview_task_id: asyncio.create_task(self._run(one)) for one in self.triggers}
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def _run(self, one: TopviewTaskTrigger) -> dict[str, Any]:
        (payload,) = [event.payload async for event in one.run()]
        return dict(payload)

    @property
    def polls(self) -> dict[str, int]:
        """How often each was polled, by a list or by its own query."""
        return {one.topview_task_id: one._seen.polls if one._seen else 0 for one in self.triggers}

    async def polled(self, times: int) -> None:
        """Wait until each has been polled so often, or has ended."""
        await until(lambda: all(self.tasks[key].done() or found >= times for key, found in self.polls.items()))

    async def outcomes(self) -> dict[str, tuple[str, str, str]]:
        """Wait for all and return how each ended: the word, the message, the error."""
        found = await asyncio.gather(*self.tasks.values())
        return {one["topview_task_id"]: (one["outcome"], one["message"], one["error"]) for one in found}


def listed(service: StandIn, path: str = "") -> list[dict[str, Any]]:
    """Return the requests for lists."""
    return [entry for entry in service.requests(path) if entry["path"] in LISTS]


def queried(service: StandIn) -> Counter[str]:
    """Return how often each task was asked itself."""
    asked = (entry for entry in service.requests() if entry["path"] in (M2V_QUERY, PHOTO_QUERY))
    return Counter(entry["query"]["taskId"] for entry in asked)


@contextmanager
def editing(service: StandIn, edit: Edit) -> Iterator[Address]:
    """Stand in front of a stand-in: ``edit`` gets the items of a list and returns what ``result`` shall be."""

    def talk(client: socket.socket, request: Request) -> None:
        with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), PATIENCE) as behind:
            behind.sendall(request.forwarded(request.target))
            said = b"".join(iter(lambda: behind.recv(65536), b""))
        if request.target.startswith(LISTS):
            envelope = json.loads(said.partition(b"\r\n\r\n")[2])
            result = envelope["result"]
            envelope["result"] = edit(result.get("data") or result.get("list") or [])
            body = json.dumps(envelope).encode()
            said = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body
        client.sendall(said)

    with Server(talk) as front:
        yield Address(front.url, service.uid, service.api_key)
