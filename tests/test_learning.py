"""When to ask after a task, learnt from those before it: not too often, at least once a minute, and near the best."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topview_provider.learning import LEAST_SPREAD, WINDOW, Law, Learner, Schedule
from topview_provider.pacing import LONGEST

MIDDLES = [120 * (900 / 120) ** (number / 19) for number in range(20)]
"""Medians of 20 families, from two to fifteen minutes."""

MIDDLE = st.floats(0.1, 100_000)
SPREAD = st.floats(LEAST_SPREAD, 3)
SHARE = st.floats(0.01, 1)
PACE = st.floats(1, 30)


def schedule(middle: float, spread: float, pace: float = 5.0) -> Schedule:
    return Schedule(Law(middle, spread), pace**2 / middle, max(1.0, pace / 5))


def ages(plan: Schedule, share: float = 1.0) -> Iterator[float]:
    """The ages at which one task is asked, for ever."""
    age = 0.0
    while True:
        age, share = plan.next_age(age, share), 1.0
        yield age


def watched(learner: Learner, takes: float, chance: random.Random) -> tuple[float, int]:
    """Let a task of a kind take so long; return how late that was noticed, and after how many polls."""
    before = 0.0
    for polls, age in enumerate(ages(learner.schedule, chance.random()), 1):
        if age >= takes:
            learner.learn(before, age)
            return age - takes, polls
        before = age
    raise AssertionError("it is asked for ever")


@settings(max_examples=200)
@given(middle=MIDDLE, spread=SPREAD, pace=PACE, age=st.floats(0, 1_000_000), share=SHARE)
def test_an_interval_is_never_shorter_than_the_floor_nor_longer_than_a_minute(
    middle: float, spread: float, pace: float, age: float, share: float
) -> None:
    interval = schedule(middle, spread, pace).next_age(age, share) - age
    assert share * max(1.0, pace / 5) - 1e-6 <= interval <= LONGEST + 1e-6


@given(middle=MIDDLE, spread=SPREAD, share=SHARE, ages=st.tuples(st.floats(0, 100_000), st.floats(0, 100_000)))
def test_an_older_task_is_not_asked_before_a_younger_one_of_its_age(
    middle: float, spread: float, share: float, ages: tuple[float, float]
) -> None:
    young, old = (schedule(middle, spread).next_age(age, share) for age in sorted(ages))
    assert young <= old + 1.0  # a step of the table


def test_a_task_is_asked_often_when_it_is_about_to_end_and_rarely_before_and_after() -> None:
    asked = list(itertools.takewhile(lambda age: age < 2400, ages(schedule(300, 0.15))))
    gaps = [(after, after - before) for before, after in itertools.pairwise(asked)]
    about = [gap for age, gap in gaps if 260 < age < 340]
    assert max(about) < 6
    assert min(gap for age, gap in gaps if age < 150) > 2 * max(about)
    assert min(gap for age, gap in gaps if age > 1500) > 2 * max(about)


def test_a_task_that_is_long_overdue_is_not_asked_more_often_than_at_the_pace_of_its_row() -> None:
    for spread in (LEAST_SPREAD, 0.3, 1.0):
        asked = itertools.takewhile(lambda age: age < 7200, ages(schedule(60, spread)))
        assert min(after - before for before, after in itertools.pairwise(asked) if before > 300) > 5


@pytest.mark.parametrize("spread", [0.15, 0.5, 1.0])
def test_the_learnt_law_comes_near_the_true_one(spread: float) -> None:
    chance, learner = random.Random(1), Learner(600, 5)
    for _ in range(WINDOW):
        watched(learner, chance.lognormvariate(math.log(200), spread), chance)
    assert learner.law.middle == pytest.approx(200, rel=0.2)
    assert learner.law.spread == pytest.approx(spread, rel=0.25)


def test_what_is_learnt_follows_a_service_that_becomes_slower_and_faster_again() -> None:
    chance, learner = random.Random(2), Learner(120, 5)
    for takes in (120, 600, 120):
        delays = [watched(learner, takes * chance.uniform(0.9, 1.1), chance)[0] for _ in range(2 * WINDOW)]
        assert max(delays) <= LONGEST
        assert mean(delays[WINDOW:]) < 5
        assert learner.law.middle == pytest.approx(takes, rel=0.1)


def test_those_of_a_crowd_that_end_last_are_not_all_that_is_learnt() -> None:
    chance, learner = random.Random(3), Learner(300, 5)
    for takes in sorted(chance.lognormvariate(math.log(300), 0.4) for _ in range(WINDOW)):
        learner.learn(takes - 2, takes + 2)
    assert learner.law.middle == pytest.approx(300, rel=0.1)
    assert learner.law.spread == pytest.approx(0.4, rel=0.15)


@given(unfinished=st.floats(-1e9, 1e9), finished=st.floats(-1e9, 1e9))
def test_no_lesson_breaks_the_schedule(unfinished: float, finished: float) -> None:
    learner = Learner(60, 5)
    learner.learn(unfinished, finished)
    assert 1.0 <= learner.schedule.next_age(60, 1.0) - 60 <= LONGEST + 1e-6


def test_a_lesson_that_cannot_be_is_no_lesson() -> None:
    learner = Learner(60, 5)
    for unfinished, finished in [(10, 10), (10, 5), (-1, 5), (0, 0)]:
        learner.learn(unfinished, finished)
    assert not learner.logs


def test_before_anything_is_known_the_table_counts() -> None:
    assert Learner(60, 5).law.middle == 60


def bound(spread: float) -> float:
    """
    Return the least product of mean delay and mean polls that any policy can reach.

    With r(t) polls per second a task costs the integral of r S polls and that of f / (2 r) seconds of delay, S the
    share that still runs and f the density of the ends; by Cauchy and Schwarz their product is at least half the square
    of the integral of sqrt(S f).
    """
    steps, reach = 2000, 8.0
    points = [-reach + 2 * reach * (number + 0.5) / steps for number in range(steps)]
    alive = [0.5 * math.erfc(z / math.sqrt(2)) for z in points]
    density = [math.exp(-z * z / 2 + spread * z) / math.sqrt(2 * math.pi) for z in points]
    shape = 2 * reach / steps * sum(math.sqrt(one * other) for one, other in zip(alive, density, strict=True))
    return 0.5 * mean(math.sqrt(middle * spread) * shape for middle in MIDDLES) ** 2


def simulated(spread: float, tasks: int, skip: int, learner: Callable[[float], Learner]) -> tuple[float, float]:
    """Return the mean delay in seconds and the mean number of polls, over all families, without the first tasks."""
    delays, polls = [], []
    for number, middle in enumerate(MIDDLES):
        chance = random.Random(number)
        one = learner(middle * 1.5 ** chance.uniform(-1, 1))  # the table may be wrong about what they take
        seen = [watched(one, chance.lognormvariate(math.log(middle), spread), chance) for _ in range(tasks)]
        delays += [delay for delay, _ in seen[skip:]]
        polls += [asked for _, asked in seen[skip:]]
    return mean(delays), mean(polls)


class Forgetful(Learner):
    """A learner whose process has just begun, for every task."""

    def learn(self, unfinished: float, finished: float) -> None:
        """Learn nothing."""


@pytest.mark.parametrize("spread", [0.15, 0.25, 0.5])
def test_what_was_learnt_comes_within_thirty_percent_of_the_best_there_is(spread: float) -> None:
    delay, polls = simulated(spread, 200, 50, lambda expected: Learner(expected, 5))
    assert delay * polls <= 1.3 * bound(spread)
    assert delay <= 5


@pytest.mark.parametrize("spread", [0.15, 0.25, 0.5])
def test_a_cold_start_is_not_worse_than_the_interval_of_the_row(spread: float) -> None:
    delay, polls = simulated(spread, 50, 0, lambda expected: Forgetful(expected, 5))
    fixed_polls = mean(middle * math.exp(spread**2 / 2) / 5 + 0.5 for middle in MIDDLES)
    assert delay * polls <= 2.5 * fixed_polls
    assert polls <= fixed_polls
    assert delay <= 5
