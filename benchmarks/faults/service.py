"""A service that plays one fault on each of its ports, while the job itself runs well."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from benchmarks.answers import SHAPES, TOKEN, Shape, job_in, reply
from benchmarks.vitals import open_wide
from benchmarks.waiting.service import LENGTH

GOOD = 2
"""Answers before the fault, and running ones after it."""
DRIP = 0.2
Writer = asyncio.StreamWriter
Play = Callable[["Scene", Shape, Writer], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """
    Say what goes wrong.

    :param title: Name in the table.
    :param play: Answers a poll wrongly.
    :param times: How many polls it hits; 0: by time.
    :param seconds: For how long; 0: for ever.
    :param right: What a good trigger makes of it: ``survived`` or ``failed`` (it ends with an error).
    """

    title: str
    play: Play
    times: int = 1
    seconds: float = 0.0
    right: str = "survived"

    def over(self, hits: int, elapsed: float) -> bool:
        """Tell whether it is over, after so many hits and seconds."""
        return hits >= self.times if self.times else bool(self.seconds) and elapsed > self.seconds


@dataclass
class Scene:
    """
    Play one fault to one client.

    :param fault: Which.
    """

    fault: Fault
    polls: int = 0
    hits: int = 0
    good_after: int = 0
    told: bool = False
    begun: float = 0.0
    server: asyncio.Server | None = None
    port: int = 0
    lines: set[Writer] = field(default_factory=set)

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self.server = await asyncio.start_server(self.talk, "127.0.0.1", self.port, reuse_address=True)
        self.port = self.server.sockets[0].getsockname()[1]

    async def talk(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        """Answer one client until it goes."""
        self.lines.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(request)
                request += await reader.readexactly(int(length[1]) if length else 0)
                await self.answer(request, writer)
                await writer.drain()
        self.lines.discard(writer)
        writer.close()

    async def answer(self, request: bytes, writer: Writer) -> None:
        """Answer a poll: well, then wrongly for the time of the fault, then well to the end."""
        if not (job := job_in(request)):
            writer.write(TOKEN)
            return
        shape = SHAPES[job[0]]
        self.polls += 1
        if self.polls > GOOD:
            self.begun = self.begun or time.monotonic()
            if not self.fault.over(self.hits, time.monotonic() - self.begun):
                self.hits += 1
                await self.fault.play(self, shape, writer)
                return
            self.good_after += 1
        self.told = self.good_after > GOOD
        writer.write(reply(shape.done) if self.told else reply(shape.running, shape.status))


async def _refuse(scene: Scene, shape: Shape, writer: Writer) -> None:
    writer.write(reply(shape.running, shape.status))
    assert scene.server is not None
    scene.server.close()
    for line in list(scene.lines):
        line.close()
    asyncio.get_running_loop().call_later(3.0, lambda: asyncio.ensure_future(scene.open()))


async def _reset(scene: Scene, shape: Shape, writer: Writer) -> None:
    line = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    raise ConnectionResetError


async def _reset_in_body(scene: Scene, shape: Shape, writer: Writer) -> None:
    writer.write(reply(shape.running, shape.status)[:-10])
    await writer.drain()
    await asyncio.sleep(0.05)
    await _reset(scene, shape, writer)


async def _silence(scene: Scene, shape: Shape, writer: Writer) -> None:
    await asyncio.sleep(3600)


async def _drip(scene: Scene, shape: Shape, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
    while True:
        await asyncio.sleep(DRIP)
        writer.write(b" ")
        await writer.drain()


def _say(status: str, body: Any = None, kind: str = "application/json", **headers: str) -> Play:
    async def play(scene: Scene, shape: Shape, writer: Writer) -> None:
        named = {
            key: formatdate(time.time() + 2, usegmt=True) if value == "date" else value
            for key, value in headers.items()
        }
        writer.write(reply({"code": status[:3], "message": status} if body is None else body, status, kind, **named))

    return play


def _twist(twist: Callable[[Shape], tuple[Any, str]]) -> Play:
    async def play(scene: Scene, shape: Shape, writer: Writer) -> None:
        body, kind = twist(shape)
        writer.write(reply(body, shape.status, kind))

    return play


JSON = "application/json"
PAGE = b"<html><body><h1>We will be back soon</h1></body></html>"
FAULTS = {
    "refused": Fault("connection refused for 3 s", _refuse),
    "reset": Fault("reset before the reply", _reset),
    "reset3": Fault("reset, three times", _reset, times=3),
    "reset_body": Fault("reset in the middle of the body", _reset_in_body),
    "silence": Fault("one request never answered", _silence),
    "drip": Fault("answers that drip without end", _drip, times=0, right="failed"),
    "500": Fault("HTTP 500 once", _say("500 Internal Server Error")),
    "502x5": Fault("HTTP 502 five times", _say("502 Bad Gateway"), times=5),
    "503after": Fault(
        "HTTP 503, Retry-After 2 s", _say("503 Service Unavailable", Retry_After="2"), times=0, seconds=2
    ),
    "429after": Fault("HTTP 429, Retry-After 2 s", _say("429 Too Many Requests", Retry_After="2"), times=0, seconds=2),
    "429date": Fault(
        "HTTP 429, Retry-After with a date", _say("429 Too Many Requests", Retry_After="date"), times=0, seconds=2
    ),
    "429x5": Fault("HTTP 429 five times", _say("429 Too Many Requests"), times=5),
    "cut": Fault("JSON cut short", _twist(lambda shape: (json.dumps(shape.running).encode()[:-10], JSON))),
    "page": Fault("a page of HTML with HTTP 200", _say("200 OK", PAGE, "text/html")),
    "empty": Fault("an empty body with HTTP 200", _say("200 OK", b"")),
    "type": Fault("another content type", _twist(lambda shape: (shape.running, "text/plain"))),
    "fields": Fault("JSON without its fields", _twist(lambda shape: ({}, JSON))),
    "strange": Fault("an unknown state", _twist(lambda shape: (shape.strange, JSON))),
    "401": Fault("HTTP 401 for good", _say("401 Unauthorized"), times=0, right="failed"),
    "404": Fault("HTTP 404 for good", _say("404 Not Found"), times=0, right="failed"),
    "outage": Fault("an outage of 6 s, HTTP 503", _say("503 Service Unavailable"), times=0, seconds=6),
}


async def serve() -> None:
    """Print the port of each fault as JSON, then answer lines on stdin: a name gets what that scene saw."""
    scenes = {name: Scene(fault) for name, fault in FAULTS.items()}
    for scene in scenes.values():
        await scene.open()
    print(json.dumps({name: scene.port for name, scene in scenes.items()}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({name: [scene.polls, scene.told] for name, scene in scenes.items()}), flush=True)


def main() -> None:
    """Serve until a line comes on stdin, then say what each scene saw."""
    open_wide()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # clients that go away in the middle are what this is for
    loop.run_until_complete(serve())


if __name__ == "__main__":
    main()
