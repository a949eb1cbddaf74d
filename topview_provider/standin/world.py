"""What the stand-in knows: tasks, their times, and the credits they take."""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import math
import random
import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from topview_provider.catalog import FAMILIES, TaskFamily
from topview_provider.catalog.fields import as_text
from topview_provider.standin.clock import Clock
from topview_provider.standin.envelope import BUSY, NO_CREDIT, Refusal
from topview_provider.standin.options import Options

WARM_UP = 0.2
"""Share of a job's time that it says ``init``, and that a kept old export stays."""


@dataclass(slots=True)
class Tally:
    """Count what happened to one family."""

    received: int = 0
    accepted: int = 0
    failed: int = 0
    charged: float = 0
    queries: int = 0
    duplicates: int = 0
    running: int = 0
    max_running: int = 0


@dataclass(slots=True, eq=False)
class Job:
    """
    Hold one accepted submit.

    :param row: Its family.
    :param task_id: The id it goes on under.
    :param body: What was sent.
    :param starts: Moment it says ``running``.
    :param ends: Moment it is done; infinite for one that never ends.
    :param charge: Credits on success.
    :param error: Why it will fail; empty for success.
    :param word: The state of a failed job.
    :param failed_items: How many items of a successful job are bad.
    :param settled: Its end was booked.
    :param notice: Id of its callback; empty without.
    :param had: Marks of the faults that befell it.
    """

    row: TaskFamily
    task_id: str
    body: Mapping[str, Any]
    starts: float
    ends: float
    charge: float
    error: str = ""
    word: str = "fail"
    failed_items: int = 0
    settled: bool = False
    notice: str = ""
    had: set[int] = field(default_factory=set)

    def state(self, now: float) -> str:
        """
        Return the state at a moment of the monotonic clock.

        :param now: The moment.
        """
        if now >= self.ends:
            return self.word if self.error else "success"
        return "running" if now >= self.starts else "init"


@dataclass(slots=True, eq=False)
class Task:
    """
    Hold what lives under one id: a job, and the second steps that went on from it.

    :param id: TopView's id.
    :param jobs: The latest job of each family.
    :param studio: Scripts and exports of a marketing video.
    """

    id: str
    jobs: dict[str, Job] = field(default_factory=dict)
    studio: Any = None

    def job_of(self, families: Mapping[str, TaskFamily]) -> Job | None:
        """
        Return the latest job that belongs to one of these families.

        :param families: Rows by name.
        """
        return next((job for name, job in reversed(self.jobs.items()) if name in families), None)


