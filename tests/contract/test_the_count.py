"""The suite holds itself to its own promise: no row is left out."""

from __future__ import annotations

import importlib
from pathlib import Path

from topview_provider.catalog import FAMILIES, LISTINGS

from .promises import CALLS, LISTS, UPLOAD_CALLS
from .running import camel_case, rooms


def promises() -> dict[str, tuple[str, ...]]:
    """Return every promise of the suite and the rows it is written for."""
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    modules = [importlib.import_module(f".{file.stem}", __package__) for file in files]
    return {name: test.rows for module in modules for name, test in vars(module).items() if getattr(test, "rows", None)}


def test_every_promise_is_written_for_every_row_of_its_kind() -> None:
    kinds = {tuple(FAMILIES): 0, tuple(CALLS): 0, tuple(LISTS): 0}
    for name, rows in promises().items():
        assert rows in kinds, f"{name} leaves rows out"
        kinds[rows] += 1
    assert kinds[tuple(FAMILIES)] >= 25
    assert kinds[tuple(CALLS)] >= 6
    assert kinds[tuple(LISTS)] >= 4


def test_only_the_upload_calls_have_no_operator_of_their_own() -> None:
    names = {name for room in rooms() for name in vars(room)}
    assert set(LISTINGS) - set(CALLS) == UPLOAD_CALLS
    for name in UPLOAD_CALLS:
        assert f"Topview{camel_case(name)}Operator" not in names, f"{name} has an operator now: count it"
    assert "TopviewUploadOperator" in names
