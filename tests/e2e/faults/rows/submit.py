"""What goes wrong at the POST that buys: a clear refusal is sent again or reported, all else is never sent twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.e2e.faults.cells import Ahead, Cell, Then, at_submit, both, fails, lands

GROUP = "At the submit"
FAR = "Fri, 31 Dec 2100 23:59:59 GMT"

AGAIN = lands(received=2)
UNKNOWN = fails("TopviewSubmitUnknown", "it is not sent again by itself")
TAKEN = fails("TopviewSubmitUnknown", "it is not sent again by itself", accepted=1)


def busy(*more: Mapping[str, Any], times: int = 1, **words: Any) -> tuple[Mapping[str, Any], ...]:
    """Return a refusal for want of room."""
    return (at_submit("status", value=429, times=times, **words), *more)


ONE = [
    ("the answer is lost after TopView accepted", at_submit("answer-lost-after-accept"), TAKEN),
    ("reset before anything was carried out", at_submit("reset"), UNKNOWN),
    ("reset in the middle of the answer", at_submit("reset-mid-body"), TAKEN),
    ("truncated JSON", at_submit("truncated-json"), TAKEN),
    ("HTML with HTTP 200", at_submit("html"), UNKNOWN),
    ("JSON under another content type", at_submit("wrong-content-type"), lands()),
    ("result is null", at_submit("wrong-type", value=None), TAKEN),
    ("slow answer", at_submit("delay", value=1), lands()),
    ("no answer, not carried out", at_submit("never-answer"), UNKNOWN),
    ("no answer, accepted", at_submit("never-answer", accepted=True), TAKEN),
    ("code 5000", at_submit("code", value="5000"), UNKNOWN),
    ("code 5001", at_submit("code", value="5001"), UNKNOWN),
    ("code 5003, busy", at_submit("code", value="5003"), AGAIN),
    ("code 5004", at_submit("code", value="5004"), UNKNOWN),
    ("code 4007, busy", at_submit("code", value="4007"), AGAIN),
    ("code 4100", at_submit("code", value="4100"), fails("TopviewInsufficientCredits", "top up")),
    ("code 6001", at_submit("code", value="6001"), fails("TopviewContentRejected", "change the input")),
    ("code 401", at_submit("code", value="401"), fails("TopviewAuthError", "check login")),
    ("HTTP 401", at_submit("status", value=401), fails("TopviewAuthError", "check login")),
    ("HTTP 403", at_submit("status", value=403), fails("TopviewAuthError", "includes API access")),
    ("HTTP 429", at_submit("status", value=429), AGAIN),
    ("HTTP 500", at_submit("status", value=500), UNKNOWN),
    ("HTTP 502", at_submit("status", value=502), UNKNOWN),
    ("HTTP 503", at_submit("status", value=503), UNKNOWN),
    ("HTTP 429 with Retry-After in seconds", at_submit("status", value=429, retry_after=4), lands(received=2, pause=4)),
    ("HTTP 503 with Retry-After in seconds", at_submit("status", value=503, retry_after=1), UNKNOWN),
    ("HTTP 503 with Retry-After as a date", at_submit("status", value=503, retry_after=FAR), UNKNOWN),
]


def submits() -> Iterator[Cell]:
    """Yield the cells."""
    for fault, order, expected in ONE:
        yield from both(Cell(GROUP, fault, "", expected, (order,)))
    # Our own pauses between four refusals leave time to order the fifth with a date that is still to come.
    date = Then("received", at_submit("status", value=429, retry_after=Ahead(24)))
    yield from both(
        Cell(GROUP, "HTTP 429 with Retry-After as a date", "", lands(received=5, pause=12), busy(times=3), (date,))
    )
    yield from long_busy()


def long_busy() -> Iterator[Cell]:
    """Yield the cells in which TopView is busy for longer than one attempt has patience."""
    order = at_submit("code", value="4007", times=7)
    for path, expected in (("sync", lands(tries=2, received=8)), ("deferred", lands(received=8))):
        yield Cell(GROUP, "busy for longer than an attempt's patience", path, expected, (order,))
