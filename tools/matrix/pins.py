"""``make constraints``: the versions of everything, resolved anew; names and versions only, no address of an index."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from uv import find_uv_bin

from tools.matrix.cells import CELLS, LOWEST, Cell, Missing, chosen
from tools.settings import ROOT


def resolve(target: Path, python: str, requirements: Sequence[str], *options: str) -> None:
    """
    Write the versions with which requirements can be met.

    :param target: The file.
    :param python: Interpreter for which they are resolved.
    :param requirements: What is required beside what the options name.
    :param options: Further ones of ``uv pip compile``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [find_uv_bin(), "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--python", python]
    command += [*options, "--output-file", str(target), "-"]
    subprocess.run(command, input="\n".join(requirements), text=True, check=True, cwd=ROOT)


def pin(cell: Cell) -> Path:
    """
    Write the pins of a cell.

    :param cell: The lowest allowed versions are only resolved as far as users need them, without our tools.
    """
    target = cell.pins
    target.unlink(missing_ok=True)  # or its pins would be kept
    oldest = ("--python-version", min(cell.pythons))  # a newer Python takes what an older one does, not the reverse
    if cell.name == LOWEST:
        resolve(target, cell.interpreter(), cell.airflow, *oldest, "--resolution", "lowest-direct")
    else:
        extras = [f"--extra={name}" for name in ("dev", "services", "ui")]
        resolve(target, cell.interpreter(), cell.airflow, *oldest, *extras, "setup.cfg")
    return target


def main() -> int:
    """Pin what the arguments name; a version of Airflow that is no cell yet is resolved for the Python that runs."""
    names = sys.argv[1:] or [cell.name for cell in CELLS if cell.name != LOWEST]
    for name in names:
        try:
            (cell,) = chosen(name)
        except Missing:
            cell = Cell(name, (".".join(map(str, sys.version_info[:2])),))
        print(pin(cell).relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
