"""Backends for Airflow's own metrics: one that remembers what it was told, one that fails whatever it is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow.providers.common.compat.sdk import Stats

from tests.lines import LINE, named

LOGGER = "base_stats_logger.NoStatsLogger"
Silent = named(f"airflow.sdk._shared.observability.metrics.{LOGGER}", f"airflow.metrics.{LOGGER}")


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
    use = _from_3_2 if LINE >= (3, 2) else _before
    use(lambda: backend)
    try:
        yield backend
    finally:
        use(Silent)


def _from_3_2(factory: Callable[[], Any]) -> None:
    words = {} if LINE == (3, 2) else {"export_legacy_names": False}
    Stats.initialize(factory=factory, **words)


def _before(factory: Callable[[], Any]) -> None:
    Stats.instance = factory()
    Stats._instance_pid = os.getpid()
