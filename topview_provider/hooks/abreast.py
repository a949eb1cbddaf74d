"""Several files at once: bounded, in their order, ended by the first error, and left at once when they are stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event

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
    failed, jobs = Event(), list[Future[str]]()
    pool = ThreadPoolExecutor(most, "topview-download")
    try:
        for work in works:
            jobs.append(pool.submit(_unless, failed, work))
        # A signal that comes just before a wait begins is seen when it ends, so none may be long.
        while wait(jobs, timeout=BREATH).not_done and not stop.is_set():
            pass
    except BaseException:
        stop.set()
        raise
    finally:
        left = wait(jobs, timeout=BREATH).not_done
        pool.shutdown(wait=False, cancel_futures=True)
    if left:
        raise TopviewError(f"stopped before {len(left)} of {len(jobs)} downloads had ended")
    return [job.result() for job in jobs]


def _unless(failed: Event, work: Callable[[], str]) -> str:
    if failed.is_set():
        return ""
    try:
        return work()
    except BaseException:
        failed.set()
        raise
