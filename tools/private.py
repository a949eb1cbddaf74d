"""A private server in a folder of its own: ours alone, and gone without a trace."""

from __future__ import annotations

import abc
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.processes import signals_unwind, undisturbed, until


class PrivateServer(abc.ABC):
    """
    Run a new, empty server as long as the ``with`` block lasts; it and its files are gone afterwards.

    :param name: Name, for messages and the folder.
    :param users: Who runs the server where we are root, the first that this machine knows; root itself without any.
    :param limit: Seconds until it must answer, and until it must have ended.
    :raises RuntimeError: There is no such server on this machine, or it does not start; with what it said.
    """

    ends_by: signal.Signals
    """Asks the server to end soon, whoever is still connected."""

    def __init__(self, name: str, *, users: Sequence[str] = (), limit: float = 60) -> None:
        self.name = name
        self.limit = limit
        self.folder = Path()
        self.user = next(iter(filter(_exists, users)), None) if os.geteuid() == 0 else None
        self._server: subprocess.Popen[bytes] | None = None
        self._cleanup = contextlib.ExitStack()

    @property
    def data(self) -> Path:
        """Where the server works, and keeps what it stores."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    @abc.abstractmethod
    def prepare(self) -> None:
        """Make what the server needs before its first start; the folder is there."""

    @abc.abstractmethod
    def command(self) -> list[str]:
        """Return the command line of the server."""

    @abc.abstractmethod
    def answers(self) -> bool:
        """Whether the server, which lives, takes clients."""

    def __enter__(self) -> Self:
        """Make the folder, start the server and wait until it answers."""
        with contextlib.ExitStack() as unwinding:
            unwinding.enter_context(signals_unwind())
            self.folder = Path(tempfile.mkdtemp(prefix=f"topview-{self.name.lower()}-")).resolve()
            unwinding.callback(shutil.rmtree, self.folder, ignore_errors=True)
            unwinding.callback(self.close)
            if self.user:
                shutil.chown(self.folder, self.user)
            self.prepare()
            self._start()
            self._cleanup = unwinding.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the server and remove its files."""
        self._cleanup.close()

    def restart(self) -> None:
        """
        End the server and start it again with what it has stored; its clients find their connections cut.

        :raises TooLate: It does not end, or does not answer again.
        """
        self.close()
        self._start()

    def close(self) -> None:
        """
        End the server, whoever is still connected.

        :raises TooLate: A process of it is left.
        """
        with undisturbed():
            if self._server is not None:
                self._server.send_signal(self.ends_by)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._server.wait(self.limit / 2)
                self._server.kill()
                self._server.wait()
            # Those that serve a client see by themselves that the server has gone.
            until(lambda: not self.pids(), limit=self.limit, what=f"end of {self.name}", pause=0.05)

    def pids(self) -> list[int]:
        """Return every living process of the server; all of them work in its folder (Linux)."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (entry / "cwd").resolve() == self.data:
                    found.append(int(entry.name))
        return found

    def run(self, *command: str) -> None:
        """
        Run a program as the one who runs the server.

        :param command: Program and arguments.
        :raises RuntimeError: It failed; with what it said.
        """
        done = subprocess.run(command, cwd=self.folder, **self._identity(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{Path(command[0]).name}: {done.stdout}{done.stderr}".strip())

    def _start(self) -> None:
        with self.log.open("ab") as output:
            self._server = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                **self._identity(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._answers, limit=self.limit, what=f"an answer of {self.name}", pause=0.05)

    def _answers(self) -> bool:
        if self._server is None or self._server.poll() is not None:
            raise RuntimeError(f"{self.name} has ended:\n{self.log.read_text(errors='replace')}")
        return self.answers()

    def _identity(self) -> dict[str, Any]:
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}


def _exists(user: str) -> bool:
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False
