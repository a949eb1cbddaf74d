"""What tasks of a run cost: their cards, and the credit log where those do not tell."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import Context

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


def every(found: Any) -> list[Mapping[str, Any]]:
    """
    Return the mappings among XComs: Airflow gives a single one as it is, several as a sequence, and None for none.

    :param found: What ``xcom_pull`` gave.
    """
    many = [found] if isinstance(found, Mapping) else found or []
    return [one for one in many if isinstance(one, Mapping)]
