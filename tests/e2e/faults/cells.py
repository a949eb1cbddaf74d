"""What a cell of the fault matrix is: one fault, one way of waiting, and what must come of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

PRICE = 2
"""Credits of one video avatar at the stand-in."""
MARKED = {"marketing": "productName", "voice": "voiceText"}
"""Wire name of the text that is a run's own, by shape of the DAG."""
PATHS = ("sync", "deferred")


@dataclass(frozen=True)
class Ahead:
    """A moment so many seconds after the fault is ordered, as an HTTP date."""

    seconds: float


@dataclass(frozen=True)
class Then:
    """A fault that is ordered once this cell's submit was ``received`` or ``accepted``."""

    after: str
    fault: Mapping[str, Any]


@dataclass(frozen=True)
class Expected:
    """
    What must be seen.

    :param state: Of the run.
    :param error: Class of the exception that ended the last try.
    :param words: What the task's logs must say.
    :param tries: Of the task that needed most of them.
    :param received: Submits that reached TopView.
    :param accepted: Submits that it took.
    :param charged: Credits.
    :param pause: Seconds that must lie between two requests, because TopView asked for them.
    """

    state: str = "success"
    error: str = ""
    words: tuple[str, ...] = ()
    tries: int = 1
    received: int = 1
    accepted: int = 1
    charged: float = PRICE
    pause: float = 0.0

    @property
    def outcome(self) -> str:
        """How the document puts it."""
        return outcome(self.state, self.error)


def outcome(state: str, error: str) -> str:
    """Return how the document puts the end of a run."""
    return f"{state}: `{error}`" if error else state


@dataclass(frozen=True)
class Cell:
    """
    One row of the matrix.

    :param group: Part of the document it belongs to.
    :param fault: What goes wrong, in words.
    :param path: Where the task waits: on the worker or in the triggerer.
    :param expected: What must come of it; None where the fault cannot meet this path.
    :param faults: Orders for the stand-in, given before the run begins.
    :param then: Orders that are given while it runs.
    :param shape: Which DAG.
    :param script: Who plays it; see ``scripts``.
    :param service: Which stand-in.
    :param arguments: Of the operator that buys.
    :param moment: When a process is killed.
    :param victims: Which one.
    :param resubmits: The operator was told to buy again.
    :param why_not: Why the fault cannot meet this path.
    """

    group: str
    fault: str
    path: str
    expected: Expected | None
    faults: tuple[Mapping[str, Any], ...] = ()
    then: tuple[Then, ...] = ()
    shape: str = "video"
    script: str = "plain"
    service: str = "quick"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    moment: str = ""
    victims: str = ""
    resubmits: bool = False
    why_not: str = ""

    @property
    def id(self) -> str:
        """Name of the cell, of its DAG and of its test."""
        return "-".join(
            re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") for words in (self.group, self.fault, self.path)
        )

    @property
    def conn_id(self) -> str:
        """The Airflow connection."""
        return f"topview_{self.id}".replace("-", "_") if self.moment == "asked" else f"topview_{self.service}"

    def match(self, mark: str) -> dict[str, Any]:
        """Return by what the stand-in knows the requests of a run."""
        if self.moment == "asked":
            return {"cell": self.id}
        if self.shape == "partial":
            return {"fileIds": [mark]}
        return {MARKED.get(self.shape, "ttsText"): mark}

    def for_dag(self) -> dict[str, Any]:
        """Return what its DAG needs."""
        arguments = {"deferrable": self.path == "deferred", "topview_conn_id": self.conn_id, **self.arguments}
        return {"shape": self.shape, "arguments": arguments}


def lands(**words: Any) -> Expected:
    """Return a success; received and charged follow from what was accepted."""
    return Expected(**words)


def fails(error: str, *words: str, accepted: int = 0, **others: Any) -> Expected:
    """Return a failure: what TopView took, it charges."""
    return Expected("failed", error, words, accepted=accepted, **{"charged": PRICE * accepted, **others})


def at_submit(kind: str, **words: Any) -> dict[str, Any]:
    """Return a fault that strikes the POST which buys."""
    return {"kind": kind, "method": "POST", "path": "*/submit", **words}


def at_query(kind: str, **words: Any) -> dict[str, Any]:
    """Return a fault that strikes the polls."""
    return {"kind": kind, "method": "GET", "path": "*/query", **words}


def both(cell: Cell) -> Iterator[Cell]:
    """Yield a cell for each path; ``path`` of the given one does not matter."""
    return (replace(cell, path=path) for path in PATHS)
