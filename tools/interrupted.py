"""Check that ``make demo``, interrupted half way, leaves no process behind: ``python -m tools.interrupted``."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tools.processes import send, title
from tools.settings import ROOT

PR_SET_CHILD_SUBREAPER = 36
MOMENTS = {"stand-in:": 0, "Airflow is starting": 3, "healthy after": 0, "make_video: deferred": 0, "video:": 0}
"""Text of a line, and the seconds after it."""
WAYS = ("ctrl-c", "ctrl-c twice", "terminate", "hang up")


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own: whoever is left cannot hide from us (Linux)."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def children() -> list[int]:
    """Return our living children, adopted ones included; the dead are reaped."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == os.getpid():
            if state == "Z":
                os.waitpid(int(entry.parent.name), 0)
            else:
                found.append(int(entry.parent.name))
    return found


def descendants(pid: int) -> list[int]:
    """
    Return a process and everything below it.

    :param pid: Process.
    """
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in below for each in descendants(int(child)))]


def demo_process(make: int) -> int:
    """
    Return the Python process under make, the first one that is none of make and shell.

    :param make: Process of make.
    """
    return next(pid for pid in descendants(make) if "tools.demo" in title(pid) and "python" in title(pid))


def interrupt(process: subprocess.Popen[str], way: str) -> None:
    """
    Interrupt a demo.

    :param process: Its make.
    :param way: One of ``WAYS``.
    """
    if way == "terminate":
        os.kill(demo_process(process.pid), signal.SIGTERM)
        return
    # A terminal signals the whole foreground group: make and the demo.
    os.killpg(process.pid, signal.SIGHUP if way == "hang up" else signal.SIGINT)
    if way == "ctrl-c twice":
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)


def check(moment: str, way: str) -> tuple[int, dict[int, str], float]:
    """
    Interrupt one demo and return its exit code, the processes that are left, and the seconds it took to end.

    :param moment: One of ``MOMENTS``.
    :param way: One of ``WAYS``.
    """
    process = subprocess.Popen(
        ["make", "demo"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
    )
    output = process.stdout or sys.stdin
    for line in output:
        if moment in line:
            break
    time.sleep(MOMENTS[moment])
    interrupt(process, way)
    began = time.monotonic()
    rest = output.read()
    code = process.wait()
    took = time.monotonic() - began
    left = {pid: title(pid) for pid in children()}
    if left:
        print(rest)
    while remaining := children():
        send(signal.SIGKILL, remaining)
    return code, left, took


def main() -> int:
    """Try every moment in every way, or those named; the exit code says whether one of them left something."""
    adopt_orphans()
    failed = False
    for moment in sys.argv[1:2] or MOMENTS:
        for way in sys.argv[2:3] or WAYS:
            code, left, took = check(moment, way)
            print(f"{moment:<22} {way:<13} exit {code:4d} after {took:4.1f} s, left: {left or 'nothing'}", flush=True)
            failed = failed or bool(left) or code == 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
