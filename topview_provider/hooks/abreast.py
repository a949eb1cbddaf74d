"""Several files at once: bounded, in their order, ended by the first error, and left at once when they are stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Condition, Event

from topview_provider.exceptions import TopviewError

BREATH = 1.0
"""Seconds for which the end is waited for at a time, and for which files that are stopped may tidy up."""


def abreast(works: Sequence[Callable[[], str]], most: int, stop: Event) -> list[str]:
    """
    Do several things at once and return what each returns; after the first error none is begun, and all others end.

    What is stopped is not waited for beyond a breath: a storage may be silent for as long as ``read_timeout``. What is
    left behind ends by itself when that is over.

    :param works: What is to be done, in the order of the results; each looks at ``stop`` itself.
    :param most: How many at once, from 1.
    :param stop: Ends the works once it is set; an exception from outside, such as a time-out of Airflow, sets it.
    :raises TopviewError: It was set, and not all have ended yet.
    """
    failed, begun, jobs = Event(), _Begun(), list[Future[str]]()
    pool = ThreadPoolExecutor(most, "topview-download")
    try:
        for work in works:
            jobs.append(pool.submit(_unless, failed, begun, work))
        # A signal that comes just before a wait begins is seen when it ends, so none may be long.
        while wait(jobs, timeout=BREATH).not_done and not stop.is_set():
            pass
    except BaseException:
        stop.set()
        raise
    finally:
        left = wait(jobs, timeout=BREATH).not_done
        pool.shutdown(wait=False, cancel_futures=True)
        begun.over(0.0 if left else BREATH)
    if left:
        raise TopviewError(f"stopped before {len(left)} of {len(jobs)} downloads had ended")
    return [job.result() for job in jobs]


class _Begun:
    """Count what is under way; an exception from outside may come between handing out a work and noting its job."""

    def __init__(self) -> None:
        self._count = 0
        self._fewer = Condition()

    def __enter__(self) -> None:
        with self._fewer:
            self._count += 1

    def __exit__(self, *error: object) -> None:
        with self._fewer:
            self._count -= 1
            self._fewer.notify_all()

    def over(self, seconds: float) -> bool:
        """Wait until nothing is under way, and tell whether that is so."""
        with self._fewer:
            return self._fewer.wait_for(lambda: not self._count, seconds)


def _unless(failed: Event, begun: _Begun, work: Callable[[], str]) -> str:
    with begun:
        if failed.is_set():
            return ""
        try:
            return work()
        except BaseException:
            failed.set()
            raise
