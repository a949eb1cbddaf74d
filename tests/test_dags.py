"""The examples: each one is short, explains itself, and every operator stands in one of them."""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import runpy
import sqlite3
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, ParamValidationError

from tests.lines import through_the_database
from topview_provider.operators.base import TopviewTaskOperator
from topview_provider.provider_info import get_provider_info

FILES = sorted((Path(__file__).resolve().parent.parent / "dags").glob("*.py"))
every_example = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def dag_of(file: Path) -> DAG:
    """Return the one DAG of a file."""
    found = [value for value in runpy.run_path(str(file)).values() if isinstance(value, DAG)]
    if not found:  # written as "with DAG(...):" without a name
        found = [_unnamed(file)]
    assert len(found) == 1
    return found[0]


def _unnamed(file: Path) -> DAG:
    source = file.read_text().replace("with DAG(", "with (the_dag := DAG(", 1).replace("\n):\n", "\n)):\n", 1)
    scope: dict[str, Any] = {"__name__": "example", "__doc__": ast.get_docstring(ast.parse(source))}
    exec(compile(source, str(file), "exec"), scope)
    return scope["the_dag"]


def operators() -> set[str]:
    """Return the names of all operators that people use."""
    names = get_provider_info()["operators"][0]["python-modules"]
    modules = [importlib.import_module(name) for name in names]
    return {
        name
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__ and not name.startswith("_")
    }


@every_example
def test_an_example_is_short_and_explains_itself(file: Path) -> None:
    assert len(file.read_text().splitlines()) < 60
    dag = dag_of(file)
    assert dag.dag_id == file.stem
    assert dag.doc_md
    assert dag.params
    assert set(dag.tags) == {"topview"}


@every_example
def test_every_field_of_a_form_has_a_title_a_section_and_help_and_is_checked(file: Path) -> None:
    params = dag_of(file).params
    for name in params:
        param = params.get_param(name)
        schema = param.schema
        assert {"title", "section"} <= set(schema), name
        assert param.description or {"enum", "examples"} & set(schema), f"{name} says nothing of what to write"
        assert {"type", "enum"} & set(schema), f"{name} takes anything"
        assert set(schema.get("values_display", ())) <= set(schema.get("enum", ())), name


@every_example
def test_a_form_refuses_an_answer_that_cannot_be_right(file: Path) -> None:
    params = dag_of(file).params
    for name in params:
        with pytest.raises(ParamValidationError):
            params.get_param(name).resolve(value={"neither": "of them"})


@every_example
def test_the_fields_of_a_section_stand_together(file: Path) -> None:
    params = dag_of(file).params
    sections = [params.get_param(name).schema["section"] for name in params]
    assert len([*groupby(sections)]) == len(set(sections)), sections


PARSE = """
import json, runpy, sys, time
import airflow.providers.common.compat.sdk as sdk
for name in ("DAG", "Param", "Asset", "ObjectStoragePath", "BaseOperator", "BaseSensorOperator", "task", "conf"):
    getattr(sdk, name)
import airflow.triggers.base, pendulum
def cold(file):
    for name in [name for name in sys.modules if name.split(".")[0] == "topview_provider"]:
        del sys.modules[name]
    begun = time.process_time()
    runpy.run_path(file)
    return time.process_time() - begun
print(json.dumps({file: min(cold(file) for _ in range(3)) for file in sys.argv[1:]}))
"""


