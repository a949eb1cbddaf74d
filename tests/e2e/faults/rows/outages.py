"""What happens around TopView: the network goes for half a minute, a key is rotated."""

from __future__ import annotations

from collections.abc import Iterator

from tests.e2e.faults.cells import Cell, both, lands

GROUP = "TopView out of reach"


def outages() -> Iterator[Cell]:
    """Yield the cells."""
    rows = [
        ("no connection for 30 s while waiting", "waiting", lands(), "video"),
        ("no connection for 30 s at the submit", "submitting", lands(tries=2), "video"),
        # The download is cleared after it was done once, so its first try is none of the outage.
        ("no connection before a cleared download", "downloading", lands(tries=3), "download"),
    ]
    for fault, moment, expected, shape in rows:
        yield from both(Cell(GROUP, fault, "", expected, script="outage", service="gated", shape=shape, moment=moment))
    orders = {
        "connection first": "the key is rotated while waiting, in the connection first",
        "service first": "the key is rotated while waiting, at TopView first",
    }
    for moment, fault in orders.items():
        service = f"rotated_{moment.split()[0]}"
        yield from both(Cell(GROUP, fault, "", lands(), script="rotation", service=service, moment=moment))
