"""From a user's arguments to a body that TopView takes, and what is wrong with it in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from topview_provider.catalog.fields import ABSENT, Field, FieldError, When, as_text, is_empty
from topview_provider.catalog.nouns import Row, TaskFamily

WRONG = "4000"
MISSING = "4003"


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Say one thing that is wrong with a request.

    :param code: The code TopView answers for it: 4000 wrong value, 4003 missing.
    :param text: A sentence that names field, value and what is allowed.
    """

    code: str
    text: str


def fields_of(row: Row) -> tuple[Field, ...]:
    """Return every field a request of this row may carry, the shared ones included."""
    return row.body_fields if isinstance(row, TaskFamily) else row.fields


def build(
    row: Row, arguments: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], list[Problem]]:
    """
    Build the body of a request and list everything that is wrong with it.

    Types and choices are checked for the named arguments; required, required-when and one-of for the whole. ``extra``
    is laid over the body last and unchecked, a None in it removes the key: it is the way to a choice that TopView added
    yesterday.

    :param row: The row of the table.
    :param arguments: Python name to value; what is empty is not sent.
    :param extra: Wire name to value.
    """
    body: dict[str, Any] = {}
    problems: list[Problem] = []
    for field in fields_of(row):
        value = arguments.get(field.name)
        if is_empty(value):
            value = field.default if field.send_default else None
        if is_empty(value):
            continue
        try:
            converted = field.to_wire(value)
        except FieldError as error:
            problems.append(Problem(WRONG, f"{_label(field)}: {error}"))
            converted = value
        if not is_empty(converted):
            body[field.wire] = converted
    body = {key: value for key, value in {**body, **(extra or {})}.items() if value is not None}
    return body, problems + missing(row, body)


def check(row: Row, body: Mapping[str, Any], *, lenient: bool = False) -> list[Problem]:
    """
    Check a body that came over the wire, as the service does.

    :param row: The row of the table.
    :param body: Wire name to value; unknown names are ignored.
    :param lenient: Let choices pass that the table does not know.
    """
    problems = []
    for field in fields_of(row):
        value = body.get(field.wire)
        if is_empty(value):
            continue
        try:
            field.to_wire(value, lenient=lenient, rendered=False)
        except FieldError as error:
            problems.append(Problem(WRONG, f"{field.wire}: {error}"))
    return problems + missing(row, body)


def missing(row: Row, body: Mapping[str, Any]) -> list[Problem]:
    """List what a body lacks: required fields, those required by another field's value, and one-of groups."""
    problems = []
    for group in row.one_of:
        if all(is_empty(body.get(wire)) for wire in group):
            names = _names(row, group)
            given = ", ".join(f"{name} is empty" for name in names)
            problems.append(Problem(MISSING, f"give at least one of {' or '.join(names)}: {given}"))
    problems += [Problem(MISSING, reason) for field in fields_of(row) if (reason := _why_missing(row, field, body))]
    if isinstance(row, TaskFamily) and not body and not problems:
        problems.append(Problem(MISSING, "the request is empty"))
    return problems


def _why_missing(row: Row, field: Field, body: Mapping[str, Any]) -> str:
    if not is_empty(body.get(field.wire)):
        return ""
    if field.required:
        return f"{_label(field)} is required and was not given{_allowed(field)}"
    for condition in field.required_when:
        if _holds(condition, body):
            return f"{_label(field)} is required {_because(row, condition)} and was not given{_allowed(field)}"
    return ""


def _holds(condition: When, body: Mapping[str, Any]) -> bool:
    return all(as_text(body.get(wire)) in {v.lower() for v in values} for wire, values in condition.items())


def _because(row: Row, condition: When) -> str:
    parts = []
    for wire, values in condition.items():
        name = _names(row, (wire,))[0]
        words = [value for value in values if value != ABSENT]
        if not words:
            parts.append(f"when {name} is empty")
        else:
            empty = " or empty" if ABSENT in values else ""
            parts.append(f"when {name} is {' or '.join(words)}{empty}")
    return " and ".join(parts)


def _names(row: Row, wires: Iterable[str]) -> list[str]:
    found = ((wire, row.field_of(wire)) for wire in wires)
    return [field.name if field else wire for wire, field in found]


def _label(field: Field) -> str:
    return field.name if field.name == field.wire else f"{field.name} ({field.wire})"


def _allowed(field: Field) -> str:
    return f"; allowed: {', '.join(map(str, field.choices))}" if field.choices else ""
