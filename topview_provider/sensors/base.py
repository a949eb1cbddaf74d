"""What every sensor does: look, wait on the worker or in the triggerer, land the result."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    Context,
    PokeReturnValue,
    conf,
)

from topview_provider import catalog, late
from topview_provider import exceptions as errors
from topview_provider.links import TopviewResultLink, TopviewTaskLink
from topview_provider.waiting import TopviewWaiting, read_event, task_id_of

if TYPE_CHECKING:
    from topview_provider.polling import Outcome, Step, Wait, Watch


class TopviewTaskSensor(TopviewWaiting, BaseSensorOperator):
    """
    Base of every sensor that waits for a TopView task; a subclass names its ``family``.

    The result is the same manifest, and the same XComs, that the operator of the family gives. In every mode and on
    every Airflow version the sensor's own deadline is an ``AirflowSensorTimeout``, which Airflow does not retry, and
    ``soft_fail`` or ``never_fail`` turn it, or a failure, into a skip.

    :param topview_task_id: The task to wait for; the manifest that an operator returned will do. (templated)
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :param need_cloud_front_url: Ask for CloudFront result URLs instead of S3 ones.
    :param deferrable: Wait in the triggerer; by default what ``[operators] default_deferrable`` says.
    :param timeout: Seconds or timedelta to wait; by default the family's.
    :param poke_interval: Seconds or timedelta between looks in the modes ``poke`` and ``reschedule``; by default the
        family's.
    :param poll_interval: Seconds between polls in the triggerer; by default what the connection says, else the
        family's. ``"adaptive"`` is the family's too: a sensor does not know how old its task is.
    :param max_poll_outage: Seconds for which polls may fail in a row. In mode ``reschedule``, where no process
        remembers the one before, only ``timeout`` bounds an outage.
    :param allow_partial: Accept a success in which some items failed.
    :raises TopviewTaskFailed: The task ended in failure.
    :raises TopviewPartialResult: Items of a successful task failed.
    :raises AirflowSensorTimeout: The deadline passed; the task itself goes on.
    """

    template_fields: Sequence[str] = ("topview_task_id", "topview_conn_id")
    ui_color = "#d9f0ff"
    operator_extra_links = (TopviewTaskLink(), TopviewResultLink())
    family: ClassVar[str] = ""
    bought: ClassVar[bool] = False

    def __init__(
        self,
        *,
        topview_task_id: str,
        topview_conn_id: str = "topview_default",
        need_cloud_front_url: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        timeout: float | timedelta | None = None,
        poke_interval: float | timedelta | None = None,
        poll_interval: float | str | None = None,
        max_poll_outage: float = 900,
        allow_partial: bool = False,
        **kwargs: Any,
    ) -> None:
        row = catalog.family(self.family)
        super().__init__(
            timeout=row.timeout_seconds if timeout is None else timeout,
            poke_interval=row.poll_seconds if poke_interval is None else poke_interval,
            **kwargs,
        )
        self.topview_task_id = topview_task_id
        self.topview_conn_id = topview_conn_id
        self.need_cloud_front_url = need_cloud_front_url
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.max_poll_outage = max_poll_outage
        self.allow_partial = allow_partial
        self._wait: Wait | None = None
        self._not_before = 0.0
        self._ended = False
        self._shown = False

    def judge(self) -> dict[str, str]:
        """Return what decides when the task is done."""
        return self.judged({})

    def execute(self, context: Context) -> Any:
        """Look once; then defer, or poke as the mode says."""
        try:
            if not self.deferrable:
                return self.stay(context)
            found = self.poke(context)
            if self._wait and not found.is_done:
                self.defer_until_settled(self._wait, max(0.0, self._not_before - time.time()))
            return found.xcom_value
        finally:
            if self._watch and not self._ended:
                late.metrics.polled(self.family, self._watch.tally(time.time()))

    def stay(self, context: Context) -> Any:
        """Poke as the mode says; Airflow's own deadline names no task, and does not skip a ``never_fail``."""
        try:
            return super().execute(context)
        except (AirflowSensorTimeout, AirflowSkipException) as error:
            ours = self._ended or (isinstance(error, AirflowSkipException) and not self.soft_fail)
            if ours or self._watch is None or self._wait is None:
                raise
            now = time.time()
            ended = late.polling.Outcome("timeout", f"{error} ({self._watch.seen(now)})", tally=self._watch.tally(now))
            return self.finish(context, ended, self._wait)

    def wait(self) -> Wait:
        """Return what is waited for; a sensor does not know when the task was submitted, so its age counts from now."""
        return late.polling.Wait(
            task_id_of(self.topview_task_id), time.time(), self.deadline(), self.judge(), dated=False
        )

    def poke(self, context: Context) -> PokeReturnValue:
        """Ask once and judge the answer; after a failed poll, not before the pause that it calls for."""
        try:
            wait = self._wait = self._wait or self.wait()
            watch = self._watch = self._watch or self.watch(wait)
        except errors.TopviewError as error:
            return self.fail(error)
        if time.time() < self._not_before:
            return PokeReturnValue(is_done=False)
        step = self.look(wait, watch)
        if step.outcome is None:
            self.show(context, wait)
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self.finish(context, step.outcome, wait, watch.answer))

    def show(self, context: Context, wait: Wait) -> None:
        """
        Push the card of a task that goes on, once: a poke is no news.

        :param context: Airflow's context.
        :param wait: What is waited for.
        """
        if not self._shown:
            self._shown = True
            self.push_card(context, wait, state="accepted")

    def look(self, wait: Wait, watch: Watch) -> Step:
        """
        Ask once; with a refused key as often as the triggerer would, for in mode reschedule nobody remembers a try.

        :param wait: What is waited for.
        :param watch: The decisions about it.
        """
        while True:
            refused = False
            try:
                step = watch.saw(self.fresh_answer(wait)[0], time.time())
            except errors.TopviewAuthError as error:
                refused, step = True, self.refused(watch, error)
            except errors.TopviewError as error:
                step = watch.missed(error, time.time())
                self._not_before = time.time() + step.seconds
            watch.report(step)
            if step.outcome or not refused or (self.deferrable and step.seconds):
                return step
            time.sleep(step.seconds)

    def refused(self, watch: Watch, error: errors.TopviewAuthError) -> Step:
        """Judge a refused key; the connection is read again, for it may have been rotated while we waited."""
        try:
            return watch.missed(error, time.time(), key_changed=self.hook.reread())
        except errors.TopviewError as second:
            return watch.missed(second, time.time())

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """
        Land the result after the triggerer saw the task settle.

        :param context: Airflow's context.
        :param event: The trigger's event.
        """
        try:
            outcome, wait = read_event(event, self.family)
            watch = self._watch = self.watch(wait)
        except errors.TopviewError as error:
            return self.fail(error)
        if outcome.word != "success":
            return self.finish(context, outcome, wait)
        step = self.look(wait, watch)
        if step.outcome is None:
            self.defer_until_settled(wait, step.seconds)
        return self.finish(context, replace(step.outcome, tally=outcome.tally), wait, watch.answer)

    def finish(self, context: Context, outcome: Outcome, wait: Wait, answer: Any = None) -> Any:
        """
        Push and return the result of a settled task, or raise what its outcome means.

        :param context: Airflow's context.
        :param outcome: How the waiting ended.
        :param wait: What was waited for.
        :param answer: TopView's answer, for a success.
        """
        self._ended = True
        self.log_end(outcome, wait, late.results.cost_of(self.row, answer) if outcome.word == "success" else None)
        if outcome.word == "timeout":
            text = f"{self.family} {wait.topview_task_id}: {outcome.message}; the task itself goes on at TopView"
            return self.fail(AirflowSensorTimeout(text))
        try:
            if outcome.word == "failed":
                self.push_card(context, wait, state="failed", error=outcome.message)
            self.raise_unless_success(outcome, wait)
            manifest = self.manifest(answer, wait)
            context["ti"].xcom_push(key="topview_task_id", value=wait.topview_task_id)
            card = self.push_card(context, wait, state="success", answer=answer)
            self.push_result(context["ti"], manifest)
            self.refuse_partial(answer, wait)
            self.announce(context, card)
        except errors.TopviewError as error:
            return self.fail(error)
        return manifest

    def fail(self, error: errors.TopviewError | AirflowSensorTimeout) -> NoReturn:
        """Raise, as a skip where the user wants that: Airflow itself does it in some modes and versions only."""
        if self.soft_fail or getattr(self, "never_fail", False):
            raise AirflowSkipException(f"Skipped instead of failed: {error}") from error
        raise error
