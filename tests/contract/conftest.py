"""The count of the promises that were kept."""

from __future__ import annotations

from typing import Any

from topview_provider.catalog import FAMILIES

from .promises import kept


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Count last."""
    items.sort(key=lambda item: item.name == "test_every_promise_was_kept_for_every_row")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much ran."""
    if kept:
        runs = sum(map(len, kept.values()))
        terminalreporter.write_line(f"contract: {len(FAMILIES)} families, {len(kept)} promises, {runs} times kept")
