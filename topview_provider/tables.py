"""Rows in files: CSV, JSON lines and JSON, read with the place of each row, and written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from topview_provider.exceptions import TopviewInvalidRequest

Row = dict[str, Any]
Placed = tuple[str, Row]
"""Where a row stands, in words, and the row."""

Table = tuple[list[Placed], list[str]]
"""The rows that can be read, and what is wrong with the others, each with its place."""

DELIMITERS = ",;\t"
"""What may part the columns of a CSV file; the one that stands in its header most often does."""


def kind_of(name: str, argument: str) -> str:
    """
    Return the kind of a file, by its suffix: ``csv``, ``jsonl`` or ``json``.

    :param name: Path or URL of the file.
    :param argument: What the user calls it.
    :raises TopviewInvalidRequest: It is none of them.
    """
    suffix = str(name).rpartition(".")[2].lower()
    if suffix == "ndjson":
        return "jsonl"
    if suffix not in READERS:
        raise TopviewInvalidRequest(f"{argument}: {name!r} ends in none of .csv, .jsonl, .ndjson, .json")
    return suffix


def read(data: bytes, kind: str) -> Table:
    """
    Return the rows of a file, each with its place; outer blanks are cut off, and what is empty is None.

    :param data: The file.
    :param kind: ``csv``, ``jsonl`` or ``json``.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return [], [f"line {line}: is no UTF-8 text; save the file as UTF-8"]
    rows, problems = _parted(READERS[kind](text))
    return [(where, {name: _plain(value) for name, value in row.items()}) for where, row in rows], problems


def placed(rows: Sequence[Any]) -> Table:
    """
    Return the rows of a list with their places.

    :param rows: Mappings, as a query has them.
    """
    return _parted(_numbered(rows))


def write(rows: Sequence[Row], kind: str) -> bytes:
    """
    Return rows as a file; in CSV, lists and mappings are JSON.

    :param rows: The rows; the columns are those of all of them.
    :param kind: ``csv``, ``jsonl`` or ``json``.
    """
    if kind == "json":
        return (json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n").encode()
    if kind == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows).encode()
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _parted(found: Iterable[Placed | str]) -> Table:
    """Return what a reader yields, the rows and what is wrong apart; a reader goes on after what is wrong."""
    every = list(found)
    return [one for one in every if not isinstance(one, str)], [one for one in every if isinstance(one, str)]


def _csv(text: str) -> Iterator[Placed | str]:
    header = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=header.count), strict=True)
    names: list[str] = []
    for cells in _cells(lines):
        if isinstance(cells, str):
            yield f"line {lines.line_num}: {cells}"
            if not names:
                return
        elif not names:
            names = [cell.strip() for cell in cells]
            if problems := list(_wrong_names(names)):
                yield from problems
                return
        elif len(cells) != len(names):
            yield f"line {lines.line_num}: has {len(cells)} columns, the header has {len(names)}"
        else:
            yield f"line {lines.line_num}", dict(zip(names, cells, strict=True))


def _cells(lines: Iterator[list[str]]) -> Iterator[list[str] | str]:
    """Yield the cells of each line that is not empty, and what is wrong with one that is no CSV."""
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"is no CSV: {error}"
        else:
            if any(cell.strip() for cell in cells):
                yield cells


def _wrong_names(names: list[str]) -> Iterator[str]:
    for number, name in enumerate(names, 1):
        if not name:
            yield f"line 1: column {number} has no name"
        elif names.index(name) < number - 1:
            yield f"line 1: two columns are called {name!r}"


def _json_lines(text: str) -> Iterator[Placed | str]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _row(f"line {number}", *_loaded(line))


def _json(text: str) -> Iterator[Placed | str]:
    found, problem = _loaded(text) if text.strip() else ([], "")
    if problem or not isinstance(found, list):
        yield problem or f"must be a list of rows, not {_short(found)}"
    else:
        yield from _numbered(found)


def _numbered(rows: Sequence[Any]) -> Iterator[Placed | str]:
    return (_row(f"row {number}", row) for number, row in enumerate(rows, 1))


def _row(where: str, row: Any, problem: str = "") -> Placed | str:
    if problem or not isinstance(row, Mapping):
        return f"{where}: {problem or f'must have names and values, not {_short(row)}'}"
    return where, {str(name).strip(): value for name, value in row.items()}


def _loaded(text: str) -> tuple[Any, str]:
    """Return what a text holds as JSON, and what is wrong with it."""
    try:
        return json.loads(text), ""
    except ValueError as error:
        return None, f"is no JSON: {error}"


def _plain(value: Any) -> Any:
    return (value.strip() or None) if isinstance(value, str) else value


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else value


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."


READERS: dict[str, Callable[[str], Iterator[Placed | str]]] = {"csv": _csv, "jsonl": _json_lines, "json": _json}
