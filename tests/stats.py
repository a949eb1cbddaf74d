"""Backends for Airflow's own metrics: one that remembers what it was told, one that fails whatever it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
from airflow.sdk.observability.stats import Stats


class Backend:
    """Remember what was told, as StatsD would: counters add up and are whole numbers."""

    def __init__(self) -> None:
        self.heard: dict[str, Any] = {}
        self.tags: dict[str, Any] = {}

    def incr(self, stat: str, count: int = 1, rate: float = 1, *, tags: Any = None) -> None:
        """Add to a counter."""
        assert isinstance(count, int)
        self.heard[stat] = self.heard.get(stat, 0) + count
        self.tags[stat] = tags

    def timing(self, stat: str, dt: Any, *, tags: Any = None) -> None:
        """Note a duration."""
        self.heard[stat] = dt
        self.tags[stat] = tags


class Broken:
    """Fail, whatever is told."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectionRefusedError(name)


@contextmanager
def telling(backend: Any) -> Iterator[Any]:
    """Let Airflow's metrics go to a backend."""
    Stats.initialize(factory=lambda: backend, export_legacy_names=False)
    try:
        yield backend
    finally:
        Stats.initialize(factory=NoStatsLogger, export_legacy_names=False)
