"""A batch: what is to be made of each product, and what became of it; arithmetic on rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from topview_provider.catalog.fields import is_empty
from topview_provider.tables import Placed, Row

LANGUAGE = "language"
RESUME = "resume_topview_task_id"
FACTS = (LANGUAGE, "map_index", "state", "topview_task_id", "cost_credit", "file", "error", "rerun")
"""What a report adds to the columns of a product; it may fill in the language."""

REPORTED = ("product", RESUME, *FACTS)
"""Columns that a report may have and a product need not."""

NAMES = ("product", "product_name", "product_link")
"""Columns that say what a row is about, the first that is filled."""

MOST_PROBLEMS = 10


class Unfit(ValueError):
    """Say everything that is wrong with a list of products."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Say what a list of products must look like.

    :param columns: The columns that it may have.
    :param required: Those of them that must be filled.
    :param languages: Each product that names no language of its own is made in each of these.
    """

    columns: Sequence[str]
    required: Sequence[str] = ()
    languages: Sequence[str] = ()

    def products(self, rows: Sequence[Placed], problems: Sequence[str] = ()) -> list[Row]:
        """
        Return what to map over: every column in every row, None where it is empty.

        :param rows: The rows with their places.
        :param problems: What is wrong with the rows that could not be read.
        :raises Unfit: There is none, or something is wrong; each problem with its place.
        """
        if not rows and not problems:
            raise Unfit("there is no product in it")
        names = self._names(rows) if rows else []
        found = [(where, each) for where, row in rows for each in self._in_languages(row)]
        # Where a column is called otherwise than it should be, products look alike that are not.
        if problems := [*problems, *names, *self._gaps(rows), *([] if names else _twice(found))]:
            more = f"; and {len(problems) - MOST_PROBLEMS} more" if len(problems) > MOST_PROBLEMS else ""
            raise Unfit("; ".join(problems[:MOST_PROBLEMS]) + more)
        return [row for _, row in found]

    def _names(self, rows: Sequence[Placed]) -> list[str]:
        there = {name: where for where, row in reversed(rows) for name in row}
        unknown = [name for name in there if name not in self.columns]
        known = f"known are {', '.join(self.columns)}"
        problems = [f"{there[name]}: column {name!r} is not known{self._hint(name)}; {known}" for name in unknown]
        return problems + [f"there is no column {name!r}" for name in self.required if name not in there]

    def _hint(self, name: str) -> str:
        near = get_close_matches(name, self.columns, n=1)
        return f" (did you mean {near[0]!r}?)" if near else ""

    def _gaps(self, rows: Sequence[Placed]) -> list[str]:
        there = {name for _, row in rows for name in row}
        wanted = [name for name in self.required if name in there]
        return [f"{where}: {name} is empty" for where, row in rows for name in wanted if is_empty(row.get(name))]

    def _in_languages(self, row: Row) -> list[Row]:
        product = {name: _json_of(row.get(name)) for name in self.columns}
        if not self.languages or not is_empty(product.get(LANGUAGE)):
            return [product]
        return [{**product, LANGUAGE: language} for language in self.languages]


@dataclass(frozen=True, slots=True)
class Instance:
    """
    Hold what is known of the task instance that was to make one product.

    :param map_index: Its map index.
    :param state: Airflow's state; None where it never began.
    :param card: The XCom ``topview``; empty where TopView took nothing.
    :param reason: The XCom ``topview_error``; empty where it left none.
    :param cost_credit: What it cost; None where that is not known.
    :param file: Where its file is.
    :param stores: A file is wanted.
    :param resume: The TopView task that it was to go on with; that one is paid for, whether it ran or not.
    """

    map_index: int
    state: str | None
    card: Mapping[str, Any]
    reason: Mapping[str, Any]
    cost_credit: float | None
    file: str | None
    stores: bool
    resume: str | None = None

    @property
    def outcome(self) -> str:
        """``success``, ``failed``, ``skipped`` or ``not run``."""
        if self.state == "success":
            return "success" if self.file or not self.stores else "failed"
        if self.state in ("skipped", "failed"):
            return self.state
        return "failed" if self.card else "not run"

    @property
    def rerun(self) -> str:
        """
        What a second run may do: ``no``, ``submit``, ``resume`` (paid for or under way) or ``look first``.

        Nobody may buy again what TopView may have taken, so who left no word at all, as a killed task, is in doubt.
        """
        if self.outcome == "success":
            return "no"
        if self.card:
            return "submit" if self.card.get("state") == "failed" else "resume"
        if said := self.reason.get("rerun"):
            return str(said)
        return "resume" if self.resume else "look first" if self.outcome == "failed" else "submit"

    @property
    def error(self) -> str | None:
        """Why it is not there, in TopView's words where it said something."""
        if self.outcome == "success":
            return None
        said = self.card.get("error") or self.reason.get("error")
        if said or self.outcome != "failed":
            return said and str(said)
        return "made, but its file was not stored" if self.state == "success" else "its log says why"

    def row(self, product: Mapping[str, Any]) -> Row:
        """
        Return its row of the report: the product's columns, and what became of it.

        :param product: What was to be made.
        """
        name = next((product[name] for name in NAMES if product.get(name)), None) or self.card.get("product")
        facts = {
            LANGUAGE: product.get(LANGUAGE) or self.card.get(LANGUAGE),
            "map_index": self.map_index,
            "state": self.outcome,
            "topview_task_id": self.card.get("topview_task_id") or self.reason.get("topview_task_id") or self.resume,
            "cost_credit": self.cost_credit,
            "file": self.file,
            "error": self.error,
            "rerun": self.rerun,
        }
        return {"product": name, **product, **facts}


