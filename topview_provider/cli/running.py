"""Running one command: what goes to stdout, what to stderr, and the exit code."""

from __future__ import annotations

import logging
import os
import sys
from argparse import Namespace
from contextlib import redirect_stdout
from enum import IntEnum
from typing import Any


class Code(IntEnum):
    """
    Say how a command ended.

    2 is wrong usage, as ``argparse`` has it: a script that waits for another code must not wait for a slip.
    """

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNFINISHED = 3
    UNKNOWN = 4
    INTERRUPTED = 130


class Unfinished(Exception):
    """The task is not finished, so there is nothing to fetch yet."""


def run(arguments: Namespace) -> int:
    """
    Run one command and return its exit code; what goes wrong is one sentence on stderr.

    :param arguments: What the parser made of the command line.
    """
    try:
        return _done(arguments)
    except KeyboardInterrupt:
        return _say("interrupted; what runs at TopView goes on there", Code.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has gone, as "head" does; Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Code.DONE
    except Exception as error:  # noqa: BLE001 - a person on call gets a sentence, not a traceback
        return _say(*_explained(error))


def _done(arguments: Namespace) -> int:
    from topview_provider import compat

    compat.become_command()
    logging.disable(logging.NOTSET if arguments.verbose else logging.INFO)
    stdout = sys.stdout
    with redirect_stdout(sys.stderr):  # Airflow logs to stdout, where the output is to stand alone
        from topview_provider.cli import commands, output
        from topview_provider.hooks.topview import TopviewHook

        _log_elsewhere(stdout)
        found, code = getattr(commands, arguments.subcommand)(TopviewHook(arguments.conn_id), arguments)
    output.show(found, arguments.output)
    sys.stdout.flush()
    return int(code)


def _log_elsewhere(stdout: Any) -> None:
    root = logging.getLogger()
    for handler in [*root.handlers]:
        if isinstance(handler, logging.StreamHandler) and handler.stream is stdout:
            # In its place, as the handler of Airflow 2.11 lets nobody set its stream.
            elsewhere = logging.StreamHandler(sys.stderr)
            elsewhere.setFormatter(handler.formatter)
            elsewhere.filters = handler.filters
            root.removeHandler(handler)
            root.addHandler(elsewhere)


def _explained(error: Exception) -> tuple[str, Code]:
    from topview_provider import exceptions as errors
    from topview_provider.wire import scrub

    if isinstance(error, Unfinished):
        return str(error), Code.UNFINISHED
    if isinstance(error, errors.TopviewTaskFailed):
        return str(error), Code.FAILED
    if isinstance(error, errors.TopviewInvalidRequest) and error.code is None:  # ours: TopView's have its code
        return str(error), Code.USAGE
    if isinstance(error, errors.TopviewNotFound):
        return f"{error}; look at the family, and whether the connection is that of its account", Code.UNKNOWN
    if isinstance(error, errors.TopviewError):
        return str(error), Code.UNKNOWN
    return f"{type(error).__name__}: {scrub(str(error))}", Code.UNKNOWN


def _say(text: str, code: Code) -> int:
    from topview_provider.cli.output import text_of

    sys.stderr.write(f"topview: {text_of(' '.join(text.split()))}\n")
    return int(code)
