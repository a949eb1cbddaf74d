"""What the tests need of Airflow under names that differ from line to line, and the marks of what a line lacks."""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
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
    return pytest.mark.skipif(line > LINE, reason=_came(line, what))


def only_since(line: tuple[int, int], what: str) -> None:
    """
    Skip the test that calls this, or every module of the package that does: they could not be imported.

    :param line: The first line that has it, such as ``(3, 3)``.
    :param what: What came.
    """
    if line > LINE:
        pytest.skip(_came(line, what), allow_module_level=True)


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


Asked = named("airflow.sdk.exceptions.TaskAwaitingInput", "airflow.providers.common.compat.sdk.TaskDeferred")
"""What a task raises that waits for a person."""


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


def alias_events(accessor: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return what an alias stands for: the URI of each asset and the extra of its event."""
    if LINE < (3, 0):
        return [(event["dest_dataset_uri"], event["extra"]) for event in accessor.dataset_alias_events]
    return [(event.dest_asset_key.uri, event.extra) for event in accessor.asset_alias_events]


def first_asked(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> dict[str, Any]:
    """Let a rescheduled sensor have been asked first at a moment, and return what its task instance needs for it."""
    if LINE < (3, 0):
        monkeypatch.setattr("airflow.sensors.base._orig_start_date", lambda **_: moment)
    return {"get_first_reschedule_date": lambda _: moment}


def know_our_options() -> None:
    """Let Airflow know that ours may be secrets, as each of its programs does at its start; 3.2 does it by itself."""
    if LINE < (3, 2):
        named("airflow.providers_manager.ProvidersManager")().initialize_providers_configuration()


def hearing() -> AbstractContextManager[list[Any]]:
    """Catch what is logged; each entry has at least ``event`` and ``log_level``."""
    if LINE < (3, 1):  # these log as Python does
        return _listening()
    heard: AbstractContextManager[list[Any]] = importlib.import_module("structlog.testing").capture_logs()
    return heard


def _came(line: tuple[int, int], what: str) -> str:
    return f"Airflow has {what} from {'.'.join(map(str, line))} on"


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
