"""One Airflow in which all cells are played, phase by phase, before the first of them is judged."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.e2e.database import address, new_database, workers
from tests.e2e.faults.cells import Cell
from tests.e2e.faults.document import PAGE, page
from tests.e2e.faults.gate import Gate
from tests.e2e.faults.phases import PHASES
from tests.e2e.faults.rows import CELLS
from tests.e2e.faults.seen import SAMPLES, Seen, see
from tests.e2e.faults.world import LONG, SERVICES, STORED, World, connection
from tests.only_named import leave_out
from tools.older import OLDER
from tools.settings import QUICK_FAILOVER, UNCHANGING
from tools.stack import AirflowStack
from topview_provider.standin.server import StandIn

FOLDER = Path(__file__).parent
WORKERS = 10
SETTINGS = {
    **QUICK_FAILOVER,
    **UNCHANGING,
    # A killed task is noticed by its silence, which must be longer than a restart of the API server.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": "30",  # the same in Airflow 2
    "AIRFLOW__SCHEDULER__ZOMBIE_DETECTION_INTERVAL": "2",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "2",
    # So are the tasks of a killed scheduler; by default after some minutes.
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    # A supervisor may look only that often whether its task's process has ended.
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # The API server asks for connections on its loop: one that waits for the pool stops those who would give back.
    "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "50",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the matrix to ``make faults``, unless its folder is named on the command line."""
    leave_out(FOLDER, config, items)


@pytest.fixture(scope="session")
def cells(request: pytest.FixtureRequest) -> list[Cell]:
    """The cells whose tests were selected; only they are played."""
    asked = {item.callspec.params["cell"].id for item in request.session.items if hasattr(item, "callspec")}
    return [cell for cell in CELLS if cell.id in asked]


@pytest.fixture(scope="session")
def world(cells: list[Cell], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Stand-ins, the gate, and an Airflow that knows the DAG of every selected cell."""
    home, folder = tmp_path_factory.mktemp("airflow"), tmp_path_factory.mktemp("files")
    with contextlib.ExitStack() as running:
        database = running.enter_context(new_database())
        room = workers(database, WORKERS)
        services = {name: running.enter_context(stand_in(seconds)) for name, seconds in SERVICES.items()}
        gate = running.enter_context(Gate(services["gated"].url))
        urls = {name: gate.url if name == "gated" else service.url for name, service in services.items()}
        env = {
            **SETTINGS,
            **(ledger(home / "ledger") if OLDER else {}),
            "AIRFLOW__CORE__PARALLELISM": room,
            "FAULTS_FOLDER": str(folder),
            "FAULTS_SOURCE": str(SAMPLES / "video.mp4"),
            **dict(_connections(services, urls, cells)),
        }
        stack = AirflowStack(home, _dags(home, cells), env=env, sql_alchemy_conn=address(database))
        running.enter_context(stack)
        for name in STORED:
            body = {"connection_id": f"topview_{name}", **connection(services[name], urls[name])}
            body["extra"] = json.dumps(body["extra"])
            stack.api.request("POST", f"{stack.api.prefix}/connections", json=body)
        stack.api.wait_for_dags({cell.id for cell in cells}, limit=120)
        yield World(stack, services, gate, folder, room=int(room))


def ledger(folder: Path) -> dict[str, str]:
    """Return the setting of a new ledger: an older Airflow has no store of its own for what a task bought."""
    folder.mkdir()
    return {"AIRFLOW__TOPVIEW__LEDGER_PATH": folder.as_uri()}


def stand_in(seconds: float) -> StandIn:
    """Return a service whose jobs take so long; its clock is put forward, and its URLs live on."""
    return StandIn(seconds=seconds, any_file=True, api_key=secrets.token_hex(16), url_seconds=1000 * LONG)


def _dags(home: Path, cells: Sequence[Cell]) -> Path:
    dags = home / "dags"
    dags.mkdir()
    shutil.copy(FOLDER / "dags" / "faults.py", dags)
    (dags / "cells.json").write_text(json.dumps({cell.id: cell.for_dag() for cell in cells}))
    return dags


def _connections(
    services: Mapping[str, StandIn], urls: Mapping[str, str], cells: Sequence[Cell]
) -> Iterator[tuple[str, str]]:
    for name in set(services) - set(STORED):
        yield f"AIRFLOW_CONN_TOPVIEW_{name.upper()}", json.dumps(connection(services[name], urls[name]))
    for cell in cells:
        if cell.moment == "asked":
            fields = connection(services[cell.service], urls[cell.service], cell)
            yield f"AIRFLOW_CONN_{cell.conn_id.upper()}", json.dumps(fields)


@pytest.fixture(scope="session")
def seen(world: World, cells: list[Cell]) -> dict[str, Seen]:
    """Play all cells, and return what was seen of each; the whole matrix of the newest Airflow is written down."""
    for phase in PHASES:
        for line in phase.play(world, cells):
            print(f"{phase.name}: {line}")
        print(f"{phase.name}: over", flush=True)
    world.look()
    found = {cell.id: see(world, cell) for cell in cells if cell.id in world.runs}
    if len(found) == len(CELLS) and not OLDER:
        PAGE.write_text(page(found))
    return found
