"""On which Airflow the wheel was tried, as ``make matrix`` noted it; the README's table is made of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from tools.settings import ROOT

NOTES = ROOT / "constraints" / "tested.json"


@dataclass(frozen=True)
class Row:
    """
    What was seen in one cell.

    :param cell: Its name.
    :param airflow: Version of Airflow that ran.
    :param python: Version of Python that ran.
    :param passed: Number of tests.
    :param skipped: Number of tests that are about what this Airflow does not have.
    """

    cell: str
    airflow: str
    python: str
    passed: int
    skipped: int

    def __str__(self) -> str:
        """Say it in a line."""
        return f"Airflow {self.airflow}, Python {self.python}: {self.passed} tests passed, {self.skipped} skipped"


def note(row: Row) -> None:
    """
    Keep what was seen, in place of what was seen there before.

    :param row: The cell.
    """
    _keep([*(each for each in noted() if each.cell != row.cell), row])


def forget(cell: str) -> None:
    """
    Keep nothing of a cell: what was seen there before is no longer so.

    :param cell: Its name.
    """
    _keep([each for each in noted() if each.cell != cell])


def noted() -> list[Row]:
    """Return what was seen in all cells."""
    return [Row(**words) for words in json.loads(NOTES.read_text())] if NOTES.exists() else []


def table() -> str:
    """Return it as the README shows it."""
    lines = ["| Airflow | Python | quickstart | tests passed | skipped |", "|---|---|---|---|---|"]
    for row in noted():
        lowest = "" if row.cell == row.airflow else ", all requirements at their lowest"
        lines.append(f"| {row.airflow}{lowest} | {row.python} | a video | {row.passed} | {row.skipped} |")
    return "\n".join(lines)


def _keep(rows: list[Row]) -> None:
    rows = sorted(rows, key=lambda row: row.cell)
    NOTES.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
