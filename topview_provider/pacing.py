"""When to ask next: pure arithmetic over age, pace and deadline; no clock, no I/O."""

from __future__ import annotations

ADAPTIVE = "adaptive"
"""In place of seconds between polls: when tasks of the kind finish, as far as this is known."""

LONGEST = 60.0
"""The longest interval between two polls, in seconds: for how long at most nobody notices that a task ended."""

JITTER = 0.2
"""By which share an interval is longer or shorter, so that tasks that started together do not ask together."""


def fixed(pace: float | str) -> float:
    """
    Return the seconds between polls that somebody fixed; 0 for ``adaptive``.

    :param pace: Seconds, ``adaptive``, or 0 where nobody said anything.
    """
    return 0.0 if isinstance(pace, str) else pace


def next_poll(*, age: float, pace: float, remaining: float, spread: float) -> float:
    """
    Return the seconds until the next poll of a task that goes well.

    The pace holds while the task is young; from 30 paces on the interval grows with the age, so that a task of hours
    is not asked every few seconds, to a minute at most.

    :param age: Seconds since the submit.
    :param pace: Seconds between polls that the user or the row wants.
    :param remaining: Seconds until the deadline; the result is never more.
    :param spread: A random number from 0 to 1, which moves the poll by up to ``JITTER`` either way.
    """
    return _within(_bounded(max(pace, age / 30), pace) * _jitter(spread), remaining)


def after_failure(*, failures: int, pace: float, remaining: float, spread: float, asked: float | None = None) -> float:
    """
    Return the seconds until the next poll after polls that failed.

    :param failures: How many polls in a row failed, from 1.
    :param pace: Seconds between polls that the user or the row wants.
    :param remaining: Seconds until the deadline; the result is never more.
    :param spread: A random number from 0 to 1.
    :param asked: Seconds that TopView asked to wait (``Retry-After``); never less than that.
    """
    grown = _bounded(pace * 2.0 ** min(max(failures - 1, 0), 16), pace) * _jitter(spread)
    return _within(max(grown, asked or 0.0), remaining)


def _bounded(interval: float, pace: float) -> float:
    """Bound an interval so that even the longest jitter stays within a minute; a longer pace is what somebody wants."""
    return min(interval, max(pace, LONGEST / (1 + JITTER)))


def _jitter(spread: float) -> float:
    return 1 - JITTER + 2 * JITTER * min(max(spread, 0.0), 1.0)


def _within(seconds: float, remaining: float) -> float:
    return max(0.0, min(seconds, remaining))
