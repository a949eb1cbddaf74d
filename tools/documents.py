"""
``make docs``: write what the documents say about operators, from the table and the docstrings.

The tables of the README stand between markers; each room of operators has a page under ``docs/reference``, and so have
the sensors and what :mod:`tools.code_pages` names.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

from tools import code_pages, tested
from tools.docstrings import cell, raised, table, text
from tools.settings import ROOT
from topview_provider.catalog import FAMILIES, LISTINGS, Listing, Row, TaskFamily
from topview_provider.operators.base import TopviewTaskOperator
from topview_provider.operators.rows import TopviewRowOperator
from topview_provider.provider_info import get_provider_info
from topview_provider.sensors import topview as sensors
from topview_provider.sensors.approval import TopviewScriptApprovalSensor
from topview_provider.sensors.base import TopviewTaskSensor

PAGES = ROOT / "docs" / "reference"
UPLOADS = ("upload_credential", "upload_file", "upload_check")
SHARED = "base"


def rooms() -> dict[str, list[type]]:
    """Return the public operators of each room, in the order of their code."""
    found = {}
    for name in get_provider_info()["operators"][0]["python-modules"]:
        module = importlib.import_module(name)
        own = [cls for cls in vars(module).values() if inspect.isclass(cls) and cls.__module__ == name]
        found[name.rpartition(".")[2]] = [cls for cls in own if not cls.__name__.startswith("_")]
    return found


def operators() -> dict[str, tuple[str, type]]:
    """Return room and operator of each row that has one of its own."""
    return {
        cls.row_of_class().name: (room, cls)
        for room, classes in rooms().items()
        for cls in classes
        if issubclass(cls, TopviewRowOperator) and cls.row_attribute in vars(cls)
    }


def tables() -> dict[str, str]:
    """Return the tables of the README by the name of their marker."""
    by_row = operators()
    tasks = ["| task family | operator | sensor | price in credits, as TopView puts it |", "|---|---|---|---|"]
    for name, row in FAMILIES.items():
        room, cls = by_row[name]
        sensor = cls.__name__.removesuffix("Operator") + "Sensor"
        tasks.append(f"| `{name}` | `operators.{room}.{cls.__name__}` | `{sensor}` | {_price(row)} |")
    calls = ["| list or action | operator |", "|---|---|"]
    for name in LISTINGS:
        if name not in UPLOADS:
            room, cls = by_row[name]
            calls.append(f"| `{name}` | `operators.{room}.{cls.__name__}` |")
    calls.append(f"| {', '.join(f'`{name}`' for name in UPLOADS)} | `operators.storage.TopviewUploadOperator` |")
    written = {"tasks": tasks, "calls": calls, "examples": examples()}
    return {**{name: "\n".join(lines) for name, lines in written.items()}, "tested": tested.table()}


def examples() -> Iterator[str]:
    """Yield the table of the example DAGs: the first paragraph of each file."""
    yield from ("| DAG | what it shows |", "|---|---|")
    for file in sorted((ROOT / "dags").glob("*.py")):
        first = (ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n\n")[0]
        yield f"| [`{file.stem}`](dags/{file.name}) | {cell(first)} |"


def readme(words: str) -> str:
    """
    Return the README with fresh tables.

    :param words: The README as it is.
    """
    for name, fresh in tables().items():
        before, mark, rest = words.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        words = f"{before}{mark}{fresh}\n{end}{after}"
    return words


def page(room: str) -> str:
    """
    Return the reference page of a room.

    :param room: Name of the module below ``topview_provider.operators``.
    """
    module = importlib.import_module(f"topview_provider.operators.{room}")
    lines = [f"# {room}", "", text(module), "", f"Module `topview_provider.operators.{room}`."]
    if any(issubclass(cls, TopviewTaskOperator) for cls in rooms()[room]):
        lines[-1] += " All of them also take the [arguments of every task](base.md)."
    for cls in rooms()[room]:
        lines += ["", *_operator(cls)]
    return "\n".join(lines) + "\n"


def shared_page() -> str:
    """Return the page of what every task operator takes."""
    lines = ["# Arguments of every task", "", "Every operator of a task family takes these beside its own.", ""]
    lines += [*table(TopviewTaskOperator), "", *raised(TopviewTaskOperator)]
    return "\n".join(lines) + "\n"


def sensors_page() -> str:
    """Return the page of all sensors: what each of them takes, then each with what it takes beside that."""
    lines = ["# sensors", "", text(sensors), "", f"Module `{sensors.__name__}`. Every sensor"]
    lines[-1] += " takes what stands in this table, and what every sensor of Airflow takes (`mode`, `soft_fail`, ...)."
    lines += ["", *table(TopviewTaskSensor), "", *raised(TopviewTaskSensor)]
    found = [cls for cls in vars(sensors).values() if inspect.isclass(cls) and issubclass(cls, TopviewTaskSensor)]
    for cls in (cls for cls in found if cls.family):
        row, arguments = FAMILIES[cls.family], list(table(cls))
        lines += ["", f"## {cls.__name__}", "", text(cls), "", *arguments, *([""] if arguments else [])]
        lines += [f"- Waits for: `{row.name}`; usually done after {row.expected_seconds:g} s"]
        lines += [f"- By default `timeout` is {row.timeout_seconds:g} s, `poke_interval` {row.poll_seconds:g} s"]
    about = f"- Module `{TopviewScriptApprovalSensor.__module__}`; it takes nothing else of the table above"
    lines += ["", *_operator(TopviewScriptApprovalSensor), "", about]
    return "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    """Return every generated page by its path."""
    found = {PAGES / "base.md": shared_page(), PAGES / "sensors.md": sensors_page()}
    found |= {PAGES / f"{room}.md": page(room) for room in rooms()}
    found |= {PAGES / f"{name}.md": code_pages.page(name) for name in code_pages.PAGES}
    return {PAGES / "README.md": index(), **found}


def index() -> str:
    """Return the page that leads to the others."""
    lines = ["# Reference", "", "Written from the code by `make docs`.", "", "- [Arguments of every task](base.md)"]
    for room in rooms():
        module = importlib.import_module(f"topview_provider.operators.{room}")
        lines.append(f"- [{room}]({room}.md): {text(module).splitlines()[0]}")
    lines.append(f"- [sensors](sensors.md): {text(sensors).splitlines()[0]}")
    lines += [f"- [{name}]({name}.md): {text(code_pages.module_of(name)).splitlines()[0]}" for name in code_pages.PAGES]
    return "\n".join(lines) + "\n"


def _operator(cls: type) -> Iterator[str]:
    yield f"## {cls.__name__}"
    yield ""
    yield text(cls)
    for part in (list(table(cls)), list(raised(cls))):
        if part:
            yield from ("", *part)
    if issubclass(cls, TopviewRowOperator):
        yield from ("", *_facts(cls.row_of_class()))


def _facts(row: Row) -> Iterator[str]:
    if isinstance(row, TaskFamily):
        yield f"- Calls: `POST {row.submit}`, `GET {row.query}`{_uncertain(row)}"
        yield f"- Price in credits: {_price(row)}"
        outputs = ", ".join(f"`{output.name}`" for output in row.outputs) or "none"
        yield f"- Outputs: {outputs}; values: {', '.join(f'`{name}`' for name in row.values) or 'none'}"
        yield f"- Deadline of one attempt: {row.timeout_seconds:g} s; usually done after {row.expected_seconds:g} s"
        yield "- Polled when tasks of its kind finish, as far as known, unless `poll_interval` fixes a pace"
    elif isinstance(row, Listing):
        yield f"- Call: `{row.method} {row.path}`{_uncertain(row)}"
    yield f"- Source: {'; '.join(row.docs)}"


def _price(row: TaskFamily) -> str:
    return "unknown" if row.price in ("", "?") else row.price


def _uncertain(row: Row) -> str:
    return "; **the path is uncertain**, set it under `paths` of the connection" if row.path_uncertain else ""


def main() -> None:
    """Write the README's tables and the pages."""
    path = ROOT / "README.md"
    path.write_text(readme(path.read_text()))
    PAGES.mkdir(parents=True, exist_ok=True)
    for target, content in pages().items():
        target.write_text(content)


if __name__ == "__main__":
    main()
