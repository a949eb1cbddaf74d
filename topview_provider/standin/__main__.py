"""``python -m topview_provider.standin``: a TopView for rehearsals."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields

from topview_provider.standin.options import Options
from topview_provider.standin.server import serve

_TYPES = {"int": int, "float": float, "str": str}


def parser() -> argparse.ArgumentParser:
    """Return the parser; its options are the fields of ``Options``."""
    made = argparse.ArgumentParser(
        prog="topview-standin",
        description="A TopView of your own: rehearse DAGs against it without an account and without credits.",
        epilog="The control plane is at /_standin/: stats, jobs, requests, uploads, callbacks, faults, advance, "
        "replay, key, reset.",
    )
    for item in fields(Options):
        words, choices = item.metadata["help"], item.metadata["choices"] or None
        name = f"--{item.name.replace('_', '-')}"
        if item.type == "bool":
            made.add_argument(name, action="store_true", help=words)
        else:
            shown = f"{words} (default: {item.default if item.default != '' else 'none'})"
            made.add_argument(name, type=_TYPES[str(item.type)], default=item.default, choices=choices, help=shown)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run a stand-in until SIGINT or SIGTERM.

    :param arguments: Words of the command line; by default those of the process.
    """
    options = Options(**vars(parser().parse_args(arguments)))
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        sys.stderr.write(f"topview-standin: {error}\n")
        return 1
    return 0


async def _serve(options: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(options, _announce, stop)


def _announce(url: str) -> None:
    # The first line is the address alone: a script that asked for port 0 reads it.
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
