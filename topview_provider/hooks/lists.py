"""
One list asked for many tasks that wait, instead of one query each; off unless the connection says ``list_polling``.

TopView lists marketing videos (``/v1/m2v/task/list``) and the tasks of a board (``/boards/tasks/list``), each with its
id and its state in the words of the query. Nobody knows for how long a task stays in its list, in which order videos
stand, or how large a page may be; so a list is never relied on:

- A list ends no task. All it can say is ``init`` or ``running`` of this very id; that counts as a poll at the moment
  when the list was answered.
- At everything else the task's own query decides: it is finished, failed, in a state nobody knows, not shown, or shown
  twice in two states; the list cannot be had; it is the poll at the deadline; an item decides and not the task.
- A list that lags or lies delays: after ``TRUST`` answers in a row the task is asked itself.
- A list is asked only where another task is due soon too, for each page that those who wait would fill, and read no
  further than to twice as many pages and one. A list that told nothing is left alone for a while.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import islice
from typing import Any, Self

from topview_provider import catalog
from topview_provider import exceptions as errors
from topview_provider.hooks.notices import for_all
from topview_provider.hooks.requesting import Items, Pages
from topview_provider.hooks.single_flight import SingleFlight
from topview_provider.polling import Step, Watch
from topview_provider.results import SUCCESS, WAITING
from topview_provider.wire import FAILURES

log = logging.getLogger(__name__)

SHARE = 0.25
"""A task uses an answer that is not older than this share of its interval, and counts its next one from there."""

TRUST = 10
"""After so many answers of the list in a row a task is asked itself."""

MISSES = 3
"""A task of which the list did not say so often in a row that it is unfinished is asked itself from then on."""

PAGE_SIZE = 100

REST, LONGEST_REST = 10.0, 3600.0
"""Seconds for which a list that told nothing is left alone: the first time, and at most."""

KNOWN = WAITING | FAILURES | {SUCCESS}

Fetch = Callable[[Pages, float], Awaitable[Items]]
"""Asks for the next page, which is wanted within so many seconds."""

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A list and the filters that narrow it."""


