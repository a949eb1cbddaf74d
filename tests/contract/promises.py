"""A promise: a test that is written once, runs for every row, and may not be skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from topview_provider.catalog import FAMILIES, LISTINGS, Row

UPLOAD_CALLS = {"upload_credential", "upload_file", "upload_check"}
"""Three calls that one operator makes together: TopviewUploadOperator."""

CALLS = {name: row for name, row in LISTINGS.items() if name not in UPLOAD_CALLS}
LISTS = {name: row for name, row in CALLS.items() if not (row.action or row.single)}


def _for_each(rows: Iterable[Row]) -> Callable[[Callable[..., None]], Any]:
    def decorate(test: Callable[..., None]) -> Any:
        test.rows = tuple(row.name for row in rows)  # type: ignore[attr-defined]
        return pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in rows])(test)

    return decorate


promise = _for_each(tuple(FAMILIES.values()))
"""A promise of every task family."""

call_promise = _for_each(tuple(CALLS.values()))
"""A promise of every list and action."""

list_promise = _for_each(tuple(LISTS.values()))
"""A promise of every list."""
