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
from dataclasses import asdict
from typing import Any

from topview_provider.catalog import FAMILIES, TaskFamily
from topview_provider.standin.clock import Clock
from topview_provider.standin.envelope import BUSY, NO_CREDIT, Refusal
from topview_provider.standin.jobs import Job, Tally, Task, is_preview
from topview_provider.standin.options import Options

WARM_UP = 0.2
"""Share of a job's time that it says ``init``, and that a kept old export stays."""


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
        self.jobs: list[Job] = []
        self.charges: deque[Job] = deque(maxlen=10_000)
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
        starts, ends = now + seconds * WARM_UP, now + seconds
        job = Job(row, task.id, dict(body), self.clock.date(), now, starts, ends, charge)
        self.tasks[task.id] = task
        task.jobs.pop(row.name, None)
        task.jobs[row.name] = job
        self.jobs.append(job)
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
            self.charges.appendleft(job)

    def _count(self, job: Job, bought: object) -> None:
        tally = self.tallies[job.row.name]
        tally.accepted += 1
        text = json.dumps([job.row.name, job.body, bought], sort_keys=True, default=str)
        mark = hashlib.sha256(text.encode()).digest()
        tally.duplicates += mark in self._seen
        self._seen.add(mark)


def number(value: float) -> float:
    """
    Return a number as JSON shows it best: 5 for 5.0, and without the dust of binary fractions.

    :param value: Any number.
    """
    value = round(float(value), 6)
    return int(value) if value.is_integer() else value
