"""When one task is asked: at a pace that somebody fixed, or when tasks of its kind finish. No clock, no I/O."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from topview_provider.learning import Learner
from topview_provider.pacing import next_poll
from topview_provider.tally import PROMPT


@dataclass(frozen=True, slots=True)
class Rhythm:
    """
    Say when to ask for one task.

    :param submitted_at: Unix time of the submit.
    :param end_time: Unix time of the deadline; no poll is planned after it, and one at it.
    :param pace: Seconds between polls.
    :param learner: What is known of its kind; None: the pace is fixed.
    :param dated: Whether ``submitted_at`` is known. Where it is not, nothing is known of the task's age: it is asked at
        the pace, and less often as the wait grows long.
    :param spread: Source of random numbers from 0 to 1.
    """

    submitted_at: float
    end_time: float
    pace: float
    learner: Learner | None = None
    dated: bool = True
    spread: Callable[[], float] = random.random

    def begin(self, now: float) -> float:
        """
        Return the seconds until the first poll: at random, so that tasks that begin together do not ask together.

        A task that was submitted some time ago, before a restart or in an earlier attempt, may be done: it is asked
        within one pace, whatever its kind needs.

        :param now: Unix time.
        """
        share, fresh = self.spread(), now - self.submitted_at <= PROMPT
        wanted = self._learnt(now, share) if self.learner and self.dated and fresh else share * self.pace
        return self._bounded(wanted, now)

    def pause(self, now: float) -> float:
        """
        Return the seconds until the next poll of a task that goes well.

        :param now: Unix time.
        """
        age, remaining = now - self.submitted_at, self.end_time - now
        if self.learner and self.dated:
            return self._bounded(self._learnt(now, 1.0), now)
        growing = age if self.learner else 0.0
        return self._bounded(next_poll(age=growing, pace=self.pace, remaining=remaining, spread=self.spread()), now)

    def _learnt(self, now: float, share: float) -> float:
        assert self.learner
        age = max(0.0, now - self.submitted_at)
        return self.learner.schedule.next_age(age, share) - age

    def _bounded(self, seconds: float, now: float) -> float:
        return max(0.0, min(seconds, self.end_time - now))
