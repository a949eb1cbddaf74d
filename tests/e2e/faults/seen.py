"""What was seen of a cell, as Airflow and the stand-in tell it; nothing of it comes from what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import requests

from tests.e2e.faults.cells import Cell, outcome
from tests.e2e.faults.world import World
from tools.rest import DagRun
from topview_provider.standin import media

SAMPLES = Path(media.__file__).parent / "media"
FAILURES = {"fail"}


@dataclass(frozen=True)
class Seen:
    """
    Hold what was seen of one cell.

    :param state: Of the run.
    :param error: Class of the exception that ended the last try; empty after a success.
    :param tries: Of the task that needed most of them.
    :param received: Submits that reached TopView.
    :param accepted: Submits that it took.
    :param failed: Jobs that failed there, which costs nothing.
    :param charged: Credits.
    :param pause: The longest pause between two submits, or two polls, in seconds.
    :param log: Of every try.
    :param wrong: What no cell may do, in words.
    """

    state: str
    error: str
    tries: int
    received: int
    accepted: int
    failed: int
    charged: float
    pause: float
    log: str = field(repr=False)
    wrong: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """How the document puts it."""
        return outcome(self.state, self.error)


def see(world: World, cell: Cell) -> Seen:
    """Look at a cell whose script is over."""
    run, jobs, submits, polls = world.runs[cell.id], world.jobs(cell), world.submits(cell), world.polls(cell)
    state, logs = run.state(), dict(_logs(run))
    failed = [job for job in jobs if job["state"] in FAILURES]
    return Seen(
        state=state,
        error=_error(run, logs) if state == "failed" else "",
        tries=max(task.try_number for task in run.tasks()),
        received=len(submits),
        accepted=len(jobs),
        failed=len(failed),
        charged=sum(job["charge"] for job in jobs if job["state"] == "success"),
        pause=max((after - before for times in (submits, polls) for before, after in pairwise(times)), default=0.0),
        log="\n".join(logs.values()),
        wrong=tuple(_wrong(world, cell, run, jobs)) if state == "success" else (),
    )


def _logs(run: DagRun) -> Iterator[tuple[tuple[str, int], str]]:
    for task in run.tasks():
        if task.state != "upstream_failed":
            for number in range(1, task.try_number + 1):
                yield (task.task_id, number), run.log(task.task_id, try_number=number)


def _error(run: DagRun, logs: Mapping[tuple[str, int], str]) -> str:
    """Return the class of the exception that ended the failed task's last try; what caused it stands below it."""
    task = next(task for task in run.tasks() if task.state == "failed")
    end = logs[task.task_id, task.try_number].rpartition("Task failed with exception")[2]
    # Airflow 3 gives the class in a line of its own, Airflow 2 below the traceback, with its module.
    found = re.search(r"^(?: {4}|(?:\w+\.)+)(\w+): ", end, flags=re.MULTILINE)
    return found[1] if found else "nothing in the log"


def _wrong(world: World, cell: Cell, run: DagRun, jobs: list[dict[str, Any]]) -> Iterator[str]:
    """Name what makes a success a lie: another job's result, or other bytes than those that TopView serves."""
    manifest = run.xcom("video")
    bought = jobs[-1]["topview_task_id"] if jobs else "nothing"
    if {manifest["topview_task_id"], run.xcom("video", "topview_task_id")} != {bought}:
        yield f"the result is {manifest['topview_task_id']}, bought was {bought}"
    if not manifest["outputs"]:
        yield "a success without an output"
    for output in manifest["outputs"]:
        answer = requests.get(output["url"], timeout=10)
        if manifest["topview_task_id"] not in output["url"] or answer.content != _sample(output["url"]):
            yield f"{output['name']} is not the file of this job"
    if cell.shape == "download" and world.file(cell).read_bytes() != _sample(".mp4"):
        yield "the file that landed is not the one at TopView"
    if left := [path.name for path in world.folder.glob(f".{cell.id}*")]:
        yield f"left behind: {left}"


def _sample(url: str) -> bytes:
    suffix = url.partition("?")[0].rpartition(".")[2]
    return (SAMPLES / media.SAMPLES[suffix]).read_bytes()
