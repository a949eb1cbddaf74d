"""The command line as a process of its own: connections of Airflow's database, signals and pipes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import PATIENCE, Request, Server, dripping, forwarding
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn

ROOT = Path(__file__).resolve().parent.parent
TALK = {"avatarSourceFrom": "1", "aiAvatarId": "a1", "audioSourceFrom": "1", "ttsText": "Hello."}

LONGEST = 12 * PATIENCE
"""Seconds for a process that first imports Airflow, on a machine that has much else to do."""

MUCH = 8 * 1024 * 1024
"""Bytes of a video that come only when its download is well under way."""

AS_EVER = {"AIRFLOW__CORE__UNIT_TEST_MODE": "False"}

ADD = """
import json, sys
from airflow.utils.db import initdb
from airflow.models import Connection
from airflow.utils.session import create_session
initdb()
with create_session() as session:
    session.add(Connection(conn_id="in_the_database", **json.loads(sys.argv[1])))
"""


@pytest.fixture(autouse=True)
def _in_a_terminal() -> Iterator[None]:
    """Let processes hear Ctrl-C, which those of a shell's background job do not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def topview(*words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "topview_provider.cli", *words],
        cwd=ROOT,
        env={**os.environ, **AS_EVER, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, error = process.communicate(timeout=LONGEST)
    return process.returncode, out, error


def until(condition: Callable[[], Any], process: subprocess.Popen[str]) -> None:
    """Wait for what the process is to do, as long as it lives."""
    end = time.monotonic() + LONGEST
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def slow(connect: Callable[..., str]) -> Iterator[StandIn]:
    with StandIn(seconds=3600, any_file=True) as service:
        connect(service, poll_interval=0.05)
        yield service


def test_a_connection_of_airflows_database_is_found(service: StandIn, tmp_path: Path) -> None:
    database = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db"}
    home = {**AS_EVER, **database, "AIRFLOW_HOME": str(tmp_path)}
    words = {"conn_type": "topview", "login": service.uid, "password": service.api_key, "host": service.url}
    subprocess.run(
        [sys.executable, "-c", ADD, json.dumps(words)],
        cwd=ROOT,
        env={**os.environ, **home},
        check=True,
        capture_output=True,
    )
    code, out, error = ended(topview("credits", "--conn-id", "in_the_database", "-o", "json", "-v", **home))
    assert (code, json.loads(out)["uid"]) == (0, service.uid)
    assert service.api_key not in out + error


def test_ctrl_c_ends_a_wait_with_a_sentence(slow: StandIn) -> None:
    topview_task_id = TopviewHook().submit("video_avatar", TALK)
    process = topview("task", "video_avatar", topview_task_id, "--wait", "3600")
    until(lambda: slow.stats("video_avatar")["queries"] > 1, process)
    process.send_signal(signal.SIGINT)
    assert ended(process) == (130, "", "topview: interrupted; what runs at TopView goes on there\n")


def without_end(client: socket.socket, request: Request) -> None:
    """Pass requests on as a proxy does, but send a video that does not end."""
    if ".mp4" not in request.target:
        return forwarding(client, request)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: video/mp4\r\ncontent-length: 9999999999\r\n\r\n"
    return dripping(head + b"\0\0\0\x20ftypisom", bytes(1024 * 1024))(client, request)


def test_ctrl_c_during_a_download_leaves_no_piece_of_a_file(
    service: StandIn, connect: Callable[..., str], tmp_path: Path
) -> None:
    topview_task_id = TopviewHook().submit("video_avatar", TALK)
    with Server(without_end) as proxy:
        connect(service, proxy=proxy.url)
        process = topview("download", "video_avatar", topview_task_id, f"{tmp_path}/x.mp4")
        # A Ctrl-C that comes while Python imports something may be lost: here all of that is done.
        until(lambda: any(piece.stat().st_size > MUCH for piece in tmp_path.iterdir()), process)
        process.send_signal(signal.SIGINT)
        assert ended(process) == (130, "", "topview: interrupted; what runs at TopView goes on there\n")
    assert [*tmp_path.iterdir()] == []


def test_a_reader_that_goes_away_is_no_error(service: StandIn) -> None:
    process = topview("voices", "-o", "plain")
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    assert ended(process)[::2] == (0, "")