def numbers(rows: Iterable[Row]) -> dict[str, Any]:
    """
    Count the rows of a report by their state, and add up what they cost.

    :param rows: The rows.
    """
    rows = list(rows)
    count = Counter(row["state"] for row in rows)
    states = {name.replace(" ", "_"): count[name] for name in ("success", "failed", "skipped", "not run")}
    return {"total": len(rows), **states, "cost_credit": round(sum(row["cost_credit"] or 0 for row in rows), 6)}


def open_rows(rows: Iterable[Placed], columns: Sequence[str]) -> tuple[list[Placed], list[str], list[str]]:
    """
    Return the products of a report that are to be made now, the places of those that need a look first, and problems.

    One that is paid for or under way takes its TopView id along, to go on with it. It is a problem where a row says
    nothing of a rerun, for then it is no report, or lacks the id to go on with.

    :param rows: The rows of the report with their places.
    :param columns: The columns that a product has; others are kept, so that they are not left out silently.
    """
    found, doubtful, problems = [], [], []
    for where, row in rows:
        what = row.get("rerun")
        if what not in ("no", "submit", "resume", "look first"):
            problems.append(f"{where}: rerun is {what!r}, none of no, submit, resume, look first; is it a report?")
        elif what == "resume" and is_empty(row.get("topview_task_id")):
            problems.append(f"{where}: rerun is 'resume', but topview_task_id is empty")
        elif what == "look first":
            doubtful.append(where)
        elif what != "no":
            product = {name: row[name] for name in row if name in columns or name not in REPORTED}
            found.append((where, {**product, RESUME: row.get("topview_task_id") if what == "resume" else None}))
    return found, doubtful, problems


def _twice(rows: Sequence[Placed]) -> list[str]:
    places: dict[str, list[str]] = {}
    for where, row in rows:
        places.setdefault(repr(sorted(row.items(), key=lambda item: item[0])), []).append(where)
    return [f"{' and '.join(each)} are the same product" for each in places.values() if len(each) > 1]


def _json_of(value: Any) -> Any:
    """Return a value as JSON has it: a table holds dates and decimals, too."""
    if is_empty(value):
        return None
    return value if isinstance(value, str | int | float | bool | list | dict) else str(value)
