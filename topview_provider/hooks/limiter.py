"""How many requests per second leave through one connection on one event loop, and who goes first."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

SLOWEST = 1 / 16
"""The least share of the rate that is left after the service asked for a slower pace again and again."""

STEP = 1.25
"""By how much the rate grows again, at most once a second, while the service answers."""

LONGEST_PAUSE = 300.0
"""Seconds for which a service may ask for no request at all, and a call without a deadline may have to wait."""


class Limiter:
    """
    Share out requests per second: a token bucket that holds one second's worth.

    Who waits is served in the order of the moments by which each wants its turn, so that nobody waits for ever and a
    task that is about to finish goes before one that has just begun. The object belongs to one event loop.

    :param rate: Requests per second; 0 sets no limit, but a pause that the service asks for still holds.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.share = 1.0
        self._tokens = max(rate, 1.0)
        self._filled_at = 0.0
        self._closed_until = 0.0
        self._changed_at = float("-inf")
        self._queue: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, due: float, latest: float | None = None) -> None:
        """
        Wait until a request may leave.

        :param due: Moment of the loop's clock by which it is wanted; the earliest goes first.
        :param latest: Moment at which it leaves in any case: the deadline of who asks.
        """
        loop = asyncio.get_running_loop()
        if not self._queue and self._take(loop.time()):
            return
        mine: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._queue, (due, next(self._order), mine))
        self._wake(loop)
        last = None if latest is None else loop.call_at(latest, self._let_go, mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # granted, and not used
                self._tokens += 1.0
            self._wake(loop)
            raise
        finally:
            if last:
                last.cancel()

    def pace(self, rate: float) -> None:
        """
        Take another rate: the connection was read again.

        :param rate: Requests per second; 0 sets no limit.
        """
        self.rate = rate
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._wake(asyncio.get_running_loop())

    def slow(self, asked: float | None) -> None:
        """
        Halve the rate for everybody: the service is busy.

        At most once a second: what was on its way before says nothing about the slower pace.

        :param asked: Seconds for which it wants no request at all.
        """
        now = asyncio.get_running_loop().time()
        self._closed_until = max(self._closed_until, now + min(asked or 0.0, LONGEST_PAUSE))
        self._change(max(SLOWEST, self.share / 2), now)

    def recover(self) -> None:
        """Let the rate grow a step again: the service answered."""
        if self.share < 1.0:
            self._change(min(1.0, self.share * STEP), asyncio.get_running_loop().time())

    def _change(self, share: float, now: float) -> None:
        if now - self._changed_at >= 1.0:
            self.share, self._changed_at = share, now

    def _take(self, now: float) -> bool:
        if now < self._closed_until:
            return False
        if not self.rate:
            return True
        self._fill(now)
        if self._tokens < 1.0 - 1e-9:
            return False
        self._tokens -= 1.0
        return True

    def _fill(self, now: float) -> None:
        speed = self.rate * self.share
        self._tokens = min(max(speed, 1.0), self._tokens + (now - self._filled_at) * speed)
        self._filled_at = now

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None and self._queue:
            self._timer = loop.call_at(self._next(loop.time()), self._serve, loop)

    def _next(self, now: float) -> float:
        lacking = max(0.0, 1.0 - self._tokens) / (self.rate * self.share) if self.rate else 0.0
        return max(self._closed_until, self._filled_at + lacking, now)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        while self._queue:
            if self._queue[0][2].done():
                heapq.heappop(self._queue)
            elif self._take(loop.time()):
                heapq.heappop(self._queue)[2].set_result(None)
            else:
                break
        self._wake(loop)

    def _let_go(self, turn: asyncio.Future[None]) -> None:
        """Let one go who cannot wait any longer, on credit of one second's worth at most."""
        if not turn.done():
            self._tokens = max(-max(self.rate, 1.0), self._tokens - 1.0)
            turn.set_result(None)
