"""What importing costs beyond Airflow itself, and what parsing a DAG file does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.ground import Ground
from tools.settings import ROOT

TASKS = 100
PEERS = {
    "airbyte": "airflow.providers.airbyte.operators.airbyte",
    "http": "airflow.providers.http.operators.http",
    "dbt": "airflow.providers.dbt.cloud.operators.dbt",
    "databricks": "airflow.providers.databricks.operators.databricks",
    "openai": "airflow.providers.openai.operators.openai",
}
HEAD = """
import pendulum
from airflow.sdk import DAG
{line}
with DAG("bench", schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC")):
    for number in range({tasks}):
        {task}
"""
FILES = {
    "ours": (
        "from topview_provider.operators.video import TopviewMarketingVideoOperator",
        'TopviewMarketingVideoOperator(task_id=f"t{number}", product_link="https://shop.example/l", deferrable=True)',
    ),
    "empty": (
        "from airflow.providers.standard.operators.empty import EmptyOperator",
        'EmptyOperator(task_id=f"t{number}")',
    ),
}


def rooms() -> list[str]:
    """Return the modules of ours that DAG files and the triggerer import."""
    folder = ROOT / "topview_provider" / "operators"
    operators = [f"topview_provider.operators.{path.stem}" for path in sorted(folder.glob("[!_]*.py"))]
    return [*operators, "topview_provider.sensors.topview", "topview_provider.triggers.topview"]


def imported(peers: Sequence[str], *, each_room: bool) -> dict[str, list[str]]:
    """
    Return what is imported together, by the name of its row.

    :param peers: Names in ``PEERS``.
    :param each_room: Each room of ours by itself too.
    """
    ours = {room: [room] for room in rooms()} if each_room else {}
    return {**ours, "all rooms together": rooms(), **{PEERS[name]: [PEERS[name]] for name in peers}}


def measure_imports(ground: Ground, groups: Mapping[str, Sequence[str]], rounds: int) -> list[dict[str, Any]]:
    """
    Import each group some times, each time in a process that has loaded nothing but Airflow's base classes.

    :param ground: What all measurements share.
    :param groups: Modules by the name of their row.
    :param rounds: How often.
    """
    found = ground.probe("benchmarks.loading.probe", {"groups": groups, "rounds": rounds})
    return [{"name": name, "runs": runs} for name, runs in found.items()]


def measure_parsing(ground: Ground, rounds: int) -> list[dict[str, Any]]:
    """
    Parse a file of a hundred tasks of ours and one of a hundred that do nothing, in fresh processes.

    :param ground: What all measurements share.
    :param rounds: How often.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in FILES}
    for _ in range(rounds):
        for name, (line, task) in FILES.items():
            path = Path(ground.home) / f"{name}_dag.py"
            path.write_text(HEAD.format(line=line, task=task, tasks=TASKS))
            found[name].append(ground.probe("benchmarks.loading.probe", {"file": str(path)}))
    return [{"name": name, "runs": runs} for name, runs in found.items()]


def uneven(parsed: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say which file did not become a DAG of a hundred tasks."""
    counts = {row["name"]: {run["tasks"] for run in row["runs"]} for row in parsed}
    return [f"parsing {name}: {seen} tasks instead of {TASKS}" for name, seen in counts.items() if seen != {TASKS}]
