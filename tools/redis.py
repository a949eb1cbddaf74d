"""A private Redis on a loopback port of its own, the broker of Celery's workers."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess

from tools.private import PrivateServer
from tools.settings import free_port

USERS = ("redis", "nobody")
CONFIGURATION = """
bind 127.0.0.1
port {port}
requirepass {password}
dir {data}
appendonly yes
save ""
"""
"""What stands in the append-only file survives a restart; snapshots would add nothing but work."""


def server_program() -> str | None:
    """Return the server's program, or None without one on PATH."""
    return shutil.which("redis-server")


class Redis(PrivateServer):
    """
    Run a new, empty Redis as long as the ``with`` block lasts; it and its files are gone afterwards.

    :param limit: Seconds until it must answer, and until it must have ended.
    :raises RuntimeError: There is no server on this machine, or it does not start; with what it said.
    """

    ends_by = signal.SIGTERM

    def __init__(self, *, limit: float = 60) -> None:
        super().__init__("Redis", users=USERS, limit=limit)
        self.port = free_port()
        self.password = secrets.token_hex(16)

    @property
    def url(self) -> str:
        """Address of the empty database, as Airflow's ``[celery] broker_url`` takes it."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Make the folder of what is stored, and the configuration: a password on a command line is seen by all."""
        self.data.mkdir()
        if self.user:
            shutil.chown(self.data, self.user)
        words = {"port": self.port, "password": self.password, "data": self.data}
        (self.folder / "redis.conf").write_text(CONFIGURATION.format(**words))

    def command(self) -> list[str]:
        """Return the command line of the server."""
        program = server_program()
        if program is None:
            raise RuntimeError("no Redis server on this machine: no redis-server on PATH")
        return [program, str(self.folder / "redis.conf")]

    def answers(self) -> bool:
        """Whether the server, which lives, has read its file and takes clients."""
        question = ["redis-cli", "-p", str(self.port), "ping"]
        env = {**os.environ, "REDISCLI_AUTH": self.password}
        done = subprocess.run(question, env=env, capture_output=True, text=True, check=False)
        return done.stdout.strip() == "PONG"
