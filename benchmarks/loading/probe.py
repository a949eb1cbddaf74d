"""One import, or one DAG file, in a process of its own: milliseconds, modules and memory beyond ``airflow.sdk``."""

from __future__ import annotations

import gc
import importlib
import json
import os
import statistics
import sys
import time
from typing import Any

from benchmarks.vitals import resident

AGAIN = 5


def import_them(modules: list[str]) -> dict[str, Any]:
    """
    Import modules in a process that knows Airflow's base classes.

    :param modules: In this order.
    """
    from airflow.sdk import BaseHook, BaseOperator, BaseSensorOperator  # noqa: F401 - each is loaded when it is named
    from airflow.triggers.base import BaseTrigger  # noqa: F401

    gc.collect()
    count, memory, began = len(sys.modules), resident(), time.perf_counter()
    for module in modules:
        importlib.import_module(module)
    elapsed = time.perf_counter() - began
    return {"ms": elapsed * 1000, "modules": len(sys.modules) - count, "rss_mb": (resident() - memory) / 1024}


def parse(path: str) -> dict[str, Any]:
    """
    Parse a DAG file as the DAG processor does, in a process that has Airflow loaded; the first time loads its rooms.

    :param path: The file.
    """
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import DAG, BaseOperator  # noqa: F401

    times = []
    for _ in range(1 + AGAIN):
        gc.collect()
        began = time.perf_counter()
        bag = DagBag(dag_folder=path, bundle_name="bench")
        times.append((time.perf_counter() - began) * 1000)
    tasks = sum(len(dag.tasks) for dag in bag.dags.values())
    return {"ms": statistics.median(times[1:]), "first_ms": times[0], "tasks": tasks}


def main() -> None:
    """Read what to do from the first argument and print the figures as JSON."""
    words = json.loads(sys.argv[1])
    found = parse(words["file"]) if "file" in words else import_them(words["modules"])
    print(json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
