"""What the tests need of Airflow under names that differ from line to line, and the marks of what a line lacks."""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from topview_provider.compat import airflow_line

LINE = airflow_line()


def since(line: tuple[int, int], what: str) -> pytest.MarkDecorator:
    """
    Return the mark of a test that is about something which came to Airflow later.

    :param line: The first line that has it, such as ``(3, 3)``.
    :param what: What came.
    """
    first = ".".join(map(str, line))
    return pytest.mark.skipif(line > LINE, reason=f"Airflow has {what} from {first} on")


def served() -> None:
    """Skip the module that calls this where Airflow mounts no server of ours, and may have no FastAPI to make one."""
    if LINE < (3, 1):
        pytest.skip("Airflow has a server for pages and callbacks from 3.1 on", allow_module_level=True)


def named(*places: str) -> Any:
    """
    Return the first of several things that this Airflow has.

    :param places: Dotted paths, the newest first.
    """
    for place in places:
        module, _, name = place.rpartition(".")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
    raise ImportError(f"This Airflow has none of {', '.join(places)}")


Reschedule = named("airflow.sdk.exceptions.AirflowRescheduleException", "airflow.exceptions.AirflowRescheduleException")
"""What a sensor raises to be asked again later."""


def through_the_database(dag: Any) -> Any:
    """Return a DAG as the scheduler sees it."""
    module = "airflow.serialization.serialized_objects"
    form = named(f"{module}.DagSerialization", f"{module}.SerializedDAG")
    return form.from_dict(json.loads(json.dumps(form.to_dict(dag))))


def attach(protocol: str, conn_id: str | None = None, *, fs: Any) -> None:
    """Give Airflow's object storage a file system for a protocol and a connection."""
    named("airflow.sdk.io.attach", "airflow.io.store.attach")(protocol, conn_id, fs=fs)


def outlet_events() -> Any:
    """Return the events of a task's outlets as a context holds them, still empty."""
    module = "execution_time.context"
    return named(f"airflow.sdk.{module}.OutletEventAccessors", "airflow.utils.context.OutletEventAccessors")()


def hearing() -> AbstractContextManager[list[Any]]:
    """Catch what is logged; each entry has at least ``event`` and ``log_level``."""
    if LINE < (3, 1):  # these log as Python does
        return _listening()
    heard: AbstractContextManager[list[Any]] = importlib.import_module("structlog.testing").capture_logs()
    return heard


@contextmanager
def _listening() -> Iterator[list[Any]]:
    heard: list[Any] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append({"event": record.getMessage(), "log_level": record.levelname.lower()})

    listener = Listener()
    logging.getLogger().addHandler(listener)
    try:
        yield heard
    finally:
        logging.getLogger().removeHandler(listener)
