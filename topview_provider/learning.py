"""
What is learnt from tasks that finished, and when to ask after the next one: arithmetic without clock or I/O.

A poll is worth it in so far as the task may just have finished. Let ``h`` be the rate at which tasks of this age
finish and ``c`` the seconds of delay that one request is worth; then the interval with the least cost is
``sqrt(2 c / h)``: ask rarely while a task is too young to be done, often when it is about to be, rarely again in the
long tail.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass

from topview_provider.pacing import LONGEST

WINDOW = 200
"""How many of the last finished tasks count: fewer, and those of a crowd that end last would be all that counts."""

PRIOR_SPREAD = 0.6
"""Spread (sigma of the logarithm) of durations that nobody has seen yet."""

LEAST_SPREAD = 0.1

ODD = 0.02
"""Share of tasks that do not keep to what was learnt: they fail early, or the service has a bad day."""

ODD_SPREAD = 1.0

STEPS_PER_POLL = 4
REACH = 20.0
"""How many medians the schedule reaches; after that its last interval stays."""


@dataclass(frozen=True, slots=True)
class Law:
    """
    Say how long tasks of a kind take: their logarithms are normal, but for a few odd ones that spread widely.

    :param middle: Median in seconds.
    :param spread: Standard deviation of the logarithm.
    """

    middle: float
    spread: float

    def rate(self, age: float) -> float:
        """
        Return the rate at which tasks of this age finish, per second.

        The odd ones count for more the later it gets: a task that is long overdue is not asked every second.

        :param age: Seconds since the submit, above 0.
        """
        ends = alive = 0.0
        for share, spread in ((1.0 - ODD, self.spread), (ODD, ODD_SPREAD)):
            z = math.log(age / self.middle) / spread
            ends += share * math.exp(-z * z / 2) / (math.sqrt(2 * math.pi) * age * spread)
            alive += share * 0.5 * math.erfc(z / math.sqrt(2.0))
        return ends / alive


class Schedule:
    """
    Hold the moments at which tasks of a law are asked, as ages.

    No interval is longer than a minute, so that an end that no law foresees is noticed within it.

    :param law: How long tasks take.
    :param worth: Seconds of delay that one request is worth.
    :param floor: The shortest interval in seconds.
    """

    def __init__(self, law: Law, worth: float, floor: float) -> None:
        self.ages = [0.0]
        mass, age, goal = 0.0, 0.0, 1.0 / STEPS_PER_POLL
        end = min(REACH * law.middle, 86_400.0)
        while age < end or len(self.ages) < 2:
            step = max(law.middle / 400, age / 100)
            best = math.sqrt(law.rate(min(age + step / 2, end)) / (2 * worth))
            density = max(1 / max(LONGEST, floor), min(best, 1 / floor))
            mass += density * step
            age += step
            while mass >= goal:
                self.ages.append(age - (mass - goal) / density)
                goal += 1.0 / STEPS_PER_POLL
        self.last = STEPS_PER_POLL * (self.ages[-1] - self.ages[-2])

    def next_age(self, age: float, share: float) -> float:
        """
        Return the age at the poll after this age.

        :param age: Seconds since the submit.
        :param share: How much of an interval lies between now and that poll, above 0: 1 in the course of polls, a
            random number from 0 to 1 for the first one.
        """
        place = self._place(age) + share * STEPS_PER_POLL
        whole = int(place)
        if whole + 1 >= len(self.ages):
            return age + self.last * share
        return self.ages[whole] + (place - whole) * (self.ages[whole + 1] - self.ages[whole])

    def _place(self, age: float) -> float:
        after = bisect_left(self.ages, age)
        if after == 0:
            return 0.0
        if after >= len(self.ages):
            return float(len(self.ages))
        before = self.ages[after - 1]
        return after - 1 + (age - before) / (self.ages[after] - before)


class Learner:
    """
    Learn how long tasks of one kind take from those that finished.

    :param expected: Seconds that they usually take, before anything is known.
    :param pace: Seconds between polls that the kind would have without learning.
    """

    def __init__(self, expected: float, pace: float) -> None:
        self.expected = expected
        self.pace = pace
        self.logs: deque[float] = deque(maxlen=WINDOW)
        self._schedule: Schedule | None = None
        self._stale = 0

    def learn(self, unfinished: float, finished: float) -> None:
        """
        Learn from a task that ended between two polls.

        :param unfinished: Its age at the last poll that found it unfinished; 0 if the first one found it done.
        :param finished: Its age at the poll that found it done.
        """
        if not 0 <= unfinished < finished:
            return
        self.logs.append(math.log(max(0.1, (unfinished + finished) / 2 if unfinished else 0.8 * finished)))
        self._stale += 1
        if self._stale * 10 > len(self.logs):
            self._schedule = None

    @property
    def law(self) -> Law:
        """What is known: the last tasks, and as long as these are few what was expected."""
        seen = len(self.logs)
        if not seen:
            return Law(self.expected, PRIOR_SPREAD)
        trust = min(1.0, seen / 5)
        mean = sum(self.logs) / seen
        middle = trust * mean + (1 - trust) * math.log(self.expected)
        variance = sum((value - mean) ** 2 for value in self.logs) / seen
        known = min(1.0, seen / 20)
        spread = math.sqrt(known * variance * (1 + 2 / seen) + (1 - known) * PRIOR_SPREAD**2)
        return Law(math.exp(middle), max(LEAST_SPREAD, spread))

    @property
    def schedule(self) -> Schedule:
        """When to ask; made anew when a tenth of what is known is new."""
        if self._schedule is None:
            law, self._stale = self.law, 0
            self._schedule = Schedule(law, self.pace**2 / law.middle, max(1.0, self.pace / 5))
        return self._schedule


_learners: dict[str, Learner] = {}


def learner_of(kind: str, expected: float, pace: float) -> Learner:
    """
    Return what this process has learnt about tasks of a kind.

    :param kind: Its name.
    :param expected: Seconds that they usually take, before anything is known.
    :param pace: Seconds between polls that they would have without learning.
    """
    if kind not in _learners:
        _learners[kind] = Learner(expected, pace)
    return _learners[kind]
