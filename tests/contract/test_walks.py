"""From the submit to the result: on the worker, through the triggerer, and with a sensor."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lines import LINE
from topview_provider.catalog import TaskFamily
from topview_provider.exceptions import TopviewTaskFailed, TopviewTaskTimeout
from topview_provider.standin.server import StandIn
from topview_provider.triggers.topview import TopviewTaskTrigger

from .examples import full, minimal
from .promises import promise
from .running import (
    events_of,
    known,
    leave,
    new_context,
    operator_class,
    outline,
    rebuilt,
    resume,
    sensor_arguments,
    sensor_class,
    submits,
    unsigned,
    walk,
)

MANIFEST = {"family", "topview_task_id", "status", "outputs", "values", "cost_credit"}
OUTPUT = {"name", "index", "item_id", "url", "language", "duration_ms"}
CARD = {
    *("family", "topview_task_id", "topview_conn_id", "title", "product", "language", "state", "error", "cost_credit"),
    *("seconds", "submitted_at", "expected_seconds", "end_time", "map_index", "bought"),
    *("outputs", "duration_ms", "items", "script_id", "cloud_front"),
}


def operator(row: TaskFamily, **words: Any) -> Any:
    """Return the operator with every field given."""
    return operator_class(row)(task_id="t", **full(row, known(row)).arguments, **words)


def never_ends(service: StandIn, row: TaskFamily) -> None:
    service.fault("never-ends", match={"family": row.name}, times=-1)


@promise
def test_a_task_that_is_waited_for_ends_in_the_one_manifest(row: TaskFamily, service: StandIn) -> None:
    manifest = operator(row).execute(new_context())
    assert set(manifest) == MANIFEST
    assert (manifest["family"], manifest["status"]) == (row.name, "success")
    assert set(manifest["values"]) == set(row.values)
    names = [entry["name"] for entry in manifest["outputs"]]
    assert {output.name for output in row.outputs} == set(names)
    for entry in manifest["outputs"]:
        assert set(entry) == OUTPUT
        assert entry["url"].startswith(service.url)
        assert entry["duration_ms"] is None or entry["duration_ms"] > 0
    for name in names:
        indexes = [entry["index"] for entry in manifest["outputs"] if entry["name"] == name]
        assert indexes == list(range(len(indexes)))
    cost = manifest["cost_credit"]
    assert cost is None or (isinstance(cost, float | int) and cost >= 0)
    assert service.stats(row.name)["accepted"] == 1


@promise
def test_each_output_and_value_is_an_xcom_of_its_own(row: TaskFamily, service: StandIn) -> None:
    context = new_context()
    manifest = operator(row).execute(context)
    pushed = context["ti"].pushed
    for output in row.outputs:
        urls = [entry["url"] for entry in manifest["outputs"] if entry["name"] == output.name]
        assert pushed[f"{output.name}_urls"] == urls
        assert pushed[f"{output.name}_url"] == urls[0]
    assert {*row.values, "cost_credit"} <= pushed.keys() or LINE == (3, 0), "Airflow 3.0 takes no None"
    assert {name: pushed.get(name) for name in row.values} == manifest["values"]
    assert pushed["topview_task_id"] == manifest["topview_task_id"]
    assert pushed.get("cost_credit") == manifest["cost_credit"]
    assert set(pushed["topview"]) == CARD
    assert not any(isinstance(value, dict | list) for value in pushed["topview"].values())
    assert "http" not in json.dumps([value for name, value in pushed["topview"].items() if name != "product"])
    shown = [f"{one.name}:{one.kind}:{len(pushed[f'{one.name}_urls'])}" for one in row.outputs]
    assert pushed["topview"]["outputs"] == " ".join(shown)
    assert service.api_key not in json.dumps([pushed, manifest, dict(context["task_state_store"])])


@promise
def test_a_deferred_task_gives_the_same_result_as_one_that_stays(row: TaskFamily, service: StandIn) -> None:
    given = {"topview_conn_id": "topview_default", **full(row, known(row)).arguments}
    stayed = operator_class(row)(task_id="t", deferrable=False, **given).execute(new_context())
    given |= known(row) and {"topview_task_id": known(row)["taskId"]}
    context = new_context()
    left = walk(lambda: operator_class(row)(task_id="t", deferrable=True, **given), context)
    assert outline(left) == outline(stayed)
    assert context["ti"].pushed["topview"]["state"] == "success"


@promise
def test_the_trigger_travels_as_plain_json_and_sends_one_event(row: TaskFamily, service: StandIn) -> None:
    context = new_context()
    deferred = leave(operator(row, deferrable=True), context)
    assert isinstance(deferred.trigger, TopviewTaskTrigger)
    assert deferred.method_name == "execute_complete"
    path, kwargs = deferred.trigger.serialize()
    assert json.loads(json.dumps(kwargs)) == kwargs
    assert rebuilt(deferred.trigger).serialize() == (path, kwargs)
    assert kwargs["topview_task_id"] == context["ti"].pushed["topview_task_id"]
    events = events_of(deferred.trigger)
    assert [(event["outcome"], event["family"]) for event in events] == [("success", row.name)]
    assert events[0]["topview_task_id"] == kwargs["topview_task_id"]
    assert service.api_key not in json.dumps([kwargs, events])
    assert "http" not in json.dumps(events)


@promise
def test_a_trigger_only_reads(row: TaskFamily, service: StandIn) -> None:
    deferred = leave(operator(row, deferrable=True), new_context())
    before = len(service.requests())
    events_of(deferred.trigger)
    events_of(deferred.trigger)
    asked = service.requests()[before:]
    assert {entry["method"] for entry in asked} == {"GET"}
    assert {entry["path"] for entry in asked} == {row.query}


@promise
def test_a_sensor_gives_the_result_of_the_operator(row: TaskFamily, service: StandIn) -> None:
    example = full(row, known(row))
    first = new_context()
    manifest = operator_class(row)(task_id="t", **example.arguments).execute(first)
    arguments = sensor_arguments(row, example.arguments, manifest["topview_task_id"])
    for deferrable in (False, True):
        context = new_context()
        sensor = sensor_class(row)(task_id="s", deferrable=deferrable, **arguments)
        assert unsigned(sensor.execute(context)) == unsigned(manifest)
        pushed, own = ({**of["ti"].pushed} for of in (first, context))
        card, theirs = own.pop("topview"), pushed.pop("topview")
        assert unsigned(own) == unsigned(pushed)
        assert (card["bought"], theirs["bought"]) == (False, True)
        same = ("family", "topview_task_id", "state", "title", "outputs", "cost_credit", "items", "script_id")
        assert [card[name] for name in same] == [theirs[name] for name in same]


@promise
def test_a_sensor_that_defers_gives_the_same_result(row: TaskFamily, service: StandIn) -> None:
    example = full(row, known(row))
    manifest = operator_class(row)(task_id="t", **example.arguments).execute(new_context())
    arguments = sensor_arguments(row, example.arguments, manifest["topview_task_id"])
    service.fault("unknown-status", match={"taskId": manifest["topview_task_id"]}, times=1)
    context = new_context()
    deferred = leave(sensor_class(row)(task_id="s", deferrable=True, **arguments), context)
    assert rebuilt(deferred.trigger).serialize() == deferred.trigger.serialize()
    found = resume(sensor_class(row)(task_id="s", deferrable=True, **arguments), deferred, context)
    assert unsigned(found) == unsigned(manifest)


@promise
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_task_that_fails_at_topview_fails_with_its_reason(
    row: TaskFamily, deferrable: bool, service: StandIn
) -> None:
    given = full(row, known(row)).arguments
    service.fault("fail", match={"family": row.name}, times=-1, message="the model said no")
    context = new_context()
    with pytest.raises(TopviewTaskFailed, match=r"the model said no.*not charged") as failed:
        walk(lambda: operator_class(row)(task_id="t", deferrable=deferrable, **given), context)
    assert failed.value.topview_task_id == context["ti"].pushed["topview_task_id"]
    assert str(failed.value.topview_task_id) in str(failed.value)
    assert service.stats(row.name)["charged"] == 0


@promise
def test_every_spelling_of_failure_is_one(row: TaskFamily, service: StandIn) -> None:
    for word in ("failed", "FAILURE", "Error"):
        given = full(row, known(row)).arguments
        service.fault("fail", match={"family": row.name}, times=-1, word=word)
        with pytest.raises(TopviewTaskFailed):
            operator_class(row)(task_id="t", **given).execute(new_context())
        service.clear_faults()


@promise
def test_an_unknown_state_is_waited_on(row: TaskFamily, service: StandIn) -> None:
    given = full(row, known(row)).arguments
    deferred = leave(operator_class(row)(task_id="t", deferrable=True, **given), new_context())
    service.fault("unknown-status", times=2, value="meditating")
    before = service.stats(row.name)["queries"]
    assert events_of(deferred.trigger)[0]["outcome"] == "success"
    assert service.stats(row.name)["queries"] == before + 3


@promise
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_state_that_stays_unknown_ends_at_the_deadline(row: TaskFamily, deferrable: bool, service: StandIn) -> None:
    given = full(row, known(row)).arguments
    service.fault("unknown-status", match={"family": row.name}, times=-1, value="meditating")
    context = new_context()
    # An export asks once before it submits, and that must not be met by the fault.
    never_ends(service, row)
    with pytest.raises(TopviewTaskTimeout, match="goes on at TopView") as late:
        walk(lambda: operator_class(row)(task_id="t", timeout=0.15, deferrable=deferrable, **given), context)
    assert "meditating" in str(late.value)
    assert str(context["ti"].pushed["topview_task_id"]) in str(late.value)
    assert service.stats(row.name)["accepted"] == 1


@promise
def test_without_waiting_the_task_ends_when_topview_accepted_the_job(row: TaskFamily, service: StandIn) -> None:
    given = full(row, known(row)).arguments
    never_ends(service, row)
    for deferrable in (False, True):
        context = new_context()
        task = operator_class(row)(task_id="t", wait_for_completion=False, deferrable=deferrable, **given)
        found = task.execute(context)
        assert set(found) == MANIFEST
        assert (found["status"], found["outputs"]) == ("accepted", [])
        assert found["topview_task_id"] == context["ti"].pushed["topview_task_id"]
        assert context["ti"].pushed["topview"]["state"] == "accepted"
    last = [entry["method"] for entry in service.requests() if entry["path"] in (row.submit, row.query)][-1]
    assert last == "POST"


@promise
def test_a_retry_goes_on_with_the_task_that_is_paid_for(row: TaskFamily, service: StandIn) -> None:
    given = minimal(row, known(row)).arguments
    never_ends(service, row)
    context = new_context()
    with pytest.raises(TopviewTaskTimeout):
        operator_class(row)(task_id="t", timeout=0, **given).execute(context)
    again = new_context(context["task_state_store"], try_number=2)
    with pytest.raises(TopviewTaskTimeout):
        operator_class(row)(task_id="t", timeout=0, **given).execute(again)
    assert again["ti"].pushed["topview_task_id"] == context["ti"].pushed["topview_task_id"]
    assert len(submits(service, row)) == 1
    assert service.stats(row.name)["accepted"] == 1
