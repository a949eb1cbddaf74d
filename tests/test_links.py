"""The buttons of a task: right for every kind of task and version, and never an error."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import airflow
import pytest

from tests.contract.running import operator_class, sensor_class
from tests.lines import LINE, since
from topview_provider import provider_info
from topview_provider.catalog import FAMILIES
from topview_provider.links import TopviewResultLink, TopviewTaskLink
from topview_provider.operators.video import TopviewMarketingVideoOperator

pages = since((3, 1), "pages of plugins")

RUN = "manual__2026-11-22T10:00:00+00:00"


def key(**words: Any) -> Any:
    return SimpleNamespace(**{"dag_id": "shop.lamp", "run_id": RUN, "task_id": "group.video", "map_index": -1, **words})


def operator() -> TopviewMarketingVideoOperator:
    return TopviewMarketingVideoOperator(task_id="video", product_link="https://shop.example/p")


def both(ti_key: Any) -> tuple[str, str]:
    task = operator()
    return tuple(link.get_link(task, ti_key=ti_key) for link in task.operator_extra_links)  # type: ignore[return-value]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_operator_and_sensor_of_a_task_has_both_buttons(name: str) -> None:
    for kind in (operator_class(FAMILIES[name]), sensor_class(FAMILIES[name])):
        assert [link.name for link in kind.operator_extra_links] == ["TopView task", "Result"]
        if LINE >= (3, 0):
            assert len({link.xcom_key for link in kind.operator_extra_links}) == 2


@pages
def test_the_buttons_lead_to_the_tab_and_to_the_main_output() -> None:
    tab, result = both(key())
    assert unquote(tab) == f"/dags/shop.lamp/runs/{RUN}/tasks/group.video/plugin/topview"
    assert unquote(result) == f"/topview/result/shop.lamp/{RUN}/group.video/-1/video"
    assert "+" not in tab + result, "a plus in an address may be read as a blank"


@pages
@pytest.mark.parametrize("map_index", [0, 12])
def test_a_mapped_task_has_addresses_of_its_own(map_index: int) -> None:
    tab, result = both(key(map_index=map_index))
    assert unquote(tab).endswith(f"/tasks/group.video/mapped/{map_index}/plugin/topview")
    assert unquote(result).endswith(f"/group.video/{map_index}/video")


@pages
def test_a_task_instance_without_a_map_index_is_not_mapped() -> None:
    assert both(key(map_index=None)) == both(key())


@pages
def test_the_addresses_begin_with_the_path_under_which_airflow_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://flows.example/team")
    tab, result = both(key())
    assert tab.startswith("/team/dags/")
    assert result.startswith("/team/topview/result/")


@since((3, 0), "pages of a task instance")
@pytest.mark.parametrize("how", ["switched off", "3.0.6"])
def test_without_the_pages_the_xcoms_are_shown_and_there_is_no_result(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "switched off":
        monkeypatch.setenv("AIRFLOW__TOPVIEW__PAGES", "False")
    else:
        monkeypatch.setattr(airflow, "__version__", how)
    tab, result = both(key())
    assert unquote(tab) == f"/dags/shop.lamp/runs/{RUN}/tasks/group.video/xcom"
    assert result == ""


@pytest.mark.skipif((3, 0) <= LINE < (3, 2), reason="Airflow 3.0 and 3.1 warn of the option by which 2.11 knows itself")
def test_on_airflow_2_the_web_server_finds_the_xcoms_by_the_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow, "__version__", "2.11.2")
    monkeypatch.setenv("AIRFLOW__WEBSERVER__BASE_URL", "http://flows.example/old")
    serialized = SimpleNamespace(task_id="video")
    address = urlsplit(TopviewTaskLink().get_link(serialized, ti_key=key(map_index=3)))
    assert address.path == "/old/dags/shop.lamp/grid"
    assert parse_qs(address.query) == {
        "dag_run_id": [RUN],
        "task_id": ["group.video"],
        "map_index": ["3"],
        "tab": ["xcom"],
    }
    assert TopviewResultLink().get_link(serialized, ti_key=key()) == ""


def test_an_operator_without_files_has_no_result() -> None:
    assert TopviewResultLink().get_link(SimpleNamespace(row=SimpleNamespace(outputs=())), ti_key=key()) == ""


def test_airflow_2_is_told_of_every_link() -> None:
    named = provider_info.get_provider_info()["extra-links"]
    assert named == [f"{kind.__module__}.{kind.__name__}" for kind in (TopviewTaskLink, TopviewResultLink)]
