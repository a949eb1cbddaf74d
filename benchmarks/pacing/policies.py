"""Policies of when to ask: ours behind a small adapter, and those it is compared with."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from topview_provider.learning import Law, Learner, Schedule

PACE = 5.0
MEMORY = 50
Finished = Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class Family:
    """
    Say how long tasks of a family take: their logarithms are normal.

    :param middle: Median in seconds.
    :param spread: Standard deviation of the logarithm.
    :param expected: What the table says it takes, in seconds.
    """

    middle: float
    spread: float
    expected: float

    def draw(self, chance: random.Random) -> float:
        """Return how long one task takes."""
        return chance.lognormvariate(math.log(self.middle), self.spread)


class Policy:
    """
    Say when one family's tasks are asked, and learn from those that finished.

    :param family: Whose tasks.
    :param chance: Source of random numbers.
    """

    def __init__(self, family: Family, chance: random.Random) -> None:
        self.family = family
        self.chance = chance

    def ages(self) -> Iterator[float]:
        """Yield the ages at which a task is asked, for ever."""
        raise NotImplementedError

    def learn(self, unfinished: float, finished: float) -> None:
        """Take note of a task that finished between two ages; most policies do not care."""


class Fixed(Policy):
    """Ask at a fixed pace."""

    pace = PACE

    def ages(self) -> Iterator[float]:
        """Yield multiples of the pace."""
        age = 0.0
        while True:
            age += self.pace
            yield age


class Exponential(Policy):
    """Ask ever more rarely, up to a longest interval."""

    factor, longest = 2.0, 60.0

    def ages(self) -> Iterator[float]:
        """Yield ages with growing intervals."""
        age, interval = 0.0, PACE
        while True:
            age += interval
            interval = min(interval * self.factor, self.longest)
            yield age


class HalfWay(Policy):
    """Wait for half of what the table expects, then ask every 10 s."""

    def ages(self) -> Iterator[float]:
        """Yield ages from half of the expected time on."""
        age = self.family.expected / 2
        while True:
            yield age
            age += 10.0


class Quantile(Policy):
    """Wait to the 5 % point of the last tasks, then ask every 10 s."""

    def __init__(self, family: Family, chance: random.Random) -> None:
        super().__init__(family, chance)
        self.seen: list[float] = []

    def ages(self) -> Iterator[float]:
        """Yield ages from the 5 % point on."""
        ranked = sorted(self.seen)
        age = ranked[len(ranked) // 20] if ranked else 10.0
        while True:
            yield age
            age += 10.0

    def learn(self, unfinished: float, finished: float) -> None:
        """Remember the last tasks."""
        self.seen = [*self.seen[1 - MEMORY :], (unfinished + finished) / 2]


class Ours(Policy):
    """
    Ask as our triggers do.

    This is the adapter: the only place here that knows how our pacing is asked.
    """

    def __init__(self, family: Family, chance: random.Random) -> None:
        super().__init__(family, chance)
        self.learner = Learner(family.expected, PACE)

    def ages(self) -> Iterator[float]:
        """Yield what the schedule says; the first poll is at a random point of the first interval."""
        age, share = 0.0, self.chance.random()
        while True:
            age, share = self.learner.schedule.next_age(age, share), 1.0
            yield age

    def learn(self, unfinished: float, finished: float) -> None:
        """Let it learn."""
        self.learner.learn(unfinished, finished)


class Cold(Ours):
    """Ask as our triggers do after a start, when nothing has finished yet."""

    def learn(self, unfinished: float, finished: float) -> None:
        """Learn nothing."""


class Knowing(Ours):
    """Ask as ours would if it knew the true law."""

    def __init__(self, family: Family, chance: random.Random) -> None:
        super().__init__(family, chance)
        self.learner._schedule = Schedule(Law(family.middle, family.spread), PACE**2 / family.middle, 1.0)

    def learn(self, unfinished: float, finished: float) -> None:
        """Learn nothing: there is nothing to learn."""


def _paced(seconds: float) -> type[Policy]:
    return type(f"Fixed{seconds:g}", (Fixed,), {"pace": seconds})


def _growing(factor: float, longest: float) -> type[Policy]:
    return type(f"Exponential{factor:g}", (Exponential,), {"factor": factor, "longest": longest})


POLICIES: dict[str, type[Policy]] = {
    "fixed 5 s": _paced(5.0),
    "fixed 10 s": _paced(10.0),
    "fixed 30 s": _paced(30.0),
    "exponential 5 s x 2, longest 60 s": _growing(2.0, 60.0),
    "exponential 5 s x 1.5, longest 30 s": _growing(1.5, 30.0),
    "half the expected time, then every 10 s": HalfWay,
    "5 % point of the last 50, then every 10 s": Quantile,
    "ours, nothing learnt yet": Cold,
    "ours, after 50 tasks": Ours,
    "ours, if it knew the true law": Knowing,
}
