"""CeleryExecutor on Redis, PostgreSQL, two of everything that may be there twice; all of it ours and private."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.only_named import leave_out
from tests.services.world import LONG, World
from tools.postgres import Postgres
from tools.redis import Redis
from tools.settings import UNCHANGING
from tools.stack import DISTRIBUTED, AirflowStack
from topview_provider.standin.server import StandIn

FOLDER = Path(__file__).parent
VIDEOS = int(os.environ.get("SERVICES_VIDEOS", "100"))
"""Of each of three DAGs."""
SLOTS = 4
"""Of each worker."""
SILENCE = "20"
"""Seconds after which whoever says nothing is taken for dead, and what nobody takes up is given to another."""
OURS = ("hooks.topview", "ledger.book", "operators.video")
PRELOADED = ("requests", *(f"topview_provider.{module}" for module in OURS))
"""Modules that a worker loads once, and not each of its tasks; see docs/scaling.md."""
SETTINGS = {
    **UNCHANGING,
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(SLOTS),
    "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": json.dumps({"imports": PRELOADED}),
    # A machine on which everything runs at once is slow to answer.
    "AIRFLOW__CELERY__OPERATION_TIMEOUT": "10",
    # What each scheduler hands out: more than a worker has slots, for it may count tasks of a killed one for good, and
    # counts what has ended until it looks; not many more, for they would wait at the broker, and be taken for stuck.
    "AIRFLOW__CORE__PARALLELISM": str(2 * SLOTS),
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": SILENCE,
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": SILENCE,
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": SILENCE,
    # Airflow's default; two schedulers that look at an idle database five times as often take half a core from tasks.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": SILENCE,
    # The API server asks for connections on its loop: one that waits for the pool stops those who would give back.
    "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "50",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tier to ``make test-services``, unless its folder is named on the command line."""
    leave_out(FOLDER, config, items)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A distributed Airflow whose tasks go to the stand-in."""
    home, folder = tmp_path_factory.mktemp("airflow"), tmp_path_factory.mktemp("videos")
    shutil.copytree(FOLDER / "dags", home / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    with contextlib.ExitStack() as running:
        postgres, redis = running.enter_context(Postgres()), running.enter_context(Redis())
        topview = running.enter_context(
            StandIn(seconds=LONG, url_seconds=1000 * LONG, any_file=True, credits=1_000_000)
        )
        env = {
            **SETTINGS,
            "AIRFLOW__CELERY__BROKER_URL": redis.url,
            "AIRFLOW_CONN_TOPVIEW_DEFAULT": json.dumps(connection(topview)),
            "SERVICES_FOLDER": str(folder),
            "SERVICES_VIDEOS": str(VIDEOS),
            "SERVICES_SLOTS": str(2 * SLOTS),
        }
        stack = AirflowStack(
            home, home / "dags", env=env, sql_alchemy_conn=postgres.sql_alchemy_conn, more=DISTRIBUTED, limit=180
        )
        running.enter_context(stack)
        yield World(stack, topview, postgres, redis, folder, VIDEOS)


def connection(topview: StandIn) -> dict[str, object]:
    """Return the fields of the connection; 300 videos are asked for 30 times per second."""
    extra = {"poll_interval": 10}
    return {
        "conn_type": "topview",
        "login": topview.uid,
        "password": topview.api_key,
        "host": topview.url,
        "extra": extra,
    }
