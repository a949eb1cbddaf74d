"""``topview``, or ``python -m topview_provider.cli``: ask TopView over an Airflow connection."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

from topview_provider.cli.definition import parser
from topview_provider.cli.running import run


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command and return its exit code.

    :param arguments: Words of the command line; by default those of the process.
    """
    if arguments is None and not sys.warnoptions:
        # Airflow shows its own deprecations unless the process was started with a word about warnings; whoever is on
        # call can do nothing about them.
        sys.warnoptions.append("ignore")
        warnings.simplefilter("ignore")
    return run(parser().parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
