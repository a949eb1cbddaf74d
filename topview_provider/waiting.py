"""What operators and sensors share: the hook, the deadline, and the way to the triggerer and back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from topview_provider import exceptions as errors
from topview_provider import late
from topview_provider.card import TopviewCard
from topview_provider.ending import TopviewEnding
from topview_provider.landing import TopviewLanding
from topview_provider.pacing import ADAPTIVE, fixed

if TYPE_CHECKING:
    from topview_provider.hooks.topview import TopviewHook
    from topview_provider.polling import Outcome, Wait, Watch
    from topview_provider.results import State
    from topview_provider.triggers.topview import TopviewTaskTrigger

GRACE = 120.0
"""Seconds by which Airflow's own deferral timeout lies behind ours, which explains itself and should come first."""


def seconds(name: str, value: Any) -> float:
    """
    Return a duration in seconds.

    :param name: The argument, for the message.
    :param value: Seconds or a timedelta.
    :raises TopviewInvalidRequest: It is neither.
    """
    try:
        found = value.total_seconds() if isinstance(value, timedelta) else float(value)
    except (TypeError, ValueError):
        found = -1.0
    if not 0 <= found < float("inf"):
        raise errors.TopviewInvalidRequest(f"{name}: {value!r} is neither a number of seconds nor a timedelta")
    return found


def task_id_of(value: Any, name: str = "topview_task_id") -> str:
    """
    Return a task id; the manifest that an operator returns will do.

    :param value: The id, or a mapping that holds it.
    :param name: The argument, for the message.
    :raises TopviewInvalidRequest: There is none.
    """
    found = value.get("topview_task_id") if isinstance(value, Mapping) else value
    if found is None or str(found).strip() in ("", "None"):
        raise errors.TopviewInvalidRequest(f"{name}: {value!r} is no task id; did a template render nothing?")
    return str(found).strip()


def count(name: str, value: Any) -> int:
    """
    Return how many; a text that a template rendered will do.

    :param name: The argument, for the message.
    :param value: A whole number, from 1.
    :raises TopviewInvalidRequest: It is none.
    """
    from topview_provider.catalog.fields import Field, FieldError

    try:
        found = int(Field(name, "integer").to_wire(value))
    except FieldError as error:
        raise errors.TopviewInvalidRequest(f"{name}: {error}") from None
    if found < 1:
        raise errors.TopviewInvalidRequest(f"{name}: {value!r} is too few; allowed: 1 or more")
    return found


def switch(name: str, value: Any) -> bool:
    """
    Return a switch; a text that a template rendered will do.

    :param name: The argument, for the message.
    :param value: True, False, or how they are spelled.
    :raises TopviewInvalidRequest: It is neither.
    """
    from topview_provider.catalog.fields import FieldError, truth

    try:
        return truth(value)
    except FieldError as error:
        raise errors.TopviewInvalidRequest(f"{name}: {error}") from None


class TopviewConnected:
    """Mix the hook of a connection into an operator or a sensor."""

    topview_conn_id: str

    @cached_property
    def hook(self) -> TopviewHook:
        """The hook of this task's connection."""
        from topview_provider.hooks.topview import TopviewHook

        return TopviewHook(self.topview_conn_id)


