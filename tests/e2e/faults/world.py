"""Everything that a cell lives in: an Airflow, the stand-ins it buys from, and what both say about a cell."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tests.e2e.faults.cells import Ahead, Cell
from tests.e2e.faults.gate import Gate
from tools.rest import PAGE, DagRun
from tools.stack import AirflowStack
from topview_provider.standin.server import StandIn

LONG = 36_000.0
"""Seconds that a job takes which must not end before we let it."""
STORED = ("rotated_connection", "rotated_service")
"""Stand-ins whose connection stands in Airflow's database, where it can be changed."""
SERVICES = {"quick": 6.0, **dict.fromkeys(("slow", "orphans", "gated", *STORED), LONG)}
"""Stand-ins, and how long their jobs take; what happens to the time of one does not disturb the others."""


class World:
    """
    Start cells and tell how they stand.

    :param stack: Airflow; need not run yet.
    :param services: Stand-ins by name.
    :param gate: The way to the stand-in ``gated``.
    :param folder: Where the cells' files go.
    :param room: Tasks that Airflow runs at once.
    """

    def __init__(
        self, stack: AirflowStack, services: Mapping[str, StandIn], gate: Gate, folder: Path, *, room: int
    ) -> None:
        self.stack = stack
        self.services = services
        self.gate = gate
        self.folder = folder
        self.room = room
        self.runs: dict[str, DagRun] = {}
        self.marks: dict[str, str] = {}
        self.began: dict[str, float] = {}
        self._open: set[str] | None = None
        self._looked: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def look(self) -> None:
        """Forget what was seen: the next question is asked anew."""
        self._open = None
        self._looked.clear()

    def start(self, cells: Iterable[Cell]) -> None:
        """Order the faults of cells and begin their runs; a cell that is played again has another mark."""
        for cell in cells:
            self.began[cell.id] = now()
            self.marks[cell.id] = f"{self.marks[cell.id]}-again" if cell.id in self.marks else cell.id
            for fault in cell.faults:
                self.order(cell, fault)
            self.runs[cell.id] = self.stack.api.trigger(cell.id, {"mark": self.marks[cell.id]})
        self.look()

    def order(self, cell: Cell, fault: Mapping[str, Any]) -> None:
        """Order a fault that strikes this run only."""
        words = dict(fault)
        if isinstance(words.get("retry_after"), Ahead):
            moment = datetime.now(UTC) + timedelta(seconds=words["retry_after"].seconds)
            words["retry_after"] = format_datetime(moment, usegmt=True)
        if words["kind"] != "cut-upload":  # an upload does not say whose it is; only one cell makes one
            words["match"] = cell.match(self.marks[cell.id])
        self.service(cell).fault(**words)

    def service(self, cell: Cell) -> StandIn:
        """Return the stand-in of a cell."""
        return self.services[cell.service]

    def finished(self, *cells: Cell) -> bool:
        """Whether the runs of all these cells have ended."""
        return not any(cell.id in self.under_way() for cell in cells)

    def under_way(self) -> set[str]:
        """Return the ids of the cells whose runs have not ended; read in one piece, which a list of pages is not."""
        if self._open is None:
            found = self.stack.api.get("/dags/~/dagRuns", state=["queued", "running"], limit=PAGE)["dag_runs"]
            self._open = {run["dag_id"] for run in found}
        return self._open

    def jobs(self, cell: Cell) -> list[dict[str, Any]]:
        """Return what TopView accepted for a cell."""
        return [job for job in self._seen(cell, "jobs") if self._is_of(cell, job["body"])]

    def submits(self, cell: Cell) -> list[float]:
        """Return the moments at which submits of a cell reached TopView."""
        asked = (entry for entry in self._seen(cell, "requests") if entry["method"] == "POST")
        return [entry["time"] for entry in asked if self._is_of(cell, entry["body"])]

    def polls(self, cell: Cell) -> list[float]:
        """Return the moments at which a job of a cell was asked for."""
        ids = {job["topview_task_id"] for job in self.jobs(cell)}
        return [entry["time"] for entry in self._seen(cell, "requests") if entry["query"].get("taskId") in ids]

    def polled(self, *cells: Cell, since: float = 0.0) -> bool:
        """Whether each of these cells asked for its job after a moment, or has ended."""
        return all(any(moment > since for moment in self.polls(cell)) or self.finished(cell) for cell in cells)

    def asked_for_uid(self, cell: Cell) -> bool:
        """Whether a cell whose connection has no login has asked whose key it is."""
        asked = (entry for entry in self._seen(cell, "requests") if entry["time"] > self.began[cell.id])
        return any(entry["query"].get("cell") == cell.id for entry in asked)

    def handed_over(self, *cells: Cell) -> bool:
        """
        Whether the scheduler knows of each deferred cell that its worker is done, or the cell has ended.

        A task that is back from the triggerer, and queued again, before its scheduler has read that is taken for one
        that was killed: a race of Airflow 3.3, which costs a try. Airflow says it in the scheduler's log only.
        """
        log = self.stack.services["scheduler"].log.read_text(errors="replace")
        waiting = [cell for cell in cells if cell.path == "deferred" and not self.finished(cell)]
        tasks = [(cell.id, self.runs[cell.id].task("video").try_number) for cell in waiting]
        said = r"Received executor event .*dag_id='{}', task_id='video', .*try_number={},"
        return all(re.search(said.format(re.escape(name), number), log) for name, number in tasks)

    def disturbed(self, cell: Cell) -> bool:
        """Whether Airflow itself gave up a try of this run; see :meth:`handed_over`."""
        return any(event["event"] == "state mismatch" for event in self.runs[cell.id].events())

    def file(self, cell: Cell) -> Path:
        """Return where the DAG of a cell puts its video."""
        return self.folder / f"{self.marks[cell.id]}.mp4"

    def _is_of(self, cell: Cell, body: Any) -> bool:
        return f'"{self.marks[cell.id]}"' in json.dumps(body)

    def _seen(self, cell: Cell, what: str) -> list[dict[str, Any]]:
        key = (cell.service, what)
        if key not in self._looked:
            self._looked[key] = self.service(cell).control("GET", what)
        return self._looked[key]


def advance(service: StandIn) -> None:
    """Let every job of a stand-in end."""
    service.advance(2 * LONG)


def connection(service: StandIn, url: str, cell: Cell | None = None) -> dict[str, Any]:
    """
    Return the fields of a connection.

    Jobs that are to be interrupted are given time: the moment they are held at must not end by itself.
    """
    patience = 3 if service.options.seconds < LONG else 600
    extra: dict[str, Any] = {"poll_interval": 0.4, "read_timeout": patience, "connect_timeout": 3}
    login = service.uid
    if cell:
        # Without a login the uid is asked for, before anything is written down; the question says for whom.
        login = ""
        extra["paths"] = {"credit_detail": {"path": f"/user/credit/detail?cell={cell.id}"}}
    return {"conn_type": "topview", "login": login, "password": service.api_key, "host": url, "extra": extra}


def now() -> float:
    """Return the time as the stand-ins note it."""
    return time.time()
