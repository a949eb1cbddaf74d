"""What the tasks of a run cost: the cards they left, held against TopView's credit log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from topview_provider import catalog

COST = catalog.Field("costCredit", "number")
"""A charge, which TopView may spell as a text."""


@dataclass(frozen=True, slots=True)
class Line:
    """
    Hold what one task instance had from TopView, and what that cost.

    :param task_id: Airflow's task.
    :param map_index: Its map index; -1 where it is not mapped.
    :param family: The task family.
    :param topview_task_id: TopView's id.
    :param topview_conn_id: The connection it was bought with.
    :param submitted_at: Unix time at which it was submitted; None where nobody knows.
    :param failed: It failed at TopView.
    :param cost_credit: Its cost; None where that is not known.
    :param source: Where the cost is known from: ``answer``, ``log``, ``failed`` (which is free), ``unknown``.
    """

    task_id: str
    map_index: int
    family: str
    topview_task_id: str
    topview_conn_id: str
    submitted_at: float | None
    failed: bool = False
    cost_credit: float | None = None
    source: str = "unknown"

    @property
    def continues(self) -> bool:
        """Whether it is a second step, which goes on under the id of another task and is charged by itself."""
        row = catalog.FAMILIES.get(self.family)
        return row is not None and row.continues

    def costing(self, cost: float, source: str) -> Line:
        """Return the line with a cost, unless it has one that TopView itself answered."""
        return self if self.source == "answer" else replace(self, cost_credit=cost, source=source)

    def shown(self) -> dict[str, Any]:
        """Return what people see of it."""
        names = ("task_id", "map_index", "family", "topview_task_id", "cost_credit", "source")
        return {name: getattr(self, name) for name in names}


def line_of(task_id: str, card: Mapping[str, Any]) -> Line:
    """
    Return the line of a card, the XCom ``topview`` of a task.

    :param task_id: The task that pushed it.
    :param card: What it pushed.
    """
    cost = card["cost_credit"]
    return Line(
        task_id,
        int(card["map_index"]),
        str(card["family"]),
        str(card["topview_task_id"]),
        str(card["topview_conn_id"]),
        card["submitted_at"],
        card["state"] == "failed",
        cost,
        "unknown" if cost is None else "answer",
    )


def charges_of(entries: Iterable[Mapping[str, Any]], wanted: Collection[str]) -> dict[str, list[float]]:
    """
    Return the charges of some tasks in a credit log, by TopView's id.

    :param entries: The entries of the log.
    :param wanted: The ids.
    """
    found: dict[str, list[float]] = {}
    for entry in entries:
        name = str(entry.get("taskId"))
        if name in wanted:
            with suppress(catalog.FieldError):  # an entry without a number says nothing
                found.setdefault(name, []).append(COST.to_wire(entry.get("costCredit")))
    return found


def settled(lines: Sequence[Line], charges: Mapping[str, Sequence[float]]) -> list[Line]:
    """
    Return the lines with their costs; every charge counts once, whatever shares an id.

    :param lines: The lines as the cards say.
    :param charges: Charges of the credit log by TopView's id.
    """
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.topview_task_id, []).append(line)
    found = [pair for name, group in groups.items() for pair in _shared(group, [*charges.get(name, ())])]
    order = {line.task_id: place for place, line in enumerate(lines)}
    return sorted(found, key=lambda line: (order[line.task_id], line.map_index))


def total(lines: Sequence[Line]) -> float:
    """Return the sum of the costs that are known."""
    return round(sum(line.cost_credit or 0.0 for line in lines), 6)


def unknown(lines: Sequence[Line]) -> list[str]:
    """Return the ids whose cost is not known, or not in full."""
    return list(dict.fromkeys(line.topview_task_id for line in lines if line.source == "unknown"))


def table(lines: Sequence[Line]) -> str:
    """Return a table for people: a row for each Airflow task, however many map indexes it has, and one for all."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(f"{line.task_id} ({line.family})", []).append(line)
    rows = [("task", "times", "credits", "unknown")]
    for name, group in [*groups.items(), ("total", list(lines))]:
        unsure = sum(line.source == "unknown" for line in group)
        rows.append((name, str(len(group)), f"{total(group):g}", str(unsure)))
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{name:<{width}}  {count:>5}  {cost:>8}  {unsure:>7}" for name, count, cost, unsure in rows)


def _shared(group: list[Line], charges: list[float]) -> Iterator[Line]:
    """
    Share out the charges of one id: one to each second step, and what is left to the task it goes on from.

    The log does not say what a charge was for, and a first step may be free; so it takes what nobody else accounts for,
    and where it is not listed, the last second step does.
    """
    steps = sorted((line for line in group if line.continues), key=lambda line: line.failed)
    firsts = [line for line in group if not line.continues]
    bearer = firsts[0] if firsts else steps.pop()
    covered = bool(steps and charges)
    for step in steps:
        own = [] if step.failed else charges[:1]
        charges = charges[len(own) :]
        line = _costed(step, own)
        covered = covered and line.source != "unknown"
        yield line
    borne = _costed(bearer, charges, covered=covered)
    yield borne
    # The same task once more, in another task instance that resumed it.
    for copy in firsts[1:]:
        yield replace(copy, cost_credit=None if borne.source == "unknown" else 0.0, source=borne.source)


def _costed(line: Line, charges: list[float], *, covered: bool = False) -> Line:
    if charges:
        return line.costing(round(sum(charges), 6), "log")
    if line.failed:
        return line.costing(0.0, "failed")
    return line.costing(0.0, "log") if covered else line
