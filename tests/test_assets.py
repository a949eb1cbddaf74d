"""Asset events: what an alias stands for, what a started DAG reads, and that the document names every key."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Asset, AssetAlias

from tests.lines import LINE, alias_events, outlet_events
from topview_provider import assets

DOCUMENT = (Path(__file__).resolve().parent.parent / "docs" / "lineage.md").read_text()


def test_an_alias_stands_for_each_file_without_the_connection_that_leads_there() -> None:
    events, outlet = outlet_events(), AssetAlias("files")
    uris = ["s3://aws@bucket/a.mp4", "/data/b.mp4"]
    assets.emit({"outlet_events": events}, [outlet], {"uri": uris[0], "count": 2}, uris)
    stands_for = ["s3://bucket/a.mp4", "file:///data/b.mp4"]
    extras = [{"uri": uri, "count": 2} for uri in uris]
    assert alias_events(events[outlet]) == list(zip(stands_for, extras, strict=True))


def test_files_whose_names_differ_behind_a_mark_are_assets_of_their_own() -> None:
    events, outlet = outlet_events(), AssetAlias("files")
    uris = ["s3://bucket/lamp #1.mp4", "s3://bucket/lamp #2.mp4", "/data/lamp?.mp4"]
    assets.emit({"outlet_events": events}, [outlet], {"uri": uris[0]}, uris)
    found = [uri for uri, _ in alias_events(events[outlet])]
    assert found == ["s3://bucket/lamp %231.mp4", "s3://bucket/lamp %232.mp4", "file:///data/lamp%3F.mp4"]


def test_an_outlet_that_is_no_asset_hears_nothing_and_fails_no_task() -> None:
    events, video = outlet_events(), Asset("video")
    foreign: list[Any] = [SimpleNamespace(url="/data/a.mp4"), Asset("one") | Asset("two"), video]
    assets.emit({"outlet_events": events}, foreign, {"uri": None}, [])
    assert list(events) == [video] or LINE < (3, 0), "Airflow 2.11 takes anything for a key"
    assert events[video].extra == {"uri": None}


def test_a_task_without_outlets_tells_nobody() -> None:
    assets.emit({}, None, {}, [])
    assets.emit({}, [], {}, [])


@pytest.mark.parametrize("key", ["triggering_asset_events", "triggering_dataset_events"])
def test_a_run_reads_what_started_it_on_either_line_of_airflow(key: str) -> None:
    one, two = ({"topview_task_id": name} for name in "ab")
    found: dict[Any, Any] = {"x": [SimpleNamespace(extra=one), SimpleNamespace(extra=None)]}
    found["y"] = [SimpleNamespace(extra=two)]
    assert assets.events({key: found}) == [one, {}, two]


def test_a_run_that_a_person_started_has_no_event() -> None:
    assert assets.events({"triggering_asset_events": {}}) == []
    assert assets.events({}) == []


def test_the_code_of_the_document_reads_what_started_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(source, scope)
    event = SimpleNamespace(extra=assets.about({"language": "fr", "cost_credit": 5}, "/data/lamp.mp4"))
    scope["publish"].function(triggering_asset_events={"x": [event]})
    assert capsys.readouterr().out == "/data/lamp.mp4 fr 5\n"


def test_the_document_names_every_key_of_an_event() -> None:
    table = DOCUMENT.partition("## Publish")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {*assets.about({}), "count"}
