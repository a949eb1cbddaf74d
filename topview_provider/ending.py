"""How a wait ends: the line in the log, the metrics, the error, and what to say when Airflow ends it first."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from topview_provider import catalog, late
from topview_provider import exceptions as errors

if TYPE_CHECKING:
    from topview_provider.polling import Outcome, Wait, Watch

RESUMES = "A retry, or clearing this Airflow task, resumes it without paying again"
KILLED_EARLY = (
    "Airflow ends this Airflow task before it waits for one of TopView. If a submit is on its way, TopView may accept "
    "and charge it: the ledger, where there is one, holds the intent, and a retry or a clear looks there first"
)
FORGETS = "This Airflow keeps no record of it: wait for it with the family's sensor instead of clearing this task"


class TopviewEnding:
    """Mix the end of a wait into an operator or a sensor; has no constructor."""

    family: ClassVar[str]
    log: Any
    _watch: Watch | None = None
    _followed: str = ""
    """TopView's id of the task that is known before, or without, a watch of its own: it may wait elsewhere."""

    def log_end(self, outcome: Outcome, wait: Wait, cost: float | None) -> None:
        """
        Write the one line that says how a task ended, and tell the metrics; a result that nobody waited for is no news.

        :param outcome: How the waiting ended.
        :param wait: What was waited for.
        :param cost: Credits, None where the answer does not tell.
        """
        tally = outcome.tally
        known = (tally or late.tally.Tally()).flat().items()
        shown = {name: "unknown" if value is None else round(value, 1) for name, value in known}
        self.log.info(
            "%s %s ended: outcome=%s queued=%s running=%s detected=%s polls=%s failed_polls=%s credits=%s",
            self.family,
            wait.topview_task_id,
            outcome.word,
            *(shown[name] for name in ("queued", "running", "detected", "polls", "failed_polls")),
            "unknown" if cost is None else f"{cost:g}",
        )
        if tally:
            late.metrics.waited(self.family, outcome.word, tally)
        if tally and cost is not None:
            late.metrics.charged(self.family, cost)

    def prospect(self, wait: Wait) -> str:
        """
        Say where a wait stands when it begins: how old the task is, how long it usually takes, when this attempt ends.

        :param wait: What is waited for.
        """
        age = f"is {late.tally.span(time.time() - wait.submitted_at)} old" if wait.dated else "is not done yet"
        ends = datetime.fromtimestamp(wait.end_time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        usual = late.tally.span(catalog.family(self.family).expected_seconds)
        return (
            f"{self.family} {wait.topview_task_id} {age}, usually done after {usual}; this attempt gives up at {ends}"
        )

    def on_kill(self) -> None:
        """Say what becomes of the task when Airflow ends this one; nothing at TopView can be cancelled."""
        if self._watch:
            seen = self._watch.seen(time.time())
            self.log.warning("%s", late.polling.killed(self.family, self._watch.topview_task_id, seen))
        elif self._followed:
            self.log.warning("%s", late.polling.killed(self.family, self._followed))
        else:
            self.log.warning("%s", KILLED_EARLY)

    def raise_unless_success(self, outcome: Outcome, wait: Wait, *, resumes: bool = True) -> None:
        """
        Raise what an outcome means.

        :param outcome: How the waiting ended.
        :param wait: What was waited for.
        :param resumes: Whether a retry finds the record of this task.
        :raises TopviewTaskFailed: The task ended in failure.
        :raises TopviewTaskTimeout: The deadline passed; the task goes on.
        :raises TopviewError: TopView could not be asked.
        """
        about = f"{self.family} {wait.topview_task_id}"
        if outcome.word == "success":
            return
        if outcome.word == "failed":
            raise errors.TopviewTaskFailed(
                f"{about} failed at TopView: {outcome.message}. Failed tasks are not charged",
                topview_task_id=wait.topview_task_id,
            )
        if outcome.word == "timeout":
            raise errors.TopviewTaskTimeout(
                f"{about}: {outcome.message}. The deadline of this attempt passed; the task goes on at TopView and is "
                f"charged if it finishes. {RESUMES if resumes else FORGETS}",
                topview_task_id=wait.topview_task_id,
            )
        raise errors.by_name(outcome.error)(f"{about}: {outcome.message}", topview_task_id=wait.topview_task_id)
