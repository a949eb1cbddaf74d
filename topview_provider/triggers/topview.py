"""Waiting in the triggerer, and the event that carries the outcome back to the worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from topview_provider.polling import Outcome, Watch


ARGUMENTS = (
    "family",
    "topview_conn_id",
    "topview_task_id",
    "end_time",
    "submitted_at",
    "pace",
    "max_poll_outage",
    "judge",
    "dated",
    "not_before",
)

LOOKUP_PAUSE = 5.0
"""Seconds between two look-ups of a connection that Airflow cannot tell right now."""


class TopviewTaskTrigger(BaseTrigger):
    """
    Wait for one task of any family; only reads, so that running it twice or never costs nothing.

    Operators and sensors make it when they defer. All arguments are plain JSON: Airflow stores them unencrypted. There
    is no key among them, only the connection's name.

    :param family: Name of the task family.
    :param topview_conn_id: Airflow connection.
    :param topview_task_id: The task.
    :param end_time: Unix time of the deadline of this attempt.
    :param submitted_at: Unix time of the submit.
    :param pace: Seconds between polls, or ``"adaptive"``; 0: the connection's, else ``"adaptive"``.
    :param max_poll_outage: Seconds for which polls may fail in a row.
    :param judge: What decides when a marketing video is done: ``items`` (``previewVideos`` or ``exportVideos``), and
        for one script of it ``script_id`` and ``seen``, a mark of the video that was there before; empty for other
        families.
    :param dated: Whether ``submitted_at`` is known; a sensor knows only when it began to wait.
    :param not_before: Unix time of the first poll; 0: at once.
    """

    # Airflow's triggerer dies of an exception here, and every deferred task of every DAG with it: assign, nothing else.
    def __init__(
        self,
        *,
        family: str,
        topview_conn_id: str,
        topview_task_id: str,
        end_time: float,
        submitted_at: float = 0.0,
        pace: float | str = 0.0,
        max_poll_outage: float = 900.0,
        judge: Mapping[str, str] | None = None,
        dated: bool = True,
        not_before: float = 0.0,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.family = family
        self.topview_conn_id = topview_conn_id
        self.topview_task_id = topview_task_id
        self.end_time = end_time
        self.submitted_at = submitted_at
        self.pace = pace
        self.max_poll_outage = max_poll_outage
        self.judge = judge
        self.dated = dated
        self.not_before = not_before
        self._seen: Watch | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in ARGUMENTS}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event when the waiting is over; see :func:`topview_provider.waiting.read_event` for its shape."""
        from topview_provider.exceptions import TopviewError
        from topview_provider.polling import Outcome

        try:
            outcome = await self._wait()
        except TopviewError as error:
            outcome = Outcome("error", str(error), type(error).__name__)
        yield TriggerEvent(  # type: ignore[no-untyped-call]
            {
                "outcome": outcome.word,
                "message": outcome.message,
                "error": outcome.error,
                "family": self.family,
                "topview_task_id": self.topview_task_id,
                "submitted_at": self.submitted_at,
                "end_time": self.end_time,
                "judge": self.judge or {},
                "dated": self.dated,
                "tally": outcome.tally.flat() if outcome.tally else {},
            }
        )

    async def on_kill(self) -> None:
        """Say what becomes of the task when a person ends this wait; nothing at TopView can be cancelled."""
        from topview_provider.polling import killed

        seen = self._seen.seen(time.time()) if self._seen else ""
        self.log.warning("%s", killed(self.family, self.topview_task_id, seen))

    async def _wait(self) -> Outcome:
        """Wait; while Airflow itself cannot tell the connection, that counts as an outage like any other."""
        from topview_provider.exceptions import TopviewUnavailable

        await asyncio.sleep(max(0.0, min(self.not_before, self.end_time) - time.time()))
        give_up, silent = min(time.time() + self.max_poll_outage, self.end_time), False
        while True:
            try:
                return await self._watch()
            except TopviewUnavailable as error:
                if time.time() >= give_up:
                    raise
                if not silent:
                    self.log.warning("%s %s goes on, but: %s", self.family, self.topview_task_id, error)
                silent = True
                await asyncio.sleep(LOOKUP_PAUSE)

    async def _watch(self) -> Outcome:
        from topview_provider.catalog import family
        from topview_provider.hooks.topview import TopviewAsyncHook
        from topview_provider.pacing import fixed
        from topview_provider.polling import Watch

        async with TopviewAsyncHook(self.topview_conn_id) as hook:
            row, interval = family(self.family), fixed(self.pace or hook.settings.poll_interval)
            self._seen = Watch(
                row=row,
                topview_task_id=self.topview_task_id,
                judge=self.judge or {},
                submitted_at=self.submitted_at or time.time(),
                end_time=self.end_time,
                pace=interval or row.poll_seconds,
                adaptive=not interval,
                max_poll_outage=self.max_poll_outage,
                dated=self.dated and bool(self.submitted_at),
            )
            return await hook.wait(self._seen)
