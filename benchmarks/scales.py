"""How large a run is: what ``make bench``, ``make bench-full`` and the smallest run measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from benchmarks.clients import BARE, CLIENTS
from benchmarks.faults.service import FAULTS
from benchmarks.pacing import measure as simulation
from benchmarks.triggerer import measure as triggerer
from benchmarks.waiting.measure import Cell, cells

GROWN = ("ours", "raw", "databricks")
"""Whose burst is measured at the largest size in each run."""
FIRST = (*GROWN, "aiohttp")
"""Who is measured again before the others: goals are about them."""


@dataclass(frozen=True, slots=True)
class Scale:
    """
    Say how large a run is.

    :param count: Triggers of most cells.
    :param many: Triggers of the largest burst.
    :param more: Adds cells to a run.
    :param modes: Of ``waiting.PACES``.
    :param rounds: How often a cell is measured, where it is short.
    :param hurry: Factor on the paces of polls.
    :param import_rounds: How often each import is measured.
    :param parse_rounds: How often each DAG file is parsed, in a process of its own.
    :param each_room: Import each room by itself too.
    :param megabytes: Size of the file that is moved, in 10^6 bytes.
    :param file_rounds: How often it is moved each way.
    :param faults: Which faults are played.
    :param deferred: Tasks of the real triggerer.
    :param watched: For how many seconds it is watched.
    :param tasks: Simulated tasks of each family.
    :param minutes: After which nothing is measured again; what must be measured once is measured in any case.
    :param side_by_side: Measure waiting while all else is measured: half the time, and figures that mean nothing.
    """

    count: int = 1000
    many: int = 10_000
    more: Callable[[], list[Cell]] = list
    modes: tuple[str, ...] = ("burst", "steady", "park")
    rounds: int = 3
    hurry: float = 1.0
    import_rounds: int = 7
    parse_rounds: int = 3
    each_room: bool = True
    megabytes: int = 500
    file_rounds: int = 3
    faults: tuple[str, ...] = field(default_factory=partial(tuple, FAULTS))
    deferred: int = triggerer.TASKS
    watched: float = 20.0
    tasks: int = simulation.TASKS
    minutes: float = 20.0
    side_by_side: bool = False

    def cells(self, peers: bool) -> list[Cell]:
        """
        Return what is measured of waiting.

        :param peers: Of the peers too.
        """
        names = list(CLIENTS) if peers else ["ours", *BARE]
        found = cells(names, self.count, self.modes)
        found += [Cell(name, "burst", False, self.many) for name in GROWN if name in names]
        return found + [cell for cell in self.more() if cell.client in names and cell not in found]

    def repeated(self, cells: list[Cell]) -> list[Cell]:
        """
        Return the cells that are measured more than once, in the order in which the time that is left goes to them.

        Where one run is long or at rest, its figure is steady by itself.

        :param cells: All cells.
        """
        short = [cell for cell in cells if cell.count == self.count and cell.mode != "park" and not cell.delay]
        return sorted((cell for cell in short if not CLIENTS[cell.client].blocks), key=_rank)


def _rank(cell: Cell) -> tuple[bool, bool, bool]:
    plain_and_steady = cell.mode == "steady" and not cell.tls
    return plain_and_steady, cell.client not in FIRST, cell.mode == "steady"


def _larger() -> list[Cell]:
    flowing = [name for name in CLIENTS if not CLIENTS[name].blocks]
    found = [cell for count in (100, 5000, 10_000) for cell in cells(flowing, count, ("burst",))]
    found += [Cell(name, "burst", True, 1000, 0.05) for name in flowing]
    return [cell for cell in found if cell.sensible()]


SCALES = {
    "bench": Scale(),
    "full": Scale(more=_larger, minutes=24 * 60.0),
    "smallest": Scale(
        count=20,
        many=40,
        modes=("burst", "park"),
        rounds=1,
        hurry=0.1,
        import_rounds=1,
        parse_rounds=1,
        each_room=False,
        megabytes=2,
        file_rounds=1,
        faults=("reset", "500", "page", "strange"),
        deferred=5,
        watched=1.0,
        tasks=40,
        minutes=0.0,
        side_by_side=True,
    ),
}
