"""The matrix as a document: written from what was seen, so that it cannot say anything else."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from tests.e2e.faults.cells import Cell
from tests.e2e.faults.rows import ROWS
from tests.e2e.faults.seen import Seen
from tools.settings import ROOT

PAGE = ROOT / "docs" / "fault-matrix.md"
HEAD = """# Fault matrix

`make faults` runs every row of this page through a real Airflow (scheduler, workers, triggerer, DAG processor, API
server) and writes down what it saw; it fails if a row is not as it must be. TopView is played by the
[stand-in](standin.md), which counts on its own.

Every task has one automatic retry. *Path* says where it waits: `sync` on a worker, `deferred` in the triggerer. *Tries*
are those of the task that needed most. *Received* are the submits that reached TopView, *accepted* those it took,
*charged* the credits it took for them. In no row more than one accepted job has not failed, unless the operator was
told to buy again; no run hangs, and a success has the bytes of its own job.

A run in which Airflow itself gives up a try is played again: its scheduler may take a task that is back from the
triggerer at once for one that was killed. That costs a try, and no credit.

The rows of *A worker dies* and *The id dies with the worker* were played on Airflow 2.11.2 as well, with
`[topview] ledger_path` on `file://` (`make faults AIRFLOW=2.11.2 CELLS='worker-dies or id-dies'`). They end there as
they do here, but for one number: a SIGTERM ends the try of a task in Airflow 2, so its row has two, and the second goes
on with the job of the first.
"""
COLUMNS = ("fault", "path", "outcome", "tries", "received", "accepted", "charged")


def page(seen: Mapping[str, Seen]) -> str:
    """
    Return the document.

    :param seen: What was seen, by the id of the cell; a cell that is missing cannot be played.
    """
    parts = [HEAD]
    for group, cells in groupby(ROWS, key=lambda cell: cell.group):
        lines = [_row(COLUMNS), _row("---" for _ in COLUMNS), *(_line(cell, seen.get(cell.id)) for cell in cells)]
        parts.append("\n".join([f"## {group}", "", *lines, ""]))
    return "\n".join(parts)


def _line(cell: Cell, seen: Seen | None) -> str:
    if seen is None:
        return _row((cell.fault, cell.path, f"does not apply: {cell.why_not}", "", "", "", ""))
    numbers = (seen.tries, seen.received, seen.accepted, f"{seen.charged:g}")
    return _row((cell.fault, cell.path, seen.outcome, *numbers))


def _row(cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"  # type: ignore[call-overload]
