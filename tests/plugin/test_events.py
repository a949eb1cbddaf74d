"""The event of an end is written once, on every database, however many servers of Airflow hear of it at once."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.postgres import Postgres, server_programs
from tools.settings import ROOT
from tools.stack import AirflowStack

CROWD = """
import json, sys, threading
from topview_provider.plugins import events
extra, meeting, told = json.loads(sys.argv[1]), threading.Barrier(8), []
def tell(number):
    meeting.wait()
    told.append(events.write("scraper", {**extra, "uuid": f"{number % 2}"}))
crowd = [threading.Thread(target=tell, args=(number,)) for number in range(8)]
[one.start() for one in crowd]
[one.join() for one in crowd]
print(json.dumps(sorted(told)))
"""
END = {"topview_task_id": "a_b%c", "state": "success", "items": None, "made": None}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Address of an empty database; None for SQLite."""
    with contextlib.ExitStack() as running:
        if request.param == "postgres":
            if not server_programs():
                pytest.skip("no PostgreSQL server on this machine")
            yield running.enter_context(Postgres()).sql_alchemy_conn
        else:
            yield None


@pytest.fixture(scope="module")
def airflow(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowStack]:
    """Airflow's database and nothing that runs; it knows the asset of one family."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    home = tmp_path_factory.mktemp("airflow")
    stack = AirflowStack(home, Path(__file__).parent / "dags", env={"PYTHONPATH": path}, sql_alchemy_conn=database)
    try:
        stack.airflow("db", "migrate")
        stack.airflow("dags", "reserialize")
        yield stack
    finally:
        stack.close()


def told(airflow: AirflowStack, end: dict[str, Any]) -> list[bool]:
    """Let eight tell of an end at once, and return who was the first."""
    found: list[bool] = json.loads(airflow.run(airflow.command()[0], "-c", CROWD, json.dumps(end)).splitlines()[-1])
    return found


def test_of_many_who_tell_of_an_end_at_once_one_writes(airflow: AirflowStack) -> None:
    assert told(airflow, END) == [False] * 7 + [True]
    assert told(airflow, END) == [False] * 8


def test_an_id_that_is_nearly_the_same_is_another_task(airflow: AirflowStack) -> None:
    assert told(airflow, {**END, "topview_task_id": "axbxc"})[-1] is True
    assert told(airflow, {**END, "topview_task_id": "axbx"})[-1] is True