class TopviewWaiting(TopviewConnected, TopviewLanding, TopviewEnding, TopviewCard):
    """Mix waiting into an operator or a sensor; has no constructor, expects the attributes declared here."""

    timeout: Any
    poll_interval: float | str | None
    max_poll_outage: float
    need_cloud_front_url: bool
    execution_timeout: timedelta | None
    defer: Any

    def judged(self, arguments: Mapping[str, Any], seen: str = "") -> dict[str, str]:
        """
        Return what decides when a task is done.

        :param arguments: The submit body, or a sensor's arguments, in wire names.
        :param seen: The mark of what stood there before a second step.
        :raises TopviewInvalidRequest: ``preview`` is neither true nor false.
        """
        from topview_provider.hooks.requesting import judge

        return {**judge(self.row, arguments), **({"seen": seen} if seen else {})}

    def deadline(self) -> float:
        """Return the Unix time at which this attempt gives up: ``timeout``, or ``execution_timeout`` if that is sooner.

        Airflow 3 does not apply ``execution_timeout`` while a task is deferred, so the trigger carries it.
        """
        budget = seconds("timeout", self.row.timeout_seconds if self.timeout is None else self.timeout)
        if self.execution_timeout is not None:
            # On the worker Airflow's own time-out must not come first: ours names the task and says that it goes on.
            own = self.execution_timeout.total_seconds()
            budget = min(budget, own - min(5.0, own / 10))
        return time.time() + budget

    def trigger(self, wait: Wait, pause: float = 0.0) -> TopviewTaskTrigger:
        """
        Return the trigger that waits in our place.

        :param wait: What is waited for.
        :param pause: Seconds before its first poll.
        """
        from topview_provider.triggers.topview import TopviewTaskTrigger

        return TopviewTaskTrigger(
            family=self.family,
            topview_conn_id=self.topview_conn_id,
            topview_task_id=wait.topview_task_id,
            end_time=wait.end_time,
            submitted_at=wait.submitted_at,
            pace=self.pace,
            max_poll_outage=seconds("max_poll_outage", self.max_poll_outage),
            judge=dict(wait.judge),
            dated=wait.dated,
            not_before=time.time() + pause if pause else 0.0,
        )

    @property
    def pace(self) -> float | str:
        """Seconds between polls that the user fixed, or ``adaptive``; 0: what the connection says."""
        if self.poll_interval == ADAPTIVE:
            return ADAPTIVE
        return seconds("poll_interval", self.poll_interval or 0.0)

    def interval(self) -> float:
        """Return the seconds between polls that the user or the connection fixed; 0 for ``adaptive``."""
        if self.pace:
            return fixed(self.pace)
        try:
            return self.hook.settings.poll_interval
        except errors.TopviewUnavailable:
            # Airflow cannot tell the connection right now: the poll will bear that, so must what comes before it.
            return 0.0

    def breath(self, wait: Wait) -> float:
        """
        Return the seconds to let pass before a task that was seen settled, and then was not, is asked again.

        :param wait: What is waited for.
        """
        return self.watch(wait).pause(time.time())

    def defer_until_settled(self, wait: Wait, pause: float = 0.0) -> NoReturn:
        """
        Leave the worker until the task is settled or the deadline passes.

        :param wait: What is waited for.
        :param pause: Seconds before the first poll.
        """
        self.log.info("%s; waiting in the triggerer", self.prospect(wait))
        remaining = max(0.0, wait.end_time - time.time())
        self.defer(
            trigger=self.trigger(wait, pause),
            method_name="execute_complete",
            timeout=timedelta(seconds=remaining + GRACE),
        )
        raise AssertionError("defer always raises")

    def stay_until_settled(self, wait: Wait, pause: float = 0.0) -> Outcome:
        """
        Poll on this worker until the task is settled or the deadline passes.

        :param wait: What is waited for.
        :param pause: Seconds before the first poll.
        """
        self.log.info("%s; waiting on this worker", self.prospect(wait))
        self._watch = self.watch(wait)
        time.sleep(pause)
        return self.hook.wait(self._watch)

    def watch(self, wait: Wait) -> Watch:
        """
        Return the decisions of this wait.

        :param wait: What is waited for.
        """
        interval = self.interval()
        return late.polling.Watch(
            row=self.row,
            topview_task_id=wait.topview_task_id,
            judge=wait.judge,
            submitted_at=wait.submitted_at,
            end_time=wait.end_time,
            pace=interval or self.row.poll_seconds,
            adaptive=not interval,
            max_poll_outage=seconds("max_poll_outage", self.max_poll_outage),
            cloud_front=bool(self.need_cloud_front_url),
            dated=wait.dated,
        )

    def fresh_answer(self, wait: Wait) -> tuple[Mapping[str, Any], State]:
        """Ask once more, for URLs that were signed just now, and judge the answer."""
        answer = self.hook.query(self.family, wait.topview_task_id, cloud_front=bool(self.need_cloud_front_url))
        return answer, late.results.state_of(self.row, answer, wait.judge)

    def landing_answer(self, wait: Wait) -> tuple[Mapping[str, Any], State]:
        """
        Ask once more as patiently as the wait itself: the task is done and paid for, a passing fault must not lose it.

        :param wait: What was waited for; its deadline no longer counts.
        :raises TopviewError: TopView could not be asked for ``max_poll_outage``.
        """
        patience = time.time() + seconds("max_poll_outage", self.max_poll_outage) + GRACE
        self._watch = watch = self.watch(replace(wait, end_time=max(wait.end_time, patience)))
        outcome = self.hook.look(watch)
        if outcome is not None:
            self.raise_unless_success(outcome, wait)
        answer = watch.answer or {}
        return answer, late.results.state_of(self.row, answer, watch.judge)


def read_event(event: Any, family: str) -> tuple[Outcome, Wait]:
    """
    Read the event of a trigger.

    :param event: ``{outcome, message, error, family, topview_task_id, submitted_at, end_time, judge}``, and from
        triggers of this release ``dated`` and ``tally``.
    :param family: The family this task waits for.
    :raises TopviewError: It has another shape: that is a failure, never a success.
    """
    try:
        if event["family"] != family or event["outcome"] not in ("success", "failed", "timeout", "error"):
            raise ValueError(event["outcome"])
        times = float(event["submitted_at"]), float(event["end_time"])
        wait = late.polling.Wait(
            str(event["topview_task_id"]), *times, dict(event["judge"]), bool(event.get("dated", True))
        )
        message, error = str(event.get("message", "")), str(event.get("error", ""))
        tally = late.tally.Tally.read(event.get("tally"))
        return late.polling.Outcome(event["outcome"], message, error, tally), wait
    except (TypeError, KeyError, ValueError, AttributeError) as cause:
        raise errors.TopviewError(
            f"The trigger of {family} sent an event that is not one: {type(cause).__name__}. Clear the task: it resumes"
        ) from cause
