"""The stand-in as a service: in this process until it is told to stop, or in a thread beside a test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from topview_provider.standin.front import Front
from topview_provider.standin.options import Options

GRACE = 1.0
"""Seconds that open requests have at shutdown."""


async def serve(options: Options, ready: Callable[[str], None], stop: asyncio.Event) -> None:
    """
    Run a stand-in until told to stop.

    :param options: How it behaves.
    :param ready: Called with the base address once it listens.
    :param stop: Set it to end the service.
    """
    front = Front(options)
    # Without cancellation a held connection would outlive its client.
    server = web.Server(front.handle, handler_cancellation=True, access_log=None)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(server, options.host, options.port, backlog=1024)
    try:
        host, port = listener.sockets[0].getsockname()[:2]
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}{options.prefix}")
        await stop.wait()
    finally:
        for sock in listener.sockets:
            loop.remove_reader(sock.fileno())
        await _turns(3)
        listener.close()
        front.closing.set()
        await front.api.callbacks.close()
        server.pre_shutdown()
        await server.shutdown(GRACE)
        await _turns(1)


async def _turns(count: int) -> None:
    # asyncio needs a few turns of the loop until a connection that was just taken is known, and one to end one that was
    # cut; a service that closes in between leaves sockets open (Python 3.11).
    for _ in range(count):
        await asyncio.sleep(0)


class StandIn:
    """
    Run a stand-in on a free port of this machine while a ``with`` block lasts.

    ``with StandIn(seconds=0.2, credits=100) as service:`` then point a connection at ``service.url``, with
    ``service.uid`` as login and ``service.api_key`` as password. ``docs/standin.md`` has the options, all kinds of
    faults, and what the answers hold. Any method but ``start`` and ``stop`` asks over HTTP, so the service must run.

    :param options: Ready options; without them the keywords are used, with a free port and jobs of 0.2 s.
    :param words: Options by name, with underscores.
    """

    def __init__(self, options: Options | None = None, **words: Any) -> None:
        self.options = replace(options, **words) if options else Options(**{"port": 0, "seconds": 0.2, **words})
        self.url = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @property
    def uid(self) -> str:
        """The Topview-Uid that is let in."""
        return self.options.uid

    @property
    def api_key(self) -> str:
        """The API key that is let in."""
        return self.options.api_key

    @property
    def headers(self) -> dict[str, str]:
        """Both headers that the API wants."""
        return {"Authorization": f"Bearer {self.api_key}", "Topview-Uid": self.uid}

    def start(self) -> Self:
        """
        Start the service and wait until it listens.

        :raises OSError: The port is taken.
        """
        self._ready.clear()
        self._thread = threading.Thread(target=self._run, name="topview-standin", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._error:
            raise self._error
        return self

    def stop(self) -> None:
        """End the service; open connections are cut."""
        if self._loop and self._stop:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread:
            self._thread.join(timeout=10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stats(self, family: str = "") -> dict[str, Any]:
        """
        Return what was counted: ``families``, ``credits`` left, ``reserved`` ones, ``downloads``, ``leaked_headers``.

        :param family: Return the numbers of this family only: ``received``, ``accepted``, ``failed``, ``charged``,
            ``queries``, ``duplicates``, ``running``, ``max_running``.
        """
        stats: dict[str, Any] = self.control("GET", "stats")
        return dict(stats["families"][family]) if family else stats

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """
        Return the requests that came, the oldest first.

        :param path: Only those of exactly this path.
        """
        entries = self.control("GET", "requests")
        return [entry for entry in entries if path in ("", entry["path"])]

    def uploads(self) -> list[dict[str, Any]]:
        """Return the files that were uploaded: id, size, hash, format."""
        return list(self.control("GET", "uploads"))

    def callbacks(self) -> list[dict[str, Any]]:
        """Return the callbacks that were sent, and what their receivers answered."""
        return list(self.control("GET", "callbacks"))

    def replay(self) -> int:
        """Send every callback again, as TopView might, and return how many those are."""
        return int(self.control("POST", "replay")["sent"])

    def fault(self, kind: str, **words: Any) -> dict[str, Any]:
        """
        Order something to go wrong.

        :param kind: What, such as ``status``, ``fail`` or ``never-answer``.
        :param words: ``method``, ``path``, ``match``, ``times``, ``value``, ``retry_after``, ``message``, ``word``,
            ``accepted``.
        """
        return dict(self.control("POST", "faults", {"kind": kind, **words}))

    def faults(self) -> list[dict[str, Any]]:
        """Return the orders with the times they have left and how often they struck."""
        return list(self.control("GET", "faults"))

    def clear_faults(self) -> None:
        """Take all orders back; what has befallen a task stays."""
        self.control("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """
        Put the clock forward: jobs go on, signed URLs grow old.

        :param seconds: By how many.
        """
        self.control("POST", "advance", {"seconds": seconds})

    def jobs(self) -> list[dict[str, Any]]:
        """Return every job that was accepted, the oldest first: family, id, body, state, charge, date."""
        return list(self.control("GET", "jobs"))

    def rotate(self, api_key: str) -> None:
        """
        Let in nobody but this key from now on; a reset does not bring the old one back.

        :param api_key: The new key.
        :raises ValueError: It is empty.
        """
        self.control("POST", "key", {"api_key": api_key})
        self.options = replace(self.options, api_key=api_key)

    def reset(self) -> None:
        """Forget tasks, uploads, faults, requests and numbers; the balance is full again."""
        self.control("POST", "reset")

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """
        Ask the control plane.

        :param method: HTTP method.
        :param name: What follows ``/_standin/``.
        :param body: Sent as JSON.
        :raises ValueError: It refused; the text says why.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_standin/{name}", data, method=method)  # noqa: S310 - our own
        try:
            with self._opener.open(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that started us
            self._error = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await serve(self.options, self._listening, self._stop)

    def _listening(self, url: str) -> None:
        self.url = url
        self._ready.set()
