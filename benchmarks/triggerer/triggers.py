"""Triggers for a real triggerer: one that only sleeps, and one that polls over one shared session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class Parked(BaseTrigger):
    """
    Ask once, then sleep for ever, waking at a pace.

    :param url: Service.
    :param number: The job.
    :param pace: Seconds.
    """

    def __init__(self, url: str, number: int, pace: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.url = url
        self.number = number
        self.pace = pace

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        arguments = {"url": self.url, "number": self.number, "pace": self.pace}
        return f"{__name__}.{type(self).__name__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Ask once and wake at the pace."""
        await self.ask()
        while True:
            await asyncio.sleep(self.pace)
            if await self.woken():
                yield TriggerEvent(True)  # type: ignore[no-untyped-call]
                return

    async def woken(self) -> bool:
        """Do nothing more."""
        return False

    async def ask(self) -> bytes:
        """Return what the service says."""
        from benchmarks.bare import SharedSession

        return await SharedSession(self.url, self.number, self.pace).ask()


class Polling(Parked):
    """Ask each time, over one session that all triggers share."""

    async def woken(self) -> bool:
        """Ask again."""
        return b'"success"' in await self.ask()
