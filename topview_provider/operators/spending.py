"""What a run spent at TopView."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import BaseOperator, Context, conf

from topview_provider import catalog, compat, late
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.waiting import seconds

if TYPE_CHECKING:
    from topview_provider.bill import Line

PAUSE = 30.0
"""Seconds until the credit log is read again."""

MARGIN = timedelta(minutes=15)
"""By which the part of the credit log that is read is wider than the run: TopView's clock is not ours."""


class TopviewRunCostOperator(BaseOperator):
    """
    Add up what tasks of this run cost at TopView, those of all map indexes included.

    A task operator leaves its cost in the XCom ``topview``, if TopView's answer tells it. The rest is looked up in the
    account's credit log, which lags behind. Give it ``trigger_rule="all_done"`` to hear of runs that failed, too.

    Returns ``total`` (the credits that are known), ``complete``, ``unknown`` (TopView's ids), and ``tasks``: of each
    ``task_id``, ``map_index``, ``family``, ``topview_task_id``, ``cost_credit``, ``source``. The source is ``answer``,
    ``log``, ``failed`` (TopView does not charge those) or ``unknown``, and then the cost is None. Tasks that share a
    TopView id, such as a marketing video and its exports, share its charges, and each charge counts once. A preview is
    free and stands in no log: alone it stays unknown. What lists and actions cost is not counted, nor a submit of
    unknown outcome, nor what a task bought before it was cleared and bought anew.

    :param task_ids: Airflow tasks of this DAG, a list or one name. (templated)
    :param lag_timeout: Seconds or timedelta for which charges that are not in the credit log yet are waited for.
    :param topview_conn_id: Connection whose credit log is read; by default that of each task. (templated)
    :param deferrable: Wait in the triggerer instead of on a worker; by default what ``[operators]
        default_deferrable`` says.
    :raises TopviewInvalidRequest: No task is named, or one that this DAG does not have.

    Source: https://docs.topview.ai/reference/query_credit_logs
    """

    template_fields: Sequence[str] = ("task_ids", "topview_conn_id")
    ui_color = "#e6e0ff"

    def __init__(
        self,
        *,
        task_ids: Sequence[str] | str,
        lag_timeout: float | timedelta = 300,
        topview_conn_id: str | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.task_ids = task_ids
        self.lag_timeout = lag_timeout
        self.topview_conn_id = topview_conn_id
        self.deferrable = deferrable

    def execute(self, context: Context) -> dict[str, Any]:
        """Add up, and wait for the credit log where it is needed."""
        return self.execute_count(context, until=time.time() + seconds("lag_timeout", self.lag_timeout))

    def execute_count(self, context: Context, event: Any = None, until: float = 0.0) -> dict[str, Any]:
        """
        Add up; comes back here from the timer while charges are missing.

        :param context: Airflow's context.
        :param event: The timer's event; means nothing.
        :param until: Unix time until which to wait. ``airflow dags test`` forgets it: this is the last look then.
        """
        lines = self.lines(context)
        while True:
            found = late.bill.settled(lines, self.charges(lines))
            if not late.bill.unknown(found) or time.time() >= until:
                return self.report(found)
            self.log.info("%d TopView tasks are not in the credit log yet", len(late.bill.unknown(found)))
            self.pause(until)

    def lines(self, context: Context) -> list[Line]:
        """Return what the tasks had from TopView, as their cards say."""
        found = []
        for task_id in self.tasks(context):
            cards = _cards(context["ti"].xcom_pull(task_ids=task_id, key="topview"))
            if not cards:
                self.log.info("%s had nothing from TopView: it was skipped, or ended before TopView took it", task_id)
            found += [late.bill.line_of(task_id, card) for card in cards]
        return found

    def tasks(self, context: Context) -> list[str]:
        """
        Return the names of the tasks.

        :raises TopviewInvalidRequest: There are none, or the DAG does not have one of them.
        """
        field = catalog.Field("task_ids", "array[string]")
        try:
            names = list(dict.fromkeys(field.to_wire(self.task_ids)))
        except catalog.FieldError as error:
            raise TopviewInvalidRequest(f"task_ids: {error}") from None
        there = context["dag"].task_dict
        if not names or (wrong := [name for name in names if name not in there]):
            said = f"no task {', '.join(wrong)} in this DAG" if names else "name at least one task"
            raise TopviewInvalidRequest(f"task_ids: {said}; it has {', '.join(there)}")
        return names

    def charges(self, lines: Sequence[Line]) -> dict[str, list[float]]:
        """Return what the credit logs say of the lines whose cost no answer told, by TopView's id."""
        asked: dict[str, list[Line]] = {}
        for line in lines:
            if line.source == "unknown":
                asked.setdefault(self.topview_conn_id or line.topview_conn_id, []).append(line)
        found: dict[str, list[float]] = {}
        for conn_id, theirs in asked.items():
            # Two connections may lead to one account: what the first one showed is not counted again.
            found = {**self.logged(conn_id, theirs), **found}
        return found

    def logged(self, conn_id: str, lines: Sequence[Line]) -> dict[str, list[float]]:
        """
        Return the charges of some lines in the credit log of a connection, by TopView's id.

        :param conn_id: The connection.
        :param lines: The lines.
        """
        from topview_provider.hooks.topview import TopviewHook

        known = [line.submitted_at for line in lines if line.submitted_at is not None]
        start = datetime.fromtimestamp(min(known), UTC) - MARGIN if len(known) == len(lines) else None
        end = datetime.now(UTC) + MARGIN
        entries = TopviewHook(conn_id).iterate("credit_logs", start_time=start, end_time=end)
        return late.bill.charges_of(entries, {line.topview_task_id for line in lines})

    def pause(self, until: float) -> None:
        """
        Wait a little for the credit log: in the triggerer, or here.

        :param until: Unix time until which to wait at most.
        """
        pause = min(PAUSE, max(0.0, until - time.time()))
        if self.deferrable:
            self.leave(pause, until)
        time.sleep(pause)

    def leave(self, pause: float, until: float) -> NoReturn:
        """
        Leave the worker for a while.

        :param pause: Seconds.
        :param until: Unix time until which to come back at most.
        """
        self.defer(
            trigger=compat.timer(datetime.now(UTC) + timedelta(seconds=pause)),
            method_name="execute_count",
            kwargs={"until": until},
            timeout=timedelta(seconds=pause) + timedelta(minutes=10),
        )
        raise AssertionError("defer always raises")

    def report(self, lines: Sequence[Line]) -> dict[str, Any]:
        """Write the table into the log and return the result."""
        self.log.info("What this run cost at TopView:\n%s", late.bill.table(lines))
        unknown = late.bill.unknown(lines)
        tasks = [line.shown() for line in lines]
        return {"total": late.bill.total(lines), "complete": not unknown, "unknown": unknown, "tasks": tasks}


def _cards(found: Any) -> list[Mapping[str, Any]]:
    """
    Return the cards of a task: Airflow gives a single one as it is, several as a sequence, and None for none.

    A sensor's card is none of them: it waited for what another task bought.
    """
    many = [found] if isinstance(found, Mapping) else found or []
    cards = [card for card in many if isinstance(card, Mapping) and card.get("topview_task_id")]
    return [card for card in cards if card.get("bought", True)]
