"""Every cell of the fault matrix ends as it must, and none of them pays twice, hangs, or lies about its result."""

from __future__ import annotations

import pytest

from tests.e2e.faults.cells import Cell, Expected
from tests.e2e.faults.rows import CELLS
from tests.e2e.faults.seen import Seen


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
def test_the_cell_ends_as_it_must(cell: Cell, seen: dict[str, Seen]) -> None:
    assert cell.id in seen, "it was not played"
    found, wanted = seen[cell.id], cell.expected
    assert isinstance(wanted, Expected)
    assert _numbers(found) == _numbers(wanted), found.log[-3000:]
    assert [word for word in wanted.words if word not in found.log] == [], found.log[-3000:]
    assert found.pause >= wanted.pause


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
def test_the_cell_keeps_the_law(cell: Cell, seen: dict[str, Seen]) -> None:
    assert cell.id in seen, "it was not played"
    found = seen[cell.id]
    assert found.state in ("success", "failed"), "it hangs"
    assert found.accepted - found.failed <= 1 or cell.resubmits, "paid twice"
    assert found.wrong == ()


def _numbers(found: Seen | Expected) -> dict[str, object]:
    names = ("outcome", "tries", "received", "accepted", "charged")
    return {name: getattr(found, name) for name in names}
