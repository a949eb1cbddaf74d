"""Everything in one run, in an order that spends the time on what varies most."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benchmarks.clients import CLIENTS, PEERS
from benchmarks.faults import measure as faults
from benchmarks.files import measure as files
from benchmarks.ground import Failed, Ground
from benchmarks.loading import measure as imports
from benchmarks.pacing import measure as simulation
from benchmarks.scales import Scale
from benchmarks.triggerer import measure as triggerer
from benchmarks.waiting.measure import Waiting

NAMED = ("apache-airflow", "aiohttp", "requests")


def here(package: str) -> str:
    """Return the version of a distribution; empty where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def machine() -> dict[str, Any]:
    """Return what was measured on, and with which versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    names = (*NAMED, *(client.package for client in CLIENTS.values() if client.package))
    packages = {name: here(name) for name in names}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "packages": {name: text for name, text in packages.items() if text},
    }


def peers_here() -> bool:
    """Tell whether the peers are installed."""
    return all(here(CLIENTS[name].package) for name in PEERS)


@dataclass
class Run:
    """
    Measure everything.

    :param ground: What all measurements share.
    :param scale: How large.
    :param report: Told what goes on.
    """

    ground: Ground
    scale: Scale
    report: Callable[[str], None]
    problems: list[str] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)

    def everything(self, *, airflow: bool = True) -> dict[str, Any]:
        """
        Return all figures, and keep in ``problems`` what was not equal or did not work.

        :param airflow: A real triggerer too.
        """
        began, peers, around = time.monotonic(), peers_here(), machine()
        end = began + 60 * self.scale.minutes
        waiting = Waiting(self.ground, self.report, self.scale.hurry)
        cells = self.scale.cells(peers)
        with ThreadPoolExecutor(2 if self.scale.side_by_side else 1) as pool:
            first = [pool.submit(waiting.measure, cells, float("inf")), pool.submit(self._parts, peers, airflow)]
        for job in first:
            job.result()
        for _ in range(self.scale.rounds - 1):
            waiting.measure(self.scale.repeated(cells), end)
        self.problems += waiting.problems
        minutes = round((time.monotonic() - began) / 60, 1)
        size = {"count": self.scale.count, "many": self.scale.many, "megabytes": self.scale.megabytes}
        return {"machine": around, "minutes": minutes, **size, "polls": waiting.flat(), **self.found}

    def _parts(self, peers: bool, airflow: bool) -> None:
        self._part("pacing", lambda: simulation.simulate(self.scale.tasks))
        self._part("imports", lambda: self._imports(peers))
        self._part("parsing", self._parsing)
        self._part("files", self._files)
        self._part("faults", lambda: self._faults(peers))
        if airflow:
            self._part("triggerer", self._triggerer)

    def _part(self, name: str, measure: Callable[[], list[dict[str, Any]]]) -> None:
        began = time.monotonic()
        try:
            self.found[name] = measure()
        except (Failed, OSError, RuntimeError, TimeoutError) as error:
            self.problems.append(f"{name}: {error}")
        self.report(f"{name}: {time.monotonic() - began:.0f} s")

    def _imports(self, peers: bool) -> list[dict[str, Any]]:
        groups = imports.imported(list(imports.PEERS) if peers else [], each_room=self.scale.each_room)
        return imports.measure_imports(self.ground, groups, self.scale.import_rounds)

    def _parsing(self) -> list[dict[str, Any]]:
        rows = imports.measure_parsing(self.ground, self.scale.parse_rounds)
        self.problems += imports.uneven(rows)
        return rows

    def _triggerer(self) -> list[dict[str, Any]]:
        rows = triggerer.measure(self.ground, self.scale.deferred, self.scale.watched)
        self.problems += triggerer.uneven(rows) if self.scale.watched >= triggerer.PACE else []
        return rows

    def _files(self) -> list[dict[str, Any]]:
        rows, problems = files.measure(self.ground, self.scale.megabytes, self.scale.file_rounds)
        self.problems += problems
        return rows

    def _faults(self, peers: bool) -> list[dict[str, Any]]:
        return faults.measure(self.ground, ["ours", *(PEERS if peers else ())], self.scale.faults)
