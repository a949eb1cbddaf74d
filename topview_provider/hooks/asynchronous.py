"""The door for event loops; import it from :mod:`topview_provider.hooks.topview`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

from topview_provider import catalog, wire
from topview_provider import exceptions as errors
from topview_provider.hooks import requesting
from topview_provider.hooks.doors import Line, asend, line_of, tls_context, traced
from topview_provider.hooks.limiter import LONGEST_PAUSE, Limiter
from topview_provider.hooks.lists import Lists
from topview_provider.hooks.requesting import Item
from topview_provider.hooks.settings import Settings, read_settings
from topview_provider.hooks.single_flight import SingleFlight
from topview_provider.polling import Outcome, Step, Watch

if TYPE_CHECKING:
    import ssl

    import aiohttp

POOL = 20
"""Connections per session: a burst of a thousand polls needs no more, and the service sees no flood."""

OUTSIDE = "TopviewAsyncHook is used inside 'async with' only"


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
        self.limiter = Limiter(0)
        # Who waits for a connection waits here: inside aiohttp each would hold a request with all that belongs to it.
        self.places = asyncio.Semaphore(POOL)
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
        :param remaining: Seconds after which it leaves in any case.
        :raises TopviewError: As :func:`topview_provider.wire.interpret` says.
        """
        uid = self.settings.uid if call.uid_optional else await self._known_uid()
        now = asyncio.get_running_loop().time()
        await self.limiter.turn(now + patience, now + remaining)
        await self._place(call, now + remaining)
        try:
            result = await self._send(call, uid)
        except errors.TopviewError as error:
            if requesting.asks_for_less(error):
                self.limiter.slow(error.retry_after)
            raise
        finally:
            self.places.release()
        self.limiter.recover()
        return result

    async def _place(self, call: wire.Call, latest: float) -> None:
        """Wait for a connection, but little longer than to the deadline: others may hang for a minute each."""
        if not self.places.locked():
            await self.places.acquire()
            return
        patient = asyncio.get_running_loop().time() + self.settings.connect_timeout
        try:
            async with asyncio.timeout_at(max(latest, patient)):
                await self.places.acquire()
        except TimeoutError:
            raise wire.lost(call, f"none of {POOL} connections became free", sent=False) from None

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

    async def _known_uid(self) -> str:
        return self.settings.uid or self.uid or await self.asking.join()

    async def _ask(self) -> str:
        call = requesting.listing_call(self.settings, "credit_detail", {})
        self.uid = str(requesting.task_answer(call, await self.send(call)).get("uid") or "")
        return self.uid


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Shared]] = WeakKeyDictionary()


