"""A private PostgreSQL on a socket of its own, for Airflows that need more than SQLite's one writer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tools.private import PrivateServer

HOMES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")
USERS = ("postgres", "nobody")
"""Who runs the server where we are root, for it refuses to run as root."""
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    # Nothing of it outlives a test, so nothing of it needs to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def server_programs() -> Path | None:
    """Return the folder with ``initdb`` and ``postgres``, that of the newest version, or None without a server."""
    found = [path.parent for home in HOMES for path in Path(home).glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    whole = [folder for folder in found if (folder / "postgres").exists()]
    return max(whole, key=_version, default=None)


def _version(folder: Path) -> int:
    digits = "".join(filter(str.isdigit, folder.parent.name))
    return int(digits or 0)


class Postgres(PrivateServer):
    """
    Run a new, empty cluster as long as the ``with`` block lasts; it and its files are gone afterwards.

    It listens on a socket in a private folder, not on a port, and trusts whoever may enter that folder.

    :param programs: Folder of the server's programs; by default :func:`server_programs`.
    :param limit: Seconds until it must answer, and until it must have ended.
    :raises RuntimeError: There is no server on this machine, or it does not start; with what it said.
    """

    ends_by = signal.SIGINT

    def __init__(self, programs: Path | None = None, *, limit: float = 60) -> None:
        super().__init__("PostgreSQL", users=USERS, limit=limit)
        self.programs = programs

    @property
    def sql_alchemy_conn(self) -> str:
        """Address of the empty database, as Airflow's ``[database] sql_alchemy_conn`` takes it."""
        return f"postgresql+psycopg2://airflow@/postgres?host={self.folder}"

    def prepare(self) -> None:
        """Make the cluster."""
        options = ["--username=airflow", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self.run(self._program("initdb"), "--pgdata=data", *options)

    def command(self) -> list[str]:
        """Return the command line of the server."""
        settings = {**SETTINGS, "unix_socket_directories": str(self.folder)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", "data", *words]

    def answers(self) -> bool:
        """Whether the server, which lives, takes clients."""
        question = [self._program("pg_isready"), "--quiet", f"--host={self.folder}"]
        return subprocess.run(question, check=False).returncode == 0

    def dump(self) -> str:
        """Return all that is stored, as SQL; bytes that are text can be read."""
        command = [self._program("pg_dump"), f"--host={self.folder}", "--username=airflow", "postgres"]
        env = {**os.environ, "PGOPTIONS": "-c bytea_output=escape"}
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout

    def _program(self, name: str) -> str:
        programs = self.programs or server_programs()
        if programs is None:
            raise RuntimeError(f"no PostgreSQL server on this machine: no initdb below {', '.join(HOMES)} or on PATH")
        return str(programs / name)
