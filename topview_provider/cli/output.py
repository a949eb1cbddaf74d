"""Output in the four formats of Airflow's own commands; what TopView says cannot steer the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

PIPED_WIDTH = 200
"""Columns of a table that no terminal shows, as Airflow has it."""


def show(found: Any, form: str) -> None:
    """
    Write what a command found to stdout.

    :param found: A list of flat mappings, or one mapping.
    :param form: ``table``, ``json``, ``yaml`` or ``plain``.
    """
    if form == "json":
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    elif form == "yaml":
        import yaml

        sys.stdout.write(yaml.safe_dump(found, sort_keys=False, allow_unicode=True))
    elif isinstance(found, Mapping):
        _lines([*_pairs(found)])
    elif not found:
        sys.stdout.write("No data found\n")
    elif form == "plain":
        _lines([[*found[0]], *([text_of(value) for value in row.values()] for row in found)])
    else:
        _table(found)


def text_of(value: Any) -> str:
    """
    Return a value as one line of text.

    A name may hold control characters, with which a terminal could be steered: they become question marks.

    :param value: What TopView said.
    """
    if isinstance(value, float):
        return f"{value:g}"
    text = "" if value is None else str(value)
    return "".join(char if char.isprintable() else "?" for char in text)


def _pairs(found: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield name and text of each value, files and lists flattened."""
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from _pairs(value)
        elif isinstance(value, list):
            yield from (_file(item) if isinstance(item, Mapping) else [name, text_of(item)] for item in value)
        else:
            yield [name, "unknown" if value is None else text_of(value)]


def _file(output: Mapping[str, Any]) -> list[str]:
    about = [output["item_id"] and f"id {output['item_id']}", output["language"]]
    seconds = output["duration_ms"] and f"{output['duration_ms'] / 1000:g} s"
    words = ", ".join(text_of(part) for part in (*about, seconds) if part)
    # The URL stands alone at the end of its line, so that a terminal makes a link of it.
    return [
        f"{output['name']}[{output['index']}]",
        " ".join(filter(None, (f"({words})" if words else "", text_of(output["url"])))),
    ]


def _lines(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _table(rows: Rows) -> None:
    from rich.box import ASCII_DOUBLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=ASCII_DOUBLE_HEAD, show_edge=False, pad_edge=False)
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        # Text, because rich would read a name in square brackets as its own markup.
        table.add_row(*(Text(text_of(value)) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)
