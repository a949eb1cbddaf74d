"""What makes a test a promise: it is kept for every row, and counted."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import pytest

from topview_provider.catalog import FAMILIES

PROMISE = re.compile(r"/contract/test_\w+\.py::(\w+)\[(\w+)\]$")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any) -> Generator[None, Any, Any]:
    """Let a promise fail that was skipped; in the process in which it ran, for there may be several."""
    report = yield
    if report.skipped and hasattr(item.function, "rows"):
        report.outcome = "failed"
        report.longrepr = f"A promise is kept for every row; this one was skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much ran."""
    passed = [PROMISE.search(report.nodeid) for report in terminalreporter.stats.get("passed", [])]
    names = [found[1] for found in passed if found]
    if names:
        line = f"contract: {len(FAMILIES)} families, {len({*names})} promises, {len(names)} times kept"
        terminalreporter.write_line(line)
