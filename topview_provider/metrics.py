"""What Airflow's metrics hear of TopView; a backend that is missing or broken never fails a task."""

from __future__ import annotations

import logging
from datetime import timedelta

from topview_provider import compat
from topview_provider.tally import Tally

log = logging.getLogger(__name__)


def submitted(family: str) -> None:
    """
    Count a submit that TopView accepted.

    :param family: Name of the family.
    """
    _emit("incr", f"topview.submits.{family}", 1, family=family)


def polled(family: str, tally: Tally) -> None:
    """
    Count the polls of a wait, all at once: the hot path stays free.

    :param family: Name of the family.
    :param tally: What the wait saw.
    """
    for name, count in (("polls", tally.polls), ("poll_errors", tally.failed_polls)):
        if count:
            _emit("incr", f"topview.{name}.{family}", count, family=family)


def waited(family: str, outcome: str, tally: Tally) -> None:
    """
    Tell of a wait that ended; how long the task took is told only where the wait saw it.

    :param family: Name of the family.
    :param outcome: ``success``, ``failed``, ``timeout`` or ``error``.
    :param tally: What the wait saw.
    """
    polled(family, tally)
    if tally.seconds is not None:
        _emit("timing", f"topview.task_seconds.{family}.{outcome}", tally.seconds, family=family, outcome=outcome)


def charged(family: str, cost: float) -> None:
    """
    Count what a task cost, in hundredths of a credit: StatsD counts whole numbers, and TopView charges 0.06.

    :param family: Name of the family.
    :param cost: Credits.
    """
    _emit("incr", f"topview.credit_hundredths.{family}", cost * 100, family=family)


def _emit(kind: str, name: str, value: float, **tags: str) -> None:
    try:
        if stats := compat.stats():
            shown = timedelta(seconds=value) if kind == "timing" else round(value)
            getattr(stats, kind)(name, shown, tags=tags)
    except Exception as error:  # noqa: BLE001 - a metric is no reason to fail a task that is paid for
        log.debug("The metric %s was lost: %s", name, type(error).__name__)
