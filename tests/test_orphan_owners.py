"""Whose task is it? A lost submit is found again only where no other task of the run can have made it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseOperator

from tests.attempts import forgetful, ids, remember_in, retried
from tests.conftest import FakeStore
from tests.test_orphans import in_dag, lose, photo, refused, video
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.sensors.topview import TopviewMarketingVideoSensor
from topview_provider.standin.server import StandIn

DOUBT = "another task of this run may have bought the same without noting it"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of records, in which a task sees those of its neighbours."""
    remember_in(tmp_path, monkeypatch)


def test_a_task_that_another_one_of_the_run_holds_is_not_adopted(files: None, service: StandIn) -> None:
    lose(service, video(), forgetful(map_index=0), taken=False)
    video().execute(forgetful(map_index=1))
    words = refused(video(), forgetful(2, map_index=0))
    assert "0 of its tasks fit" in words
    assert ids(service)[0] not in words


def test_of_two_that_fit_the_one_that_nobody_holds_is_adopted(files: None, service: StandIn) -> None:
    lose(service, video(), forgetful(map_index=0))
    video().execute(forgetful(map_index=1))
    assert video().execute(forgetful(2, map_index=0))["topview_task_id"] == ids(service)[0]


def test_while_another_task_of_the_run_has_lost_one_too_nothing_is_adopted(files: None, service: StandIn) -> None:
    lose(service, video(), forgetful(map_index=0))
    lose(service, photo(), forgetful(task_id="u"), taken=False)
    words = refused(video(), forgetful(2, map_index=0))
    assert DOUBT in words
    assert ids(service)[0] in words


def test_another_run_is_no_neighbour(files: None, service: StandIn) -> None:
    lose(service, video(), forgetful())
    lose(service, video(), forgetful(run_id="another"), taken=False)
    assert [video().execute(forgetful(2))["topview_task_id"]] == ids(service)


def test_mapped_tasks_with_records_that_all_can_see_are_told_apart(files: None, service: StandIn) -> None:
    for index in range(3):
        lose(service, video(product_name=f"Kettle {index}"), forgetful(map_index=index))
        found = video(product_name=f"Kettle {index}").execute(forgetful(2, map_index=index))
        assert found["topview_task_id"] == ids(service)[index]


def another_family() -> Any:
    return photo(task_id="p")


def no_task_of_ours() -> Any:
    return BaseOperator(task_id="b")


def a_download() -> Any:
    return TopviewDownloadOperator(task_id="d", family="marketing_video", topview_task_id="1", path="x.mp4")


def a_sensor_of_the_family() -> Any:
    return TopviewMarketingVideoSensor(task_id="s", topview_task_id="1")


def a_second_operator_of_the_family() -> Any:
    return video(task_id="w")


def a_mapped_operator_of_the_family() -> Any:
    return TopviewMarketingVideoOperator.partial(task_id="m").expand(product_link=["https://shop.example/a"])


@pytest.mark.parametrize("beside", [another_family, no_task_of_ours, a_download, a_sensor_of_the_family])
def test_the_one_task_of_a_dag_that_buys_of_its_family_is_sure(beside: Callable[[], Any], service: StandIn) -> None:
    store = FakeStore()
    lose(service, video(), in_dag(retried(store, 1), beside))
    assert [video().execute(in_dag(retried(store, 2), beside))["topview_task_id"]] == ids(service)


@pytest.mark.parametrize("beside", [a_second_operator_of_the_family, a_mapped_operator_of_the_family])
def test_another_task_of_the_dag_that_buys_of_the_family_leaves_a_doubt(
    beside: Callable[[], Any], service: StandIn
) -> None:
    store = FakeStore()
    lose(service, video(), in_dag(retried(store, 1), beside))
    words = refused(video(), in_dag(retried(store, 2), beside))
    assert DOUBT in words
    assert ids(service)[0] in words


@pytest.mark.parametrize("index", [0, 1])
def test_a_mapped_task_that_cannot_see_the_others_leaves_a_doubt(index: int, service: StandIn) -> None:
    store = FakeStore()
    lose(service, video(), in_dag(retried(store, 1, map_index=index)))
    assert DOUBT in refused(video(), in_dag(retried(store, 2, map_index=index)))


def test_a_task_whose_dag_is_not_known_leaves_a_doubt(service: StandIn) -> None:
    store = FakeStore()
    lose(service, video(), retried(store, 1))
    assert DOUBT in refused(video(), retried(store, 2))
