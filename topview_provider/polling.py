"""One task being watched: what each answer or failed poll means, and when to ask again. No clock, no I/O."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from topview_provider import exceptions as errors
from topview_provider.catalog import TaskFamily
from topview_provider.learning import learner_of
from topview_provider.pacing import after_failure
from topview_provider.results import FAILED_BEFORE, Phase, State, state_of, under_way
from topview_provider.rhythm import Rhythm
from topview_provider.tally import Course, Tally, span
from topview_provider.wire import redacted

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
    :param tally: What the waiting saw; None where nobody waited. Two waits that ended alike are equal.
    """

    word: str
    message: str = ""
    error: str = ""
    tally: Tally | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """
    Say what to do after a poll: stop with an outcome, or sleep and ask again.

    :param seconds: How long to sleep.
    :param outcome: Set when the waiting is over.
    :param note: A change worth one line in the log.
    :param level: Level of that line.
    """

    seconds: float = 0.0
    outcome: Outcome | None = None
    note: str = ""
    level: int = logging.INFO


@dataclass(frozen=True, slots=True)
class Wait:
    """
    Say what is waited for; travels to the triggerer and back, so that nothing depends on the worker's memory.

    :param topview_task_id: The task.
    :param submitted_at: Unix time of the submit.
    :param end_time: Unix time of the deadline of this attempt.
    :param judge: What decides when the task is done; see ``TaskFamily.judge``.
    :param dated: Whether ``submitted_at`` is known; a sensor knows only when it began to wait.
    """

    topview_task_id: str
    submitted_at: float
    end_time: float
    judge: Mapping[str, str] = field(default_factory=dict)
    dated: bool = True


