"""Start processes that can be ended for certain, grandchildren included."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

MARK = "TOPVIEW_TOOLS_MARK"
"""Environment variable by which a process is known as ours, whatever group, session or parent it has by now."""

Answer = TypeVar("Answer")
Handler = Callable[[int, FrameType | None], Any] | signal.Handlers


class TooLate(TimeoutError):
    """Say what did not happen within its limit."""


def until(probe: Callable[[], Answer], *, limit: float, what: str, pause: float = 0.1) -> Answer:
    """
    Ask until the answer is true, and return it.

    :param probe: Asked again and again; an exception ends the wait.
    :param limit: Seconds.
    :param what: What is waited for, for the error.
    :param pause: Seconds between two questions.
    :raises TooLate: The limit has passed.
    """
    end = time.monotonic() + limit
    while not (answer := probe()):
        if time.monotonic() > end:
            raise TooLate(f"{what}: not within {limit:.0f} s")
        time.sleep(pause)
    return answer


def marked(mark: str) -> list[int]:
    """
    Return the living processes that were started with this mark, or that descend from one that was.

    Needs ``/proc``; elsewhere nothing is found and only process groups are ended.

    :param mark: Mark or beginning of it.
    """
    wanted = f"\0{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if entry.name != str(os.getpid()) and wanted in b"\0" + (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


def title(pid: int) -> str:
    """
    Return what a process calls itself.

    :param pid: Process.
    """
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


def parent(pid: int) -> int:
    """
    Return the process that started another one; 0 if that is gone.

    :param pid: The started one.
    """
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def send(signum: int, pids: Sequence[int]) -> None:
    """
    Signal processes; those that are gone meanwhile are no error.

    :param signum: Signal.
    :param pids: Receivers.
    """
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signum)


class Service:
    """
    Run one program in a session of its own, with a log file.

    :param name: Name, for messages and the log file.
    :param command: Program and arguments.
    :param env: Whole environment of the process.
    :param mark: Mark of all services that are ended together.
    :param logs: Folder of log files.
    """

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], mark: str, logs: Path) -> None:
        self.name = name
        self.command = list(command)
        self.mark = f"{mark}/{name}/"
        # setproctitle overwrites the environment in /proc, and the mark with it, unless told not to.
        self.env = {**env, MARK: self.mark, "SPT_NOENV": "1", "PYTHONUNBUFFERED": "1"}
        self.log = logs / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether the program itself runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the program; its output is added to the log file."""
        if self.alive:
            raise RuntimeError(f"{self.name} runs already")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.env,
                cwd=self.log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def pids(self) -> list[int]:
        """Return every living process of this service, the program itself and its descendants."""
        return marked(self.mark)

    def kill(self, signum: int) -> None:
        """
        Send a signal to every process of this service, once to each.

        :param signum: Signal.
        """
        pids = self.pids()
        send(signum, pids)
        if self.alive and self.process is not None and self.process.pid not in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signum)

    def end(self, *, limit: float = 10) -> None:
        """
        Kill every process of this service until none is left, those included that are forked meanwhile.

        :param limit: Seconds.
        :raises TooLate: Something cannot be killed.
        """

        def killed() -> bool:
            self.kill(signal.SIGKILL)
            return self.gone()

        until(killed, limit=limit, what=f"end of {self.name}", pause=0.02)

    def stop(self, *, grace: float = 30) -> None:
        """
        Ask the program to end, then kill what is left.

        :param grace: Seconds that it may take.
        """
        if self.alive and self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(grace)
        self.end()

    def gone(self) -> bool:
        """Whether no process of this service is left."""
        return not self.alive and not self.pids()

    def tail(self, lines: int = 15) -> str:
        """
        Return the end of the log file.

        :param lines: How many lines.
        """
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def stop_all(services: Sequence[Service], *, grace: float = 3) -> None:
    """
    End all services together and see to it that nothing of them is left.

    :param services: What to end.
    :param grace: Seconds before those that still run are killed.
    :raises TooLate: Something cannot be ended.
    """
    for service in services:
        service.kill(signal.SIGTERM)
    with contextlib.suppress(TooLate):
        until(lambda: all(service.gone() for service in services), limit=grace, what="end of services")
    for service in services:
        service.end()


def _leave(signum: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)


@contextlib.contextmanager
def _handled(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers, and only it is interrupted by them
        return
    previous = {signum: signal.signal(signum, handler) for signum, handler in handlers.items()}
    try:
        yield
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, handler)


def signals_unwind() -> contextlib.AbstractContextManager[None]:
    """Let SIGTERM and a closed terminal unwind the stack as Ctrl-C does, so that every ``finally`` runs."""
    return _handled(dict.fromkeys((signal.SIGTERM, signal.SIGHUP), _leave))


def undisturbed() -> contextlib.AbstractContextManager[None]:
    """Do not let a second Ctrl-C, or SIGTERM after it, interrupt the cleaning up."""
    return _handled(dict.fromkeys((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), signal.SIG_IGN))
