"""The house: arrows that run one way, imports that stay cheap, sizes, and docstrings that match their signatures."""

from __future__ import annotations

import ast
import graphlib
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseOperator

import topview_provider
from tests.contract.running import rooms
from tests.support import fresh
from tools.matrix import floor
from topview_provider import late
from topview_provider.hooks.topview import TopviewAsyncHook, TopviewHook
from topview_provider.sensors import approval as sensor_of_approval
from topview_provider.sensors import base as sensor_base
from topview_provider.sensors import topview as sensors
from topview_provider.triggers.topview import TopviewTaskTrigger

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "topview_provider"
FILES = sorted((ROOT / PACKAGE).rglob("*.py"))
BENCH = sorted((ROOT / "benchmarks").rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in (*FILES, *BENCH)}


def each(paths: list[Path]) -> pytest.MarkDecorator:
    """Return the mark that runs a test for each file."""
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


every_file, benchmarks_too = each(FILES), each([*FILES, *BENCH])

LAYERS = (
    {"catalog"},
    {"exceptions", "compat", "provider_info"},
    {"wire", "pacing", "budget", "bill", "lineage", "approval", "tables"},
    {"assets", "batches"},
    {"results", "learning"},
    {"tally"},
    {"rhythm"},
    {"polling", "metrics"},
    {"hooks"},
    {"triggers"},
    {"ledger"},
    {"late"},
    {"landing", "ending", "card", "links", "tracing"},
    {"waiting"},
    {"operators", "sensors", "retry_policy"},
    {"cli", "plugins", "task_groups"},
)
"""From the ground up: a room may import from the rooms below it, and from itself."""

AIRFLOW = {"airflow.providers.common.compat.sdk", "airflow.triggers.base"}
"""Where Airflow is imported from; what its versions do differently is in ``compat``."""

PLAIN = {
    "catalog",
    "standin",
    "pacing",
    "wire",
    "results",
    "tally",
    "polling",
    "budget",
    "bill",
    "learning",
    "rhythm",
} | {
    "tables",
    "batches",
}
"""Rooms that do without Airflow."""


def name_of(path: Path) -> str:
    """Return the module name of a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path) for path in FILES}


def imports(node: ast.AST) -> Iterator[str]:
    """Yield what a statement imports: modules of ours where it names one, otherwise what it says."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            yield inner if inner in MODULES else str(node.module)


def everywhere(path: Path) -> set[str]:
    """Return what a file imports, in functions too."""
    return {name for node in ast.walk(TREES[path]) for name in imports(node)}


def at_once(path: Path) -> set[str]:
    """Return what is imported when a file is."""
    return {name for node in TREES[path].body for name in imports(node)}


def room_of(module: str) -> str:
    return f"{module}.".split(".")[1]


def ours(names: set[str]) -> set[str]:
    return {name for name in names if name.split(".")[0] == PACKAGE and name != PACKAGE}


@every_file
def test_imports_run_one_way(path: Path) -> None:
    room, targets = room_of(name_of(path)), {room_of(name) for name in ours(everywhere(path))}
    if room == "standin":
        assert targets <= {"catalog", "standin"}
    elif room:
        rank = {name: number for number, layer in enumerate(LAYERS) for name in layer}
        assert room in rank, f"give {room} its place in LAYERS, and in CONTRIBUTING.md"
        upwards = {target for target in targets - {room} if rank.get(target, len(LAYERS)) >= rank[room]}
        assert not upwards, f"{room} imports {upwards}, which stands above it"


def test_there_are_no_circles() -> None:
    graph = {name_of(path): ours(at_once(path)) - {name_of(path)} for path in FILES}
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert set(order) >= set(graph)


@every_file
def test_airflow_comes_through_two_doors(path: Path) -> None:
    doors = {name for name in everywhere(path) if name.split(".")[0] == "airflow"}
    assert doors <= AIRFLOW or path.name == "compat.py"
    if room_of(name_of(path)) in PLAIN:
        assert not doors


