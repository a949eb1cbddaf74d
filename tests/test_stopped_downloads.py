"""Downloads that are stopped: they ask no more, nobody waits for a storage that is silent, and nothing stays."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from tests.contract.running import new_context
from topview_provider import exceptions as errors
from topview_provider.hooks import abreast
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn

from .files import Connect, cut, swift, whole
from .support import PATIENCE, Request, Server, Talk, answering
from .test_parallel_downloads import Downloads, downloads, landed, number_of

__all__ = ["downloads", "swift"]

BIG = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 4000000\r\n\r\n"


def silence(client: socket.socket, _: Request) -> None:
    """Say nothing until the other side has had enough."""
    client.recv(1)


def silence_after_half(client: socket.socket, request: Request) -> None:
    """Deliver half of a file, and then say nothing."""
    cut(etag='"e1"')(client, request)
    silence(client, request)


@pytest.fixture
def time_out() -> Iterator[Callable[[], None]]:
    """Return what lets a task be timed out as Airflow does it: by an exception in its main thread."""

    def interrupt(*_: object) -> None:
        raise AirflowTaskTimeout

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield lambda: os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the end of a stopped download be waited for, however slow this machine is."""
    monkeypatch.setattr(abreast, "BREATH", PATIENCE)


@pytest.mark.parametrize(
    "last",
    [
        silence,
        silence_after_half,
        cut(etag='"e1"'),
        cut(),
        answering(b"", "503 Slow Down"),
        answering(b"", "403 Forbidden"),
    ],
    ids=["silent", "silent half-way", "cut", "no mark", "busy", "expired"],
)
def test_who_is_stopped_asks_no_more(
    connect: Connect, service: StandIn, tmp_path: Path, last: Talk, swift: None
) -> None:
    connect(service, read_timeout=0.3)
    stop, renewed = threading.Event(), threading.Event()

    def talk(client: socket.socket, request: Request) -> None:
        stop.set()
        last(client, request)

    def renew() -> str:
        renewed.set()
        return f"{store.url}/fresh.mp4"

    with (
        Server(talk) as store,
        pytest.raises(errors.TopviewError, match=r"stopped after \d+ (of \d+ )?bytes") as caught,
    ):
        TopviewHook().download(f"{store.url}/k.mp4", tmp_path / "video.mp4", renew=renew, stop=stop)
    assert type(caught.value) is errors.TopviewError
    assert (len(store.requests), renewed.is_set()) == (1, False)
    assert landed(tmp_path) == []


def test_who_is_stopped_before_it_began_does_not_ask_at_all(hook: TopviewHook, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with Server(whole()) as store, pytest.raises(errors.TopviewError, match="stopped after 0 bytes"):
        hook.download(f"{store.url}/k.mp4", tmp_path / "video.mp4", stop=stop)
    assert store.requests == []


def test_a_download_that_is_stopped_ends_at_its_next_bytes_and_leaves_nothing(
    hook: TopviewHook, tmp_path: Path
) -> None:
    stop, ended = threading.Event(), threading.Event()

    def talk(client: socket.socket, _: Request) -> None:
        client.sendall(BIG + bytes(1_500_000))
        stop.set()
        while not ended.wait(0.01):
            client.sendall(b"x")

    with Server(talk) as store, pytest.raises(errors.TopviewError, match=r"stopped after \d+ of 4000000 bytes"):
        hook.download(f"{store.url}/k.mp4", tmp_path / "video.mp4", stop=stop)
    ended.set()
    assert landed(tmp_path) == []


@pytest.mark.parametrize("index", [0, "all"])
def test_a_task_that_is_killed_ends_its_downloads_and_leaves_nothing(
    downloads: Downloads, index: Any, tmp_path: Path, patient: None
) -> None:
    def talk(client: socket.socket, _: Request) -> None:
        client.sendall(BIG + bytes(1_500_000))
        task.on_kill()
        client.sendall(bytes(2_500_000))

    task = downloads(talk, index=index)
    with pytest.raises(errors.TopviewError, match=r"stopped after \d+( of 4000000)? bytes"):
        task.execute(new_context())
    assert landed(tmp_path) == []


def test_a_kill_before_anything_began_is_none_of_a_download_s_business(downloads: Downloads) -> None:
    task = downloads(whole())
    task.on_kill()
    assert len(task.execute(new_context())) == 6


def test_a_time_out_of_airflow_ends_the_files_under_way(
    downloads: Downloads, time_out: Callable[[], None], tmp_path: Path, patient: None
) -> None:
    def talk(client: socket.socket, request: Request) -> None:
        client.sendall(BIG + bytes(1_500_000))
        if number_of(request) == 0:
            time_out()
        assert task._stop is not None
        assert task._stop.wait(PATIENCE)
        client.sendall(bytes(2_500_000))

    task = downloads(talk)
    with pytest.raises(AirflowTaskTimeout):
        task.execute(new_context())
    assert landed(tmp_path) == []


def test_what_was_handed_out_when_the_exception_came_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, patient: None
) -> None:
    begun, stop, tidied = threading.Event(), threading.Event(), threading.Event()

    class Interrupted(ThreadPoolExecutor):
        def submit(self, *work: Any) -> Any:
            super().submit(*work)
            assert begun.wait(PATIENCE)
            raise AirflowTaskTimeout("now")

    def work() -> str:
        begun.set()
        assert stop.wait(PATIENCE)
        threading.Event().wait(0.2)  # to remove a file takes a moment
        tidied.set()
        return ""

    monkeypatch.setattr(abreast, "ThreadPoolExecutor", Interrupted)
    with pytest.raises(AirflowTaskTimeout):
        abreast.abreast([work], 1, stop)
    assert tidied.is_set()


@pytest.mark.parametrize("killed", [False, True], ids=["timed out", "killed"])
def test_nobody_waits_for_a_storage_that_is_silent(
    downloads: Downloads, time_out: Callable[[], None], killed: bool, tmp_path: Path
) -> None:
    over, waited, both = threading.Event(), list[bool](), threading.Barrier(2)

    def talk(*_: object) -> None:
        if both.wait(PATIENCE) == 0:
            (task.on_kill if killed else time_out)()
        waited.append(over.wait(PATIENCE))

    task = downloads(talk, parallel=2)
    expected: Any = errors.TopviewError if killed else AirflowTaskTimeout
    with pytest.raises(expected, match="stopped before 6 of 6 downloads had ended" if killed else None):
        task.execute(new_context())
    over.set()
    for thread in threading.enumerate():
        if thread.name.startswith("topview-download"):
            thread.join(PATIENCE)
    assert waited == [True, True]
    assert landed(tmp_path) == []
