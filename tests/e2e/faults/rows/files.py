"""What goes wrong with results and files: a video that is paid for is landed whole, or the task says why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.e2e.faults.cells import Cell, at_submit, both, fails, lands

GROUP = "Results and files"
NO_UPLOAD = "nothing waits while a file goes up"


def at_download(kind: str, **words: object) -> dict[str, object]:
    """Return a fault that strikes the result file."""
    return {"kind": kind, "method": "GET", "path": "/s3/topview-results/*", **words}


FETCHING = [
    ("the result URL has expired", at_download("expired-url"), lands(words=("asking TopView for a fresh one",))),
    ("every result URL has expired", at_download("expired-url", times=-1), fails("TopviewNotFound", accepted=1)),
    ("the download is cut at half, once", at_download("cut-download"), lands(tries=2, words=("TopviewUnavailable",))),
    (
        "the download is cut at half, always",
        at_download("cut-download", times=-1),
        fails("TopviewUnavailable", accepted=1, tries=2),
    ),
]
FULL = fails("OSError", "No space left on device", accepted=1, tries=2)


def files() -> Iterator[Cell]:
    """Yield the cells."""
    partial = fails("TopviewPartialResult", "1 good outputs", accepted=1, charged=4)
    yield from both(Cell(GROUP, "one of two pictures failed", "", partial, (at_submit("partial"),), shape="partial"))
    for fault, order, expected in FETCHING:
        yield from both(Cell(GROUP, fault, "", expected, (order,), shape="download"))
    yield from both(Cell(GROUP, "the disk of the target is full", "", FULL, shape="disk full"))
    raw = {"result_path": "memory://full@disk/raw.json"}
    yield from both(Cell(GROUP, "the disk of the raw answer is full", "", FULL, arguments=raw))
    landed = lands(tries=2, words=("TopviewUnavailable",))
    cut = Cell(GROUP, "the upload is cut at half, once", "sync", landed, ({"kind": "cut-upload"},), shape="upload")
    yield from (cut, replace(cut, path="deferred", expected=None, why_not=NO_UPLOAD))
