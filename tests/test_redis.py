"""The private broker of the distributed tier: ours alone, keeps what it was told, and is gone without a trace."""

from __future__ import annotations

import os
import subprocess

import pytest

from tools.redis import Redis, server_program

needs_server = pytest.mark.skipif(server_program() is None, reason="no Redis server on this machine")


def told(server: Redis, *words: str, password: str | None = None) -> str:
    """Return what the server answers to a command."""
    env = {**os.environ, "REDISCLI_AUTH": server.password if password is None else password}
    command = ["redis-cli", "-p", str(server.port), *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout.strip()


@needs_server
def test_what_it_was_told_is_there_after_a_restart() -> None:
    with Redis() as server:
        assert told(server, "set", "a", "1") == "OK"
        before = server.pids()
        server.restart()
        assert told(server, "get", "a") == "1"
        assert not set(before) & set(server.pids())


@needs_server
def test_it_ends_and_leaves_neither_process_nor_file() -> None:
    with Redis() as server:
        assert len(server.pids()) == 1
    assert server.pids() == []
    assert not server.folder.exists()


@needs_server
def test_it_lets_in_nobody_without_its_password() -> None:
    with Redis() as server:
        assert "NOAUTH" in told(server, "get", "a", password="")
        assert f":{server.password}@127.0.0.1:{server.port}/" in server.url


def test_where_there_is_no_server_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    server = Redis()
    with pytest.raises(RuntimeError, match="no Redis server on this machine: no redis-server on PATH"):
        server.__enter__()
    assert not server.folder.exists()
