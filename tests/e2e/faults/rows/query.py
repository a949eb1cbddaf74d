"""What goes wrong while a job that is paid for is waited on: a passing fault must not lose it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.e2e.faults.cells import Ahead, Cell, Then, at_query, at_submit, both, fails, lands

GROUP = "While waiting"
FAR = "Fri, 31 Dec 2100 23:59:59 GMT"

PASSING = [
    ("reset", at_query("reset", times=2)),
    ("reset in the middle of the answer", at_query("reset-mid-body", times=2)),
    ("truncated JSON", at_query("truncated-json", times=2)),
    ("HTML with HTTP 200", at_query("html", times=2)),
    ("JSON under another content type", at_query("wrong-content-type", times=2)),
    ("result is null", at_query("wrong-type", value=None, times=2)),
    ("slow answer", at_query("delay", value=1)),
    ("no answer", at_query("never-answer")),
    ("unknown state", at_query("unknown-status", times=3)),
    ("code 5000", at_query("code", value="5000", times=2)),
    ("code 5001", at_query("code", value="5001", times=2)),
    ("code 5003, busy", at_query("code", value="5003", times=2)),
    ("code 5004", at_query("code", value="5004", times=2)),
    ("code 4007, busy", at_query("code", value="4007", times=2)),
    ("code 401, once", at_query("code", value="401")),
    ("HTTP 401, once", at_query("status", value=401)),
    ("HTTP 403, once", at_query("status", value=403)),
    ("HTTP 429", at_query("status", value=429, times=2)),
    ("HTTP 500", at_query("status", value=500, times=2)),
    ("HTTP 502", at_query("status", value=502, times=2)),
    ("HTTP 503", at_query("status", value=503, times=2)),
]
REFUSED = [
    # An answer that says no ends the attempt; the job goes on, and clearing the task resumes it.
    ("code 4100", at_query("code", value="4100"), fails("TopviewInsufficientCredits", "top up", accepted=1)),
    ("code 6001", at_query("code", value="6001"), fails("TopviewContentRejected", accepted=1)),
]
LASTING = [
    (
        "HTTP 503 for good",
        at_query("status", value=503, times=-1),
        {"max_poll_outage": 2},
        fails("TopviewUnavailable", "max_poll_outage", accepted=1, tries=2),
    ),
    (
        "the key is refused for good",
        at_query("status", value=401, times=-1),
        {"timeout": 5},
        fails("TopviewTaskTimeout", "the key was refused", "goes on at TopView", accepted=1, tries=2),
    ),
    (
        "the task never ends",
        at_submit("never-ends"),
        {"timeout": 5},
        fails("TopviewTaskTimeout", "goes on at TopView", "going on with it", accepted=1, tries=2, charged=0),
    ),
    ("the task fails at TopView", at_submit("fail"), {}, lands(tries=2, received=2, accepted=2)),
]


def queries() -> Iterator[Cell]:
    """Yield the cells."""
    for fault, order in PASSING:
        yield from both(Cell(GROUP, fault, "", lands(), (order,)))
    for status in (429, 503):
        seconds = at_query("status", value=status, retry_after=4)
        yield from both(Cell(GROUP, f"HTTP {status} with Retry-After in seconds", "", lands(pause=4), (seconds,)))
        # Our own pauses between four faults leave time to order the fifth with a date that is still to come.
        date = Then("accepted", at_query("status", value=status, retry_after=Ahead(30)))
        before = at_query("status", value=503, times=4)
        yield from both(
            Cell(GROUP, f"HTTP {status} with Retry-After as a date", "", lands(pause=12), (before,), (date,))
        )
    for fault, order, expected in REFUSED:
        # A task that is back from the triggerer within the second meets a race of Airflow's own; this takes longer.
        yield from both(Cell(GROUP, fault, "", expected, (at_query("status", value=503, times=4), order)))
    for fault, order, arguments, expected in LASTING:
        yield from both(Cell(GROUP, fault, "", expected, (order,), arguments=arguments))
