"""A Python environment of its own, and what is tried in it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from uv import find_uv_bin

from tools.settings import clean_environment


class Failed(Exception):
    """Say what a command answered that should have succeeded."""


class Environment:
    """
    Programs of an environment, in a folder from which nothing of the checkout can be imported.

    :param folder: Everything of it is below; what was there is removed.
    :param interpreter: The Python.
    """

    def __init__(self, folder: Path, interpreter: str) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.folder = folder
        self.programs = folder / "env" / "bin"
        self.home = folder / "airflow"
        self.home.mkdir(parents=True)
        self.run(find_uv_bin(), "venv", "--quiet", "--python", interpreter, str(folder / "env"))

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.programs / "python")

    @property
    def variables(self) -> dict[str, str]:
        """What its programs find in their environment: a home of their own, and nothing of ours."""
        kept = {name: value for name, value in clean_environment().items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        own = {"AIRFLOW_HOME": str(self.home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        return {**kept, **own, "PATH": f"{self.programs}:{kept.get('PATH', '')}"}

    def install(self, *arguments: str) -> None:
        """
        Install packages.

        :param arguments: Of ``uv pip install``.
        """
        self.run(find_uv_bin(), "pip", "install", "--quiet", "--python", self.python, *arguments)

    def uninstall(self, name: str) -> None:
        """
        Remove a package.

        :param name: Of the distribution.
        """
        self.run(find_uv_bin(), "pip", "uninstall", "--quiet", "--python", self.python, name)

    def run(
        self,
        *command: str,
        cwd: Path | None = None,
        variables: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> str:
        """
        Run a program and return what it prints.

        :param command: Program and arguments.
        :param cwd: Its working directory, a folder of this environment by default.
        :param variables: Added to its environment.
        :param log: File that keeps what it printed, whatever came of it.
        :raises Failed: It failed; with the end of what it said.
        """
        env = {**self.variables, **(variables or {})}
        done = subprocess.run(command, cwd=cwd or self.home, env=env, capture_output=True, text=True, check=False)
        if log:
            log.write_text(done.stdout)
        if done.returncode:
            said = f"{done.stdout}\n{done.stderr}".strip()
            raise Failed(f"{' '.join(command)[:200]}: exit code {done.returncode}\n{said[-6000:]}")
        return done.stdout

    def files(self) -> set[str]:
        """Return the names of all files of the environment, caches of Python left out."""
        root = self.folder / "env"
        return {
            str(path.relative_to(root))
            for path in root.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