class World:
    """
    Keep the books. Nothing runs in the background: what has ended since is booked when somebody asks.

    :param options: How this stand-in behaves.
    :param clock: Its time.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.rng = random.Random(options.seed)
        self.tasks: dict[str, Task] = {}
        self.tallies = {name: Tally() for name in FAMILIES}
        self.balance = float(options.credits)
        self.reserved = 0.0
        self.charges: deque[dict[str, Any]] = deque(maxlen=10_000)
        self.downloads = 0
        self.leaked_headers = 0
        self._running = 0
        self._ends: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._seen: set[bytes] = set()

    def settle(self) -> float:
        """Book every job that has ended by now and return the moment."""
        now = self.clock.now()
        while self._ends and self._ends[0][0] <= now:
            ends, _, job = heapq.heappop(self._ends)
            # A job whose end was moved has a second entry: only the one that tells its end counts.
            if not job.settled and ends == job.ends:
                self._book(job)
        return now

    def accept(self, row: TaskFamily, body: Mapping[str, Any], task: Task | None = None, bought: object = None) -> Job:
        """
        Take a submit, or refuse it for want of credits or room.

        :param row: The family.
        :param body: Its checked body.
        :param task: The task it goes on from; a new one if None.
        :param bought: What else is part of what is bought, such as a script's text.
        :raises Refusal: 4007 too many tasks run; 4100 the balance is short.
        """
        now = self.settle()
        charge = 0.0 if is_preview(row, body) else row.charge
        if 0 < self.options.concurrency <= self._running:
            raise Refusal(BUSY)
        if charge and round(self.balance - self.reserved - charge, 6) < 0:
            raise Refusal(NO_CREDIT)
        task = task or Task(secrets.token_hex(16))
        seconds = self.options.seconds * self.rng.uniform(0.5, 1.5)
        job = Job(row, task.id, dict(body), now + seconds * WARM_UP, now + seconds, charge)
        self.tasks[task.id] = task
        task.jobs.pop(row.name, None)
        task.jobs[row.name] = job
        self._open(job)
        self._count(job, bought)
        return job

    def spoil(self, job: Job, *, error: str = "", word: str = "fail", never: bool = False) -> None:
        """
        Change how a job ends; what was charged for it is given back.

        :param job: The job.
        :param error: Why it fails.
        :param word: The state it then has.
        :param never: It does not end at all.
        """
        tally = self.tallies[job.row.name]
        if job.settled:
            if job.error:
                tally.failed -= 1
            else:
                self.balance = round(self.balance + job.charge, 6)
                tally.charged = round(tally.charged - job.charge, 6)
            job.settled = False
            self._open(job)
        job.error, job.word = error, word
        if never:
            job.ends = math.inf
            heapq.heappush(self._ends, (job.ends, next(self._order), job))
        self.settle()

    def report(self) -> dict[str, Any]:
        """Return the numbers of the control plane."""
        self.settle()
        return {
            "families": {name: asdict(tally) for name, tally in self.tallies.items()},
            "credits": number(self.balance),
            "reserved": number(self.reserved),
            "downloads": self.downloads,
            "leaked_headers": self.leaked_headers,
        }

    def facts_of(self, owner: str) -> tuple[tuple[str, ...], Iterator[Mapping[str, Any]]]:
        """
        Return the families of a task and its bodies, the latest first; an owner that is no task is a list's name.

        :param owner: Id of a task.
        """
        task = self.tasks.get(owner)
        if task is None:
            return (owner,), iter(())
        return tuple(task.jobs), (job.body for job in reversed(task.jobs.values()))

    def _open(self, job: Job) -> None:
        tally = self.tallies[job.row.name]
        self._running += 1
        tally.running += 1
        tally.max_running = max(tally.max_running, tally.running)
        self.reserved = round(self.reserved + job.charge, 6)
        heapq.heappush(self._ends, (job.ends, next(self._order), job))

    def _book(self, job: Job) -> None:
        tally = self.tallies[job.row.name]
        job.settled = True
        self._running -= 1
        tally.running -= 1
        self.reserved = round(self.reserved - job.charge, 6)
        if job.error:
            tally.failed += 1
            return
        self.balance = round(self.balance - job.charge, 6)
        tally.charged = number(tally.charged + job.charge)
        if job.charge:
            self.charges.appendleft({"date": self.clock.date(), "job": job})

    def _count(self, job: Job, bought: object) -> None:
        tally = self.tallies[job.row.name]
        tally.accepted += 1
        text = json.dumps([job.row.name, job.body, bought], sort_keys=True, default=str)
        mark = hashlib.sha256(text.encode()).digest()
        tally.duplicates += mark in self._seen
        self._seen.add(mark)


def is_preview(row: TaskFamily, body: Mapping[str, Any]) -> bool:
    """
    Tell whether a body asks for previews only, which cost nothing.

    :param row: The family.
    :param body: Its submit body.
    """
    return bool(row.preview_items_key) and as_text(body.get("preview")) == "true"


def number(value: float) -> float:
    """
    Return a number as JSON shows it best: 5 for 5.0, and without the dust of binary fractions.

    :param value: Any number.
    """
    value = round(float(value), 6)
    return int(value) if value.is_integer() else value
