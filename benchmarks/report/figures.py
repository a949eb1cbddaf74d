"""The figures of a run, asked by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.clients import CLIENTS, PEERS
from benchmarks.waiting.measure import median, per_thousand

FLOWING = tuple(name for name in PEERS if not CLIENTS[name].blocks)


class Figures:
    """
    Answer questions about the results of one run; what was not measured is None.

    :param results: As they stand in ``results.json``.
    """

    def __init__(self, results: Mapping[str, Any]) -> None:
        self.results = results
        self.count = int(results["count"])
        self.many = int(results["many"])

    def row(
        self, client: str, mode: str, tls: bool, count: int | None = None, delay: float = 0.0
    ) -> dict[str, Any] | None:
        """
        Return one measured cell.

        :param client: Name in ``CLIENTS``.
        :param mode: ``burst``, ``steady`` or ``park``.
        :param tls: Over TLS.
        :param count: Triggers; None: as most cells have.
        :param delay: Seconds that the service took to answer.
        """
        wanted = {"client": client, "mode": mode, "tls": tls, "count": count or self.count, "delay": delay}
        fits = (row for row in self.results["polls"] if all(row[key] == value for key, value in wanted.items()))
        return next(fits, None)

    def cpu(self, client: str, mode: str, tls: bool, count: int | None = None) -> float | None:
        """Return CPU seconds per 1,000 polls."""
        row = self.row(client, mode, tls, count)
        return None if row is None else median([{"cpu": per_thousand(row, run)} for run in row["runs"]], "cpu")

    def figure(self, key: str, client: str, mode: str, tls: bool, count: int | None = None) -> float | None:
        """Return the median of a figure by its key."""
        row = self.row(client, mode, tls, count)
        return None if row is None else median(row["runs"], key)

    def lines(self, client: str, mode: str, tls: bool, count: int | None = None) -> float | None:
        """Return connections per poll."""
        row = self.row(client, mode, tls, count)
        return None if row is None else median(row["runs"], "connections") / max(median(row["runs"], "requests"), 1)

    def best_cpu(self, mode: str, tls: bool) -> float | None:
        """Return the least CPU of the peers that do not block the loop."""
        return least(self.cpu(name, mode, tls) for name in FLOWING)

    def best(self, key: str, mode: str, tls: bool) -> float | None:
        """Return the least figure of the peers that do not block the loop."""
        return least(self.figure(key, name, mode, tls) for name in FLOWING)

    def part(self, part: str, /, **wanted: Any) -> dict[str, Any] | None:
        """
        Return the row of another part of the run.

        :param part: ``imports``, ``parsing``, ``files``, ``faults``, ``triggerer`` or ``pacing``.
        :param wanted: What its row says.
        """
        rows = self.results.get(part, ())
        return next((row for row in rows if all(row[key] == value for key, value in wanted.items())), None)

    def of(self, part: str, key: str, /, **wanted: Any) -> float | None:
        """Return the median of a figure in another part of the run."""
        row = self.part(part, **wanted)
        if row is None:
            return None
        return median(row["runs"], key) if "runs" in row else float(row[key])


def least(values: Any) -> float | None:
    """Return the least of the known values."""
    return min((value for value in values if value is not None), default=None)


def ratio(one: float | None, other: float | None) -> float | None:
    """Return how often the other goes into the one; None where one of them is unknown."""
    return None if one is None or not other else one / other
