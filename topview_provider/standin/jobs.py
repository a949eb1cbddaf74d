"""What was accepted: jobs, the tasks they live in, and their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from topview_provider.catalog import TaskFamily
from topview_provider.catalog.fields import as_text


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
    :param created: Date it was accepted, in seconds since 1970.
    :param accepted: The same moment on the monotonic clock.
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
    created: float
    accepted: float
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

    def error_at(self, now: float) -> str | None:
        """
        Return why the job has failed, or None.

        :param now: A moment of the monotonic clock.
        """
        return self.error or None if now >= self.ends else None

    @property
    def paid(self) -> float:
        """What was charged: nothing unless it has succeeded."""
        return self.charge if self.settled and not self.error else 0.0

    def date(self, moment: float) -> float:
        """
        Return the date of a moment of the monotonic clock, the same each time it is asked for.

        :param moment: The moment.
        """
        return self.created + (moment - self.accepted)

    def shown(self, now: float) -> dict[str, Any]:
        """
        Return it for the control plane.

        :param now: The moment.
        """
        return {
            "family": self.row.name,
            "topview_task_id": self.task_id,
            "body": self.body,
            "state": self.state(now),
            "charge": self.paid,
            "created": self.created,
        }


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


def is_preview(row: TaskFamily, body: Mapping[str, Any]) -> bool:
    """
    Tell whether a body asks for previews only, which cost nothing.

    :param row: The family.
    :param body: Its submit body.
    """
    return bool(row.preview_items_key) and as_text(body.get("preview")) == "true"
