"""What a measured process knows of itself."""

from __future__ import annotations

import resource
from pathlib import Path


def resident(key: str = "VmRSS") -> float:
    """
    Return resident memory in KB.

    :param key: ``VmRSS`` for now, ``RssAnon`` for what belongs to no file, ``VmHWM`` for the peak since
        :func:`forget_peak`.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(key)))


def forget_peak() -> None:
    """Let the peak of resident memory begin anew."""
    Path("/proc/self/clear_refs").write_text("5")


def open_wide() -> None:
    """Let this process open as many files as the machine allows: a peer opens a connection per trigger."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
