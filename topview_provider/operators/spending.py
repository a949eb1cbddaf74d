"""What a run spent at TopView."""

from __future__ import annotations

import time
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator, Context, conf

from topview_provider import catalog, compat, late
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.waiting import seconds

if TYPE_CHECKING:
    from topview_provider.bill import Line

PAUSE = 30.0
"""Seconds until the credit log is read again."""

MARGIN = timedelta(minutes=15)
"""By which the part of the credit log that is read is wider than the run: TopView's clock is not ours."""


class TopviewCounting:
    """Mix adding up what tasks cost into an operator; has no constructor, expects the attributes declared here."""

    task_ids: Sequence[str] | str
    lag_timeout: float | timedelta
    topview_conn_id: str | None
    deferrable: bool
    defer: Any
    log: Any

    def report(self, context: Context, lines: Sequence[Line]) -> dict[str, Any]:
        """
        Return the result.

        :param context: Airflow's context.
        :param lines: What the tasks had, with what is known of their cost.
        """
        raise NotImplementedError

    def add_up(self, context: Context) -> dict[str, Any]:
        """
        Add up what the tasks cost, wait for the credit log where it is needed, and report.

        :param context: Airflow's context.
        """
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
                return self.report(context, found)
            self.log.info("%d TopView tasks are not in the credit log yet", len(late.bill.unknown(found)))
            self.pause(until)

    def lines(self, context: Context) -> list[Line]:
        """Return what the tasks had from TopView, as their cards say."""
        found = []
        for task_id in self.tasks(context):
            cards = self.cards(context, task_id)
            if not cards:
                self.log.info("%s had nothing from TopView: it was skipped, or ended before TopView took it", task_id)
            found += [late.bill.line_of(task_id, card) for card in cards]
        return found

    def cards(self, context: Context, task_id: str) -> list[Mapping[str, Any]]:
        """
        Return the cards of all instances of a task.

        A sensor's card is none of them: it waited for what another task bought.

        :param context: Airflow's context.
        :param task_id: The task.
        """
        cards = every(context["ti"].xcom_pull(task_ids=task_id, key="topview"))
        return [card for card in cards if card.get("topview_task_id") and card.get("bought", True)]

    def tasks(self, context: Context) -> list[str]:
        """
        Return the names of the tasks.

        :raises TopviewInvalidRequest: There are none to add up, or the DAG does not have one of them.
        """
        names = self.named(context, "task_ids", self.task_ids)
        if not names:
            there = ", ".join(context["dag"].task_dict)
            raise TopviewInvalidRequest(f"task_ids: name at least one task; it has {there}")
        return names

    def named(self, context: Context, argument: str, value: Any) -> list[str]:
        """
        Return the tasks that an argument names.

        :param context: Airflow's context.
        :param argument: The argument, for the message.
        :param value: A list or one name.
        :raises TopviewInvalidRequest: It is neither, or the DAG does not have one of them.
        """
        try:
            names = list(dict.fromkeys(catalog.Field(argument, "array[string]").to_wire(value)))
        except catalog.FieldError as error:
            raise TopviewInvalidRequest(f"{argument}: {error}") from None
        there = context["dag"].task_dict
        if wrong := [name for name in names if name not in there]:
            said = f"no task {', '.join(wrong)} in this DAG; it has {', '.join(there)}"
            raise TopviewInvalidRequest(f"{argument}: {said}")
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


