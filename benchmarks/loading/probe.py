"""Imports, each in a child of a process that has ``airflow.sdk`` loaded, and one DAG file: milliseconds and memory."""

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


def import_them(groups: dict[str, list[str]], rounds: int) -> dict[str, Any]:
    """
    Return what each group of modules costs a process that knows Airflow's base classes, the groups taking turns.

    :param groups: Modules by the name of their row.
    :param rounds: How often.
    """
    from airflow.sdk import BaseHook, BaseOperator, BaseSensorOperator  # noqa: F401 - each is loaded when it is named
    from airflow.triggers.base import BaseTrigger  # noqa: F401

    found: dict[str, Any] = {name: [] for name in groups}
    for _ in range(rounds):
        for name, modules in groups.items():
            found[name].append(in_a_child(modules))
    return found


def in_a_child(modules: list[str]) -> Any:
    """
    Import modules in a child, which is thrown away, and return what it cost.

    :param modules: In this order.
    """
    listen, tell = os.pipe()
    if (child := os.fork()) == 0:
        os.write(tell, json.dumps(cost(modules)).encode())
        os._exit(0)
    os.close(tell)
    with os.fdopen(listen) as said:
        figures = json.load(said)
    os.waitpid(child, 0)
    return figures


def cost(modules: list[str]) -> dict[str, float]:
    """
    Import modules and return what it cost this process.

    :param modules: In this order.
    """
    gc.collect()  # which also copies the pages that parent and child share, before the clock starts
    count, memory, began = len(sys.modules), resident("RssAnon"), time.perf_counter()
    for module in modules:
        importlib.import_module(module)
    elapsed = time.perf_counter() - began
    return {"ms": elapsed * 1000, "modules": len(sys.modules) - count, "rss_mb": (resident("RssAnon") - memory) / 1024}


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
    found = parse(words["file"]) if "file" in words else import_them(words["groups"], words["rounds"])
    print(json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
