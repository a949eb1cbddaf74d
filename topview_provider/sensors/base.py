"""What every sensor does: look, wait on the worker or in the triggerer, land the result."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    Context,
    PokeReturnValue,
    conf,
)

from topview_provider import catalog
from topview_provider import exceptions as errors
from topview_provider.polling import Outcome, Wait
from topview_provider.results import Phase, State
from topview_provider.waiting import TopviewWaiting, read_event, task_id_of


class TopviewTaskSensor(TopviewWaiting, BaseSensorOperator):
    """
    Base of every sensor that waits for a TopView task; a subclass names its ``family``.

    The result is the same manifest, and the same XComs, that the operator of the family gives, except for the card
    ``topview``. In every mode and on every Airflow version the sensor's own deadline is an ``AirflowSensorTimeout``,
    which Airflow does not retry, and ``soft_fail`` or ``never_fail`` turn it, or a failure, into a skip.

    :param topview_task_id: The task to wait for; the manifest that an operator returned will do. (templated)
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :param need_cloud_front_url: Ask for CloudFront result URLs instead of S3 ones.
    :param deferrable: Wait in the triggerer; by default what ``[operators] default_deferrable`` says.
    :param timeout: Seconds or timedelta to wait; by default the family's.
    :param poke_interval: Seconds or timedelta between looks in the modes ``poke`` and ``reschedule``; by default the
        family's.
    :param poll_interval: Seconds between polls in the triggerer, or ``"adaptive"``.
    :param max_poll_outage: Seconds for which polls may fail in a row.
    :param allow_partial: Accept a success in which some items failed.
    :raises TopviewTaskFailed: The task ended in failure.
    :raises TopviewPartialResult: Items of a successful task failed.
    :raises AirflowSensorTimeout: The deadline passed; the task itself goes on.
    """

    template_fields: Sequence[str] = ("topview_task_id", "topview_conn_id")
    ui_color = "#d9f0ff"
    family: ClassVar[str] = ""

    def __init__(
        self,
        *,
        topview_task_id: str,
        topview_conn_id: str = "topview_default",
        need_cloud_front_url: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        timeout: float | timedelta | None = None,
        poke_interval: float | timedelta | None = None,
        poll_interval: float | str = "adaptive",
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
        self._failing_since: float | None = None

    def judge(self) -> dict[str, str]:
        """Return what decides when the task is done."""
        return self.judged({})

    def execute(self, context: Context) -> Any:
        """Look once; then defer, or poke as the mode says."""
        if not self.deferrable:
            return self.stay(context)
        found = self.poke(context)
        if not found.is_done:
            self.defer_until_settled(self.wait())
        return found.xcom_value

    def stay(self, context: Context) -> Any:
        """Poke as the mode says; Airflow itself does not skip a ``never_fail`` at its deadline."""
        try:
            return super().execute(context)
        except AirflowSensorTimeout as error:
            return self.fail(error)

    def wait(self) -> Wait:
        """Return what is waited for; a sensor does not know when the task was submitted, so its age counts from now."""
        return Wait(task_id_of(self.topview_task_id), time.time(), self.deadline(), self.judge())

    def poke(self, context: Context) -> PokeReturnValue:
        """Ask once and judge the answer."""
        try:
            wait = self.wait()
            answer, state = self.look(wait)
            self._failing_since = None
        except (errors.TopviewUnavailable, errors.TopviewBusy) as error:
            return self.bear(error)
        except errors.TopviewError as error:
            return self.fail(error)
        if not state.settled:
            self.log.info("%s %s is %r", self.family, wait.topview_task_id, state.word or "without a state")
            return PokeReturnValue(is_done=False)
        if state.phase is Phase.FAILED:
            return self.finish(context, Outcome("failed", state.message or state.word), wait)
        return self.finish(context, Outcome("success"), wait, answer)

    def look(self, wait: Wait) -> tuple[Any, State]:
        """Ask once; with a refused key the connection is read again, for it may have been rotated while we waited."""
        try:
            return self.fresh_answer(wait)
        except errors.TopviewAuthError:
            if not self.hook.reread():
                raise
            return self.fresh_answer(wait)

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """
        Land the result after the triggerer saw the task settle.

        :param context: Airflow's context.
        :param event: The trigger's event.
        """
        try:
            outcome, wait = read_event(event, self.family)
        except errors.TopviewError as error:
            return self.fail(error)
        if outcome.word == "timeout":
            text = f"{self.family} {wait.topview_task_id}: {outcome.message}; the task itself goes on at TopView"
            return self.fail(AirflowSensorTimeout(text))
        if outcome.word != "success":
            return self.finish(context, outcome, wait).xcom_value
        found = self.poke(context)
        if not found.is_done and time.time() >= wait.end_time:
            return self.fail(AirflowSensorTimeout(f"{self.family} {wait.topview_task_id} could not be landed in time"))
        if not found.is_done:
            self.defer_until_settled(wait)
        return found.xcom_value

    def finish(self, context: Context, outcome: Outcome, wait: Wait, answer: Any = None) -> PokeReturnValue:
        """Push the result of a settled task, or raise what its outcome means."""
        try:
            self.raise_unless_success(outcome, wait)
            manifest = self.manifest(answer, wait)
            context["ti"].xcom_push(key="topview_task_id", value=wait.topview_task_id)
            self.push_result(context["ti"], manifest)
            self.refuse_partial(answer, wait)
        except errors.TopviewError as error:
            return self.fail(error)
        return PokeReturnValue(is_done=True, xcom_value=manifest)

    def bear(self, error: errors.TopviewError) -> PokeReturnValue:
        """Take a failed poll for a pause, as long as ``max_poll_outage`` allows."""
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
            self.log.warning("A poll failed, the task itself goes on: %s", error)
        if now - self._failing_since > self.max_poll_outage:
            return self.fail(error)
        return PokeReturnValue(is_done=False)

    def fail(self, error: errors.TopviewError | AirflowSensorTimeout) -> NoReturn:
        """Raise, as a skip where the user wants that: Airflow itself does it in some modes and versions only."""
        if self.soft_fail or getattr(self, "never_fail", False):
            raise AirflowSkipException(f"Skipped instead of failed: {error}") from error
        raise error