class Lists:
    """
    Hold the lists of one connection on one event loop that somebody waits with.

    :param fetch: Asks for a page.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self.rolls: dict[Key, Roll] = {}

    def seat(self, watch: Watch, listed: bool) -> Seat:
        """
        Return the place of a task that begins to wait; it is left at the end of a ``with`` block.

        :param watch: The task.
        :param listed: Whether lists may be asked; otherwise it is asked itself each time.
        """
        return Seat(self if listed else None, watch)

    def sit(self, seat: Seat) -> Roll | None:
        """Put a seat to the list that shows its task; None where no list surely does."""
        key = _key(seat.watch)
        if key is None:
            return None
        roll = self.rolls.setdefault(key, Roll(key, self._fetch))
        roll.seats.add(seat)
        return roll

    def leave(self, seat: Seat, roll: Roll) -> None:
        """Take a seat away; the last one takes the list with it."""
        roll.seats.discard(seat)
        if not roll.seats:
            self.rolls.pop(roll.key).stop()


class Seat:
    """
    Be one task that waits with others.

    :param lists: The lists of its connection; None where none may be asked.
    :param watch: The task.
    """

    __slots__ = ("_asked_at", "_lists", "_roll", "_trusted", "passed_over", "watch")

    def __init__(self, lists: Lists | None, watch: Watch) -> None:
        self.watch = watch
        self.passed_over = 0
        self._lists = lists
        self._roll: Roll | None = None
        self._trusted = 0
        self._asked_at = time.time()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._lists and self._roll:
            self._lists.leave(self, self._roll)

    @property
    def window(self) -> float:
        """How many seconds old an answer may be."""
        return SHARE * self.watch.patience

    def open(self) -> bool:
        """Tell whether the list may speak for this task."""
        return self._trusted < TRUST and self.passed_over < MISSES

    def soon(self, now: float) -> bool:
        """Tell whether an answer of this moment would spare a query that is about to be made."""
        due = self._asked_at + self.watch.patience
        return self.open() and due - self.window <= now <= due

    async def under_way(self) -> Step | None:
        """Return what to do where the list shows the task unfinished; None where its own query has to tell."""
        watch, now = self.watch, time.time()
        self._asked_at = now
        word, at = "", now
        if self.open() and now < watch.end_time and self._sits():
            assert self._roll
            word, at = await self._roll.word(self, now - self.window)
        if word not in WAITING or at >= watch.end_time:
            self._trusted = 0
            return None
        self._trusted += 1
        self._asked_at = at
        step = watch.saw({**(watch.answer or {}), watch.row.status_key: word}, at)
        return replace(step, seconds=max(0.0, step.seconds - (time.time() - at)))

    def _sits(self) -> bool:
        if self._lists and self._roll is None:
            self._roll = self._lists.sit(self)
        return self._roll is not None


class Roll:
    """
    Ask one list for all that wait with it, one request at a time; the last one to leave takes it away.

    :param key: The list and its filters.
    :param fetch: Asks for a page.
    """

    def __init__(self, key: Key, fetch: Fetch) -> None:
        self.key = key
        self.seats: set[Seat] = set()
        self._fetch = fetch
        self._asking: set[Seat] = set()
        self._walk = SingleFlight(self._go)
        self._words: dict[str, tuple[str, float]] = {}
        self._walked_at = 0.0
        self._rests_until = 0.0
        self._useless = 0
        self._most = 0

    @property
    def _pages(self) -> int:
        """How many pages they fill who wait, those beside them who have ended meanwhile included."""
        self._most = max(self._most, len(self.seats))
        return -(-self._most // PAGE_SIZE)

    async def word(self, seat: Seat, oldest: float) -> tuple[str, float]:
        """
        Return what the list says of a task, and when it said so; an empty word says nothing.

        :param seat: The task.
        :param oldest: Unix time; what was said earlier does not count.
        """
        found = self._said(seat, oldest)
        if found is None and self._walked_at < oldest:
            await self._ask(seat)
            found = self._said(seat, oldest)
        return found or ("", 0.0)

    def _said(self, seat: Seat, oldest: float) -> tuple[str, float] | None:
        found = self._words.get(seat.watch.topview_task_id)
        return found if found and found[1] >= oldest else None

    def stop(self) -> None:
        """Give the request up: nobody waits any longer."""
        self._walk.stop()

    async def _ask(self, seat: Seat) -> None:
        if time.time() < self._rests_until or not (self._asking or self._worth_it(seat)):
            return
        self._asking.add(seat)
        try:
            async with asyncio.timeout(seat.watch.latest - time.time()):
                await self._walk.join()
        except TimeoutError:
            log.debug("%s: it cannot wait for the list any longer", seat.watch.topview_task_id)
        finally:
            self._asking.discard(seat)

    def _worth_it(self, seat: Seat) -> bool:
        now = time.time()
        soon = (other for other in self.seats if other is not seat and other.soon(now))
        return len([*islice(soon, self._pages)]) == self._pages

    def _wanted(self, now: float) -> list[Seat]:
        return [seat for seat in self.seats if seat in self._asking or seat.soon(now)]

    async def _go(self) -> None:
        try:
            useful, why = await self._read(), "it tells of nobody who waits"
        except errors.TopviewError as error:
            useful, why = False, str(error)
        if useful:
            self._useless = 0
            return
        rest = min(LONGEST_REST, REST * 2.0 ** min(self._useless, 16))
        self._rests_until = time.time() + rest
        if not self._useless:
            words = "%s is left alone for %.0f s, its tasks are asked one by one: %s"
            for_all(log, logging.INFO, words, self.key[0], rest, why)
        self._useless += 1

    async def _read(self) -> bool:
        """Read the pages that hold who waits, and tell whether they tell of somebody."""
        pages = Pages(self.key[0], {"page_size": PAGE_SIZE, **dict(self.key[1])})
        words: dict[str, tuple[str, float]] = {}
        wanted: list[Seat] = []
        first, left = 0.0, 0
        while pages.more:
            items = await self._fetch(pages, min((seat.watch.patience for seat in self._asking), default=0.0))
            now = time.time()
            first = first or now
            wanted = self._wanted(now)
            _note(words, items, now)
            left = sum(seat.watch.topview_task_id not in words for seat in wanted)
            if left < 2 or pages.page > 2 * self._pages + 1:
                break
        self._words, self._walked_at = words, first
        return self._heard(wanted, searched=left > 1 or not pages.more)

    def _heard(self, wanted: list[Seat], *, searched: bool) -> bool:
        """Note who was passed over, and tell whether something was said of anybody."""
        said = [self._words.get(seat.watch.topview_task_id) for seat in wanted]
        for seat, found in zip(wanted, said, strict=True):
            if found and found[0] in WAITING:
                seat.passed_over = 0
            elif found or searched:
                seat.passed_over += 1
        return any(found[0] for found in said if found)


def _note(words: dict[str, tuple[str, float]], items: Items, now: float) -> None:
    """Take down the words of a page; nothing where a word is unknown, or two are said of one task."""
    for item in items:
        word = str(item.get("status") or "").strip().lower()
        topview_task_id = str(item.get("taskId") or "")
        before = words.get(topview_task_id, (word, now))[0]
        agreed = before == word or {before, word} <= WAITING
        words[topview_task_id] = (word if agreed and word in KNOWN else "", now)


def _key(watch: Watch) -> Key | None:
    """Return the list that surely shows this task; only its own answer says on which board it is."""
    sight = watch.row.sight
    if sight is None or not set(watch.judge) <= {"items"}:
        return None
    answer: Any = watch.answer or {}
    given = {wire: answer.get(wire) for wire in sight.filters}
    if not all(isinstance(value, str) and value for value in given.values()):
        return None
    names = {field.wire: field.name for field in catalog.listing(sight.listing).fields}
    narrowed = {names[wire]: str(value) for wire, value in given.items()}
    return sight.listing, tuple(sorted({**sight.order, **narrowed}.items()))
