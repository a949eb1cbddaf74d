"""One client and every fault, each in a child of a process that has the libraries loaded."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import select
import sys
import time
from typing import Any

from benchmarks.clients import CLIENTS, Client, Job
from benchmarks.waiting.probe import watch

PACE = 0.25
REQUEST = 2.0
DEADLINE = 14.0
LIMIT = 22.0
"""Seconds after which a trigger that has not ended hangs."""
LOADED = ("aiohttp", "requests.utils", "tenacity", "yarl", "httpx")


def child(client: Client, job: Job, tell: int) -> None:
    """
    Wait for a job, tell ``done``, ``not done`` or the error, and end.

    :param client: Who waits.
    :param job: For what.
    :param tell: Open file to write to.
    """
    client.connect(job)
    try:
        payload = asyncio.run(watch(client.build(job)))
        word = "done" if client.done(payload) else f"not done: {payload}"
    except BaseException as error:
        word = f"{type(error).__name__}: {error}"
    os.write(tell, word[:2000].encode())
    os._exit(0)


def start(client: Client, port: int) -> tuple[int, int]:
    """
    Start a child that waits for the job at a port; return its process and the file that it writes to.

    :param client: Who waits.
    :param port: Of one fault.
    """
    listen, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(client, Job(1, PACE, f"http://127.0.0.1:{port}", DEADLINE, REQUEST), tell)
    os.close(tell)
    return pid, listen


def wait(children: dict[str, tuple[int, int]]) -> dict[str, str]:
    """
    Return what each child said; those that say nothing in time are ended.

    :param children: Process and file by fault.
    """
    end, words = time.monotonic() + LIMIT, dict.fromkeys(children, "")
    open_files = {listen: name for name, (_, listen) in children.items()}
    while open_files and (left := end - time.monotonic()) > 0:
        for listen in select.select(list(open_files), [], [], left)[0]:
            name = open_files.pop(listen)
            words[name] = os.read(listen, 4096).decode(errors="replace") or "died"
    for name, (pid, _) in children.items():
        if not words[name]:
            os.kill(pid, 9)
        os.waitpid(pid, 0)
    return words


def main() -> None:
    """Read client and ports from the first argument and print what became of each fault as JSON."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    client = CLIENTS[given["client"]]
    for name in LOADED:
        importlib.import_module(name)
    client.build(Job(0, PACE, "http://127.0.0.1:9"))
    words = wait({name: start(client, port) for name, port in given["ports"].items()})
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    main()
