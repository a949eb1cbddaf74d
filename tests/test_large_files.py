"""
A gigabyte in and out, in a process that may hold 300 MB in all: code, Airflow and buffers.

Part of every run: about 15 seconds on an idle machine, and 1 GB of room below pytest's temporary folder.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.media import Library
from topview_provider.standin.server import StandIn

from .files import Connect, video_url

GIGABYTE = 1_000_000_000
LIMIT = 300_000_000

MOVE = f"""
import resource, sys
# The address space: what the process allocates, the libraries it maps, the stacks of its threads.
resource.setrlimit(resource.RLIMIT_AS, ({LIMIT}, {LIMIT}))
from topview_provider.hooks.topview import TopviewHook
print(getattr(TopviewHook(), sys.argv[1])(*sys.argv[2:]))
try:
    bytearray({LIMIT})
except MemoryError:
    print("no more")
"""


def moved(verb: str, *arguments: object) -> str:
    """Move a file in a process of its own, and return what came of it."""
    command = [sys.executable, "-c", MOVE, verb, *map(str, arguments)]
    done = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    *_, result, limited = done.stdout.splitlines()
    assert limited == "no more"
    return result


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hits(store: StandIn, fault: dict[str, Any]) -> int:
    """How often a fault struck."""
    return next(int(one["hits"]) for one in store.faults() if one["serial"] == fault["serial"])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A file that does not outlive its test: pytest keeps folders of earlier runs."""
    path = tmp_path / "video.mp4"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def store() -> Iterator[StandIn]:
    """A stand-in whose videos have a gigabyte, of which it holds nothing."""
    with StandIn(seconds=0, media_bytes=GIGABYTE) as service:
        yield service


def test_a_gigabyte_that_is_cut_at_half_comes_out_in_little_memory(
    connect: Connect, store: StandIn, place: Path
) -> None:
    connect(store)
    url, target = video_url(TopviewHook()), place.as_uri()
    fault = store.fault("cut-download", value=0.5)

    assert moved("download", url, target) == str(GIGABYTE)
    assert [path.name for path in place.parent.iterdir()] == [place.name]
    expected = hashlib.sha256()
    for piece in Library(GIGABYTE).bodies["mp4"].chunks(0, GIGABYTE):
        expected.update(piece)
    assert sha256_of(place) == expected.hexdigest()
    assert hits(store, fault) == 1


def test_a_gigabyte_that_is_cut_at_half_goes_in_in_little_memory(connect: Connect, store: StandIn, place: Path) -> None:
    connect(store)
    with place.open("wb") as file:
        for number in range(10):  # what is between them takes no room on the disk
            file.seek(number * GIGABYTE // 10)
            file.write(b"part %d" % number)
        file.truncate(GIGABYTE)
    fault = store.fault("cut-upload", value=0.5)

    file_id = moved("upload", place.as_uri())
    arrived = {file["fileId"]: (file["size"], file["sha256"]) for file in store.uploads()}
    assert arrived[file_id] == (GIGABYTE, sha256_of(place))
    assert hits(store, fault) == 1
