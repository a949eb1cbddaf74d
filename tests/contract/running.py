"""Run operators, sensors and triggers as Airflow does: worker, triggerer, worker."""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import re
from collections.abc import Callable, Mapping
from typing import Any

from airflow.providers.common.compat.sdk import TaskDeferred

from tests.conftest import FakeStore, FakeTaskInstance
from topview_provider import operators
from topview_provider.catalog import FAMILIES, Row, TaskFamily
from topview_provider.sensors import topview as sensors
from topview_provider.standin.server import StandIn

from .examples import minimal


def camel_case(name: str) -> str:
    """Return the spelling of a family in class names."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def rooms() -> list[Any]:
    """Return every module of operators."""
    names = [module.name for module in pkgutil.iter_modules(operators.__path__)]
    return [importlib.import_module(f"{operators.__name__}.{name}") for name in names]


def operator_class(row: Row) -> type[Any]:
    """Return the operator of a row, found by the naming rule and nothing else."""
    name = f"Topview{camel_case(row.name)}Operator"
    found = [vars(room)[name] for room in rooms() if name in vars(room)]
    assert found, f"no module of topview_provider.operators has a {name}"
    return found[0]


def sensor_class(row: Row) -> type[Any]:
    """Return the sensor of a family, found by the naming rule."""
    return getattr(sensors, f"Topview{camel_case(row.name)}Sensor")


def new_context(store: Any = None, **ti: Any) -> dict[str, Any]:
    """Return the context of one attempt; hand over the same store for the next attempt of the same task."""
    return {
        "ti": FakeTaskInstance(**ti),
        "task_state_store": FakeStore() if store is None else store,
        "outlet_events": {},
    }


def known(row: Row) -> dict[str, Any]:
    """Return what an example of a row cannot make up: the id of a finished earlier step, which is run for it."""
    if row.field_of("taskId") is None:
        return {}
    if row.name == "board_task_detail":
        return {"taskId": made("text_to_voice", board_id="b1")}
    # A second step is named after its first: marketing_video_export goes on from marketing_video.
    first = max(FAMILIES, key=lambda name: (row.name.startswith(f"{name}_"), _alike(name, row.name)))
    return {"taskId": made(first, **({"preview": True} if FAMILIES[first].preview_items_key else {}))}


def made(family: str, **arguments: Any) -> str:
    """Run a task of a family to its end and return its id."""
    task = operator_class(FAMILIES[family])(task_id="made", **minimal(FAMILIES[family]).arguments, **arguments)
    return str(task.execute(new_context())["topview_task_id"])


def _alike(one: str, other: str) -> int:
    """Return how many letters two names begin with in common."""
    return next((place for place, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1), len(one))


def sensor_arguments(row: TaskFamily, arguments: Mapping[str, Any], topview_task_id: str) -> dict[str, Any]:
    """Return what a sensor needs to wait for the task that an operator submitted with these arguments."""
    accepted = [name for name in ("preview", "script_id") if name in sensor_class(row).template_fields]
    return {"topview_task_id": topview_task_id, **{name: arguments[name] for name in accepted if name in arguments}}


def rebuilt(trigger: Any) -> Any:
    """Return the trigger as the triggerer builds it: from its class path and plain JSON."""
    path, kwargs = trigger.serialize()
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)(**json.loads(json.dumps(kwargs)))


def events_of(trigger: Any) -> list[Any]:
    """Run a trigger to its end and return the payloads of its events, as plain JSON."""

    async def run() -> list[Any]:
        return [event.payload async for event in rebuilt(trigger).run()]

    return json.loads(json.dumps(asyncio.run(run())))


def leave(task: Any, context: Mapping[str, Any], left: TaskDeferred | None = None, event: Any = None) -> TaskDeferred:
    """Execute a task that must defer, or go on with it after it ``left``, and return how it leaves the worker."""
    try:
        result = resume(task, left, context, event) if left else task.execute(context)
    except TaskDeferred as deferred:
        return deferred
    raise AssertionError(f"the task did not defer but returned {result!r}")


def resume(task: Any, left: TaskDeferred, context: Mapping[str, Any], event: Any = None) -> Any:
    """Go on with a new instance of a task that left; its trigger runs now, unless its event is given."""
    event = events_of(left.trigger)[0] if event is None else event
    return task.resume_execution(left.method_name, {**(left.kwargs or {}), "event": event}, context)


def walk(make: Callable[[], Any], context: Mapping[str, Any]) -> Any:
    """Run a task to its end, through the triggerer as often as it goes there; ``make`` builds each new instance."""
    step: Callable[[], Any] = lambda: make().execute(context)  # noqa: E731
    for _ in range(20):
        try:
            return step()
        except TaskDeferred as left:
            step = lambda left=left: resume(make(), left, context)  # noqa: E731
    raise AssertionError("the task goes to the triggerer and back without end")


def submits(service: StandIn, row: TaskFamily) -> list[Any]:
    """Return the bodies of the submits of a family that reached the service."""
    return [entry["body"] for entry in service.requests(row.submit) if entry["method"] == "POST"]


def unsigned(value: Any) -> Any:
    """Return a result with the signatures of its URLs left out: they change with each query."""
    return json.loads(re.sub(r'\?[^"]*', "", json.dumps(value)))


def outline(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two runs of the same request have in common: all but ids, URLs and texts made of them."""
    outputs = [
        {
            **entry,
            "item_id": None if entry["item_id"] is None else re.sub("[0-9a-f]{32}", "#", entry["item_id"]),
            "url": re.sub("[0-9a-f]{32}", "#", unsigned(entry["url"])),
        }
        for entry in manifest["outputs"]
    ]
    values = {
        name: len(value) if isinstance(value, list) else type(value) for name, value in manifest["values"].items()
    }
    return {**manifest, "topview_task_id": "#", "outputs": outputs, "values": values}
