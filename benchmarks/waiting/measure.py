"""Waiting, measured: bursts, steady polling and parked triggers, each cell some times, clients taking turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.clients import CLIENTS
from benchmarks.ground import Failed, Ground

PACES = {"burst": 1.0, "steady": 5.0, "park": 10.0}
POLLS = {"burst": 3, "steady": 1, "park": 0}
"""Polls of each trigger that find its job running."""
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cell:
    """
    Say what one row of a table measures.

    :param client: Name in ``CLIENTS``.
    :param mode: ``burst``, ``steady`` or ``park``.
    :param tls: Over TLS.
    :param count: Triggers.
    :param delay: Seconds that the service takes to answer.
    """

    client: str
    mode: str
    tls: bool
    count: int
    delay: float = 0.0

    @property
    def polls(self) -> int:
        """How many polls of each trigger find its job running; few for who blocks the loop, as each takes so long."""
        return min(POLLS[self.mode], 1 if CLIENTS[self.client].blocks else 3)

    def __str__(self) -> str:
        """Return it for the reader of a log."""
        slow = f", answers after {self.delay * 1000:g} ms" if self.delay else ""
        return f"{self.mode} N={self.count} {'TLS' if self.tls else 'plain'} {self.client}{slow}"

    def sensible(self) -> bool:
        """Tell whether there is something to measure: a sleeper sends nothing, who blocks the loop is never parked."""
        if self.client == "sleep":
            return self.mode != "burst" and not self.tls and not self.delay
        return self.mode != "park" or not CLIENTS[self.client].blocks


def cells(names: Sequence[str], count: int, modes: Sequence[str]) -> list[Cell]:
    """
    Return the cells of one size, in an order in which no client runs twice in a row.

    :param names: Clients.
    :param count: Triggers.
    :param modes: Of ``PACES``.
    """
    found = [Cell(name, mode, tls, count) for mode in modes for tls in (False, True) for name in names]
    return [cell for cell in found if cell.sensible()]


def expected(cell: Cell) -> dict[str, int]:
    """
    Return what a run and the service must have counted: jobs reported done, polls in all and of each job.

    :param cell: What is measured.
    """
    asks = cell.client != "sleep"
    if cell.mode == "park":
        return {"jobs": cell.count * asks}
    each = (cell.polls + 1 + CLIENTS[cell.client].extra) * asks
    return {"done": cell.count, "requests": cell.count * each, "fewest": each, "most": each}


def inequality(cell: Cell, figures: Mapping[str, float]) -> str:
    """
    Say where a run did other work than it should have; empty where it did just that.

    :param cell: What was measured.
    :param figures: What the run and the service counted.
    """
    odd = [
        f"{name} {figures[name]} instead of {value}" for name, value in expected(cell).items() if figures[name] != value
    ]
    return f"{cell}: {', '.join(odd)}" if odd else ""


class Waiting:
    """
    Measure cells, some of them again and again, and keep every figure.

    :param ground: What all measurements share.
    :param report: Told about each run.
    :param hurry: Factor on all paces; below 1 the figures mean nothing, but the code has run.
    """

    def __init__(self, ground: Ground, report: Report, hurry: float = 1.0) -> None:
        self.ground = ground
        self.report = report
        self.hurry = hurry
        self.runs: dict[Cell, list[dict[str, float]]] = {}
        self.problems: list[str] = []
        self._seconds: dict[Cell, float] = {}

    def measure(self, cells: Sequence[Cell], end: float) -> None:
        """
        Measure cells once more, those that the time allows.

        :param cells: Which.
        :param end: Monotonic time at which to stop.
        """
        for cell in cells:
            if time.monotonic() + 1.2 * self._seconds.get(cell, 0.0) < end:
                self._once(cell)

    def flat(self) -> list[dict[str, Any]]:
        """Return every figure as plain JSON."""
        return list(self._rows())

    def _once(self, cell: Cell) -> None:
        began = time.monotonic()
        try:
            figures = self.ground.probe("benchmarks.waiting.probe", self._plan(cell))
        except Failed as error:
            self.problems.append(str(error))
            return
        self._seconds[cell] = time.monotonic() - began
        self.runs.setdefault(cell, []).append(figures)
        if odd := inequality(cell, figures):
            self.problems.append(odd)
        spent = per_thousand({**asdict(cell), "polls": cell.polls}, figures)
        self.report(f"{cell}: {spent:.3f} CPU s per 1,000 polls, worst stall {figures['stall_ms']:.0f} ms")

    def _plan(self, cell: Cell) -> dict[str, Any]:
        return {
            "client": cell.client,
            "mode": cell.mode,
            "count": cell.count,
            "polls": cell.polls,
            "pace": PACES[cell.mode] * self.hurry,
            "delay": cell.delay,
            "url": self.ground.secure if cell.tls else self.ground.plain,
            "control": self.ground.plain,
        }

    def _rows(self) -> Iterator[dict[str, Any]]:
        for cell, runs in self.runs.items():
            yield {**asdict(cell), "polls": cell.polls, "runs": runs}


def per_thousand(row: Mapping[str, Any], figures: Mapping[str, float]) -> float:
    """
    Return CPU seconds per 1,000 polls; of the sleeper, per 1,000 times of waking up.

    :param row: Says how many triggers there were, and how many polls of each.
    :param figures: Of one run.
    """
    return 1000.0 * figures["cpu_s"] / (figures["requests"] or row["count"] * (row["polls"] + 1))


def median(runs: Sequence[Mapping[str, float]], key: str) -> float:
    """
    Return the median of one figure over several runs.

    :param runs: All runs.
    :param key: Which figure.
    """
    return statistics.median(run[key] for run in runs)
