"""What all who talk to TopView through one connection share on one event loop: session, rate, look-ups, lists."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from topview_provider import exceptions as errors
from topview_provider import wire
from topview_provider.hooks import requesting
from topview_provider.hooks.doors import Line, asend, line_of, tls_context, traced
from topview_provider.hooks.limiter import LONGEST_PAUSE, Limiter
from topview_provider.hooks.lists import Lists
from topview_provider.hooks.notices import for_all
from topview_provider.hooks.settings import Settings, read_settings
from topview_provider.hooks.single_flight import SingleFlight

if TYPE_CHECKING:
    import ssl

    import aiohttp

POOL = 20
"""Connections per session: a burst of a thousand polls needs no more, and the service sees no flood."""

OUTSIDE = "TopviewAsyncHook is used inside 'async with' only"

log = logging.getLogger(__name__)


class Shared:
    """
    What all hooks of one connection share on one event loop: settings, session, rate, and how many use them.

    The first user fills it; the last one to leave closes the session.

    :param conn_id: Airflow connection.
    """

    def __init__(self, conn_id: str) -> None:
        self.conn_id = conn_id
        self.users = 0
        self.line: Line | None = None
        self.session: aiohttp.ClientSession | None = None
        # Who waits for a connection waits here: inside aiohttp each would hold a request with all that belongs to it.
        self.limiter = Limiter(0, POOL)
        self.lists = Lists(self._page)
        self.uid = ""
        self.opening = SingleFlight(self._open)
        self.rereading = SingleFlight(self._reread)
        self.asking = SingleFlight(self._ask)

    @property
    def settings(self) -> Settings:
        """What the connection says; read when the first hook was entered."""
        if self.line is None:
            raise RuntimeError(OUTSIDE)
        return self.line.settings

    async def close(self) -> None:
        """Leave nothing behind."""
        for common in (self.opening, self.rereading, self.asking):
            common.stop()
        if self.session is not None:
            await self.session.close()

    async def send(self, call: wire.Call, patience: float = 0.0, remaining: float = LONGEST_PAUSE) -> Any:
        """
        Send a call when its turn has come, and return the ``result`` of its answer.

        :param call: What to ask.
        :param patience: Seconds by which it may well be late; who has less goes first.
        :param remaining: Seconds after which it leaves whatever the rate; only for a connection it waits a little more.
        :raises TopviewError: As :func:`topview_provider.wire.interpret` says.
        """
        now, grace = asyncio.get_running_loop().time(), self.settings.connect_timeout
        latest = now + remaining
        uid = self.settings.uid
        if not uid and not call.uid_optional:
            uid = self.uid or await self._asked_uid(call, max(latest, now + grace))
        try:
            await self.limiter.turn(now + patience, latest, grace)
        except TimeoutError:
            raise wire.lost(call, f"none of {POOL} connections became free", sent=False) from None
        try:
            result = await self._send(call, uid)
            self.limiter.recover()
            return result
        except errors.TopviewError as error:
            if requesting.asks_for_less(error) and self.limiter.slow(error.retry_after):
                self._say_slower(error)
            raise
        finally:
            self.limiter.done()

    def _say_slower(self, error: errors.TopviewError) -> None:
        limiter, asked = self.limiter, error.retry_after
        pause = f"no request for {min(asked, LONGEST_PAUSE):g} s, then " if asked else ""
        rate = f"{limiter.rate * limiter.share:.3g} instead of {limiter.rate:g}" if limiter.rate else "any number of"
        words = "Connection %r: TopView asks for less (%s): %s%s requests per second; %d wait for their turn"
        for_all(log, logging.WARNING, words, self.conn_id, error.code, pause, rate, limiter.waiting)

    async def _send(self, call: wire.Call, uid: str) -> Any:
        assert self.session is not None
        assert self.line is not None
        if not call.submits:
            return await asend(self.session, self.line, uid, call)
        async with traced(self.session) as session:
            return await asend(session, self.line, uid, call)

    async def _open(self) -> None:
        self.line, tls = await asyncio.to_thread(_prepare, self.conn_id)
        import aiohttp

        connector = aiohttp.TCPConnector(limit=POOL, ssl=tls, ttl_dns_cache=300, keepalive_timeout=30)
        self.limiter.pace(self.settings.max_rps)
        self.session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def _page(self, pages: requesting.Pages, patience: float) -> requesting.Items:
        return pages.items(await self.send(pages.call(self.settings), patience))

    async def _reread(self) -> None:
        self.line = await asyncio.to_thread(_line, self.conn_id)
        self.limiter.pace(self.settings.max_rps)
        self.uid = ""

    async def _asked_uid(self, call: wire.Call, end: float) -> str:
        try:
            async with asyncio.timeout_at(end):
                return await self.asking.join()
        except TimeoutError:
            raise wire.lost(call, "the uid could not be asked for in time", sent=False) from None

    async def _ask(self) -> str:
        call = requesting.listing_call(self.settings, "credit_detail", {})
        self.uid = str(requesting.task_answer(call, await self.send(call)).get("uid") or "")
        return self.uid


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Shared]] = WeakKeyDictionary()


async def enter(conn_id: str) -> Shared:
    """
    Return what a connection shares on the running loop, ready to use; who enters has to :func:`leave`.

    :param conn_id: Airflow connection.
    :raises TopviewError: The connection is missing or wrong.
    """
    by_conn = _by_loop.setdefault(asyncio.get_running_loop(), {})
    shared = by_conn.get(conn_id)
    if shared is None:
        shared = by_conn[conn_id] = Shared(conn_id)
    shared.users += 1
    try:
        if shared.session is None:
            await shared.opening.join()
    except BaseException:
        await leave(shared)
        raise
    return shared


async def leave(shared: Shared) -> None:
    """
    Go away; the last one to leave closes the session.

    :param shared: What :func:`enter` returned.
    """
    shared.users -= 1
    if shared.users == 0:
        _by_loop.get(asyncio.get_running_loop(), {}).pop(shared.conn_id, None)
        await shared.close()


def shared_here() -> dict[str, Shared]:
    """Return what is shared on the running loop at this moment, by connection."""
    return dict(_by_loop.get(asyncio.get_running_loop(), {}))


def _prepare(conn_id: str) -> tuple[Line, ssl.SSLContext | bool]:
    """Do in a thread what would hold up the loop: look up the connection, load certificates and, once, libraries."""
    for name in ("aiohttp", "requests.utils", "tenacity", "yarl"):
        import_module(name)
    line = _line(conn_id)
    return line, tls_context(line.settings.ca())


def _line(conn_id: str) -> Line:
    return line_of(read_settings(conn_id))
