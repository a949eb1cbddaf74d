"""One look for a whole crowd: who asks while somebody else's question is on its way gets that answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Together(Generic[T]):
    """
    Do something once for all who want it at the same time; its result is theirs, and so is its error.

    A lock would let ten thousand try one after the other what has just failed. Who is cancelled leaves the others
    alone. The object belongs to one event loop.

    :param act: What to do.
    """

    def __init__(self, act: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._act = act
        self._task: asyncio.Task[T] | None = None

    async def join(self) -> T:
        """Return what comes of it; begin it if nobody is at it."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._act())
            self._task.add_done_callback(_noticed)
        return await asyncio.shield(self._task)

    def stop(self) -> None:
        """Give it up: nobody wants it any longer."""
        if self._task:
            self._task.cancel()


def _noticed(task: asyncio.Task[Any]) -> None:
    """Take note of an error that nobody waits for any longer; asyncio would complain of it."""
    if not task.cancelled():
        task.exception()