@dataclass(slots=True)
class Watch:
    """
    Decide, poll by poll, how to wait for one task; the worker and the triggerer share these decisions.

    Its ``answer`` is TopView's last one, None before the first. Its ``patience`` is the pause before the next poll as
    it was planned last: for as long that poll may well be late.

    :param row: Row of the family, from ``topview_provider.catalog.FAMILIES``.
    :param topview_task_id: The task.
    :param judge: What decides: ``row.judge(body)``, with the submit body.
    :param submitted_at: Unix time of the submit, for the task's age.
    :param end_time: Unix time of the deadline.
    :param pace: Seconds between polls, give or take a fifth.
    :param max_poll_outage: Seconds for which polls may fail in a row.
    :param cloud_front: Ask for CloudFront links.
    :param spread: Source of random numbers from 0 to 1.
    :param dated: Whether ``submitted_at`` is known; if not, it is when the wait began.
    :param adaptive: Ask when the task may have finished, as far as that is known, instead of at a pace.
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
    dated: bool = True
    adaptive: bool = False
    answer: Mapping[str, Any] | None = field(default=None, init=False)
    patience: float = field(default=0.0, init=False)
    _course: Course = field(init=False)
    _rhythm: Rhythm = field(init=False)
    _failures: int = field(default=0, init=False)
    _failing_since: float = field(default=0.0, init=False)
    _refused: int = field(default=0, init=False)
    _rotations: int = field(default=0, init=False)
    _missed: int = field(default=0, init=False)
    _last_word: str | None = field(default=None, init=False)
    _warned: frozenset[str] = field(default=frozenset(), init=False)

    def __post_init__(self) -> None:
        self._course = Course(self.submitted_at, self.dated)
        # Previews and exports of a video are two kinds.
        kind = f"{self.row.name} {self.judge.get('items', '')}"
        known = learner_of(kind, self.row.expected_seconds, self.row.poll_seconds) if self.adaptive else None
        self._rhythm = Rhythm(self.submitted_at, self.end_time, self.pace, known, self.dated, self.spread)

    @property
    def polls(self) -> int:
        """How often TopView was asked."""
        return self._course.polls

    def tally(self, now: float) -> Tally:
        """
        Return what was seen of the task so far.

        :param now: Unix time.
        """
        return self._course.tally(now)

    def seen(self, now: float) -> str:
        """
        Say for people how the task stood when it was last asked, and how old it is.

        :param now: Unix time.
        """
        age = f", {span(now - self.submitted_at)} old" if self.dated else ""
        return f"last seen: {self._last_word or 'no state'}{age}"

    @property
    def latest(self) -> float:
        """Unix time at which the next poll decides: the deadline, or the end of the outage that is borne."""
        return min(self.end_time, self._failing_since + self.max_poll_outage) if self._failures else self.end_time

    def begin(self, now: float) -> float:
        """
        Return the seconds until the first poll; see :meth:`topview_provider.rhythm.Rhythm.begin`.

        :param now: Unix time.
        """
        self._course.began(now)
        self.patience = self._rhythm.begin(now)
        return self.patience

    def pause(self, now: float) -> float:
        """
        Return the seconds until the next poll of a task that goes well.

        :param now: Unix time.
        """
        self.patience = self._rhythm.pause(now)
        return self.patience

    def saw(self, answer: Mapping[str, Any], now: float) -> Step:
        """Judge an answer that arrived."""
        self.answer = answer
        if self.judge.get("seen") == FAILED_BEFORE and under_way(self.row, answer, self.judge):
            self.judge = {name: value for name, value in self.judge.items() if name != "seen"}
        state = state_of(self.row, answer, self.judge)
        self._course.saw(state, now)
        steady = not self._missed
        note, level = self._changes(state)
        if state.phase is Phase.SUCCESS:
            if steady:  # after an outage nobody knows when it finished
                self._teach()
            return self._end("success", now)
        if state.phase is Phase.FAILED:
            return self._end("failed", now, state.message or f"TopView gave no reason (state {state.word!r})")
        if now >= self.end_time:
            return self._timeout(now, state.word or state.message)
        return Step(self.pause(now), note=note, level=level)

    def missed(self, error: errors.TopviewError, now: float, *, key_changed: bool = False) -> Step:
        """
        Judge a poll that failed.

        :param error: What the door raised.
        :param now: Unix time.
        :param key_changed: For a refused key: the connection was read again and holds another one.
        """
        self._course.missed()
        self._missed += 1
        if isinstance(error, errors.TopviewAuthError):
            return self._refused_key(error, now, key_changed)
        if isinstance(error, errors.TopviewRejected):
            return self._end("error", now, str(error), type(error))
        self._failures += 1
        if self._failures == 1:
            self._failing_since = now
        if now >= self.end_time:
            return self._timeout(now, f"the last polls failed: {error}")
        outage = now - self._failing_since
        if outage > self.max_poll_outage:
            text = f"could not be asked for {span(outage)} (max_poll_outage {span(self.max_poll_outage)}): {error}"
            return self._end("error", now, text, errors.TopviewUnavailable)
        wait = after_failure(
            failures=self._failures,
            pace=self.pace,
            remaining=self.end_time - now,
            spread=self.spread(),
            asked=error.retry_after,
        )
        return _first(self._failures, wait, f"a poll failed, the task itself goes on: {error}")

    def report(self, step: Step) -> None:
        """Write the note of a step to the log, if it has one: a change is worth a line, a poll is not."""
        if step.note:
            log.log(step.level, "%s %s: %s", self.row.name, self.topview_task_id, step.note)
        if step.outcome and step.outcome.word == "failed" and log.isEnabledFor(logging.DEBUG):
            log.debug("%s %s: its last answer: %s", self.row.name, self.topview_task_id, redacted(self.answer))

    def _teach(self) -> None:
        learner, lesson = self._rhythm.learner, self._course.lesson
        if learner and lesson:
            learner.learn(*lesson)

    def _changes(self, state: State) -> tuple[str, int]:
        """Return what this answer changes, and how loud to say it; a word nobody knows is worth one warning."""
        missed, self._missed = self._missed, 0
        self._failures = self._refused = self._rotations = 0
        news = [f"TopView answers again after {missed} failed poll{'s' if missed > 1 else ''}"] if missed else []
        if state.word == self._last_word:
            return "".join(news), logging.INFO
        self._last_word = state.word
        if state.phase is not Phase.UNKNOWN:
            return "; ".join([*news, f"state is {state.word!r}"]), logging.INFO
        level = logging.INFO if state.word in self._warned else logging.WARNING
        self._warned |= {state.word}
        return "; ".join([*news, f"state is {state.word!r}, which is unknown; waiting on to the deadline"]), level

    def _refused_key(self, error: errors.TopviewError, now: float, key_changed: bool) -> Step:
        if key_changed and now < self.end_time:
            # At once where the key was rotated; at the pace where a secrets backend gives another key at each look.
            wait = min(self.pace, self.end_time - now) if self._rotations else 0.0
            self._refused, self._rotations = 0, self._rotations + 1
            return Step(wait, note="the key was refused, but the connection holds a new one; going on with it")
        if self._refused >= AUTH_TRIES:
            return self._end("error", now, str(error), errors.TopviewUnavailable)
        if now >= self.end_time:
            return self._timeout(now, f"the key was refused: {error}")
        self._refused += 1
        return _first(self._refused, min(AUTH_WAIT, self.end_time - now), f"the key was refused, trying again: {error}")

    def _timeout(self, now: float, last: str) -> Step:
        parts = "; ".join(filter(None, (self.tally(now).words(), f"last seen: {last or 'no state'}")))
        waited = "" if self.dated else " of waiting"
        return self._end("timeout", now, f"not finished after {span(now - self.submitted_at)}{waited} ({parts})")

    def _end(self, word: str, now: float, message: str = "", kind: type[errors.TopviewError] | None = None) -> Step:
        return Step(outcome=Outcome(word, message, kind.__name__ if kind else "", self.tally(now)))


def _first(count: int, seconds: float, note: str) -> Step:
    """Return a step that speaks up at the first miss of a row only."""
    return Step(seconds, note=note, level=logging.WARNING) if count == 1 else Step(seconds)


def killed(family: str, topview_task_id: str, seen: str = "") -> str:
    """
    Say what becomes of a task whose Airflow task is ended; TopView has no call that would cancel it.

    :param family: Name of the family.
    :param topview_task_id: The task.
    :param seen: How it was last seen; see :meth:`Watch.seen`.
    """
    return (
        f"Airflow ends this Airflow task. TopView has no call to cancel {family} {topview_task_id}: it goes on there "
        f"and is charged if it finishes{f' ({seen})' if seen else ''}. A retry or a clear resumes it without paying "
        "again, where the ledger holds its record"
    )
