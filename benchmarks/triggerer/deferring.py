"""Fill a database with deferred tasks, bit by bit, for a triggerer; runs in the environment of its Airflow."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.clients import CLIENTS, Job
from benchmarks.loading.measure import HEAD

DAG_ID = "bench"
TASKS = 50
"""
Of one run. A triggerer that is handed a thousand triggers in one message may stop for good: its two processes wait for
each other, one to hand over the message, the other to hand over log lines.
"""
BREATH = 1.0
"""Seconds between two runs."""
LINE = "from airflow.providers.standard.operators.empty import EmptyOperator"
TASK = 'EmptyOperator(task_id=f"t{number}")'


def trigger_of(kind: str, number: int, pace: float, url: str) -> Any:
    """
    Return the trigger of one deferred task.

    :param kind: ``sleep``, ``aiohttp`` or ``ours``.
    :param number: The job that it waits for.
    :param pace: Seconds between polls.
    :param url: Service.
    """
    if kind == "ours":
        return CLIENTS["ours"].build(Job(number, pace, url))
    from benchmarks.triggerer.triggers import Parked, Polling

    return {"sleep": Parked, "aiohttp": Polling}[kind](url, number, pace)


def dag_of(folder: Path, session: Any) -> Any:
    """
    Return a DAG that the database knows.

    :param folder: Where its file is written.
    :param session: Of the database.
    """
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.serialized_dag import SerializedDagModel

    path = folder / "bench_dag.py"
    path.write_text(HEAD.format(line=LINE, task=TASK, tasks=TASKS))
    DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
    sync_bag_to_db(DagBag(dag_folder=path, bundle_name="dags-folder"), "dags-folder", None)
    return SerializedDagModel.get_dag(DAG_ID, session=session)


def run_of(dag: Any, number: int, session: Any) -> Any:
    """
    Return a new run of the DAG.

    :param dag: From :func:`dag_of`.
    :param number: Of the run.
    :param session: Of the database.
    """
    from airflow.sdk import timezone
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    now = timezone.utcnow()
    return dag.create_dagrun(
        run_id=f"run-{now:%H%M%S}-{number}",
        run_after=now,
        logical_date=now,
        data_interval=(now, now),
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.TEST,
        state=DagRunState.RUNNING,
        session=session,
    )


def clear(session: Any) -> None:
    """
    Forget earlier tasks and their triggers.

    :param session: Of the database.
    """
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.trigger import Trigger
    from sqlalchemy import delete

    for kind in (TaskInstance, DagRun, Trigger):
        session.execute(delete(kind))


def defer(instance: Any, trigger: Any, session: Any) -> None:
    """
    Leave a task to its trigger.

    :param instance: The task instance.
    :param trigger: What it waits for.
    :param session: Of the database.
    """
    from airflow.models.trigger import Trigger
    from airflow.utils.state import TaskInstanceState

    row = Trigger.from_object(trigger)
    session.add(row)
    session.flush()
    instance.trigger_id = row.id
    instance.state = TaskInstanceState.DEFERRED
    instance.next_method = "execute_complete"


def main() -> None:
    """Read kind, count, pace and url from the first argument and defer that many tasks."""
    given = json.loads(sys.argv[1])
    from airflow.configuration import AIRFLOW_HOME
    from airflow.utils.session import create_session

    with create_session() as session:
        clear(session)
        dag = dag_of(Path(AIRFLOW_HOME) / "dags", session)
    for first in range(0, given["count"], TASKS):
        with create_session() as session:
            instances = run_of(dag, first, session).get_task_instances(session=session)
            for number, instance in enumerate(instances[: given["count"] - first], first):
                defer(instance, trigger_of(given["kind"], number, given["pace"], given["url"]), session)
        time.sleep(BREATH)


if __name__ == "__main__":
    main()
