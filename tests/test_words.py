"""Each error that a user can meet says what happened, which task it is about, and what to do."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException

import topview_provider
from tests import words
from tests.lines import since
from tests.words import TABLE, Row, meet
from topview_provider import exceptions
from topview_provider.exceptions import TopviewError, TopviewRejected

for module in pkgutil.iter_modules(words.__path__):
    importlib.import_module(f"{words.__name__}.{module.name}")

PACKAGE = Path(topview_provider.__path__[0])
LONGEST = 1200
MAKERS = {"lost": 1, "_invalid": 1}
"""Functions that make an error of the text at this place of their arguments."""

every_error = pytest.mark.parametrize("row", [pytest.param(row, id=row.sentence) for row in TABLE])


@every_error
def test_an_error_says_what_happened_and_what_to_do(row: Row) -> None:
    error = meet(row)
    assert type(error) is row.error, repr(error)
    assert [said for said in row.words if said not in str(error)] == [], str(error)


@every_error
def test_an_error_about_a_task_names_it(row: Row) -> None:
    error = meet(row)
    topview_task_id = getattr(error, "topview_task_id", None)
    if row.task:
        assert topview_task_id
        assert topview_task_id in str(error)
    else:
        assert topview_task_id is None or topview_task_id in str(error)


@every_error
def test_an_error_is_a_short_text_for_people_and_holds_no_secret(row: Row) -> None:
    text = str(meet(row))
    assert len(text) <= LONGEST
    secrets = ("standin-key", "key-one-two-three", "Signature=", "secret", "Bearer")
    assert not [secret for secret in secrets if secret in text]
    noise = ("\n", "Traceback", "  ", " None ", "object at 0x", "..", ";;", ". .")
    assert not [sign for sign in noise if sign in text.replace("...", "")], text
    assert "retry_after" not in text


def errors() -> dict[str, type[Exception]]:
    """Return every class of the tree that is raised as itself."""
    found = {name: item for name, item in vars(exceptions).items() if isinstance(item, type)}
    ours = {name: item for name, item in found.items() if issubclass(item, TopviewError)}
    return {name: item for name, item in ours.items() if item is not TopviewRejected}


@pytest.mark.parametrize("name", errors())
def test_every_class_of_the_tree_is_met(name: str) -> None:
    assert errors()[name] in {row.error for row in TABLE}


def test_every_way_to_meet_an_error_has_a_name_of_its_own() -> None:
    names = [row.sentence for row in TABLE]
    assert len({*names}) == len(names) > 100


def raised() -> Iterator[tuple[str, str]]:
    """Yield each place of the package where an error is made, and the longest piece of its text."""
    kinds = {*errors(), AirflowSensorTimeout.__name__, AirflowSkipException.__name__}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for scope in ast.walk(tree):
            if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for call in ast.walk(scope):
                if not isinstance(call, ast.Call):
                    continue
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                place = MAKERS.get(name, 0)
                if (name in kinds or name in MAKERS) and len(call.args) > place:
                    pieces = texts(call.args[place], scope)
                    if pieces:
                        yield f"{path.relative_to(PACKAGE)}:{call.lineno}", max(pieces, key=len)


def texts(node: ast.expr, scope: ast.AST) -> list[str]:
    """Return the fixed pieces of a text; of a variable, those of what the function puts into it."""
    if isinstance(node, ast.Name):
        values = [item.value for item in ast.walk(scope) if isinstance(item, ast.Assign) and named(item, node.id)]
        return [piece for value in values for piece in texts(value, scope)]
    constants = [item.value for item in ast.walk(node) if isinstance(item, ast.Constant)]
    return [value.strip() for value in constants if isinstance(value, str) and len(value.strip()) > 3]


def named(assignment: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in assignment.targets)


RAISED = dict(raised())


def test_most_of_the_package_is_looked_through() -> None:
    rooms = {place.partition("/")[0].partition(".")[0] for place in RAISED}
    assert {"hooks", "operators", "ledger", "sensors", "wire", "waiting", "landing", "ending", "budget"} <= rooms
    assert len(RAISED) > 60


@since((3, 1), "forms for people")
def test_every_text_that_is_raised_anywhere_is_met() -> None:
    texts = [str(meet(row)) for row in TABLE]
    unmet = {place: piece for place, piece in RAISED.items() if not any(piece in text for text in texts)}
    assert unmet == {}, "give each a row in tests/words"
