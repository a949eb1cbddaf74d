"""Rows in files: CSV, JSON lines and JSON, read with the place of each row, and written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from topview_provider.exceptions import TopviewInvalidRequest

Row = dict[str, Any]
Placed = tuple[str, Row]
"""Where a row stands, in words, and the row."""

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


def read(data: bytes, kind: str) -> list[Placed]:
    """
    Return the rows of a file, each with its place; outer blanks are cut off, and what is empty is None.

    :param data: The file.
    :param kind: ``csv``, ``jsonl`` or ``json``.
    :raises ValueError: It cannot be read; the text says where.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: is no UTF-8 text; save the file as UTF-8") from None
    return [(where, {name: _plain(value) for name, value in row.items()}) for where, row in READERS[kind](text)]


def placed(rows: Sequence[Any]) -> Iterator[Placed]:
    """
    Yield the rows of a list with their places.

    :param rows: Mappings, as a query or a JSON file has them.
    :raises ValueError: One of them is no mapping.
    """
    for number, row in enumerate(rows, 1):
        yield f"row {number}", _named(f"row {number}", row)


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


def _csv(text: str) -> Iterator[Placed]:
    header = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=header.count), strict=True)
    names: list[str] = []
    try:
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = _header(cells)
                continue
            if len(cells) != len(names):
                raise ValueError(f"line {lines.line_num}: has {len(cells)} columns, the header has {len(names)}")
            yield f"line {lines.line_num}", dict(zip(names, cells, strict=True))
    except csv.Error as error:
        raise ValueError(f"line {lines.line_num}: is no CSV: {error}") from None


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    for number, name in enumerate(names, 1):
        if not name:
            raise ValueError(f"line 1: column {number} has no name")
        if names.index(name) < number - 1:
            raise ValueError(f"line 1: two columns are called {name!r}")
    return names


def _json_lines(text: str) -> Iterator[Placed]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"line {number}"
            yield where, _named(where, _loaded(line, f"{where}: "))


def _json(text: str) -> Iterator[Placed]:
    found = _loaded(text) if text.strip() else []
    if not isinstance(found, list):
        raise ValueError(f"must be a list of rows, not {_short(found)}")
    yield from placed(found)


def _named(where: str, row: Any) -> Row:
    if not isinstance(row, Mapping):
        raise ValueError(f"{where}: must have names and values, not {_short(row)}")
    return {str(name).strip(): value for name, value in row.items()}


def _loaded(text: str, where: str = "") -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"{where}is no JSON: {error}") from None


def _plain(value: Any) -> Any:
    return (value.strip() or None) if isinstance(value, str) else value


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else value


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}..."


READERS: dict[str, Callable[[str], Iterator[Placed]]] = {"csv": _csv, "jsonl": _json_lines, "json": _json}
