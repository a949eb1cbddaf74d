"""The door for event loops; import it from :mod:`topview_provider.hooks.topview`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

from topview_provider import catalog, wire
from topview_provider import exceptions as errors
from topview_provider.hooks import requesting
from topview_provider.hooks.doors import asend, tls_context, tracing
from topview_provider.hooks.limiter import Limiter
from topview_provider.hooks.lists import Lists
from topview_provider.hooks.requesting import Item
from topview_provider.hooks.settings import Settings, read_settings
from topview_provider.polling import Outcome, Step, Watch

if TYPE_CHECKING:
    import ssl

    import aiohttp

POOL = 20
"""Connections per session: a burst of a thousand polls needs no more, and the service sees no flood."""


class Shared:
    """
    What all hooks of one connection share on one event loop: settings, session, and how many use them.

    Attributes are filled by the first user under the lock; the last one to leave closes the session.
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0
        self.settings: Settings | None = None
        self.session: aiohttp.ClientSession | None = None
        self.limiter = Limiter(0)
        self.lists = Lists()
        self.uid = ""


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
        shared = by_conn.setdefault(self.topview_conn_id, Shared())
        shared.users += 1
        self._own = shared
        try:
            async with shared.lock:
                if shared.session is None:
                    await self._open(shared)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        shared, self._own = self._shared, None
        shared.users -= 1
        if shared.users == 0:
            _shared.get(asyncio.get_running_loop(), {}).pop(self.topview_conn_id, None)
            if shared.session is not None:
                await shared.session.close()

    @property
    def settings(self) -> Settings:
        """What the connection says; read when the first hook of this loop was entered."""
        if self._shared.settings is None:
            raise RuntimeError("TopviewAsyncHook is used inside 'async with' only")
        return self._shared.settings

    async def reread(self) -> bool:
        """Read the connection again, for all that share it, and tell whether it holds another key."""
        before = self.settings.api_key
        self._shared.settings = await asyncio.to_thread(read_settings, self.topview_conn_id)
        self._shared.limiter.pace(self.settings.max_rps)
        self._shared.uid = ""
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
        with self._shared.lists.seat(watch) as seat:
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
            raise RuntimeError("TopviewAsyncHook is used inside 'async with' only")
        return self._own

    async def _open(self, shared: Shared) -> None:
        settings, tls = await asyncio.to_thread(_prepare, self.topview_conn_id)
        import aiohttp

        connector = aiohttp.TCPConnector(limit=POOL, ssl=tls, ttl_dns_cache=300, keepalive_timeout=30)
        shared.settings, shared.limiter = settings, Limiter(settings.max_rps)
        if settings.list_polling:
            shared.lists = Lists(partial(_page, self.topview_conn_id))
        shared.session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[tracing()]
        )

    async def _poll(self, watch: Watch) -> Step:
        try:
            call = requesting.query_call(self.settings, watch.row.name, watch.topview_task_id, watch.cloud_front)
            result = await self._send(call, watch.patience, watch.end_time - time.time())
            return watch.saw(requesting.task_answer(call, result), time.time())
        except errors.TopviewAuthError as error:
            try:
                return watch.missed(error, time.time(), key_changed=await self.reread())
            except errors.TopviewError as second:
                return watch.missed(second, time.time())
        except errors.TopviewError as error:
            return watch.missed(error, time.time())

    async def _answer(self, call: wire.Call) -> Item:
        from tenacity import AsyncRetrying

        async def ask() -> Item:
            return requesting.task_answer(call, await self._send(call))

        return await AsyncRetrying(**requesting.reading())(ask)

    async def _again(self, rules: dict[str, Any], call: wire.Call) -> Any:
        from tenacity import AsyncRetrying

        return await AsyncRetrying(**rules)(self._send, call)

    async def _send(self, call: wire.Call, patience: float = 0.0, remaining: float = 86_400.0) -> Any:
        shared = self._shared
        session, limiter = shared.session, shared.limiter
        assert session is not None
        uid = self.settings.uid if call.uid_optional else await self._uid()
        now = asyncio.get_running_loop().time()
        await limiter.turn(now + patience, now + remaining)
        try:
            result = await asend(session, self.settings, uid, call)
        except errors.TopviewError as error:
            if requesting.asks_for_less(error):
                limiter.slow(error.retry_after)
            raise
        limiter.recover()
        return result

    async def _uid(self) -> str:
        shared = self._shared
        if self.settings.uid or shared.uid:
            return self.settings.uid or shared.uid
        call = requesting.listing_call(self.settings, "credit_detail", {})
        account = requesting.task_answer(call, await self._send(call))
        shared.uid = str(account.get("uid") or "")
        return shared.uid


async def _page(conn_id: str, pages: requesting.Pages, patience: float) -> requesting.Items:
    """Ask for a page of a list as a user of the session in its own right: who began to ask may be gone meanwhile."""
    async with TopviewAsyncHook(conn_id) as hook:
        return pages.items(await hook._send(pages.call(hook.settings), patience))


def _prepare(conn_id: str) -> tuple[Settings, ssl.SSLContext | bool]:
    """Do in a thread what would hold up the loop: look up the connection, load certificates and, once, libraries."""
    for name in ("aiohttp", "requests.utils", "tenacity", "yarl"):
        import_module(name)
    settings = read_settings(conn_id)
    return settings, tls_context(settings.ca())
