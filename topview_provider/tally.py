"""What a wait saw: how long the task was queued and ran, and how exactly its end was noticed. No clock, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from topview_provider.results import Phase, State

QUEUED = "init"
TIMES = ("queued", "running", "detected", "seconds")
PROMPT = 30.0
"""Seconds after the submit within which a first answer counts as one from the start."""


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Say what a wait saw of its task; None where it began too late, or too far away, to know.

    :param queued: Seconds from the submit to the first answer past ``init``, or so far.
    :param running: Seconds from then to the last answer.
    :param detected: Seconds between the last answer that was unfinished and the one that was not: at most for so long
        nobody noticed the end.
    :param seconds: Seconds from the submit to the end, or to the end of the wait.
    :param polls: How often TopView was asked.
    :param failed_polls: How many of these polls brought no answer.
    """

    queued: float | None = None
    running: float | None = None
    detected: float | None = None
    seconds: float | None = None
    polls: int = 0
    failed_polls: int = 0

    def flat(self) -> dict[str, float | None]:
        """Return it as plain JSON, for an event."""
        found = {name: getattr(self, name) for name in (*TIMES, "polls", "failed_polls")}
        return {name: None if value is None else round(value, 3) for name, value in found.items()}

    @classmethod
    def read(cls, flat: Any) -> Self | None:
        """Return what an event carries; None where it is no tally, for numbers must not cost a result."""
        try:
            times = {name: None if flat[name] is None else float(flat[name]) for name in TIMES}
            return cls(**times, polls=int(flat["polls"]), failed_polls=int(flat["failed_polls"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    def words(self) -> str:
        """Return queue time and run time for people; empty where neither is known."""
        known = ((self.queued, "queued"), (self.running or None, "running"))
        return ", ".join(f"{span(value)} {name}" for value, name in known if value is not None)


@dataclass(slots=True)
class Course:
    """
    Follow a task from answer to answer.

    :param submitted_at: Unix time of the submit.
    :param dated: Whether that is really when it was submitted.
    """

    submitted_at: float
    dated: bool = True
    polls: int = 0
    failed_polls: int = 0
    _prompt: bool = field(default=False, init=False)
    _answered_at: float | None = field(default=None, init=False)
    _passed_at: float | None = field(default=None, init=False)
    _in_sight: bool = field(default=False, init=False)
    _settled: bool = field(default=False, init=False)
    _detected: float | None = field(default=None, init=False)

    def began(self, now: float) -> None:
        """
        Note when the wait began; its first poll may come later.

        :param now: Unix time.
        """
        self._prompt = now - self.submitted_at <= PROMPT

    def missed(self) -> None:
        """Note a poll without an answer."""
        self.polls += 1
        self.failed_polls += 1

    def saw(self, state: State, now: float) -> None:
        """
        Note an answer.

        :param state: What it says.
        :param now: Unix time.
        """
        self.polls += 1
        before, self._answered_at = self._answered_at, now
        if before is None:
            self._in_sight = self.dated and now - self.submitted_at <= PROMPT
        elif state.settled:
            self._detected = max(0.0, now - before)
        self._settled = state.settled
        if self._passed_at is None:
            self._pass(state, now)

    @property
    def lesson(self) -> tuple[float, float] | None:
        """The task's ages when last seen unfinished (0: never) and when seen settled; None where nobody knows."""
        if not (self._settled and self.dated and self._answered_at is not None):
            return None
        if self._detected is None and not self._prompt:  # nobody waited: it may have been done for a day
            return None
        age = self._answered_at - self.submitted_at
        return 0.0 if self._detected is None else age - self._detected, age

    def tally(self, now: float) -> Tally:
        """
        Return what is known by now.

        :param now: Unix time.
        """
        queued, running = self._parts()
        witnessed = not self._settled or self._detected is not None or self._in_sight or self._prompt
        seconds = max(0.0, now - self.submitted_at) if self.dated and witnessed else None
        return Tally(queued, running, self._detected, seconds, self.polls, self.failed_polls)

    def _pass(self, state: State, now: float) -> None:
        if state.word == QUEUED:
            self._in_sight = True
        elif state.phase is Phase.UNKNOWN:
            # Nobody knows on which side of the queue's end this word stands.
            self._in_sight = False
        else:
            self._passed_at = now

    def _parts(self) -> tuple[float | None, float | None]:
        if not self._in_sight or self._answered_at is None:
            return None, None
        if self._settled and self._passed_at == self._answered_at:  # done when it was first seen past the queue
            return None, None
        passed_at = self._answered_at if self._passed_at is None else self._passed_at
        queued = max(0.0, passed_at - self.submitted_at) if self.dated else None
        return queued, max(0.0, self._answered_at - passed_at)


def span(seconds: float) -> str:
    """
    Return a duration for people.

    :param seconds: The duration.
    """
    whole = round(max(seconds, 0.0))
    if whole < 120:
        return f"{whole} s"
    units = ("min", "s") if whole < 7200 else ("h", "min")
    large, small = divmod(whole if whole < 7200 else whole // 60, 60)
    return f"{large} {units[0]}" + (f" {small} {units[1]}" if small else "")
