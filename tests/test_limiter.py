"""Requests per second, on a clock that is exact: who goes when, and who is woken."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable

import pytest

from tests.virtual import run
from topview_provider.hooks.limiter import LONGEST_PAUSE, SLOWEST, STEP, Limiter

MANY = 100_000
"""Places that are never all taken."""


def now() -> float:
    return asyncio.get_running_loop().time()


async def turns(limiter: Limiter, dues: list[float]) -> list[tuple[float, float]]:
    """Ask for many turns at once and return when each was served, as (moment, due), in the order of service."""
    served: list[tuple[float, float]] = []

    async def ask(due: float) -> None:
        await limiter.turn(due)
        served.append((now(), due))

    await asyncio.gather(*(ask(due) for due in dues))
    return served


def moments(limiter: Limiter, count: int) -> list[float]:
    return [moment for moment, _ in run(turns(limiter, [0.0] * count))]


def test_a_second_s_worth_leaves_at_once_and_then_exactly_the_rate() -> None:
    found = moments(Limiter(10, MANY), 100)
    assert found[:10] == [0.0] * 10
    assert found[10:] == pytest.approx([place / 10 for place in range(1, 91)])


def test_never_more_than_the_rate_and_one_burst_in_any_window() -> None:
    async def main() -> list[float]:
        limiter, source, served = Limiter(20, MANY), random.Random(1), []
        for _ in range(50):
            served += [moment for moment, _ in await turns(limiter, [0.0] * source.randrange(1, 30))]
            await asyncio.sleep(source.random() * 2)
        return served

    found = run(main())
    for start in found:
        for length in (0.5, 1.0, 5.0):
            assert sum(start <= moment < start + length for moment in found) <= 20 + 20 * length + 1


def test_a_rate_below_one_lets_one_go_and_then_waits() -> None:
    assert moments(Limiter(0.5, MANY), 3) == pytest.approx([0.0, 2.0, 4.0])


def test_no_rate_sets_no_limit() -> None:
    assert moments(Limiter(0, MANY), 10_000) == [0.0] * 10_000


def test_the_earliest_due_goes_first_and_equal_ones_in_the_order_they_came() -> None:
    served = run(turns(Limiter(1, MANY), [0.0, 50.0, 10.0, 30.0, 10.0]))
    assert [due for _, due in served] == [0.0, 10.0, 10.0, 30.0, 50.0]


def test_nobody_waits_for_ever_however_urgent_the_others_are() -> None:
    async def main() -> float:
        limiter = Limiter(10, MANY)
        await turns(limiter, [0.0] * 10)
        patient = asyncio.create_task(turns(limiter, [60.0]))

        async def urgent() -> None:
            while not patient.done():
                await limiter.turn(now() + 5)

        others = [asyncio.create_task(urgent()) for _ in range(100)]
        [(moment, _)] = await patient
        for other in others:
            other.cancel()
        return moment

    assert 50 < run(main()) <= 71


@pytest.mark.parametrize("served_first", [True, False])
def test_who_is_cancelled_takes_no_turn_and_wakes_nobody_wrongly(served_first: bool) -> None:
    async def main() -> list[float]:
        limiter = Limiter(1, MANY)
        await limiter.turn(0.0)
        first, second = (asyncio.create_task(turns(limiter, [due])) for due in (1.0, 2.0))
        await asyncio.sleep(1.5 if served_first else 0.5)
        first.cancel()
        await asyncio.sleep(0)
        assert limiter.waiting == 1
        found = await second
        assert limiter.waiting == len(limiter._queue) == 0
        return [moment for moment, _ in found]

    assert run(main()) == pytest.approx([2.0 if served_first else 1.0])


def test_a_turn_that_was_granted_and_cancelled_before_it_was_used_goes_to_the_next() -> None:
    async def main() -> float:
        limiter = Limiter(1, MANY)
        await limiter.turn(0.0)
        first = asyncio.create_task(limiter.turn(1.0))
        second = asyncio.create_task(turns(limiter, [2.0]))
        asyncio.get_running_loop().call_at(1.0 + 5e-10, first.cancel)  # later, and in the same turn of the loop
        [(moment, _)] = await second
        assert first.cancelled()
        return moment

    assert run(main()) == pytest.approx(1.0)


def test_who_has_a_deadline_leaves_at_it_whatever_the_service_asks() -> None:
    async def main() -> list[float]:
        limiter = Limiter(1, MANY)
        limiter.slow(100)
        await limiter.turn(0.0, latest=7.0)
        first = now()
        await limiter.turn(0.0)
        return [first, now()]

    assert run(main()) == pytest.approx([7.0, 100.0])


def test_ten_thousand_who_are_cancelled_at_random_leave_nothing_behind() -> None:
    async def main() -> int:
        limiter, source = Limiter(1000, MANY), random.Random(2)
        asked = [asyncio.create_task(limiter.turn(source.random() * 100)) for _ in range(10_000)]
        await asyncio.sleep(3)
        for task in source.sample(asked, 5000):
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        assert limiter.waiting == len(limiter._queue) == 0
        return sum(task.cancelled() for task in asked)

    assert 2000 < run(main()) < 5000, "some of them waited still"


def test_who_is_cancelled_behind_one_who_waits_long_is_not_kept() -> None:
    async def main() -> tuple[int, int]:
        limiter = Limiter(1, MANY)
        limiter.slow(100)
        first = asyncio.create_task(limiter.turn(0.0))
        others = [asyncio.create_task(limiter.turn(1.0)) for _ in range(10_000)]
        await asyncio.sleep(1)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        kept = limiter.waiting, len(limiter._queue)
        await first
        return kept

    assert run(main()) in ((1, 1), (1, 2))


def test_a_rate_that_grows_again_counts_at_once_for_those_who_wait_already() -> None:
    async def main() -> float:
        limiter = Limiter(0.5, MANY)
        await limiter.turn(0.0)
        limiter.slow(None)
        waiter = asyncio.create_task(limiter.turn(0.0))
        await asyncio.sleep(1)
        limiter.recover()
        await waiter
        return now()

    assert run(main()) == pytest.approx(2 / 0.5 / STEP)


def test_a_busy_service_halves_the_rate_for_everybody_and_is_left_alone_as_long_as_it_asks() -> None:
    async def main() -> list[float]:
        limiter = Limiter(10, MANY)
        await turns(limiter, [0.0] * 10)
        limiter.slow(20)
        return [moment for moment, _ in await turns(limiter, [0.0] * 15)]

    found = run(main())
    assert found[0] == pytest.approx(20.0)
    gaps = {round(after - before, 6) for before, after in itertools.pairwise(found[5:])}
    assert gaps == {0.2}


def test_a_pause_holds_without_a_rate_too_and_is_bounded() -> None:
    async def main() -> float:
        limiter = Limiter(0, MANY)
        limiter.slow(1e9)
        await limiter.turn(0.0)
        return now()

    assert run(main()) == LONGEST_PAUSE


def test_the_rate_is_never_slower_than_a_sixteenth_and_grows_again_step_by_step() -> None:
    async def main() -> list[float]:
        limiter = Limiter(10, MANY)
        for _ in range(10):
            limiter.slow(None)
            await asyncio.sleep(1)
        shares = [limiter.share]
        for _ in range(13):
            limiter.recover()
            limiter.recover()  # twice in one second is one step
            await asyncio.sleep(1)
            shares.append(limiter.share)
        return shares

    found = run(main())
    assert found[0] == SLOWEST
    steps = [after / before for before, after in itertools.pairwise(found)]
    assert max(steps) <= STEP + 1e-9
    assert found[-1] == 1.0


def test_many_that_were_on_their_way_when_the_service_became_busy_halve_the_rate_once() -> None:
    async def main() -> float:
        limiter = Limiter(10, MANY)
        for _ in range(20):
            limiter.slow(None)
        return limiter.share

    assert run(main()) == 0.5


@pytest.mark.parametrize(("before", "after"), [(0.001, 1000.0), (1000.0, 0.5), (0.5, 0.0), (0.0, 0.5)])
def test_another_rate_counts_at_once_for_those_who_wait_already(before: float, after: float) -> None:
    async def main() -> list[float]:
        limiter = Limiter(before, MANY)
        limiter.slow(10)
        waiters = asyncio.create_task(turns(limiter, [0.0] * 5))
        await asyncio.sleep(5)
        limiter.pace(after)
        return [moment for moment, _ in await waiters]

    gap = 4.0 if after == 0.5 else 0.0  # at half the rate, for the service was busy
    assert run(main()) == pytest.approx([10 + place * gap for place in range(5)])


@pytest.mark.parametrize("after", [0.0, 10.0])
def test_another_rate_wakes_those_who_would_have_slept_long(after: float) -> None:
    async def main() -> float:
        limiter = Limiter(0.001, MANY)
        await limiter.turn(0.0)
        waiter = asyncio.create_task(limiter.turn(0.0))
        await asyncio.sleep(5)
        limiter.pace(after)
        await waiter
        return now()

    assert run(main()) == 5.0


def test_a_rate_that_is_set_while_nobody_waits_holds_from_then_on() -> None:
    async def main() -> list[float]:
        limiter = Limiter(0, MANY)
        await turns(limiter, [0.0] * 100)
        limiter.pace(2)
        return [moment for moment, _ in await turns(limiter, [0.0] * 6)]

    assert run(main()) == pytest.approx([0.0, 0.5, 1.0, 1.5, 2.0, 2.5])


def test_a_crowd_with_one_deadline_leaves_at_it_and_is_made_up_for() -> None:
    """Each gets its poll before it gives up; those who can wait are then served later, but not for ever."""

    async def main() -> tuple[list[float], list[float]]:
        limiter = Limiter(10, MANY)
        await turns(limiter, [0.0] * 10)
        loop = asyncio.get_running_loop()
        crowd = [asyncio.create_task(at_last(limiter, 20.0)) for _ in range(1000)]
        await asyncio.gather(*crowd)
        others = [moment for moment, _ in await turns(limiter, [loop.time() + 60] * 10)]
        return [task.result() for task in crowd], others

    async def at_last(limiter: Limiter, latest: float) -> float:
        await limiter.turn(now() + 60, latest)
        return now()

    crowd, others = run(main())
    assert max(crowd) == 20.0
    assert sum(moment < 20.0 for moment in crowd) == 199
    assert others[0] >= 21.0
    assert others[-1] <= 23.0


def test_a_deadline_that_has_passed_waits_for_nothing() -> None:
    async def main() -> float:
        limiter = Limiter(1, MANY)
        limiter.slow(100)
        await asyncio.sleep(5)
        await limiter.turn(0.0, latest=4.0)
        return now()

    assert run(main()) == 5.0


def test_who_is_cancelled_at_its_deadline_frees_its_turn() -> None:
    async def main() -> list[float]:
        limiter = Limiter(1, MANY)
        await limiter.turn(0.0)
        first = asyncio.create_task(limiter.turn(0.0, latest=0.5))
        second = asyncio.create_task(turns(limiter, [0.0]))
        asyncio.get_running_loop().call_at(0.5, lambda: asyncio.get_running_loop().call_soon(first.cancel))
        return [moment for moment, _ in await second]

    assert run(main()) == pytest.approx([1.0])


def test_a_full_rate_has_nothing_to_recover(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hot path: no look at a clock."""
    refuse: Callable[[], None] = lambda: pytest.fail("looked at the clock")  # noqa: E731
    monkeypatch.setattr(asyncio, "get_running_loop", refuse)
    Limiter(10, MANY).recover()