def test_an_example_parses_in_half_a_second_beyond_airflow_whatever_of_ours_it_loads() -> None:
    command = [sys.executable, "-c", PARSE, *map(str, FILES)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    seconds = json.loads(out)
    assert len(seconds) == len(FILES)
    assert {file: taken for file, taken in seconds.items() if taken > 0.5} == {}


def example(name: str) -> dict[str, Any]:
    """Return what stands in an example."""
    return runpy.run_path(str(next(file for file in FILES if file.stem == name)))


@pytest.mark.parametrize("file", [file for file in FILES if file.stem != "topview_dry_run"], ids=lambda file: file.stem)
def test_whatever_fetches_a_marketing_video_says_so_to_those_who_publish_and_reconcile(file: Path) -> None:
    fetching = [task for task in dag_of(file).tasks if task.task_type == "TopviewDownloadOperator"]
    for task in fetching:
        family = task.partial_kwargs["family"] if hasattr(task, "partial_kwargs") else task.family
        if family in ("marketing_video", "marketing_video_export"):
            assert [asset.uri for asset in task.outlets] == [example("topview_reconcile")["VIDEOS"].uri]


def test_a_video_is_written_back_to_its_own_language_only() -> None:
    scope = example("topview_products_table")
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE products (product_link, product_name, language, video)")
        for language in ("en", "de", None):
            database.execute("INSERT INTO products VALUES ('lamp', 'Lamp', ?, NULL)", [language])
        for language in ("de", None):
            database.execute(scope["DONE"], [f"{language}.mp4", "lamp", language])
        assert [language for _, _, language in database.execute(scope["NEW"])] == ["en"]
        found = database.execute("SELECT language, video FROM products").fetchall()
    assert found == [("en", None), ("de", "de.mp4"), (None, "None.mp4")]


def test_who_is_told_of_a_failure_learns_the_task_at_topview(caplog: pytest.LogCaptureFixture) -> None:
    tell = example("topview_on_failure")["tell"]
    ti = SimpleNamespace(task_id="video", run_id="monday", xcom_pull=lambda **_: {"topview_task_id": "abc"})
    tell({"ti": ti, "exception": ValueError("no product there")})
    assert "video of run monday failed; TopView task: abc; no product there" in caplog.text


class Events(dict[str, Any]):
    """Events of inlets, looked up by the asset; one of Airflow 3.0 cannot be a key."""

    def __getitem__(self, asset: Any) -> Any:
        return super().__getitem__(asset.uri)


def test_what_was_charged_and_never_landed_is_named_and_stands_in_the_report(tmp_path: Path) -> None:
    charges = [
        {"date": "d", "taskType": "m2v", "taskId": "landed", "costCredit": 5},
        {"date": "d", "taskType": "m2v", "taskId": "lost", "costCredit": 5},
        {"date": "d", "taskType": "voice_clone", "taskId": "voice", "costCredit": 1},
    ]
    log = tmp_path / "charges.jsonl"
    log.write_text("\n".join(map(json.dumps, charges)))
    scope = example("topview_reconcile")
    landed = [SimpleNamespace(extra={"topview_task_id": "landed"}), SimpleNamespace(extra=None)]
    params = {"folder": str(tmp_path), "most": 5}
    events = Events({scope["VIDEOS"].uri: landed})
    found = scope["compare"].function(str(log), params=params, run_id="monday", inlet_events=events)
    assert found == ["lost"]
    lines = (tmp_path / "reconciled-monday.csv").read_text().splitlines()
    assert lines == [
        "date,taskType,taskId,costCredit,landed",
        *("d,m2v,landed,5,True", "d,m2v,lost,5,False", "d,voice_clone,voice,1,False"),
    ]


def test_what_landed_is_copied_where_it_is_published_and_what_has_no_file_is_left_out(tmp_path: Path) -> None:
    video = tmp_path / "lamp.mp4"
    video.write_bytes(b"video")
    facts = {"topview_task_id": "t", "language": "en", "cost_credit": None}
    extras = [{**facts, "uri": str(video)}, {**facts, "uri": None}]
    events = {"a": [SimpleNamespace(extra=extra) for extra in extras]}
    context = {"params": {"folder": f"{tmp_path}/published"}, "triggering_asset_events": events}
    (published,) = example("topview_publish")["publish"].function(**context)
    assert published["topview_task_id"] == "t"
    assert (tmp_path / "published" / "lamp.mp4").read_bytes() == b"video"


def test_a_dry_run_refuses_a_service_that_may_cost_credits(connect: Any) -> None:
    check = example("topview_dry_run")["only_here"].function
    connect(SimpleNamespace(url="https://api.topview.ai", uid="me", api_key="secret"), conn_id="real")
    with pytest.raises(AirflowFailException, match=r"https://api\.topview\.ai is not on this machine"):
        check(params={"topview_conn_id": "real"})


@every_example
def test_an_example_survives_the_way_through_the_database(file: Path) -> None:
    dag = dag_of(file)
    read = through_the_database(dag)
    assert set(read.task_dict) == set(dag.task_dict)


@every_example
def test_what_waits_for_topview_is_deferred(file: Path) -> None:
    waiting = [task for task in dag_of(file).tasks if isinstance(task, TopviewTaskOperator)]
    assert [task.task_id for task in waiting if not task.deferrable] == []


def test_the_quickstart_has_less_than_fifty_lines_of_code() -> None:
    source = next(file for file in FILES if file.stem == "topview_marketing_video").read_text()
    docstring = ast.parse(source).body[0]
    code = [line for line in source.splitlines()[docstring.end_lineno :] if line.strip() and line.strip()[0] != "#"]
    assert len(code) < 50


def test_every_operator_stands_in_an_example() -> None:
    text = "\n".join(file.read_text() for file in FILES)
    assert sorted(name for name in operators() if f"{name}(" not in text and f"{name}.partial(" not in text) == []
