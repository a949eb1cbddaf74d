"""How many requests leave through one connection on one event loop, per second and at a time, and who goes first."""

from __future__ import annotations

import asyncio
import heapq
from collections import OrderedDict
from itertools import count

SLOWEST = 1 / 16
"""The least share of the rate that is left after the service asked for a slower pace again and again."""

STEP = 1.25
"""By how much the rate grows again, at most once a second, while the service answers."""

LONGEST_PAUSE = 300.0
"""Seconds for which a service may ask for no request at all, and a call without a deadline may have to wait."""


class Limiter:
    """
    Share out requests: a token bucket that holds one second's worth, and as many places as there are connections.

    There is one queue: a turn is a token and a place at once, so that nobody holds a turn of a time long past while it
    waits for a connection. Who waits is served in the order of the moments by which each wants its turn, so that nobody
    waits for ever and a task that is about to finish goes before one that has just begun. The object belongs to one
    event loop.

    :param rate: Requests per second; 0 sets no limit, but a pause that the service asks for still holds.
    :param places: How many requests may be on their way at a time.
    """

    def __init__(self, rate: float, places: int) -> None:
        self.rate = rate
        self.share = 1.0
        self.free = places
        self._tokens = max(rate, 1.0)
        self._filled_at = 0.0
        self._closed_until = 0.0
        self._changed_at = float("-inf")
        self._queue: list[tuple[float, int, asyncio.Future[bool]]] = []
        self._live: set[asyncio.Future[bool]] = set()
        self._overdue: OrderedDict[asyncio.Future[bool], asyncio.TimerHandle] = OrderedDict()
        self._order = count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._live) + len(self._overdue)

    async def turn(self, due: float, latest: float | None = None, grace: float = 0.0) -> None:
        """
        Wait until a request may leave; whoever gets a turn gives its place back with :meth:`done`.

        :param due: Moment of the loop's clock by which it is wanted; the earliest goes first.
        :param latest: Moment at which it leaves if a place is free, whatever the rate: the deadline of who asks.
        :param grace: Seconds for which it waits for a place at least, even where ``latest`` comes earlier.
        :raises TimeoutError: No place became free in time.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not self._live and self._take(now):
            return
        mine: asyncio.Future[bool] = loop.create_future()
        self._live.add(mine)
        heapq.heappush(self._queue, (due, next(self._order), mine))
        self._wake()
        last = None if latest is None else loop.call_at(latest, self._let_go, mine, max(latest, now + grace))
        try:
            if not await mine:
                raise TimeoutError
        except asyncio.CancelledError:
            self._forget(mine)
            raise
        finally:
            if last:
                last.cancel()

    def done(self) -> None:
        """Give the place of a turn back: its request was answered, or failed."""
        self.free += 1
        if self._live or self._overdue:
            self._serve()

    def pace(self, rate: float) -> None:
        """
        Take another rate: the connection was read again.

        :param rate: Requests per second; 0 sets no limit.
        """
        self.rate = rate
        self._wake()

    def slow(self, asked: float | None) -> bool:
        """
        Halve the rate for everybody: the service is busy.

        At most once a second: what was on its way before says nothing about the slower pace.

        :param asked: Seconds for which it wants no request at all.
        :returns: Whether this was a step: the rate fell, or a pause began.
        """
        now, share = asyncio.get_running_loop().time(), self.share
        begins = bool(asked) and now >= self._closed_until
        self._closed_until = max(self._closed_until, now + min(asked or 0.0, LONGEST_PAUSE))
        self._change(max(SLOWEST, self.share / 2), now)
        return begins or self.share < share

    def recover(self) -> None:
        """Let the rate grow a step again: the service answered."""
        if self.share < 1.0:
            self._change(min(1.0, self.share * STEP), asyncio.get_running_loop().time())

    def _change(self, share: float, now: float) -> None:
        if now - self._changed_at >= 1.0:
            self.share, self._changed_at = share, now
            self._wake()

    def _take(self, now: float) -> bool:
        if not self.free or now < self._closed_until:
            return False
        if self.rate:
            self._fill(now)
            if self._tokens < 1.0 - 1e-9:
                return False
            self._tokens -= 1.0
        self.free -= 1
        return True

    def _fill(self, now: float) -> None:
        speed = self.rate * self.share
        self._tokens = min(max(speed, 1.0), self._tokens + (now - self._filled_at) * speed)
        self._filled_at = now

    def _wake(self) -> None:
        """See to it that the next one is served in time; without a free place that is up to :meth:`done`."""
        if not self._live or not self.free:
            return
        loop = asyncio.get_running_loop()
        at = self._next(loop.time())
        if self._timer and self._timer.when() > at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = loop.call_at(at, self._tick)

    def _next(self, now: float) -> float:
        lacking = max(0.0, 1.0 - self._tokens) / (self.rate * self.share) if self.rate else 0.0
        return max(self._closed_until, self._filled_at + lacking, now)

    def _tick(self) -> None:
        self._timer = None
        self._serve()

    def _serve(self) -> None:
        while self.free and self._overdue:
            mine, end = self._overdue.popitem(last=False)
            end.cancel()
            self._lend(mine)
        now = asyncio.get_running_loop().time()
        while self._queue:
            mine = self._queue[0][2]
            if mine in self._live and not mine.done():
                if not self._take(now):
                    break
                mine.set_result(True)
            heapq.heappop(self._queue)
            self._live.discard(mine)
        self._wake()

    def _let_go(self, mine: asyncio.Future[bool], end: float) -> None:
        """Let one go who cannot wait any longer; where no place is free, it gets one before all others."""
        if mine.done():
            return
        self._drop(mine)
        if self.free:
            self._lend(mine)
        else:
            self._overdue[mine] = asyncio.get_running_loop().call_at(end, self._send_away, mine)

    def _lend(self, mine: asyncio.Future[bool]) -> None:
        """Grant a turn on credit of one second's worth at most."""
        if not mine.done():
            self._tokens = max(-max(self.rate, 1.0), self._tokens - 1.0)
            self.free -= 1
            mine.set_result(True)

    def _send_away(self, mine: asyncio.Future[bool]) -> None:
        self._overdue.pop(mine, None)
        if not mine.done():
            mine.set_result(False)

    def _forget(self, mine: asyncio.Future[bool]) -> None:
        """Take leave of one who was cancelled: a turn that was granted, and not used, goes to the next."""
        if end := self._overdue.pop(mine, None):
            end.cancel()
        self._drop(mine)
        if mine.done() and not mine.cancelled() and mine.result():
            self._tokens += 1.0
            self.done()

    def _drop(self, mine: asyncio.Future[bool]) -> None:
        """Take one out of the queue; what is left of it there goes when more than half is of that kind."""
        self._live.discard(mine)
        if len(self._queue) > 2 * len(self._live):
            self._queue = [entry for entry in self._queue if entry[2] in self._live]
            heapq.heapify(self._queue)
