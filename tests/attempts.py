"""Attempts of one task instance, one after the other, as Airflow counts them for a task without retries of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeStore
from tests.contract.running import new_context, walk
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.standin.server import StandIn

Buy = Callable[..., Any]
FAMILY = "video_avatar"

IDS = {"dag_id": "shop", "run_id": "manual__2026-01-01T00:00:00+00:00", "task_id": "t", "map_index": -1}


def retried(store: Any, number: int, rounds: int = 0, **ti: Any) -> dict[str, Any]:
    """Return the context of a first attempt or a retry; ``rounds`` is the try number before the last clear."""
    return new_context(store, try_number=number, max_tries=rounds, **ti)


def cleared(store: Any, number: int, **ti: Any) -> dict[str, Any]:
    """Return the context of the attempt that follows a person's clear."""
    return retried(store, number, number - 1, **ti)


def forgetful(number: int = 1, rounds: int = 0, **ti: Any) -> dict[str, Any]:
    """Return the context of an attempt in an Airflow that has no store."""
    context = retried(None, number, rounds, **{**IDS, **ti})
    del context["task_state_store"]
    return context


def buying(deferrable: bool) -> Buy:
    """Return what makes one attempt to buy a video, on the worker alone or through the triggerer."""

    def buy(text: str, context: dict[str, Any], **words: Any) -> Any:
        given = {"avatar_id": "a1", "tts_text": text, "deferrable": deferrable, **words}
        return walk(lambda: TopviewVideoAvatarOperator(task_id="t", **given), context)

    return buy


def accepted(service: StandIn) -> int:
    """Return how many of these videos were bought."""
    return int(service.stats(FAMILY)["accepted"])


def ids(service: StandIn) -> list[str]:
    """Return the ids of all tasks, in the order they were bought."""
    return [job["topview_task_id"] for job in service.jobs()]


def remember_in(folder: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the ledger path in Airflow's configuration; a local folder is made, as a person would."""
    if "://" not in str(folder) and str(folder).strip():
        Path(folder).mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("AIRFLOW__TOPVIEW__LEDGER_PATH", str(folder))


class DyingStore(FakeStore):
    """A store whose process is killed before the id of the accepted task is written."""

    def set(self, key: str, value: Any) -> None:
        if value["topview_task_id"]:
            raise SystemExit("killed")
        super().set(key, value)


class DeafStore(FakeStore):
    """A store that cannot be written, from the given time on."""

    def __init__(self, good: int) -> None:
        super().__init__()
        self.good = good

    def set(self, key: str, value: Any) -> None:
        if self.good == 0:
            raise ConnectionError("no database")
        self.good -= 1
        super().set(key, value)


class BlindStore(FakeStore):
    """A store that cannot be read."""

    def get(self, key: str, default: Any = None) -> Any:
        raise ConnectionError("no database")
