"""The bare clients: pollers that check nothing and forgive nothing."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from benchmarks.answers import SECRET

POOL = 20
"""Connections, as many as ours opens."""


@dataclass
class Bare:
    """
    Poll one job until it is done.

    :param url: Base address of the service.
    :param number: The job.
    :param pace: Seconds between polls.
    :param polls: Polls that find it running, for who asks nobody.
    """

    url: str
    number: int
    pace: float
    polls: int = 0

    async def run(self) -> AsyncIterator[Any]:
        """Yield one event when the job is done."""
        while True:
            if json.loads(await self.ask())["result"]["status"] == "success":
                break
            await asyncio.sleep(self.pace)
        yield SimpleNamespace(payload={"status": "success"})

    async def ask(self) -> bytes:
        """Return the body of one answer."""
        raise NotImplementedError

    def target(self) -> str:
        """Return the path that asks about the job."""
        return f"/v1/video_avatar/task/query?taskId={self.number}"


class Socket(asyncio.Protocol):
    """Send a request and wait for its answer, nothing else."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.waiter: asyncio.Future[bytes] | None = None
        self.data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand over the body when it is whole."""
        self.data += data
        head, gap, body = self.data.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0] or 0) if gap else 0
        if gap and len(body) >= length and self.waiter:
            self.data = b""
            self.waiter.set_result(body)

    async def ask(self, request: bytes) -> bytes:
        """Send a request and return the body of its answer."""
        self.waiter = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.waiter


class Sockets:
    """
    Lend out at most ``POOL`` kept connections, in turn.

    :param url: Base address of the service.
    """

    def __init__(self, url: str) -> None:
        self.parts = urlsplit(url)
        self.places = asyncio.Semaphore(POOL)
        self.tls = ssl.create_default_context() if self.parts.scheme == "https" else None
        self.idle: list[Socket] = []

    async def ask(self, request: bytes) -> bytes:
        """Send a request over a free connection."""
        async with self.places:
            socket = self.idle.pop() if self.idle else await self._open()
            body = await socket.ask(request)
            self.idle.append(socket)
            return body

    async def _open(self) -> Socket:
        loop = asyncio.get_running_loop()
        host, port = str(self.parts.hostname), int(self.parts.port or 0)
        _, socket = await loop.create_connection(Socket, host, port, ssl=self.tls)
        return socket


@lru_cache(maxsize=1)
def sockets(url: str) -> Sockets:
    """Return the one pool of this process."""
    return Sockets(url)


class RawSocket(Bare):
    """Poll over a raw socket of asyncio: the yardstick."""

    async def ask(self) -> bytes:
        """Return the body of one answer."""
        request = f"GET {self.target()} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {SECRET}\r\n\r\n"
        return await sockets(self.url).ask(request.encode())


@lru_cache(maxsize=1)
def session() -> Any:
    """Return the one session of this process; it is never closed, the process ends with it."""
    import aiohttp

    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=POOL))


class SharedSession(Bare):
    """Poll over one shared session of aiohttp."""

    async def ask(self) -> bytes:
        """Return the body of one answer."""
        headers = {"Authorization": f"Bearer {SECRET}"}
        async with session().get(self.url + self.target(), headers=headers) as answer:
            body: bytes = await answer.read()
            return body


class Sleeper(Bare):
    """Ask nobody and only sleep, as often as the others do."""

    async def ask(self) -> bytes:
        """Return what a service would say."""
        self.polls -= 1
        return b'{"result": {"status": "%s"}}' % (b"running" if self.polls >= 0 else b"success")
