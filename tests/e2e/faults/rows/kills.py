"""Which processes die, and when: whatever the ledger cannot know is never bought twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.e2e.faults.cells import PRICE, Cell, at_submit, both, fails, lands
from tools.older import OLDER

WORKER = "A worker dies"
ORPHANS = "The id dies with the worker"
AIRFLOW = "Airflow dies"
ONLY_ON_WORKER = "no process of this task runs while it is deferred"
VICTIMS = {"both": "supervisor and task", "task": "the task's process"}
ORPHAN = ("announced a submit", "not sent again by itself")


ASKING = {"kind": "never-answer", "method": "GET", "path": "/user/credit/detail"}
SENT, LOST = at_submit("never-answer"), at_submit("never-answer", accepted=True)
MOMENTS: dict[str, tuple[str, tuple[dict[str, Any], ...], str]] = {
    "asked": ("before the submit", (ASKING,), "video"),
    "arriving": ("while the submit is on its way", (SENT,), "video"),
    "accepted": ("between accept and answer", (LOST,), "video"),
    "answered": ("between answer and record", (), "dies before the record"),
    "waiting": ("while waiting", (), "video"),
}
"""When a worker is killed: words, orders by which the stand-in holds it there, shape of the DAG."""
EXPECTED = {
    "asked": lands(tries=2),
    "arriving": fails("TopviewSubmitUnknown", *ORPHAN, tries=2),
    "accepted": fails("TopviewSubmitUnknown", *ORPHAN, tries=2, accepted=1),
    "answered": fails("TopviewSubmitUnknown", *ORPHAN, tries=2, accepted=1),
    "waiting": lands(tries=2, words=("going on with it",)),
}


def workers() -> Iterator[Cell]:
    """Yield the cells in which a worker dies."""
    for victims, who in VICTIMS.items():
        for moment, (when, orders, shape) in MOMENTS.items():
            cell = Cell(
                WORKER,
                f"SIGKILL of {who} {when}",
                "",
                EXPECTED[moment],
                orders,
                shape=shape,
                script="kills",
                service="slow",
                moment=moment,
                victims=victims,
            )
            yield from both(cell) if moment != "waiting" else on_worker(cell)
    # Airflow 2 ends the try of a process that is asked to end; Airflow 3 tells the operator, and lets it go on.
    term = lands(tries=2 if OLDER else 1, words=("TopView has no call to cancel", "it goes on there"))
    yield from on_worker(
        Cell(WORKER, "SIGTERM of the task's process while waiting", "", term, script="term", service="slow")
    )


AGAIN = "told to buy again"
SEARCHES = [
    ("accepted", "a marketing video with a product name", "marketing", LOST, lands(charged=5, words=("Adopting",))),
    ("accepted", "a voice on a board", "voice", LOST, lands(charged=0.1, words=("Adopting",))),
    ("arriving", "a marketing video with a product name", "marketing", SENT, EXPECTED["arriving"]),
    ("accepted", AGAIN, "video", LOST, lands(received=2, accepted=2, charged=2 * PRICE)),
]


def orphans() -> Iterator[Cell]:
    """Yield the cells in which the retry looks for the job whose id died with the worker."""
    for moment, what, shape, order, expected in SEARCHES:
        yield from both(
            Cell(
                ORPHANS,
                f"SIGKILL {MOMENTS[moment][0]}: {what}",
                "",
                replace(expected, tries=2),
                (order,),
                shape=shape,
                script="orphans",
                service="orphans",
                arguments={"on_orphaned_intent": "resubmit"} if what == AGAIN else {},
                moment=moment,
                victims="task",
                resubmits=what == AGAIN,
            )
        )


def on_worker(cell: Cell) -> Iterator[Cell]:
    """Yield the cell for a task that waits on the worker, and none for one that is deferred."""
    yield replace(cell, path="sync")
    yield replace(cell, path="deferred", expected=None, why_not=ONLY_ON_WORKER)


def airflow() -> Iterator[Cell]:
    """Yield the cells in which a part of Airflow dies."""
    one = Cell(AIRFLOW, "", "", lands(), service="slow")
    unseen = "a task that waits on the worker needs no triggerer"
    for script, fault in (
        ("triggerer", "SIGKILL and restart of the triggerer"),
        ("two triggerers", "SIGKILL of the triggerer that waits, one of two"),
    ):
        yield replace(one, fault=fault, path="sync", expected=None, why_not=unseen)
        yield replace(one, fault=fault, path="deferred", script=script)
    fault = "SIGKILL of the scheduler with all its workers, and restart"
    yield replace(one, fault=fault, path="sync", expected=lands(tries=2), script="scheduler")
    yield replace(one, fault=fault, path="deferred", script="scheduler")
    yield from both(replace(one, fault="restart of the API server", script="api server"))
