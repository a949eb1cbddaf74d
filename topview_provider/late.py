"""
What a task needs only once it runs, each module loaded when it is first named: ``late.results.state_of(...)``.

A DAG file is parsed again and again and runs nothing, so operators and sensors name these modules through this one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from topview_provider import (
        approval,
        assets,
        batches,
        bill,
        budget,
        lineage,
        metrics,
        polling,
        results,
        tables,
        tally,
    )
    from topview_provider.catalog import check
    from topview_provider.ledger import book, orphans, records, rules, words

__all__ = [
    "approval",
    "assets",
    "batches",
    "bill",
    "book",
    "budget",
    "check",
    "lineage",
    "metrics",
    "orphans",
    "polling",
    "records",
    "results",
    "rules",
    "tables",
    "tally",
    "words",
]

PACKAGES = {"catalog": ("check",), "ledger": ("book", "orphans", "records", "rules", "words")}
"""Which of them stand in a package of ours."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    package = next((f"{package}." for package, modules in PACKAGES.items() if name in modules), "")
    module = globals()[name] = import_module(f"topview_provider.{package}{name}")
    return module
