"""One look for a whole crowd: who asks while somebody else's question is on its way gets that answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")

AT_ONCE = 100
"""How many go on in one turn of the loop: ten thousand would hold up all others for half a second."""


class SingleFlight(Generic[T]):
    """
    Do something once for all who want it at the same time; its result is theirs, and so is its error.

    A lock would let ten thousand try one after the other what has just failed. Who is cancelled leaves the others
    alone. The object belongs to one event loop.

    :param act: What to do.
    """

    def __init__(self, act: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._act = act
        self._task: asyncio.Task[T] | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def join(self) -> T:
        """Return what comes of it; begin it if nobody is at it."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.done():
            waiting: deque[asyncio.Future[None]] = deque()
            self._waiting, self._task = waiting, loop.create_task(self._act())
            self._task.add_done_callback(lambda task: _landed(task, waiting))
        task, mine = self._task, loop.create_future()
        self._waiting.append(mine)
        await mine
        return task.result()

    def stop(self) -> None:
        """Give it up: nobody wants it any longer."""
        if self._task:
            self._task.cancel()


def _landed(task: asyncio.Task[Any], waiting: deque[asyncio.Future[None]]) -> None:
    if not task.cancelled():
        task.exception()  # noticed: asyncio would complain of an error that nobody waits for any longer
    _wake(waiting)


def _wake(waiting: deque[asyncio.Future[None]]) -> None:
    for _ in range(min(AT_ONCE, len(waiting))):
        mine = waiting.popleft()
        if not mine.done():
            mine.set_result(None)
    if waiting:
        asyncio.get_running_loop().call_soon(_wake, waiting)
