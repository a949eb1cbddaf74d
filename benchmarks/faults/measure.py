"""What each trigger makes of a fault while its job runs well."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.faults.service import FAULTS
from benchmarks.ground import Ground
from tools.settings import ROOT

AT_ONCE = 2
HOT = 200
"""Polls within one run at which a trigger does not wait any more, but loops."""


def verdict(word: str, polls: int, told: bool) -> str:
    """
    Name what became of a job.

    :param word: What the child said; empty if it had to be ended.
    :param polls: How often the service was asked.
    :param told: Whether the service had said that the job was done.
    """
    if not word:
        return "hot loop" if polls > HOT else "hang"
    if word != "done":
        return "failed"
    return "survived" if told else "wrong"


def _of(ground: Ground, client: str, names: Sequence[str]) -> dict[str, Any]:
    """Play every fault to one client, from a service of its own."""
    command = [sys.executable, "-m", "benchmarks.faults.service"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=ground.env(), **pipes) as service:  # type: ignore[call-overload]
        open_ports = json.loads(service.stdout.readline())
        ports = {name: open_ports[name] for name in names}
        words = ground.probe("benchmarks.faults.probe", {"client": client, "ports": ports}, limit=120)
        seen = json.loads(service.communicate("\n")[0])
    ends = {name: verdict(words[name], *seen[name]) for name in names}
    return {"client": client, "ends": ends, "words": words}


def measure(ground: Ground, clients: Sequence[str], names: Sequence[str]) -> list[dict[str, Any]]:
    """
    Play every fault to every client.

    CPU is not measured, so two run side by side; more would starve each other into their deadlines.

    :param ground: What all measurements share.
    :param clients: Names in ``CLIENTS``.
    :param names: Names in ``FAULTS``.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda client: _of(ground, client, names), clients))


def wrongs(row: dict[str, Any]) -> list[str]:
    """Return the faults of which a client made something else than it should."""
    return [FAULTS[name].title for name, end in row["ends"].items() if end != FAULTS[name].right]
