"""What is too long for ``make test`` runs only where its folder is named on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest


def leave_out(folder: Path, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests of a folder, unless it, or something in it, is named on the command line."""
    if not any(Path(argument.partition("::")[0]).resolve().is_relative_to(folder) for argument in config.args):
        ours = [item for item in items if item.path.is_relative_to(folder)]
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]
