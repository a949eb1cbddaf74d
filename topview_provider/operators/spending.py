"""What a run spent at TopView."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator, Context, conf

from topview_provider import late
from topview_provider.operators.counting import TopviewCounting, every

if TYPE_CHECKING:
    from topview_provider.bill import Line


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
