"""A success in which items failed is charged: what is good is kept, and nothing is bought again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from tests.conftest import FakeStore
from tests.contract.examples import full
from tests.contract.running import new_context, operator_class, sensor_class, walk
from topview_provider.catalog import FAMILIES, TaskFamily
from topview_provider.exceptions import TopviewPartialResult
from topview_provider.standin.server import StandIn

ROWS = [row for row in FAMILIES.values() if row.item_status_key and not row.continues]
every_family_with_items = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])


@pytest.fixture
def three(connect: Callable[..., str]) -> Iterator[StandIn]:
    """A stand-in that makes three items of a marketing video."""
    with StandIn(seconds=0, any_file=True, scripts=3) as service:
        connect(service, poll_interval=0.01)
        yield service


def operator(row: TaskFamily, **words: Any) -> Any:
    preview = {"preview": "false"} if row.preview_items_key else {}
    return operator_class(row)(task_id="t", **{**full(row).arguments, **preview}, **words)


@every_family_with_items
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_charged_success_with_a_failed_item_keeps_the_good_ones_and_fails_for_good(
    row: TaskFamily, deferrable: bool, three: StandIn
) -> None:
    three.fault("partial", match={"family": row.name}, value=1)
    context = new_context()
    with pytest.raises(TopviewPartialResult, match=r"is charged, but item.*allow_partial=True") as partial:
        walk(lambda: operator(row, deferrable=deferrable), context)
    assert isinstance(partial.value, AirflowFailException)
    assert partial.value.topview_task_id == context["ti"].pushed["topview_task_id"]
    name = row.outputs[0].name
    good = context["ti"].pushed[f"{name}_urls"]
    assert len(good) == (2 if row.preview_items_key else 1)
    assert all(good)


@every_family_with_items
@pytest.mark.parametrize("deferrable", [False, True])
def test_allowing_a_partial_result_lands_it_without_another_submit(
    row: TaskFamily, deferrable: bool, three: StandIn
) -> None:
    three.fault("partial", match={"family": row.name}, value=1)
    store = FakeStore()
    with pytest.raises(TopviewPartialResult):
        walk(lambda: operator(row, deferrable=deferrable), new_context(store))
    again = new_context(store, try_number=2, max_tries=1)
    manifest = walk(lambda: operator(row, deferrable=deferrable, allow_partial=True), again)
    assert manifest["status"] == "success"
    assert [entry["index"] for entry in manifest["outputs"] if entry["name"] == row.outputs[0].name] == (
        [0, 1] if row.preview_items_key else [0]
    )
    assert three.stats(row.name)["received"] == 1


@every_family_with_items
def test_a_partial_result_is_not_bought_again_by_a_retry(row: TaskFamily, three: StandIn) -> None:
    three.fault("partial", match={"family": row.name}, value=1)
    store = FakeStore()
    for number in (1, 2):
        with pytest.raises(TopviewPartialResult):
            operator(row).execute(new_context(store, try_number=number))
    assert three.stats(row.name)["received"] == 1


@every_family_with_items
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_sensor_takes_a_partial_result_only_where_it_is_allowed(
    row: TaskFamily, deferrable: bool, three: StandIn
) -> None:
    three.fault("partial", match={"family": row.name}, value=2)
    topview_task_id = operator(row, wait_for_completion=False).execute(new_context())["topview_task_id"]
    words = {"task_id": "s", "topview_task_id": topview_task_id, "deferrable": deferrable}
    context = new_context()
    with pytest.raises(TopviewPartialResult):
        sensor_class(row)(**words).execute(context)
    assert len(context["ti"].pushed[f"{row.outputs[0].name}_urls"]) == 1
    assert sensor_class(row)(**words, allow_partial=True).execute(new_context())["status"] == "success"
