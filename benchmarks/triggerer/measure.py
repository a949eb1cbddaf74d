"""A real ``airflow triggerer`` with a thousand deferred tasks: CPU, memory, and how long until all have started."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.clients import CLIENTS, CONN_ID, Job
from benchmarks.ground import Ground
from benchmarks.waiting.probe import Control
from tools.postgres import Postgres, server_programs
from tools.processes import until
from tools.settings import ROOT
from tools.stack import AirflowStack
from tools.vitals import cpu_seconds, memory_mb

TASKS = 1000
PACE = 10.0
SETTLE = 3.0
STARTED = 200
"""Seconds for all to start after the last was deferred."""
KINDS = {"SQLite": ("sleep", "aiohttp", "ours"), "PostgreSQL": ("aiohttp", "ours")}
"""What runs on each database; what sleeping costs does not depend on it."""
FAR = 10_000_000
SLACK = 0.1
"""Share by which polls per second may differ from what the pace asks for: ours moves each a little."""


@contextlib.contextmanager
def _address(database: str) -> Iterator[str | None]:
    """Give the address of a new database; None for the SQLite file that the stack makes itself."""
    if database == "SQLite":
        yield None
    else:
        with Postgres() as server:
            yield server.sql_alchemy_conn


def _settings(ground: Ground) -> dict[str, str]:
    connection = CLIENTS["ours"].connection(Job(0, 0.0, ground.plain))
    return {
        "AIRFLOW__TRIGGERER__CAPACITY": str(2 * TASKS),
        f"AIRFLOW_CONN_{CONN_ID.upper()}": json.dumps(connection),
        "PYTHONPATH": str(ROOT),
    }


def _one(ground: Ground, stack: AirflowStack, kind: str, count: int, seconds: float) -> dict[str, float]:
    """Start the triggerer, defer the tasks, wait until each has asked once, and watch it for a while."""
    words = {"kind": kind, "count": count, "pace": PACE, "url": ground.plain}
    with contextlib.closing(Control(ground.plain)) as control:
        control.ask(f"/reset?polls={FAR}")
        stack.launch("triggerer")
        began = time.monotonic()
        stack.run(sys.executable, "-m", "benchmarks.triggerer.deferring", json.dumps(words))
        what = f"{count} triggers of {kind}"
        until(lambda: control.ask("/counts")["jobs"] >= count, limit=STARTED, what=what, pause=0.2)
        started = time.monotonic() - began
        time.sleep(SETTLE)
        figures = _watched(stack.services["triggerer"].pids(), control, seconds)
    stack.stop("triggerer", grace=2)
    return {**figures, "started_s": started}


def _watched(pids: list[int], control: Control, seconds: float) -> dict[str, float]:
    asked, spent, began = control.ask("/counts")["requests"], cpu_seconds(pids), time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - began
    cpu, polls = cpu_seconds(pids) - spent, control.ask("/counts")["requests"] - asked
    return {"cpu_percent": 100 * cpu / elapsed, "pss_mb": memory_mb(pids), "polls_s": polls / elapsed}


def uneven(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """
    Say which kind of trigger polled more or less often than its pace asks for; the sleeper never should.

    :param rows: What was measured.
    """
    odd = []
    for row in rows:
        full = row["count"] / PACE
        wanted = 0.0 if row["kind"] == "sleep" else full
        if abs(row["polls_s"] - wanted) > SLACK * full:
            seen = f"{row['polls_s']:.1f} polls per second instead of {wanted:g}"
            odd.append(f"triggerer on {row['database']}, {row['kind']}: {seen}")
    return odd


def measure(ground: Ground, count: int, seconds: float) -> list[dict[str, Any]]:
    """
    Measure each kind of trigger on each database that this machine has.

    :param ground: What all measurements share.
    :param count: Deferred tasks.
    :param seconds: For how long the triggerer is watched.
    """
    rows = []
    for database in (name for name in KINDS if name == "SQLite" or server_programs()):
        home = ground.home / f"airflow-{database}"
        (home / "dags").mkdir(parents=True)
        with _address(database) as address:
            stack = AirflowStack(home, home / "dags", env=_settings(ground), sql_alchemy_conn=address)
            with contextlib.closing(stack):
                stack.airflow("db", "migrate")
                for kind in KINDS[database]:
                    figures = _one(ground, stack, kind, count, seconds)
                    rows.append({"database": database, "kind": kind, "count": count, **figures})
    return rows
