"""
``make matrix``: try the wheel on each Airflow, and write what was tried into the README.

A cell that fails loses its row there. Variables: ``CELLS=2.11.2,lowest`` names some; ``BRIEF=1`` runs the contract and
the examples only, and adds no row.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from tools import documents, package, tested
from tools.contents import Wrong
from tools.demo import wanted
from tools.matrix import checks
from tools.matrix.cells import LOWEST, Cell, Missing, chosen
from tools.matrix.environment import Environment, Failed
from tools.matrix.pins import pin
from tools.settings import ROOT

FOLDER = ROOT / "build" / "matrix"


def play(cell: Cell, wheel: Path, *, brief: bool) -> tested.Row:
    """
    Build a cell, try the wheel in it, and return what was seen.

    :param cell: The cell.
    :param wheel: The file.
    :param brief: Whether only a part of the tests is run.
    :raises Failed: Something did not work.
    """
    pins = pin(cell) if cell.name == LOWEST else cell.pins
    env = Environment(FOLDER / cell.name, cell.interpreter())
    env.install("--constraint", str(pins), *cell.airflow, str(wheel))
    checks.stands_alone(env)
    checks.makes_a_video(env)
    checks.leaves_nothing(env, wheel)
    counted = checks.keeps_its_promises(env, wheel, pins, brief=brief)
    if not counted.get("passed"):
        raise Failed("pytest ended well, but did not say that a test passed")
    seen = env.run(env.python, "-c", "import sys; print(sys.version.split()[0])").strip()
    installed = env.run("airflow", "version").strip().splitlines()[-1]
    return tested.Row(cell.name, installed, seen, counted["passed"], counted.get("skipped", 0))


def matrix() -> list[str]:
    """Try every chosen cell, one after the other, and return the names of those that failed."""
    cells, brief = chosen(os.environ.get("CELLS", "")), wanted("BRIEF")
    wheel = package.build(ROOT / "build" / "dist").wheel
    failed = []
    for cell in cells:
        began = time.monotonic()
        try:
            row = play(cell, wheel, brief=brief)
        except (Failed, Missing) as error:
            failed.append(cell.name)
            tested.forget(cell.name)
            print(f"{cell.name}: FAILED after {time.monotonic() - began:.0f} s\n{error}", flush=True)
            continue
        print(f"{cell.name}: {row} ({time.monotonic() - began:.0f} s)", flush=True)
        if not brief:
            tested.note(row)
    return failed


def main() -> int:
    """Run the matrix, write the table, and return an exit code."""
    try:
        failed = matrix()
    except (Missing, Wrong) as reason:
        print(reason, file=sys.stderr)
        return 2
    documents.main()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
