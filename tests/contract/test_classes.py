"""What every operator and sensor is as a class, and how it behaves in a DAG file."""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, BaseOperator

from tests.lines import through_the_database as serialized
from topview_provider.catalog import TaskFamily
from topview_provider.operators.base import TopviewTaskOperator
from topview_provider.sensors.topview import TopviewTaskSensor

from .examples import full, minimal
from .promises import promise
from .running import operator_class, sensor_class


def dag(**words: Any) -> DAG:
    return DAG("contract", schedule=None, start_date=datetime(2026, 1, 1), **words)


@promise
def test_an_operator_stands_for_the_family(row: TaskFamily) -> None:
    found = operator_class(row)
    assert issubclass(found, TopviewTaskOperator)
    assert vars(found)["family"] == row.name


@promise
def test_the_constructor_is_the_row(row: TaskFamily) -> None:
    parameters = dict(inspect.signature(vars(operator_class(row))["__init__"]).parameters)
    assert parameters.pop("self").kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert parameters.pop("kwargs").kind is inspect.Parameter.VAR_KEYWORD
    assert set(parameters) == {field.name for field in row.fields}
    for field in row.fields:
        parameter = parameters[field.name]
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY, field.name
        assert parameter.annotation is not inspect.Parameter.empty, field.name
        assert (parameter.default is inspect.Parameter.empty) == (field.required and not field.send_default), field.name
        if parameter.default is not inspect.Parameter.empty:
            assert parameter.default == (field.default if field.send_default else None), field.name


@promise
def test_the_constructor_keeps_every_argument_as_it_is(row: TaskFamily) -> None:
    templates = full(row).templates()
    task = operator_class(row)(task_id="t", **templates)
    assert {name: getattr(task, name) for name in templates} == templates


@promise
def test_every_field_of_the_row_is_a_template(row: TaskFamily) -> None:
    shared = {*TopviewTaskOperator.shared_template_fields}
    assert shared >= {"topview_conn_id", "notice_url", "extra_payload", "resume_topview_task_id", "max_credits"}
    assert set(operator_class(row).template_fields) == {field.name for field in row.fields} | shared


@promise
def test_a_sensor_stands_for_the_family(row: TaskFamily) -> None:
    found = sensor_class(row)
    assert issubclass(found, TopviewTaskSensor)
    assert found.family == row.name
    assert {"topview_task_id", "topview_conn_id"} <= set(found.template_fields)
    waiting = found(task_id="t", topview_task_id="1")
    assert waiting.timeout == row.timeout_seconds
    assert waiting.poke_interval == row.poll_seconds


@promise
def test_default_args_of_the_dag_apply(row: TaskFamily) -> None:
    shared = {"topview_conn_id": "theirs", "deferrable": True, "timeout": 77, "poll_interval": 3}
    own = full(row).arguments
    with dag(default_args={**shared, **own}):
        task = operator_class(row)(task_id="t")
    with dag(default_args={**shared, "topview_task_id": "1"}):
        sensor = sensor_class(row)(task_id="s")
    assert {name: getattr(task, name) for name in (*shared, *own)} == {**shared, **own}
    assert {name: getattr(sensor, name) for name in shared} == shared
    assert sensor.topview_task_id == "1"


@promise
def test_the_result_of_another_task_as_an_argument_makes_it_an_upstream(row: TaskFamily) -> None:
    with dag():
        before = {field.name: BaseOperator(task_id=field.name) for field in row.fields}
        task = operator_class(row)(task_id="t", **{name: other.output for name, other in before.items()})
        sensor = sensor_class(row)(task_id="s", topview_task_id=task.output["topview_task_id"])
    assert task.upstream_task_ids == set(before)
    assert sensor.upstream_task_ids == {"t"}


@promise
def test_the_operator_can_be_mapped_over_an_argument(row: TaskFamily) -> None:
    name, given = next(iter(minimal(row).arguments.items()))
    others = {other: value for other, value in full(row).arguments.items() if other != name}
    with dag(default_args={"topview_conn_id": "theirs"}):
        mapped = operator_class(row).partial(task_id="t", deferrable=True, **others).expand(**{name: [given, "x", "y"]})
    task = mapped.unmap({name: given})
    assert type(task) is operator_class(row)
    assert {other: getattr(task, other) for other in (name, *others)} == {name: given, **others}
    assert (task.deferrable, task.topview_conn_id) == (True, "theirs")


@promise
def test_the_sensor_can_be_mapped_over_task_ids(row: TaskFamily) -> None:
    with dag():
        mapped = sensor_class(row).partial(task_id="s", deferrable=True).expand(topview_task_id=["1", "2"])
    task = mapped.unmap({"topview_task_id": "2"})
    assert (task.topview_task_id, task.deferrable, task.timeout) == ("2", True, row.timeout_seconds)


@promise
def test_a_dag_with_operator_sensor_and_mapping_survives_serialization(row: TaskFamily) -> None:
    name, given = next(iter(minimal(row).arguments.items()))
    others = dict(list(minimal(row).arguments.items())[1:])
    with dag() as written:
        task = operator_class(row)(task_id="plain", **full(row).templates())
        sensor_class(row)(task_id="sensor", topview_task_id=task.output["topview_task_id"])
        operator_class(row).partial(task_id="mapped", **others).expand(**{name: [given]})
    read = {task.task_id: task for task in serialized(written).tasks}
    assert {key: task.task_type for key, task in read.items()} == {
        "plain": operator_class(row).__name__,
        "sensor": sensor_class(row).__name__,
        "mapped": operator_class(row).__name__,
    }
    assert list(read["plain"].template_fields) == list(operator_class(row).template_fields)
    assert {key: getattr(read["plain"], key) for key in full(row).arguments} == full(row).templates()
    assert read["sensor"].upstream_task_ids == {"plain"}
    assert read["mapped"].expand_input
