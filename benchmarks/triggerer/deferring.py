"""Fill a database with deferred tasks, for a triggerer; runs in the environment of its Airflow."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.clients import CLIENTS, Job
from benchmarks.loading.measure import HEAD

DAG_ID = "bench"
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


def run_of(folder: Path, count: int, session: Any) -> Any:
    """
    Return a new run of a DAG with that many tasks.

    :param folder: Where its file is written.
    :param count: Tasks.
    :param session: Of the database.
    """
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.sdk import timezone
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    path = folder / "bench_dag.py"
    path.write_text(HEAD.format(line=LINE, task=TASK, tasks=count))
    DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
    sync_bag_to_db(DagBag(dag_folder=path, bundle_name="dags-folder"), "dags-folder", None)
    now = timezone.utcnow()
    dag: Any = SerializedDagModel.get_dag(DAG_ID, session=session)
    return dag.create_dagrun(
        run_id=f"run-{now:%H%M%S}",
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


def main() -> None:
    """Read kind, count, pace and url from the first argument and defer that many tasks."""
    given = json.loads(sys.argv[1])
    from airflow.configuration import AIRFLOW_HOME
    from airflow.models.trigger import Trigger
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState

    with create_session() as session:
        clear(session)
        run = run_of(Path(AIRFLOW_HOME) / "dags", given["count"], session)
        for number, instance in enumerate(run.get_task_instances(session=session)):
            row = Trigger.from_object(trigger_of(given["kind"], number, given["pace"], given["url"]))
            session.add(row)
            session.flush()
            instance.trigger_id = row.id
            instance.state = TaskInstanceState.DEFERRED
            instance.next_method = "execute_complete"


if __name__ == "__main__":
    main()
