"""One file moved one way, in a process of its own."""

from __future__ import annotations

import gc
import json
import os
import shutil
import socket
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.clients import CLIENTS, CONN_ID, Job
from benchmarks.vitals import forget_peak, resident

PIECE = 1024 * 1024
HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Move:
    """
    Say what is moved.

    :param way: Name in ``WAYS``.
    :param url: Storage that serves it.
    :param source: The file.
    :param target: Where it lands.
    """

    way: str
    url: str
    source: str
    target: str


def _line(url: str) -> socket.socket:
    parts = urlsplit(url)
    line = socket.create_connection((str(parts.hostname), int(parts.port or 0)))
    return (
        ssl.create_default_context().wrap_socket(line, server_hostname="127.0.0.1") if parts.scheme == "https" else line
    )


def raw_down(move: Move) -> None:
    """Fetch over a socket, straight into the file."""
    with _line(move.url) as line, Path(move.target).open("wb", buffering=0) as file:
        line.sendall(b"GET /file HTTP/1.1\r\nHost: bench\r\n\r\n")
        data = b""
        while HEAD not in data:
            data += line.recv(65536)
        head, _, body = data.partition(HEAD)
        left = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]) - len(body)
        file.write(body)
        room = bytearray(PIECE)
        while left > 0:
            count = line.recv_into(room)
            file.write(memoryview(room)[:count])
            left -= count if count else left


def raw_up(move: Move) -> None:
    """Send over a socket, straight from the file."""
    with _line(move.url) as line, Path(move.source).open("rb", buffering=0) as file:
        size = os.path.getsize(move.source)
        line.sendall(f"PUT /put HTTP/1.1\r\nHost: bench\r\nContent-Length: {size}\r\n\r\n".encode())
        while piece := file.read(PIECE):
            line.sendall(piece)
        if b" 200 " not in line.recv(65536):
            raise RuntimeError("other bytes arrived")


def hook_down(move: Move) -> None:
    """Fetch through our hook."""
    _hook(move).download(f"{move.url}/file", move.target)


def hook_down_proved(move: Move) -> None:
    """Fetch through our hook where the storage names the MD5 of the file."""
    _hook(move).download(f"{move.url}/proved", move.target)


def hook_up(move: Move) -> None:
    """Send through our hook, its calls before and after included."""
    _hook(move).upload(move.source)


def object_storage(move: Move) -> None:
    """Copy with Airflow's object storage."""
    from airflow.sdk import ObjectStoragePath

    ObjectStoragePath(f"file://{move.source}").copy(ObjectStoragePath(f"file://{move.target}"))


def copy(move: Move) -> None:
    """Copy as ``cp`` does."""
    shutil.copyfile(move.source, move.target)


def _hook(move: Move) -> Any:
    from topview_provider.hooks.topview import TopviewHook

    CLIENTS["ours"].connect(Job(0, 0.0, move.url))
    return TopviewHook(CONN_ID)


WAYS: dict[str, Callable[[Move], None]] = {
    "raw_down": raw_down,
    "hook_down": hook_down,
    "hook_down_proved": hook_down_proved,
    "raw_up": raw_up,
    "hook_up": hook_up,
    "object_storage": object_storage,
    "copy": copy,
}


def measure(move: Move, small: Move) -> dict[str, float]:
    """
    Move a small file first, so that libraries are loaded, then the real one.

    :param move: What is measured.
    :param small: The same in small.
    """
    act = WAYS[move.way]
    act(small)
    Path(move.target).unlink(missing_ok=True)
    gc.collect()
    forget_peak()
    memory, spent, began = resident(), time.process_time(), time.perf_counter()
    act(move)
    elapsed, cpu = time.perf_counter() - began, time.process_time() - spent
    growth = (resident("VmHWM") - memory) / 1024
    size = os.path.getsize(move.source)
    return {"mb_s": size / 1e6 / elapsed, "cpu_s": cpu, "growth_mb": growth}


def main() -> None:
    """Read what to move from the first argument and print the figures as JSON."""
    words = json.loads(sys.argv[1])
    move, small = Move(**words["move"]), Move(**words["small"])
    print(json.dumps(measure(move, small)), flush=True)


if __name__ == "__main__":
    main()
