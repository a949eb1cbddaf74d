"""What concerns all tasks that wait in a triggerer: said once, in the triggerer's own log."""

from __future__ import annotations

import logging
from contextvars import Context


def for_all(log: logging.Logger, level: int, words: str, *values: object) -> None:
    """
    Write a line that is about no single task.

    Airflow knows by context variables whose log a line of a trigger belongs to. Without them the line stands in the log
    of the triggerer, where who looks after it finds it; else it would stand in that of whichever task met it.

    :param log: Who says it.
    :param level: Level of the line.
    :param words: The text, with ``%`` places.
    :param values: What fills them.
    """
    Context().run(log.log, level, words, *values)
