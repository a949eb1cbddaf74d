"""Example arguments for any row of the table: as a DAG author writes them, and as they must reach the wire."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from topview_provider.catalog import Field, Row

VALUES: dict[str, Any] = {
    "integer": 2,
    "number": 1.5,
    "boolean": True,
    "boolean|string": True,
    "string(bool)": True,
    "object": {"x": "1"},
    "array[number]": [0.5, 2],
}


@dataclass(frozen=True)
class Example:
    """
    Hold one example request.

    :param arguments: Python name to what a template renders: numbers and truth values as text.
    :param body: Wire name to what must be sent, defaults that are always sent included.
    """

    arguments: dict[str, Any]
    body: dict[str, Any]

    def templates(self) -> dict[str, Any]:
        """Return the arguments as Jinja templates, text by text."""
        return {name: _template(value) for name, value in self.arguments.items()}

    def rendered_whole(self) -> dict[str, Any]:
        """Return the arguments as templates that render lists and objects to one text."""
        return {
            name: _template(value if isinstance(value, str) else json.dumps(value))
            for name, value in self.arguments.items()
        }


def full(row: Row, known: Mapping[str, Any] | None = None) -> Example:
    """Return an example that gives every field of a row; ``known`` are values that cannot be made up."""
    return _example(row, row.fields, known or {})


def minimal(row: Row, known: Mapping[str, Any] | None = None) -> Example:
    """Return an example that gives nothing that may be left out: without any one argument the row refuses it."""
    wanted = [field for field in row.fields if field.required and not field.send_default]
    wanted += [row.field_of(group[0]) for group in row.one_of if not {field.wire for field in wanted} & set(group)]
    example = _example(row, wanted, known or {})
    while more := [field for field in row.fields if field.wire not in example.body and _needed(field, example.body)]:
        wanted.append(more[0])
        example = _example(row, wanted, known or {})
    return example if example.body or not row.fields else _example(row, row.fields[:1], known or {})


def wrong(field: Field) -> Any:
    """Return a value that a field must refuse: an unknown choice where there are choices, else another type."""
    kind = field.type[6:-1] if field.type.startswith("array") else field.type
    if field.choices and not field.open_choices:
        value: Any = 97 if kind in ("integer", "number") else "banana"
    elif kind.startswith("string") and kind != "string(bool)":
        value = {"no": "text"}
    else:
        value = "banana" if kind else 5
    return [value] if kind and field.type.startswith("array") else value


def _example(row: Row, fields: Iterable[Field], known: Mapping[str, Any]) -> Example:
    defaults = {field.wire: field.default for field in row.fields if field.send_default}
    pairs = [
        (field, (known[field.wire], known[field.wire]) if field.wire in known else _sample(field)) for field in fields
    ]
    return Example(
        {field.name: given for field, (given, _) in pairs},
        {**defaults, **{field.wire: sent for field, (_, sent) in pairs}},
    )


def _needed(field: Field, body: Mapping[str, Any]) -> bool:
    return any(
        all(str(body.get(wire, "")).lower() in values for wire, values in condition.items())
        for condition in field.required_when
    )


def _sample(field: Field) -> tuple[Any, Any]:
    if not field.type.startswith("array"):
        return _spelled(field, field.type)
    given, sent = _spelled(field, field.type[6:-1])
    return [given], [sent]


def _spelled(field: Field, kind: str) -> tuple[Any, Any]:
    if field.children:
        pairs = {child.wire: _sample(child) for child in field.children}
        return {wire: given for wire, (given, _) in pairs.items()}, {wire: sent for wire, (_, sent) in pairs.items()}
    value = _value(field, kind)
    if isinstance(value, list):
        return [_text(item) for item in value], value
    if isinstance(value, dict):
        return value, value
    sent = value if kind in ("integer", "number", "boolean", "boolean|string") else _text(value)
    return _text(value), sent


def _value(field: Field, kind: str) -> Any:
    if field.choices:
        unusual = (choice for choice in reversed(field.choices) if str(choice) != str(field.default))
        return next(unusual, field.choices[0])
    if kind.startswith("boolean"):
        return True
    for value in (field.maximum, field.minimum, field.default):
        if value is not None:
            return value
    if field.moment:
        return "2026-01-02 03:04:05"
    if field.wire.endswith(("Link", "Url")):
        return f"https://shop.example/{field.wire}"
    return VALUES.get(kind, f"some {field.wire}"[: field.max_length])


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def _template(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _template(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_template(inner) for inner in value]
    return f"{{{{ {json.dumps(value)} }}}}"
