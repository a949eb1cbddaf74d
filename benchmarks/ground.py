"""What all measurements share: a home for Airflow, a private certificate authority, and the service that is polled."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.support import make_authority
from tools.settings import ROOT, clean_environment


class Failed(RuntimeError):
    """A measurement ended without figures; the text is what it said last."""


class Ground:
    """
    Hold what measurements need as long as the ``with`` block lasts.

    :param logs: Folder for what the measured processes say; theirs is the output that Airflow's logging writes.
    """

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._cleanup = contextlib.ExitStack()
        self.home = Path()
        self.bundle = self.chain = Path()
        self.plain = self.secure = ""

    def __enter__(self) -> Self:
        """Make the authority and start the service."""
        with contextlib.ExitStack() as unwinding:
            self.home = Path(unwinding.enter_context(tempfile.TemporaryDirectory(prefix="topview-bench-")))
            self.logs.mkdir(parents=True, exist_ok=True)
            (self.home / "airflow.cfg").touch()
            self.bundle = make_authority(self.home, "bench").bundle
            self.chain = self.home / "bench server.pem"
            self.plain, self.secure = self.serve("benchmarks.waiting.service", unwinding)
            self._cleanup = unwinding.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        """End the service and remove what was made."""
        self._cleanup.close()

    def serve(self, module: str, until: contextlib.ExitStack, *arguments: str) -> tuple[str, str]:
        """
        Start a service and return its plain address and its TLS address.

        :param module: Says its two ports in its first line.
        :param until: Ends the service when it is closed.
        :param arguments: For its command line.
        :raises Failed: It did not start.
        """
        command = [sys.executable, "-m", module, "--chain", str(self.chain), *arguments]
        log = until.enter_context((self.logs / f"{module}.log").open("ab"))
        process = subprocess.Popen(command, cwd=ROOT, env=self.env(), stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        until.enter_context(process.stdout)
        until.callback(process.wait)
        until.callback(process.kill)
        line = process.stdout.readline()
        if not line:
            raise Failed(f"{module} did not start; see {log.name}")
        plain, secure = json.loads(line)
        return f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"

    def env(self) -> dict[str, str]:
        """Return the environment of a measured process: no settings of whoever runs it, and the private authority."""
        trust = {name: str(self.bundle) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}
        return {
            **clean_environment(),
            **trust,
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": str(ROOT),
        }

    def probe(self, module: str, words: Mapping[str, Any], *, limit: float = 900) -> dict[str, Any]:
        """
        Run a measurement in a fresh process and return the JSON of its last line.

        :param module: Reads ``words`` as JSON from its first argument.
        :param words: What it is told.
        :param limit: Seconds after which it is ended.
        :raises Failed: It ended badly, too late, or without figures.
        """
        command = [sys.executable, "-m", module, json.dumps(words)]
        # Airflow's log goes the way of stdout: into a file, for a reader at the other end of a pipe costs CPU too.
        with tempfile.TemporaryFile("w+") as said, (self.logs / f"{module}.log").open("a") as log:
            try:
                subprocess.run(command, cwd=ROOT, env=self.env(), stdout=said, stderr=log, timeout=limit, check=True)
                said.seek(0)
                found: dict[str, Any] = json.loads(said.readlines()[-1])
            except (subprocess.SubprocessError, ValueError, IndexError) as error:
                raise Failed(f"{module} {dict(words)}: {type(error).__name__}; see {log.name}") from None
        return found
