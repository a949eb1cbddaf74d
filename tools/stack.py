"""A real Airflow on loopback: scheduler, DAG processor, API server and triggerer, each a process of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

from tools.older import OLDER, WEBSERVER_CONFIG, OlderApi, older_settings
from tools.processes import Service, signals_unwind, stop_all, title, undisturbed, until
from tools.rest import AirflowApi
from tools.settings import ROOT, airflow_settings, clean_environment, free_port

COMPONENTS = {
    "api-server": ["webserver" if OLDER else "api-server"],
    "dag-processor": ["dag-processor"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
SPARE = {"second-triggerer": COMPONENTS["triggerer"]}
"""What runs only where it is launched by its name."""
SLOTS = 3
"""Of the pool ``topview``, which the DAGs of a batch name; without it their tasks would wait for ever."""
DISTRIBUTED = {
    "second-scheduler": COMPONENTS["scheduler"],
    "second-triggerer": COMPONENTS["triggerer"],
    **{
        name: ["celery", "worker", "--skip-serve-logs", "--celery-hostname", f"{name}@%h", "--pid", f"{name}.pid"]
        for name in ("first-worker", "second-worker")
    },
}
"""What an Airflow with ``CeleryExecutor`` has besides, each part twice; for ``AirflowStack(more=...)``."""


class AirflowStack:
    """
    Run a private Airflow as long as the ``with`` block lasts.

    :param home: AIRFLOW_HOME; made if it is missing.
    :param dags: Folder of DAG files.
    :param env: Added to the environment of every component: connections, ``AIRFLOW__SECTION__OPTION``.
    :param sql_alchemy_conn: Metadata database; a new SQLite file if not given.
    :param more: Components that run besides the usual ones: name and ``airflow`` command of each. Nothing but their
        processes says that they are healthy.
    :param limit: Seconds until every component must be healthy.
    """

    def __init__(
        self,
        home: Path,
        dags: Path,
        *,
        env: Mapping[str, str] | None = None,
        sql_alchemy_conn: str | None = None,
        more: Mapping[str, Sequence[str]] | None = None,
        limit: float = 120,
    ) -> None:
        self.home = home.resolve()
        self.logs = self.home / "logs"
        self.limit = limit
        self.usual = {**COMPONENTS, **(more or {})}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sqlite = None if sql_alchemy_conn else self.home / "airflow.db"
        settings = airflow_settings(
            self.home, dags.resolve(), self.port, sql_alchemy_conn or f"sqlite:///{self.sqlite}"
        )
        older = older_settings(self.port) if OLDER else {}
        self.env = {**clean_environment(), **settings, **older, **(env or {})}
        # Every task is a new process: without caches each would compile our package, a seventh of what it costs.
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        self.mark = secrets.token_hex(8)
        self.services = {
            name: Service(name, self.command(*arguments), env=self._env_of(name), mark=self.mark, logs=self.logs)
            for name, arguments in {**SPARE, **self.usual}.items()
        }
        self.api = OlderApi(self.url) if OLDER else AirflowApi(self.url)
        self.started: dict[str, datetime] = {}
        self._cleanup = contextlib.ExitStack()

    def _env_of(self, component: str) -> dict[str, str]:
        """
        Return the environment of a component: on SQLite, how long it waits for the one writer.

        The API server must give up soon: an async route of it that waits for the lock stops the loop on which the
        holder of the lock would commit. Its clients send again. The others must not give up: a scheduler ends then.
        """
        if self.sqlite is None:
            return self.env
        patience = "1" if component == "api-server" else "60"
        return {**self.env, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.sqlite}?timeout={patience}"}

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """
        Return the command line of an ``airflow`` command.

        ``-P`` keeps the working directory, and any stale ``*.egg-info`` in it, off the import path.

        :param arguments: After ``airflow``.
        """
        return [sys.executable, "-P", "-m", "airflow", *arguments]

    def airflow(self, *arguments: str) -> str:
        """
        Run one ``airflow`` command in this home and return what it prints.

        :param arguments: After ``airflow``.
        """
        return self.run(*self.command(*arguments))

    def run(self, *command: str) -> str:
        """
        Run a program in the environment of this Airflow and return what it prints.

        :param command: Program and arguments.
        :raises RuntimeError: It failed; with what it said.
        """
        self._make_home()
        done = subprocess.run(command, env=self.env, cwd=self.home, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"exit code {done.returncode}: {done.stdout}{done.stderr}".strip())
        return done.stdout

    def __enter__(self) -> AirflowStack:
        """Start everything and wait until it is healthy."""
        with contextlib.ExitStack() as unwinding:
            unwinding.enter_context(signals_unwind())
            unwinding.callback(self.close)
            self._prepare()
            for name in self.usual:
                self.launch(name)
            self.wait_healthy()
            self.api.login()
            self.api.set_pool("topview", SLOTS)
            self._cleanup = unwinding.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End everything."""
        self._cleanup.close()

    def close(self) -> None:
        """
        End every process of this Airflow, task processes included, and check that none is left.

        :raises TooLate: Something cannot be ended.
        """
        with undisturbed():
            stop_all(list(self.services.values()))

    def _make_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        # Without a file each component would write one of its own, at the same moment.
        (self.home / "airflow.cfg").touch()
        if OLDER:
            (self.home / "webserver_config.py").write_text(WEBSERVER_CONFIG)

    def _prepare(self) -> None:
        self._make_home()
        if self.sqlite is None:
            self.airflow("db", "migrate")
        elif not self.sqlite.exists():
            self._new_sqlite(self.sqlite)

    def _new_sqlite(self, path: Path) -> None:
        """Copy an empty database that is made once per Airflow version: a migration takes longer than all the rest."""
        empty = ROOT / ".demo" / f"empty-{version('apache-airflow')}.db"
        if not empty.exists():
            self.airflow("db", "migrate")
            with contextlib.closing(sqlite3.connect(path)) as database:
                # The mode stays with the file: five processes then read while one of them writes.
                database.execute("PRAGMA journal_mode=WAL")
            empty.parent.mkdir(exist_ok=True)
            partial = empty.with_suffix(f".{os.getpid()}")
            shutil.copyfile(path, partial)
            partial.replace(empty)
        else:
            shutil.copyfile(empty, path)

    def launch(self, name: str) -> None:
        """
        Start a component without waiting for it.

        :param name: One of ``COMPONENTS``, ``SPARE`` or ``more``.
        """
        self.started[name] = datetime.now(UTC)
        self.services[name].start()

    def start(self, name: str) -> None:
        """
        Start a component again and wait until it is healthy.

        :param name: One of ``COMPONENTS``.
        """
        self.launch(name)
        self.wait_healthy()

    def stop(self, name: str, *, grace: float = 30) -> None:
        """
        Ask a component to end; what is left after the grace is killed.

        :param name: One of ``COMPONENTS``.
        :param grace: Seconds.
        """
        self.started.pop(name, None)
        self.services[name].stop(grace=grace)

    def kill(self, name: str, signum: int = signal.SIGKILL) -> None:
        """
        Send a signal to every process of a component at once; the scheduler's include workers and running tasks.

        :param name: One of ``COMPONENTS``.
        :param signum: Signal.
        """
        if signum == signal.SIGKILL:
            self.started.pop(name, None)
            self.services[name].end()
        else:
            self.services[name].kill(signum)

    def revive(self) -> list[str]:
        """Start again every component that has ended by itself, as an init system does, and return their names."""
        ended = [name for name in self.started if not self.services[name].alive]
        for name in ended:
            self.launch(name)
        return ended

    def pids(self) -> dict[int, str]:
        """Return every living process of this Airflow with its title, ``airflow worker -- <id>`` for a running task."""
        return {pid: title(pid) for service in self.services.values() for pid in service.pids()}

    def wait_healthy(self) -> None:
        """
        Wait until every component that should run has said that it lives, after its start.

        :raises RuntimeError: One of them has ended; with the end of its log.
        """
        until(self.healthy, limit=self.limit, what=f"healthy Airflow (logs: {self.logs})")

    def check_alive(self) -> None:
        """
        See that no component has ended by itself.

        :raises RuntimeError: One has; with the end of its log.
        """
        for name in self.started:
            if not self.services[name].alive:
                raise RuntimeError(f"{name} has ended:\n{self.services[name].tail()}")

    def healthy(self) -> bool:
        """
        Whether every component that should run has said that it lives, after its start.

        :raises RuntimeError: One of them has ended; with the end of its log.
        """
        self.check_alive()
        health = self.api.health()
        names = (name for name in self.started if name != "api-server" and name in COMPONENTS)
        beats = {name: health.get(name.replace("-", "_")) or {} for name in names}
        return bool(health) and all(_beats_since(beat, self.started[name]) for name, beat in beats.items())


def _beats_since(component: Mapping[str, Any], moment: datetime) -> bool:
    beat = next((value for key, value in component.items() if key.endswith("_heartbeat")), None)
    return component.get("status") == "healthy" and bool(beat) and datetime.fromisoformat(str(beat)) > moment
