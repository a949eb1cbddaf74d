"""The folder in which the tests of a cell run: tests and examples; ``topview_provider`` is the installed one."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.settings import ROOT

PARTS = ("dags", "docs", "tests", "tools", "pyproject.toml", "setup.cfg")

ABOUT_THE_CHECKOUT = (
    "e2e",
    "plugin",
    "services",
    "test_approval_docs.py",
    "test_bench.py",
    "test_docs.py",
    "test_house.py",
    "test_matrix.py",
    "test_operations.py",
    "test_package.py",
    "test_postgres.py",
    "test_reference.py",
    "test_toy_family.py",
)
"""Tests of what stands beside the package, or of what runs a whole Airflow: they say nothing more about a wheel."""

SLOW = (
    "test_crowd.py",
    "test_large_files.py",
    "test_learning.py",
    "test_list_polling_law.py",
    "test_rhythm.py",
)
"""Simulations, arithmetic and large files: the same on every Airflow, and minutes long."""

BRIEF = ("tests/contract", "tests/test_dags.py", "tests/test_provider.py")
"""What a brief cell runs."""


def lay(folder: Path) -> Path:
    """
    Copy what the tests need, and return the folder.

    :param folder: Made anew.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=_left_out)
        else:
            shutil.copy2(source, folder / name)
    return folder


def _left_out(folder: str, names: list[str]) -> set[str]:
    tests = ABOUT_THE_CHECKOUT + SLOW if Path(folder) == ROOT / "tests" else ()
    return {name for name in names if name in tests or name == "__pycache__"}
