"""A private PostgreSQL on a socket of its own, for Airflows that need more than SQLite's one writer."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from tools.processes import signals_unwind, undisturbed, until

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


class Postgres:
    """
    Run a new, empty cluster as long as the ``with`` block lasts; it and its files are gone afterwards.

    It listens on a socket in a private folder, not on a port, and trusts whoever may enter that folder.

    :param programs: Folder of the server's programs; by default :func:`server_programs`.
    :param limit: Seconds until it must answer, and until it must have ended.
    :raises RuntimeError: There is no server on this machine, or it does not start; with what it said.
    """

    def __init__(self, programs: Path | None = None, *, limit: float = 60) -> None:
        self.programs = programs
        self.limit = limit
        self.folder = Path()
        self.user = next(iter(filter(_exists, USERS)), None) if os.geteuid() == 0 else None
        self._server: subprocess.Popen[bytes] | None = None
        self._cleanup = contextlib.ExitStack()

    @property
    def sql_alchemy_conn(self) -> str:
        """Address of the empty database, as Airflow's ``[database] sql_alchemy_conn`` takes it."""
        return f"postgresql+psycopg2://airflow@/postgres?host={self.folder}"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    def __enter__(self) -> Postgres:
        """Make the cluster, start the server and wait until it answers."""
        with contextlib.ExitStack() as unwinding:
            unwinding.enter_context(signals_unwind())
            self.folder = Path(tempfile.mkdtemp(prefix="topview-postgres-")).resolve()
            unwinding.callback(shutil.rmtree, self.folder, ignore_errors=True)
            unwinding.callback(self.close)
            self._initialise()
            self._start()
            until(self._answers, limit=self.limit, what="an answer of PostgreSQL", pause=0.05)
            self._cleanup = unwinding.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the server and remove its files."""
        self._cleanup.close()

    def close(self) -> None:
        """
        End the server, whoever is still connected.

        :raises TooLate: A process of it is left.
        """
        with undisturbed():
            if self._server is not None:
                self._server.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._server.wait(self.limit / 2)
                self._server.kill()
                self._server.wait()
            # Those that serve a client see by themselves that the server has gone.
            until(lambda: not self.pids(), limit=self.limit, what="end of PostgreSQL", pause=0.05)

    def pids(self) -> list[int]:
        """Return every living process of the server; all of them work in its folder (Linux)."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (entry / "cwd").resolve() == self.folder / "data":
                    found.append(int(entry.name))
        return found

    def _initialise(self) -> None:
        if self.user:
            shutil.chown(self.folder, self.user)
        options = ["--username=airflow", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            [*self._program("initdb"), "--pgdata=data", *options],
            cwd=self.folder,
            **self._identity(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"initdb: {done.stdout}{done.stderr}".strip())

    def _start(self) -> None:
        settings = {**SETTINGS, "unix_socket_directories": str(self.folder)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("wb") as output:
            self._server = subprocess.Popen(
                [*self._program("postgres"), "-D", "data", *words],
                cwd=self.folder,
                **self._identity(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _identity(self) -> dict[str, Any]:
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}

    def _program(self, name: str) -> list[str]:
        programs = self.programs or server_programs()
        if programs is None:
            raise RuntimeError(f"no PostgreSQL server on this machine: no initdb below {', '.join(HOMES)} or on PATH")
        return [str(programs / name)]

    def _answers(self) -> bool:
        if self._server is None or self._server.poll() is not None:
            raise RuntimeError(f"PostgreSQL has ended:\n{self.log.read_text(errors='replace')}")
        question = [*self._program("pg_isready"), "--quiet", f"--host={self.folder}"]
        return subprocess.run(question, check=False).returncode == 0


def _exists(user: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False
