"""``make bench``: what importing each room costs beyond Airflow itself, in fresh processes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.settings import ROOT, clean_environment

ROUNDS = 7
PROBE = """
import json, sys, time
import airflow.sdk
from airflow.sdk import BaseHook, BaseOperator, BaseSensorOperator
from airflow.triggers.base import BaseTrigger
before, began = len(sys.modules), time.perf_counter()
for room in sys.argv[1:]:
    __import__(room)
print(json.dumps([(time.perf_counter() - began) * 1000, len(sys.modules) - before]))
"""


def rooms() -> list[str]:
    """Return the modules that DAG files and the triggerer import."""
    folder = ROOT / "topview_provider" / "operators"
    operators = [f"topview_provider.operators.{path.stem}" for path in sorted(folder.glob("[!_]*.py"))]
    return [*operators, "topview_provider.sensors.topview", "topview_provider.triggers.topview"]


def measure(modules: list[str], home: str) -> tuple[float, int]:
    """
    Return the median milliseconds and the number of modules that an import adds.

    :param modules: What is imported, in one process.
    :param home: An AIRFLOW_HOME that may be written to.
    """
    env = {**clean_environment(), "AIRFLOW_HOME": home, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", PROBE, *modules]
    answers = [
        json.loads(subprocess.run(command, env=env, cwd=home, check=True, capture_output=True, text=True).stdout)
        for _ in range(ROUNDS)
    ]
    return statistics.median(answer[0] for answer in answers), int(answers[0][1])


def main() -> int:
    """Print the table."""
    names = rooms()
    print(f"import beyond airflow.sdk and the base classes, median of {ROUNDS}, {os.cpu_count()} cores")
    print(f"{'room':<42} {'ms':>7} {'modules':>8}")
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "airflow.cfg").touch()
        for name, modules in [*((name, [name]) for name in names), ("all rooms together", names)]:
            milliseconds, count = measure(modules, home)
            print(f"{name:<42} {milliseconds:7.1f} {count:8d}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
