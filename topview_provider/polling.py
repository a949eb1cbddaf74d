"""One task being watched: what each answer or failed poll means, and when to ask again. No clock, no I/O."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from topview_provider import exceptions as errors
from topview_provider.catalog import TaskFamily
from topview_provider.pacing import after_failure, next_poll
from topview_provider.results import FAILED_BEFORE, Phase, state_of, under_way

log = logging.getLogger(__name__)

AUTH_TRIES = 3
AUTH_WAIT = 40.0
"""A refused key is tried three more times over two minutes: it may just have been rotated."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    Say how the waiting ended.

    :param word: ``success`` or ``failed`` (the task ended), ``timeout`` (the deadline passed), ``error`` (TopView could
        not be asked).
    :param message: A sentence for people.
    :param error: For ``error``: name of the class to raise, see :func:`topview_provider.exceptions.by_name`.
    """

    word: str
    message: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """
    Say what to do after a poll: stop with an outcome, or sleep and ask again.

    :param seconds: How long to sleep.
    :param outcome: Set when the waiting is over.
    :param note: A change worth one line in the log.
    """

    seconds: float = 0.0
    outcome: Outcome | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """
    Say what is waited for; travels to the triggerer and back, so that nothing depends on the worker's memory.

    :param topview_task_id: The task.
    :param submitted_at: Unix time of the submit.
    :param end_time: Unix time of the deadline of this attempt.
    :param judge: What decides when the task is done; see ``TaskFamily.judge``.
    """

    topview_task_id: str
    submitted_at: float
    end_time: float
    judge: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Watch:
    """
    Decide, poll by poll, how to wait for one task; the worker and the triggerer share these decisions.

    :param row: Row of the family.
    :param topview_task_id: The task.
    :param judge: What decides, from :meth:`TaskFamily.judge`.
    :param submitted_at: Unix time of the submit, for the task's age.
    :param end_time: Unix time of the deadline.
    :param pace: Seconds between polls.
    :param max_poll_outage: Seconds for which polls may fail in a row.
    :param cloud_front: Ask for CloudFront links.
    :param spread: Source of random numbers from 0 to 1.
    """

    row: TaskFamily
    topview_task_id: str
    judge: Mapping[str, str]
    submitted_at: float
    end_time: float
    pace: float
    max_poll_outage: float = 900.0
    cloud_front: bool = False
    spread: Callable[[], float] = random.random
    polls: int = 0
    answer: Mapping[str, Any] | None = field(default=None, init=False)
    _failures: int = field(default=0, init=False)
    _failing_since: float = field(default=0.0, init=False)
    _refused: int = field(default=0, init=False)
    _rotations: int = field(default=0, init=False)
    _last_word: str | None = field(default=None, init=False)

    def saw(self, answer: Mapping[str, Any], now: float) -> Step:
        """Judge an answer that arrived."""
        self.polls += 1
        self.answer = answer
        if self.judge.get("seen") == FAILED_BEFORE and under_way(self.row, answer, self.judge):
            self.judge = {name: value for name, value in self.judge.items() if name != "seen"}
        note = f"TopView answers again after {self._failures} failed polls" if self._failures else ""
        self._failures = self._refused = self._rotations = 0
        state = state_of(self.row, answer, self.judge)
        if state.phase is Phase.SUCCESS:
            return Step(outcome=Outcome("success"))
        if state.phase is Phase.FAILED:
            return Step(outcome=Outcome("failed", state.message or f"TopView gave no reason (state {state.word!r})"))
        if state.word != self._last_word:
            known = state.phase is Phase.RUNNING
            note = f"state is {state.word!r}" + ("" if known else ", which is unknown; waiting on to the deadline")
            self._last_word = state.word
        if now >= self.end_time:
            return self._timeout(now, state.word or state.message)
        wait = next_poll(
            age=now - self.submitted_at, pace=self.pace, remaining=self.end_time - now, spread=self.spread()
        )
        return Step(wait, note=note)

    def missed(self, error: errors.TopviewError, now: float, *, key_changed: bool = False) -> Step:
        """
        Judge a poll that failed.

        :param error: What the door raised.
        :param now: Unix time.
        :param key_changed: For a refused key: the connection was read again and holds another one.
        """
        self.polls += 1
        if isinstance(error, errors.TopviewAuthError):
            return self._refused_key(error, now, key_changed)
        if isinstance(error, errors.TopviewRejected):
            return Step(outcome=Outcome("error", str(error), type(error).__name__))
        self._failures += 1
        if self._failures == 1:
            self._failing_since = now
        if now >= self.end_time:
            return self._timeout(now, f"the last polls failed: {error}")
        outage = now - self._failing_since
        if outage > self.max_poll_outage:
            text = f"could not be asked for {_span(outage)} (max_poll_outage {_span(self.max_poll_outage)}): {error}"
            return Step(outcome=Outcome("error", text, errors.TopviewUnavailable.__name__))
        wait = after_failure(
            failures=self._failures,
            pace=self.pace,
            remaining=self.end_time - now,
            spread=self.spread(),
            asked=error.retry_after,
        )
        return Step(wait, note=f"a poll failed, the task itself goes on: {error}" if self._failures == 1 else "")

    def report(self, step: Step) -> None:
        """Write the note of a step to the log, if it has one: a change is worth a line, a poll is not."""
        if step.note:
            log.info("%s %s: %s", self.row.name, self.topview_task_id, step.note)

    def _refused_key(self, error: errors.TopviewError, now: float, key_changed: bool) -> Step:
        if key_changed and now < self.end_time:
            # At once where the key was rotated; at the pace where a secrets backend gives another key at each look.
            wait = min(self.pace, self.end_time - now) if self._rotations else 0.0
            self._refused, self._rotations = 0, self._rotations + 1
            return Step(wait, note="the key was refused, but the connection holds a new one; going on with it")
        if self._refused >= AUTH_TRIES:
            return Step(outcome=Outcome("error", str(error), errors.TopviewUnavailable.__name__))
        if now >= self.end_time:
            return self._timeout(now, f"the key was refused: {error}")
        self._refused += 1
        note = f"the key was refused, trying again: {error}" if self._refused == 1 else ""
        return Step(min(AUTH_WAIT, self.end_time - now), note=note)

    def _timeout(self, now: float, last: str) -> Step:
        text = f"not finished after {_span(now - self.submitted_at)} (last seen: {last or 'no state'})"
        return Step(outcome=Outcome("timeout", text))


def _span(seconds: float) -> str:
    seconds = round(max(seconds, 0.0))
    if seconds < 120:
        return f"{seconds} s"
    return (
        f"{seconds // 60} min {seconds % 60} s" if seconds < 7200 else f"{seconds // 3600} h {seconds // 60 % 60} min"
    )
