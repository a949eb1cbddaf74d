"""What the tests of files share: storages that answer in turn, and file systems that refuse."""

from __future__ import annotations

import hashlib
import socket
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem

from tests.lines import attach
from topview_provider.hooks import remote, uploading
from topview_provider.hooks.topview import TopviewHook

from .support import Request, Talk, answering

BODY = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(50))
"""1600 bytes of which no two parts are alike."""

HALF = 800
VIDEO = {"content_type": "video/mp4"}


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once, as many as ever; TopView's view of an upload is asked for every 10 ms."""
    monkeypatch.setattr(remote, "PAUSE", 0.0)
    monkeypatch.setattr(uploading, "PAUSE", 0.0)
    monkeypatch.setattr(uploading, "CHECK_SECONDS", 0.01)


@pytest.fixture
def memory() -> Iterator[str]:
    """A place in an object storage that lives in memory."""
    yield from attached(MemoryFileSystem(skip_instance_cache=True))


def attached(system: MemoryFileSystem) -> Iterator[str]:
    """Give Airflow this file system and yield a place in it, under a connection of its own: Airflow keeps the first."""
    conn_id = uuid.uuid4().hex
    attach("memory", conn_id, fs=system)
    yield f"memory://{conn_id}@bucket/folder"
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


class Refusing(MemoryFileSystem):
    """A storage that refuses one verb of every file: ``read``, ``write`` or ``close``."""

    def __init__(self, verb: str, error: Exception) -> None:
        super().__init__(skip_instance_cache=True)
        self.verb = verb
        self.error = error

    def _open(self, path: str, mode: str = "rb", **words: Any) -> MemoryFile:
        file = super()._open(path, mode, **words)
        if ("r" in mode) == (self.verb == "read"):
            setattr(file, self.verb, self._refuse)
        return file

    def _refuse(self, *_: object) -> None:
        raise self.error


def in_turn(*talks: Talk) -> Talk:
    """Return a talk that answers the first request with the first of these, and so on; the last answers all others."""
    left = list(talks)

    def talk(client: socket.socket, request: Request) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(client, request)

    return talk


def whole(body: bytes = BODY, **headers: str) -> Talk:
    """Return a talk that delivers a file."""
    return answering(body, **{**VIDEO, **headers})


def cut(until: int = HALF, **headers: str) -> Talk:
    """Return a talk that announces the file and delivers its first bytes."""
    return whole(BODY[:until], **{"content_length": str(len(BODY)), **headers})


def part(start: int = HALF, stop: int = len(BODY), body: bytes = BODY, **headers: str) -> Talk:
    """Return a talk that delivers a part of the file, and says so."""
    said = {**VIDEO, "content_range": f"bytes {start}-{stop - 1}/{len(body)}", **headers}
    return answering(body[start:stop], "206 Partial Content", **said)


def video_url(hook: TopviewHook) -> str:
    """Make a video and return its URL."""
    answer = hook.query("scraper", hook.submit("scraper", {"productLink": "https://shop.example/p"}))
    return str(answer["productVideos"][0]["fileUrl"])


Connect = Callable[..., str]
