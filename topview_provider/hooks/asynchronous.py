"""The door for event loops; import it from :mod:`topview_provider.hooks.topview`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

from topview_provider import catalog, wire
from topview_provider import exceptions as errors
from topview_provider.hooks import requesting
from topview_provider.hooks.requesting import Item
from topview_provider.hooks.settings import Settings
from topview_provider.hooks.shared import OUTSIDE, Shared, enter, leave
from topview_provider.polling import Outcome, Step, Watch


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
        self._own = await enter(self.topview_conn_id)
        return self

    async def __aexit__(self, *exc: object) -> None:
        shared, self._own = self._shared, None
        await leave(shared)

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
        :param filters: As for :meth:`TopviewHook.iterate`.
        :raises TopviewError: As :meth:`TopviewHook.iterate` does.
        """
        return [item async for item in self.iterate(name, **filters)]

    async def iterate(self, name: str, **filters: Any) -> AsyncIterator[Item]:
        """
        Yield the items of a list, page by page.

        :param name: Name of the list.
        :param filters: As for :meth:`TopviewHook.iterate`.
        :raises TopviewError: As :meth:`TopviewHook.iterate` does.
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
            result = await self._shared.send(call, watch.patience, watch.latest - time.time())
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