class TopviewRunCostOperator(TopviewCounting, BaseOperator):
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

    With ``budget`` it guards what stands behind it, such as the next part of a batch: that is skipped where this task
    is, when too little is left, when a cost is not known after ``lag_timeout``, and when a task ended without a cost
    though TopView may have taken its submit.

    :param task_ids: Airflow tasks of this DAG, a list or one name; with ``budget`` the list may be empty. (templated)
    :param budget: Credits that the tasks may cost, together with what is to come; by default no limit. (templated)
    :param to_come: Credits that what stands behind this task may cost at most. (templated)
    :param lag_timeout: Seconds or timedelta for which charges that are not in the credit log yet are waited for.
    :param topview_conn_id: Connection whose credit log is read; by default that of each task. (templated)
    :param deferrable: Wait in the triggerer instead of on a worker; by default what ``[operators]
        default_deferrable`` says.
    :raises TopviewInvalidRequest: No task is named, or one that this DAG does not have.
    :raises AirflowSkipException: Too little of the budget is left.

    Source: https://docs.topview.ai/reference/query_credit_logs
    """

    template_fields: Sequence[str] = ("task_ids", "budget", "to_come", "topview_conn_id")
    ui_color = "#e6e0ff"

    def __init__(
        self,
        *,
        task_ids: Sequence[str] | str,
        budget: float | str | None = None,
        to_come: float | str | None = None,
        lag_timeout: float | timedelta = 300,
        topview_conn_id: str | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.task_ids = task_ids
        self.budget = budget
        self.to_come = to_come
        self.lag_timeout = lag_timeout
        self.topview_conn_id = topview_conn_id
        self.deferrable = deferrable

    def execute(self, context: Context) -> dict[str, Any]:
        """Add up, and wait for the credit log where it is needed."""
        return self.add_up(context)

    def tasks(self, context: Context) -> list[str]:
        """Return the names of the tasks; a budget may be checked before there are any."""
        return super().tasks(context) if self.budget is None else self.named(context, "task_ids", self.task_ids)

    def report(self, context: Context, lines: Sequence[Line]) -> dict[str, Any]:
        """
        Write the table into the log and return the result.

        :param context: Airflow's context.
        :param lines: What the tasks had, with what is known of their cost.
        """
        self.log.info("What this run cost at TopView:\n%s", late.bill.table(lines))
        unknown = late.bill.unknown(lines)
        tasks = [line.shown() for line in lines]
        found = {"total": late.bill.total(lines), "complete": not unknown, "unknown": unknown, "tasks": tasks}
        self.refuse_above(context, found)
        return found

    def lost(self, context: Context, known: Container[str]) -> int:
        """
        Return how many instances may have bought something of which there is no card.

        :param context: Airflow's context.
        :param known: TopView's ids of which there is one.
        """
        pulls = (context["ti"].xcom_pull(task_ids=name, key="topview_error") for name in self.tasks(context))
        ended = [one for pulled in pulls for one in every(pulled) if one.get("rerun") != "submit"]
        return sum(one.get("topview_task_id") not in known for one in ended)

    def refuse_above(self, context: Context, found: Mapping[str, Any]) -> None:
        """
        Skip this task and what stands behind it if too little of the budget is left.

        :param context: Airflow's context.
        :param found: What the tasks cost.
        :raises AirflowSkipException: What they cost and what is to come are more than ``budget``, or nobody knows.
        """
        budget = late.budget.amount("budget", self.budget)
        if budget is None:
            return
        to_come = late.budget.amount("to_come", self.to_come) or 0.0
        lost = self.lost(context, {line["topview_task_id"] for line in found["tasks"]})
        if unknown := len(found["unknown"]) + lost:
            raise AirflowSkipException(
                f"nobody knows yet what {unknown} tasks of this run cost, so nothing more is bought"
            )
        if found["total"] + to_come > budget:
            raise AirflowSkipException(
                f"this run cost {found['total']:g} credits, and {to_come:g} are to come: more than its budget of "
                f"{budget:g}"
            )


def every(found: Any) -> list[Mapping[str, Any]]:
    """
    Return the mappings among XComs: Airflow gives a single one as it is, several as a sequence, and None for none.

    :param found: What ``xcom_pull`` gave.
    """
    many = [found] if isinstance(found, Mapping) else found or []
    return [one for one in many if isinstance(one, Mapping)]
