"""When to ask, simulated: how late an end is noticed, and for how many polls, over the laws that such tasks follow."""

from __future__ import annotations

import math
import random
from typing import Any

from benchmarks.pacing.policies import MEMORY, POLICIES, Family, Policy

SPREADS = (0.15, 0.25, 0.5)
FAMILIES = 20
SHORTEST, LONGEST = 120.0, 900.0
TASKS = 500
WRONG = 1.5
"""By how much the table may be wrong about what a family takes."""


def families(spread: float, chance: random.Random) -> list[Family]:
    """
    Return families with medians from two to fifteen minutes, evenly by their logarithm.

    :param spread: Of each.
    :param chance: Source of random numbers, for what the table expects.
    """
    ratio = math.log(LONGEST / SHORTEST) / (FAMILIES - 1)
    middles = [SHORTEST * math.exp(ratio * number) for number in range(FAMILIES)]
    return [Family(middle, spread, middle * WRONG ** chance.uniform(-1, 1)) for middle in middles]


def bound(around: list[Family]) -> float:
    """
    Return the least product of mean delay and mean polls that any policy can reach for these laws.

    With r(t) polls per second a task costs the integral of r S polls and that of f / (2 r) seconds of delay, S the
    share that still runs and f the density of the ends; by Cauchy and Schwarz their product is at least half the square
    of the integral of sqrt(S f).
    """
    parts = [math.sqrt(family.middle * family.spread) * _shape(family.spread) for family in around]
    return 0.5 * (sum(parts) / len(parts)) ** 2


def _shape(spread: float, steps: int = 2000, reach: float = 8.0) -> float:
    width = 2 * reach / steps
    points = (-reach + width * (number + 0.5) for number in range(steps))
    return width * sum(
        math.sqrt(_alive(z) * math.exp(-z * z / 2 + spread * z) / math.sqrt(2 * math.pi)) for z in points
    )


def _alive(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2))


def watched(policy: Policy, takes: float) -> tuple[float, int]:
    """
    Return how late the end of a task is noticed, in seconds, and after how many polls.

    :param policy: Learns from it.
    :param takes: Seconds that the task takes.
    """
    before = 0.0
    for polls, age in enumerate(policy.ages(), 1):
        if age >= takes:
            policy.learn(before, age)
            return age - takes, polls
        before = age
    raise AssertionError("a policy asks for ever")


def _mean(kind: type[Policy], around: list[Family], tasks: int, seed: int) -> tuple[float, float]:
    delays, polls, count = 0.0, 0, 0
    for number, family in enumerate(around):
        chance = random.Random(seed * 1000 + number)
        policy = kind(family, chance)
        for task in range(MEMORY + tasks):
            delay, asked = watched(policy, family.draw(chance))
            if task >= MEMORY:  # the first ones are there to learn from
                delays, polls, count = delays + delay, polls + asked, count + 1
    return delays / count, polls / count


def simulate(tasks: int) -> list[dict[str, Any]]:
    """
    Play every policy at every spread.

    :param tasks: Of each family.
    """
    rows = []
    for number, spread in enumerate(SPREADS):
        around = families(spread, random.Random(number))
        least = bound(around)
        for name, kind in POLICIES.items():
            delay, polls = _mean(kind, around, tasks, number)
            product = {"delay_s": round(delay, 2), "polls": round(polls, 2), "bound": round(delay * polls / least, 3)}
            rows.append({"policy": name, "spread": spread, **product})
    return rows
