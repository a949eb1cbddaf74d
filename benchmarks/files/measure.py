"""A large file up and down through our hook, beside a raw socket, a plain copy and Airflow's object storage."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.files.probe import WAYS, Move
from benchmarks.ground import Ground

MEMORY = Path("/dev/shm")
"""Files lie in memory where there is room: what is measured is the code, not the disk."""
LOCAL = ("object_storage", "copy")
UPWARDS = ("raw_up", "hook_up")


@contextlib.contextmanager
def _folder(megabytes: int) -> Iterator[Path]:
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4e6 * megabytes
    with tempfile.TemporaryDirectory(prefix="topview-bench-", dir=MEMORY if roomy else None) as name:
        yield Path(name)


def _sources(folder: Path, megabytes: int) -> tuple[Path, Path]:
    large, small = folder / "large.mp4", folder / "small.mp4"
    with large.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    small.write_bytes(os.urandom(1_000_000))
    return large, small


def measure(ground: Ground, megabytes: int, rounds: int) -> tuple[list[dict[str, Any]], list[str]]:
    """
    Move the file each way, plain and over TLS, the ways taking turns; returns the rows and what went wrong.

    :param ground: What all measurements share.
    :param megabytes: Size of the file, in 10^6 bytes.
    :param rounds: How often.
    """
    rows: dict[tuple[str, bool], list[dict[str, float]]] = {}
    problems = []
    with _folder(megabytes) as folder, contextlib.ExitStack() as until:
        large, small = _sources(folder, megabytes)
        full = ground.serve("benchmarks.files.service", until, "--file", str(large))
        tiny = ground.serve("benchmarks.files.service", until, "--file", str(small))
        for _ in range(rounds):
            for way, tls in [(way, tls) for way in WAYS for tls in (False, True) if not (tls and way in LOCAL)]:
                target = folder / "landed.mp4"
                moves = {
                    "move": asdict(Move(way, full[tls], str(large), str(target))),
                    "small": asdict(Move(way, tiny[tls], str(small), str(target))),
                }
                rows.setdefault((way, tls), []).append(ground.probe("benchmarks.files.probe", moves))
                if way not in UPWARDS and not filecmp.cmp(large, target, shallow=False):
                    problems.append(f"{way}: other bytes arrived")
                target.unlink(missing_ok=True)
    return [{"way": way, "tls": tls, "runs": runs} for (way, tls), runs in rows.items()], problems
