"""The examples: each one is short, explains itself, and every operator stands in one of them."""

from __future__ import annotations

import ast
import importlib
import runpy
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

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
    lines = [line for line in file.read_text().splitlines() if line.strip()]
    assert len(lines) < 60
    dag = dag_of(file)
    assert dag.dag_id == file.stem
    assert dag.doc_md
    assert dag.params
    assert set(dag.tags) == {"topview"}


@every_example
def test_every_field_of_a_form_has_a_title_and_a_section(file: Path) -> None:
    for name, param in dag_of(file).params.items():
        schema = dag_of(file).params.get_param(name).schema
        assert {"title", "section"} <= set(schema), f"{name}: {param}"


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