class TopviewAsyncHook:
    """
    Talk to TopView from an event loop: ``async with TopviewAsyncHook("topview_default") as hook: ...``.

    Hooks of the same connection on the same loop share one session and one look-up of the connection.

    :param topview_conn_id: Airflow connection, as for :class:`TopviewHook`.
    :param patience: Seconds for which :meth:`submit` is sent again while TopView is busy or cannot be reached.
    """

    def __init__(self, topview_conn_id: str = "topview_default", *, patience: float = 30.0) -> None:
        self.topview_conn_id = topview_conn_id
        self.patience = patience
        self._own: Shared | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.topview_conn_id}>"

    async def __aenter__(self) -> Self:
        by_conn = _shared.setdefault(asyncio.get_running_loop(), {})
        shared = by_conn.get(self.topview_conn_id)
        if shared is None:
            shared = by_conn[self.topview_conn_id] = Shared(self.topview_conn_id)
        shared.users += 1
        self._own = shared
        try:
            if shared.session is None:
                await shared.opening.join()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        shared, self._own = self._shared, None
        shared.users -= 1
        if shared.users == 0:
            _shared.get(asyncio.get_running_loop(), {}).pop(self.topview_conn_id, None)
            await shared.close()

    @property
    def settings(self) -> Settings:
        """What the connection says; read when the first hook of this loop was entered."""
        return self._shared.settings

    async def reread(self) -> bool:
        """Read the connection again, for all that share it, and tell whether it holds another key."""
        before = self.settings.api_key
        await self._shared.rereading.join()
        return self.settings.api_key != before

    async def submit(self, family: str, body: Mapping[str, Any]) -> str:
        """
        Send one task that may cost credits, and return its ``topview_task_id``; never called by a trigger.

        :param family: Name of the task family.
        :param body: The body in wire names.
        :raises TopviewError: As :meth:`TopviewHook.submit` does.
        """
        call = requesting.submit_call(self.settings, family, body)
        result = await self._again(requesting.submitting(self.patience), call)
        return wire.accepted_id(call, result, catalog.family(family).task_id_key)

    async def query(self, family: str, topview_task_id: str, *, cloud_front: bool = False) -> Item:
        """
        Ask how a task stands and return TopView's answer.

        :param family: Name of the task family.
        :param topview_task_id: The task.
        :param cloud_front: Ask for CloudFront links instead of S3 links.
        :raises TopviewError: As :meth:`TopviewHook.query` does.
        """
        call = requesting.query_call(self.settings, family, topview_task_id, cloud_front)
        return await self._answer(call)

    async def wait(self, watch: Watch) -> Outcome:
        """
        Poll until a task is settled or its deadline passes; only reads.

        :param watch: The task and how to wait for it.
        """
        with self._shared.lists.seat(watch, self.settings.list_polling) as seat:
            await asyncio.sleep(watch.begin(time.time()))
            while True:
                step = await seat.under_way() or await self._poll(watch)
                watch.report(step)
                if step.outcome:
                    return step.outcome
                await asyncio.sleep(step.seconds)

    async def list(self, name: str, **filters: Any) -> requesting.Items:
        """
        Return all items of a list.

        :param name: Name of the list, for example ``voice_list``.
        :param filters: The API's filters in Python names.
        """
        return [item async for item in self.iterate(name, **filters)]

    async def iterate(self, name: str, **filters: Any) -> AsyncIterator[Item]:
        """
        Yield the items of a list, page by page.

        :param name: Name of the list.
        :param filters: The API's filters in Python names.
        """
        pages = requesting.Pages(name, filters)
        while pages.more:
            call = pages.call(self.settings)
            for item in pages.items(await self._again(requesting.reading(), call)):
                yield item

    @property
    def _shared(self) -> Shared:
        if self._own is None:
            raise RuntimeError(OUTSIDE)
        return self._own

    async def _poll(self, watch: Watch) -> Step:
        key = self.settings.api_key
        try:
            call = requesting.query_call(self.settings, watch.row.name, watch.topview_task_id, watch.cloud_front)
            result = await self._shared.send(call, watch.patience, watch.end_time - time.time())
            return watch.saw(requesting.task_answer(call, result), time.time())
        except errors.TopviewAuthError as error:
            try:
                # Somebody else may have read the new key already.
                changed = self.settings.api_key != key or await self.reread()
                return watch.missed(error, time.time(), key_changed=changed)
            except errors.TopviewError as second:
                return watch.missed(second, time.time())
        except errors.TopviewError as error:
            return watch.missed(error, time.time())

    async def _answer(self, call: wire.Call) -> Item:
        from tenacity import AsyncRetrying

        async def ask() -> Item:
            return requesting.task_answer(call, await self._shared.send(call))

        return await AsyncRetrying(**requesting.reading())(ask)

    async def _again(self, rules: dict[str, Any], call: wire.Call) -> Any:
        from tenacity import AsyncRetrying

        return await AsyncRetrying(**rules)(self._shared.send, call)


def _prepare(conn_id: str) -> tuple[Line, ssl.SSLContext | bool]:
    """Do in a thread what would hold up the loop: look up the connection, load certificates and, once, libraries."""
    for name in ("aiohttp", "requests.utils", "tenacity", "yarl"):
        import_module(name)
    line = _line(conn_id)
    return line, tls_context(line.settings.ca())


def _line(conn_id: str) -> Line:
    return line_of(read_settings(conn_id))