def test_table_and_stand_in_load_without_airflow() -> None:
    loaded = fresh(
        "import json, sys, topview_provider.catalog\n"
        "import topview_provider.standin.server, topview_provider.standin.__main__\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    assert "aiohttp" in loaded
    assert {"airflow", "requests", "tenacity", "pendulum"} & set(loaded) == set()


def test_the_table_needs_the_standard_library_only() -> None:
    loaded = fresh(
        "import json, sys; before = set(sys.modules); import topview_provider.catalog\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in set(sys.modules) - before})))"
    )
    assert set(loaded) <= {PACKAGE, *sys.stdlib_module_names}


KNOWN_TO_A_DAG_FILE = """
import importlib, json, sys
from airflow.providers.common.compat.sdk import (AirflowFailException, AirflowSensorTimeout, BaseOperator,
    AirflowSkipException, BaseSensorOperator, Context, PokeReturnValue, conf)
from airflow.triggers.base import BaseTrigger
before = set(sys.modules)
"""

TABLE = {"catalog", "catalog.fields", "catalog.nouns"}
WAITING = TABLE | {"waiting", "landing", "ending", "card", "late", "compat", "pacing", "exceptions"}
ROW = WAITING | {"operators", "operators.rows"}
TASK = ROW | {"links", "operators.base", "operators.buying", "tracing"}
LIST = ROW | {"operators.listing"}


def loaded_by(*modules: str) -> set[str]:
    """Return what importing modules loads in a fresh interpreter that knows Airflow."""
    program = f"for name in {modules}: importlib.import_module(name)\n"
    return set(fresh(f"{KNOWN_TO_A_DAG_FILE}{program}print(json.dumps(sorted(set(sys.modules) - before)))"))


def test_a_dag_file_loads_no_http_library_by_importing_our_rooms() -> None:
    names = [room.__name__ for room in rooms()] + [
        sensors.__name__,
        sensor_of_approval.__name__,
        TopviewTaskTrigger.__module__,
    ]
    loaded = loaded_by(*names)
    tops = {name.split(".")[0] for name in loaded}
    assert {"aiohttp", "requests", "urllib3", "tenacity", "pendulum", "yarl", "ssl"} & tops == set()
    assert set(names) <= loaded
    assert not {name for name in loaded if room_of(name) in {"hooks", "ledger", *late.__all__}}


@pytest.mark.parametrize(
    ("room", "wanted"),
    [
        ("operators.video", TASK | {"catalog.video"}),
        ("operators.anyshoot", TASK | {"catalog.anyshoot"}),
        ("operators.product", TASK | LIST | {"catalog.product", "catalog.avatar"}),
        ("operators.board", LIST | {"catalog.board"}),
        ("operators.storage", WAITING | {"operators", "tracing"}),
        ("operators.spending", WAITING | {"operators", "operators.counting"}),
        ("operators.batch", WAITING | {"operators", "operators.counting"}),
        ("sensors.topview", WAITING | {"links", "sensors", "sensors.base"}),
        ("triggers.topview", {"triggers"}),
    ],
)
def test_a_room_loads_what_it_needs_to_be_read_and_no_more(room: str, wanted: set[str]) -> None:
    loaded = ours(loaded_by(f"{PACKAGE}.{room}"))
    assert {name.removeprefix(f"{PACKAGE}.") for name in loaded} == wanted | {room}


@pytest.mark.parametrize("place", ["topview_provider.provider_info", "topview_provider.catalog"])
def test_what_airflow_reads_about_us_loads_no_room(place: str) -> None:
    loaded = ours(set(fresh(f"import json, sys, {place}; print(json.dumps(sorted(sys.modules)))")))
    assert place in loaded
    assert loaded <= {place, f"{PACKAGE}.catalog.fields", f"{PACKAGE}.catalog.nouns"}


def test_what_comes_late_is_what_it_says_it_is() -> None:
    rooms_behind = {getattr(late, name).__name__ for name in late.__all__}
    named = {name for node in ast.walk(TREES[Path(str(late.__file__))]) for name in imports(node)}
    assert rooms_behind == ours(named)
    with pytest.raises(AttributeError, match="has no attribute 'pacing'"):
        _ = late.pacing


@benchmarks_too
def test_files_stay_short(path: Path) -> None:
    limit = 600 if path.parent.name == "operators" else 300
    assert len(path.read_text().splitlines()) <= limit


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(TREES[path]) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@benchmarks_too
def test_functions_stay_short(path: Path) -> None:
    for node in functions(path):
        body = node.body[1:] if ast.get_docstring(node) else node.body
        lines = node.end_lineno - body[0].lineno + 1 if body and node.end_lineno else 0
        assert lines <= 25 or node.name == "__init__", f"{node.name} has {lines} lines"


def members(node: ast.AST) -> list[Any]:
    """Return the functions and classes that stand directly in a module or class."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [item for item in getattr(node, "body", ()) if isinstance(item, kinds)]


@benchmarks_too
def test_everything_public_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(TREES[path]), "the module"
    for item in members(TREES[path]):
        inner = members(item) if isinstance(item, ast.ClassDef) and not item.name.startswith("_") else []
        silent = [one.name for one in (item, *inner) if not one.name.startswith("_") and not ast.get_docstring(one)]
        assert not silent


def described(text: str | None) -> dict[str, str]:
    """Return the texts of ``:param x:`` lines, in order."""
    parts = re.split(r"^\s*:(?:param (\w+)|\w+[^:]*):", text or "", flags=re.MULTILINE)
    return {name: words for name, words in zip(parts[1::2], parts[2::2], strict=True) if name}


@benchmarks_too
def test_parameters_of_functions_are_described_all_or_none_in_their_order(path: Path) -> None:
    for node in functions(path):
        names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        names += [arg.arg for arg in (node.args.vararg, node.args.kwarg) if arg]
        said = list(described(ast.get_docstring(node)))
        assert not said or said in (names, names[1:] if names[0] in ("self", "cls") else names), node.name


def own_arguments(kind: type) -> list[str]:
    """Return the arguments of a class's own constructor."""
    if "__init__" not in vars(kind):
        return []
    names = inspect.signature(vars(kind)["__init__"]).parameters
    return [name for name in names if name not in ("self", "kwargs")]


def classes() -> dict[str, type]:
    """Return every operator and sensor by name, their bases included."""
    defined = [
        (module.__name__, item)
        for module in (*rooms(), sensors, sensor_base, sensor_of_approval)
        for item in vars(module).values()
    ]
    kinds = [item for home, item in defined if inspect.isclass(item) and item.__module__ == home]
    return {kind.__name__: kind for kind in kinds if issubclass(kind, BaseOperator)}


OTHERS = {kind.__name__: kind for kind in (TopviewHook, TopviewAsyncHook, TopviewTaskTrigger)}


@pytest.mark.parametrize("name", [*classes(), *OTHERS])
def test_every_argument_of_a_constructor_is_described_in_its_order(name: str) -> None:
    kind: type = {**classes(), **OTHERS}[name]
    assert list(described(kind.__doc__)) == own_arguments(kind)


@pytest.mark.parametrize("name", classes())
def test_an_argument_is_called_templated_exactly_where_it_is(name: str) -> None:
    kind: Any = classes()[name]
    templated = {*kind.template_fields, *getattr(kind, "shared_template_fields", ())}
    # BaseOperator has a property "output", so the attribute behind the argument is called otherwise.
    attribute = {"output": "output_name"} if name == "TopviewDownloadOperator" else {}
    for argument, words in described(kind.__doc__).items():
        assert ("(templated)" in words) == (attribute.get(argument, argument) in templated), argument
    reachable = {
        argument for base in kind.__mro__ if base.__name__ in classes() for argument in described(base.__doc__)
    }
    assert {field for field in templated if field not in attribute.values()} <= reachable


@pytest.mark.parametrize("name", classes())
def test_operators_and_sensors_say_in_one_sentence_what_they_do(name: str) -> None:
    text = inspect.cleandoc(classes()[name].__doc__ or "")
    assert re.match(r"[A-Z][^\n]*[.:]$", text.splitlines()[0]), text.splitlines()[0]


def test_every_module_can_be_imported() -> None:
    found = [module.name for module in pkgutil.walk_packages(topview_provider.__path__, f"{PACKAGE}.")]
    names = [name for name in found if not name.endswith("__main__")]
    assert {*names, PACKAGE} == {name for name in MODULES if not name.endswith("__main__")}
    for name in names:
        importlib.import_module(name)


NOT_ON_EVERY_LINE = re.compile(r"(airflow\.(sdk|api_fastapi|serialization|io)|structlog|fastapi)\b")
TESTED_EVERYWHERE = [
    path
    for path in sorted((ROOT / "tests").rglob("*.py"))
    if not {*path.relative_to(ROOT / "tests").parts} & {*floor.ABOUT_THE_CHECKOUT, "forms", "receiver"}
]


@each(TESTED_EVERYWHERE)
def test_a_test_can_be_imported_on_every_airflow(path: Path) -> None:
    """``make matrix`` runs it from 2.11 on; what has other names there is found by ``tests/lines.py``."""
    found = [node.module or "" for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)]
    assert [name for name in found if NOT_ON_EVERY_LINE.match(name)] == []
