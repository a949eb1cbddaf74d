"""Looking for a task whose id was lost: it is adopted only where TopView shows what this task gave it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from topview_provider import catalog

MARGIN = 60.0
"""Seconds by which TopView's clock may differ from ours."""

MOST = 1000
"""Most tasks of the account that are looked at."""

PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    Name a task of the account that may be the lost one.

    :param topview_task_id: Its id.
    :param created: When TopView says it was made (UTC is assumed: the page does not say), or None.
    :param name: What it is called.
    :param fits: It shows everything that was given, and was made when the intent was.
    """

    topview_task_id: str
    created: datetime | None
    name: str
    fits: bool

    def __str__(self) -> str:
        """Return id, time and name."""
        when = f", created {self.created:%Y-%m-%d %H:%M:%S} UTC" if self.created else ""
        return f"{self.topview_task_id}{when}" + (f", {self.name!r}" if self.name else "")


@dataclass(frozen=True, slots=True)
class Search:
    """
    Look for the task of one intent.

    :param row: The family.
    :param body: What was given, in wire names.
    :param intent_at: Unix time of the intent.
    :param read_timeout: Seconds that the POST may have taken.
    """

    row: catalog.TaskFamily
    body: Mapping[str, Any]
    intent_at: float
    read_timeout: float

    def candidates(self, hook: Any) -> tuple[list[Candidate], bool]:
        """
        Return the tasks that were made when the intent was, or show what was given; and whether all were looked at.

        :param hook: Hook of the connection.
        """
        echo = self.row.echo
        if echo is None:
            return [], False
        filters = {wire: self.body[wire] for wire in echo.filters if self.body.get(wire)}
        listing = catalog.listing(echo.listing)
        named = {field.name: filters[field.wire] for field in listing.fields if field.wire in filters}
        items = [*islice(hook.iterate(echo.listing, page_size=PAGE_SIZE, **named), MOST + 1)]
        found = [candidate for item in items[:MOST] if (candidate := self.candidate(echo, item))]
        return found, len(items) <= MOST

    def candidate(self, echo: catalog.Echo, item: Mapping[str, Any]) -> Candidate | None:
        """
        Return what one task of the list is to this intent; None if it has nothing to do with it.

        :param echo: What the list shows.
        :param item: The task.
        """
        created = moment(item.get("gmtCreate"))
        in_time = created is not None and self.in_window(created.timestamp())
        shown = item.get(echo.under) if echo.under else item
        echoes = isinstance(shown, Mapping) and self.echoes(echo, shown)
        topview_task_id = str(item.get("taskId") or "")
        if not topview_task_id or not (in_time or echoes):
            return None
        name = str(item.get("productName") or item.get("toolType") or "")
        return Candidate(topview_task_id, created, name, in_time and echoes)

    def in_window(self, at: float) -> bool:
        """Tell whether a task made at this Unix time can be the intent's."""
        return self.intent_at - MARGIN <= at <= self.intent_at + self.read_timeout + MARGIN

    def echoes(self, echo: catalog.Echo, shown: Mapping[str, Any]) -> bool:
        """
        Tell whether a task shows all that was given and can be shown.

        :param echo: What the list shows.
        :param shown: What it shows of this task.
        """
        if any(self.body.get(wire) in (None, "", []) for wire in echo.needs):
            return False
        if any(self.body.get(wire) not in (None, "", []) for wire in echo.spoilt_by):
            return False
        return all(name in shown and _same(shown[name], value) for name, value in self.given(echo))

    def given(self, echo: catalog.Echo) -> Iterator[tuple[str, Any]]:
        """Yield name and value of all that was given and that the list can show."""
        left_out = {"noticeUrl", *echo.filters}
        names = echo.fields or [name for name in self.body if name not in left_out]
        yield from ((name, self.body[name]) for name in names if self.body.get(name) not in (None, "", []))


def moment(text: Any) -> datetime | None:
    """Return a time that TopView shows (``yyyy-MM-dd HH:mm:ss`` or ISO 8601), taken for UTC; None if it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _same(shown: Any, given: Any) -> bool:
    texts = [str(value).lower() if isinstance(value, bool) else str(value).strip() for value in (shown, given)]
    return shown == given or texts[0] == texts[1]
