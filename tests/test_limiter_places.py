"""Connections that are all taken, on a clock that is exact: a turn is a token and a place at once."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.virtual import run
from topview_provider.hooks.limiter import Limiter


def now() -> float:
    return asyncio.get_running_loop().time()


class Requests:
    """
    Send requests through a limiter, and note when each left.

    :param limiter: What says when.
    :param silent_until: Moment before which the service answers nobody.
    """

    def __init__(self, limiter: Limiter, silent_until: float = 0.0) -> None:
        self.limiter = limiter
        self.silent_until = silent_until
        self.left: list[tuple[float, float]] = []
        self.at_once = self.most = 0

    async def send(self, due: float, takes: float, latest: float | None = None, grace: float = 0.0) -> float:
        """Wait for a turn, be answered after some seconds, and return the moment at which the request left."""
        await self.limiter.turn(due, latest, grace)
        moment = now()
        self.left.append((moment, due))
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(max(takes, self.silent_until - moment))
        finally:
            self.at_once -= 1
            self.limiter.done()
        return moment

    @property
    def moments(self) -> list[float]:
        return [moment for moment, _ in self.left]


def test_no_more_leave_than_there_are_places_and_the_earliest_due_has_the_next_one() -> None:
    async def main() -> Requests:
        requests = Requests(Limiter(0, places=2))
        await asyncio.gather(*(requests.send(due, takes=10) for due in (0, 0, 50, 10, 30, 20)))
        return requests

    requests = run(main())
    assert requests.left == [(0, 0), (0, 0), (10, 10), (10, 20), (20, 30), (20, 50)]
    assert requests.most == 2


def test_the_rate_holds_when_a_silent_service_answers_again() -> None:
    async def main() -> list[float]:
        requests = Requests(Limiter(10, places=20), silent_until=6.0)
        await asyncio.gather(*(requests.send(0, takes=0.1) for _ in range(100)))
        return requests.moments

    moments = run(main())
    assert sum(moment < 6.0 for moment in moments) == 20
    for start in moments:
        assert sum(start <= moment < start + 1.0 for moment in moments) <= 21, "a second's worth, and the rate"


def test_a_pause_that_the_service_asks_for_holds_for_those_who_wait_for_a_place() -> None:
    async def main() -> list[float]:
        limiter = Limiter(0, places=1)
        requests = Requests(limiter)
        first = asyncio.create_task(requests.send(0, takes=5))
        others = [asyncio.create_task(requests.send(1, takes=0)) for _ in range(3)]
        asyncio.get_running_loop().call_at(4.0, limiter.slow, 100)
        await asyncio.gather(first, *others)
        return requests.moments

    assert run(main()) == [0.0, 104.0, 104.0, 104.0]


def test_who_finds_no_place_at_its_deadline_has_the_next_one_whatever_the_rate() -> None:
    async def main() -> tuple[float, float]:
        limiter = Limiter(1, places=1)
        requests = Requests(limiter)
        first = asyncio.create_task(requests.send(0, takes=8))
        await asyncio.sleep(0)
        limiter.slow(100)
        urgent = asyncio.create_task(requests.send(1, takes=0))
        last = asyncio.create_task(requests.send(90, takes=0, latest=3.0, grace=10))
        await first
        return await last, await urgent

    assert run(main()) == (8.0, 100.0)


def test_those_who_found_no_place_at_their_deadlines_are_served_in_the_order_of_these() -> None:
    async def main() -> list[tuple[float, float]]:
        requests = Requests(Limiter(0, places=1), silent_until=8.0)
        latest = (4.0, 2.0, 3.0)
        await asyncio.gather(requests.send(0, 8), *(requests.send(end, 1, end, grace=60) for end in latest))
        return requests.left

    assert run(main()) == [(0, 0), (8, 2), (9, 3), (10, 4)]


@pytest.mark.parametrize(("latest", "grace", "end"), [(3.0, 10.0, 10.0), (12.0, 10.0, 12.0), (-5.0, 10.0, 10.0)])
def test_who_gets_no_place_in_time_is_sent_away_and_the_others_are_not(latest: float, grace: float, end: float) -> None:
    async def main() -> tuple[float, float]:
        limiter = Limiter(0, places=1)
        requests = Requests(limiter)
        first = asyncio.create_task(requests.send(0, takes=20))
        await asyncio.sleep(0)
        patient = asyncio.create_task(requests.send(2, takes=0))
        with pytest.raises(TimeoutError):
            await requests.send(1, takes=0, latest=latest, grace=grace)
        gone = now()
        assert limiter.waiting == 1
        await first
        return gone, await patient

    assert run(main()) == (end, 20.0)


def test_ten_thousand_with_one_deadline_share_a_few_places_one_after_the_other() -> None:
    async def main() -> Requests:
        requests = Requests(Limiter(10, places=20))
        await asyncio.gather(*(requests.send(0, takes=1, latest=5.0, grace=1000) for _ in range(10_000)))
        assert requests.limiter.waiting == 0
        return requests

    requests = run(main())
    assert requests.most == 20
    assert max(requests.moments) <= 5 + 10_000 / 20


def test_who_is_cancelled_while_it_is_overdue_frees_nothing_and_takes_nothing() -> None:
    async def main() -> float:
        limiter = Limiter(0, places=1)
        requests = Requests(limiter)
        first = asyncio.create_task(requests.send(0, takes=20))
        await asyncio.sleep(0)
        overdue = asyncio.create_task(requests.send(0, takes=0, latest=1.0, grace=50))
        await asyncio.sleep(2)
        overdue.cancel()
        await first
        assert (limiter.waiting, limiter.free) == (0, 1)
        return await requests.send(0, takes=0)

    assert run(main()) == 20.0


def test_a_place_that_is_granted_and_not_used_goes_to_the_next_at_once() -> None:
    async def main() -> list[float]:
        requests = Requests(Limiter(0, places=1))
        holder = asyncio.create_task(requests.send(0, takes=5))
        await asyncio.sleep(0)
        second, third = (asyncio.create_task(requests.send(due, takes=0)) for due in (1, 2))
        holder.add_done_callback(lambda _: second.cancel())
        await holder
        return [await third]

    assert run(main()) == [5.0]


@given(
    seed=st.integers(0, 1000),
    rate=st.sampled_from([0.0, 0.5, 5.0, 100.0]),
    places=st.integers(1, 5),
    cancelled=st.floats(0, 1),
)
def test_whatever_happens_places_and_turns_are_given_back(
    seed: int, rate: float, places: int, cancelled: float
) -> None:
    async def one(requests: Requests, source: random.Random) -> None:
        await asyncio.sleep(source.random() * 20)
        latest = now() + source.uniform(-1, 20) if source.random() < 0.5 else None
        with contextlib.suppress(TimeoutError):
            await requests.send(now() + source.random() * 60, source.random() * 3, latest, source.random() * 5)

    async def main() -> Requests:
        source, loop = random.Random(seed), asyncio.get_running_loop()
        requests = Requests(Limiter(rate, places))
        tasks = [asyncio.create_task(one(requests, source)) for _ in range(60)]
        for task in tasks:
            if source.random() < cancelled:
                loop.call_at(source.random() * 30, task.cancel)
        loop.call_at(source.random() * 20, requests.limiter.slow, source.random() * 10)
        loop.call_at(source.random() * 30, requests.limiter.recover)
        await asyncio.gather(*tasks, return_exceptions=True)
        return requests

    requests = run(main())
    assert requests.most <= places
    assert requests.at_once == 0
    assert requests.limiter.free == places
    assert requests.limiter.waiting == len(requests.limiter._queue) == 0
