"""Which Airflow is tried on which Python."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.settings import ROOT

LOWEST = "lowest"
"""Name of the cell that has the least of everything that setup.cfg allows."""


class Missing(Exception):
    """Say what this machine lacks."""


@dataclass(frozen=True)
class Cell:
    """
    One environment of the matrix.

    :param name: Version of Airflow, or ``lowest``.
    :param pythons: Pythons that it supports, such as ``3.12``; the first that the machine has is taken.
    :param more: What is installed beside Airflow.
    """

    name: str
    pythons: tuple[str, ...]
    more: tuple[str, ...] = ()

    @property
    def airflow(self) -> list[str]:
        """What is to be installed, or resolved, before the wheel comes."""
        return [*(least() if self.name == LOWEST else [f"apache-airflow=={self.name}"]), *self.more]

    @property
    def pins(self) -> Path:
        """File with the versions of everything."""
        return ROOT / "build" / "matrix" / "lowest.txt" if self.name == LOWEST else constraints(self.name)

    def interpreter(self) -> str:
        """
        Return the path of the Python to use.

        :raises Missing: The machine has none of them.
        """
        for version in self.pythons:
            for place in (f"python{version}", *sorted(map(str, _pyenv(version)), reverse=True)):
                if _runs(place, version):
                    return place
        raise Missing(f"{self.name} needs one of the Pythons {', '.join(self.pythons)}")


FAB = "apache-airflow-providers-fab"
"""The old web server's packages: without them Airflow 3.0 and 3.1 show no extra fields in a connection form."""

PATHLIB = "universal-pathlib<0.3"
"""Airflow 2.11.0 and 3.0 allow later ones, with which their own ObjectStoragePath does not work."""

FASTAPI = "fastapi<0.132"
"""Airflow 3.0 sends JSON without saying that it is JSON; later ones refuse that, and no task begins."""

SERVER = ("fastapi<0.137", "cadwyn<8", "svcs<26")
"""Airflow 3.2 allows later ones, with which its ``dags test`` runs no task: FastAPI and Cadwyn cannot build a body of
its API for tasks, and svcs forgets the services of that API as soon as the object that made it is gone."""

CELLS = (
    Cell("2.11.2", ("3.12", "3.11")),
    Cell("3.0.6", ("3.11", "3.12"), (FAB, PATHLIB, FASTAPI)),
    Cell("3.1.8", ("3.12", "3.11", "3.13"), (FAB,)),
    Cell("3.2.2", ("3.13", "3.12", "3.11"), SERVER),
    Cell("3.3.2", ("3.13", "3.12", "3.11")),
    Cell(LOWEST, ("3.11", "3.12"), (PATHLIB,)),
)


def chosen(names: str) -> tuple[Cell, ...]:
    """
    Return the cells that somebody named.

    :param names: Separated by commas; nothing names all.
    :raises Missing: There is no such cell.
    """
    wanted = [name for name in re.split(r"[,\s]+", names) if name]
    unknown = set(wanted) - {cell.name for cell in CELLS}
    if unknown:
        raise Missing(f"no cell is called {', '.join(sorted(unknown))}; there are {', '.join(c.name for c in CELLS)}")
    return tuple(cell for cell in CELLS if not wanted or cell.name in wanted)


def constraints(airflow: str) -> Path:
    """
    Return the file of pins for a version of Airflow.

    :param airflow: Its version.
    """
    return ROOT / "constraints" / f"airflow-{airflow}.txt"


def least() -> list[str]:
    """Return what setup.cfg requires, each with the lowest release that it allows, whatever its last number is."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    lines = parser["options"]["install_requires"].split()
    return [f"{name}=={version}.*" for name, version in (line.split(">=") for line in lines)]


def _pyenv(version: str) -> list[Path]:
    return list(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))


def _runs(place: str, version: str) -> bool:
    if not shutil.which(place):
        return False
    done = subprocess.run([place, "--version"], capture_output=True, text=True, check=False)  # a shim may lead nowhere
    return done.returncode == 0 and done.stdout.startswith(f"Python {version}.")
