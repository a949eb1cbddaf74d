"""A real Airflow and a stand-in, shared by all end-to-end tests of a session."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.database import address, new_database, workers
from tools.postgres import Postgres
from tools.rest import DagRun
from tools.settings import ROOT, UNCHANGING
from tools.stack import AirflowStack
from topview_provider.standin.server import StandIn

KEY = secrets.token_hex(16)
NOTICE = secrets.token_hex(32)
LIMIT = 120.0


@pytest.fixture(scope="session")
def service() -> Iterator[StandIn]:
    """
    A stand-in whose jobs take longer than a busy Airflow needs to end the process of a task that has deferred.

    A trigger that fires before that is taken for a task that was killed.
    """
    with StandIn(seconds=8, api_key=KEY) as service:
        yield service


def connection(service: StandIn, password: str) -> str:
    """Return an Airflow connection to the stand-in as JSON."""
    extra = {"poll_interval": 0.5}
    fields = {"conn_type": "topview", "login": service.uid, "password": password, "host": service.url, "extra": extra}
    return json.dumps(fields)


def products_table(path: Path) -> str:
    """Make the table of products that an example reads, and writes back to, and return its file."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE products (product_link TEXT, product_name TEXT, language TEXT, video TEXT)")
        database.execute("INSERT INTO products VALUES ('https://shop.example/lamp', 'Lamp', 'en', NULL)")
        database.execute("INSERT INTO products VALUES ('https://shop.example/mug', 'Mug', NULL, 's3://there')")
    return str(path)


@pytest.fixture(scope="session")
def database() -> Iterator[Postgres | None]:
    """The database of the Airflow that these tests share."""
    with new_database() as database:
        yield database


@pytest.fixture(scope="session")
def stack(
    service: StandIn, database: Postgres | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AirflowStack]:
    """Scheduler, DAG processor, API server and triggerer, with the examples and the DAGs of these tests."""
    home = tmp_path_factory.mktemp("airflow")
    dags = home / "dags"
    dags.mkdir()
    for folder in (ROOT / "dags", Path(__file__).parent / "dags"):
        for file in folder.glob("*.py"):
            shutil.copy(file, dags)
    env = {
        "AIRFLOW_CONN_TOPVIEW_DEFAULT": connection(service, KEY),
        # Of the API server, which receives callbacks, and of the DAG that orders them.
        "AIRFLOW__TOPVIEW__NOTICE_SECRET": NOTICE,
        "AIRFLOW_VAR_TOPVIEW_NOTICE_SECRET": NOTICE,
        "AIRFLOW_CONN_TOPVIEW_WRONG": connection(service, "not-the-key"),
        "AIRFLOW_CONN_PRODUCTS_DB": json.dumps({"conn_type": "sqlite", "host": products_table(home / "products.db")}),
        **UNCHANGING,
        "AIRFLOW__CORE__PARALLELISM": workers(database, 4),
        # A killed task is noticed by its silence.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    }
    with AirflowStack(home, dags, env=env, sql_alchemy_conn=address(database)) as stack:
        yield stack


def begin(stack: AirflowStack, dag_id: str, **conf: object) -> DagRun:
    """Unpause a DAG and trigger it."""
    stack.api.wait_for_dag(dag_id, limit=LIMIT)
    stack.api.unpause(dag_id)
    return stack.api.trigger(dag_id, dict(conf))
