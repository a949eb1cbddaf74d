"""
``make docs``: write what the documents say about operators, from the table and the docstrings.

The tables of the README stand between markers; each room of operators has a page under ``docs/reference``, and so have
the sensors.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from tools import tested
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
        yield f"| [`{file.stem}`](dags/{file.name}) | {_cell(first)} |"


def readme(text: str) -> str:
    """
    Return the README with fresh tables.

    :param text: The README as it is.
    """
    for name, table in tables().items():
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        text = f"{before}{mark}{table}\n{end}{after}"
    return text


def page(room: str) -> str:
    """
    Return the reference page of a room.

    :param room: Name of the module below ``topview_provider.operators``.
    """
    module = importlib.import_module(f"topview_provider.operators.{room}")
    lines = [f"# {room}", "", _plain(inspect.getdoc(module) or ""), "", f"Module `topview_provider.operators.{room}`."]
    if any(issubclass(cls, TopviewTaskOperator) for cls in rooms()[room]):
        lines[-1] += " All of them also take the [arguments of every task](base.md)."
    for cls in rooms()[room]:
        lines += ["", *_operator(cls)]
    return "\n".join(lines) + "\n"


def shared_page() -> str:
    """Return the page of what every task operator takes."""
    text = ["# Arguments of every task", "", "Every operator of a task family takes these beside its own.", ""]
    text += [*_table(TopviewTaskOperator), "", *_raised(TopviewTaskOperator)]
    return "\n".join(text) + "\n"


def sensors_page() -> str:
    """Return the page of all sensors: what each of them takes, then each with what it takes beside that."""
    lines = ["# sensors", "", _plain(inspect.getdoc(sensors) or ""), "", f"Module `{sensors.__name__}`. Every sensor"]
    lines[-1] += " takes what stands in this table, and what every sensor of Airflow takes (`mode`, `soft_fail`, ...)."
    lines += ["", *_table(TopviewTaskSensor), "", *_raised(TopviewTaskSensor)]
    found = [cls for cls in vars(sensors).values() if inspect.isclass(cls) and issubclass(cls, TopviewTaskSensor)]
    for cls in (cls for cls in found if cls.family):
        row, table = FAMILIES[cls.family], list(_table(cls))
        lines += ["", f"## {cls.__name__}", "", _text(cls), "", *table, *([""] if table else [])]
        lines += [f"- Waits for: `{row.name}`; usually done after {row.expected_seconds:g} s"]
        lines += [f"- By default `timeout` is {row.timeout_seconds:g} s, `poke_interval` {row.poll_seconds:g} s"]
    about = f"- Module `{TopviewScriptApprovalSensor.__module__}`; it takes nothing else of the table above"
    lines += ["", *_operator(TopviewScriptApprovalSensor), "", about]
    return "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    """Return every generated page by its path."""
    found = {PAGES / "base.md": shared_page(), PAGES / "sensors.md": sensors_page()}
    found |= {PAGES / f"{room}.md": page(room) for room in rooms()}
    return {PAGES / "README.md": index(), **found}


def index() -> str:
    """Return the page that leads to the others."""
    lines = ["# Reference", "", "Written from the code by `make docs`.", "", "- [Arguments of every task](base.md)"]
    for room in rooms():
        module = importlib.import_module(f"topview_provider.operators.{room}")
        lines.append(f"- [{room}]({room}.md): {_plain(inspect.getdoc(module) or '').splitlines()[0]}")
    lines.append(f"- [sensors](sensors.md): {_plain(inspect.getdoc(sensors) or '').splitlines()[0]}")
    return "\n".join(lines) + "\n"


def _operator(cls: type) -> Iterator[str]:
    yield f"## {cls.__name__}"
    yield ""
    yield _text(cls)
    for part in (list(_table(cls)), list(_raised(cls))):
        if part:
            yield from ("", *part)
    if issubclass(cls, TopviewRowOperator):
        yield from ("", *_facts(cls.row_of_class()))


def _text(cls: type) -> str:
    text, _, _ = (inspect.getdoc(cls) or "").partition("\n:param")
    return _plain(text.partition("\nSource:")[0].strip())


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


def _table(cls: type) -> Iterator[str]:
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
    described = re.findall(r"^:param (\w+): (.*?)(?=^:|\n\n|\Z)", inspect.getdoc(cls) or "", re.DOTALL | re.MULTILINE)
    if described:
        yield from ("| argument | default | meaning |", "|---|---|---|")
    for name, text in described:
        default = parameters[name].default
        shown = "required" if default is inspect.Parameter.empty else f"`{default!r}`"
        yield f"| `{name}` | {'from the config' if name == 'deferrable' else shown} | {_cell(text)} |"


def _raised(cls: type) -> Iterator[str]:
    doc = inspect.getdoc(cls) or ""
    for name, text in re.findall(r"^:raises (\w+): (.*?)(?=^:|\n\n|\Z)", doc, re.DOTALL | re.MULTILINE):
        yield f"- `{name}`: {_cell(text)}"


def _cell(text: str) -> str:
    return _plain(" ".join(text.split())).replace("|", "\\|")


def _plain(text: str) -> str:
    return re.sub(r":class:`(\w+)`", r"`\1`", text).replace("``", "`")


def main() -> None:
    """Write the README's tables and the pages."""
    path = ROOT / "README.md"
    path.write_text(readme(path.read_text()))
    PAGES.mkdir(parents=True, exist_ok=True)
    for target, text in pages().items():
        target.write_text(text)


if __name__ == "__main__":
    main()
