"""One field of a request: its name on both sides, its type on the wire, and what may stand in it."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from typing import Any

ABSENT = ""
"""In a condition: the other field is empty or was not given."""

LEFTOVERS = ("None", "undefined")
"""What a template leaves where its variable was nothing. A service would take it for a text and charge for it."""

When = Mapping[str, tuple[str, ...]]
"""A conjunction over wire names: it holds if every named field has one of the values, compared as lower-case text."""


class FieldError(ValueError):
    """A value does not fit its field; the text says what is allowed, the caller adds the name."""


@dataclass(frozen=True, slots=True)
class Field:
    """
    Describe one field of a request body or query string.

    :param wire: Name on the wire, spelled exactly as TopView does.
    :param type: ``string``, ``integer``, ``number``, ``boolean``, ``object``, ``string(bool)`` (the texts ``true`` and
        ``false``), ``string|integer`` (sent as text), ``boolean|string`` (sent as boolean), ``array`` or ``array[T]``.
    :param python: Name in Python; by default the wire name in snake case.
    :param required: TopView refuses a request without it.
    :param required_when: Required if any of these conditions holds.
    :param choices: Allowed values (of each element, for arrays). Empty: anything.
    :param open_choices: The choices are the known ones; others pass.
    :param default: What the service assumes, or its form fills in, when the field is absent.
    :param send_default: Send ``default`` when the user gives nothing: TopView calls the field required.
    :param minimum: Smallest allowed number.
    :param maximum: Largest allowed number.
    :param max_length: Most characters.
    :param moment: The text is a moment: a datetime or ISO 8601, sent as ``yyyy-MM-dd HH:mm:ss`` in UTC.
    :param children: Fields of the object, or of each object of the array.
    :param rule: What else the reference says, for people.
    :param certainty: Mark of the reference: D documented, V vendor's client, C other client, I inferred, ? unknown.
    :param deviation: Why this row differs from the reference on purpose. Empty: it does not.
    """

    wire: str
    type: str = "string"
    _: KW_ONLY
    python: str = ""
    required: bool = False
    required_when: tuple[When, ...] = ()
    choices: tuple[Any, ...] = ()
    open_choices: bool = False
    default: Any = None
    send_default: bool = False
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    moment: bool = False
    children: tuple[Field, ...] = ()
    rule: str = ""
    certainty: str = "D"
    deviation: str = ""

    @property
    def name(self) -> str:
        """Name of the argument in Python."""
        return self.python or snake_case(self.wire)

    def to_wire(self, value: Any, *, lenient: bool = False, rendered: bool = True) -> Any:
        """
        Turn a rendered value into the wire type.

        :param value: What the user's argument holds once templates are rendered; not empty.
        :param lenient: Let choices pass that the table does not know.
        :param rendered: The value comes from a template: a text ``None`` or ``undefined`` is refused.
        :raises FieldError: The value does not fit; the text says what does.
        """
        many = self.type.startswith("array")
        element = (self.type[6:-1] or "any") if many else self.type
        try:
            items = [self._convert(element, item, rendered) for item in (_as_list(value) if many else [value])]
        except FieldError as error:
            known = f"; allowed: {', '.join(map(str, self.choices))}" if self.choices else ""
            raise FieldError(f"{error}{known}") from None
        for item in items:
            self._check(item, lenient)
        return items if many else items[0]

    def _convert(self, kind: str, value: Any, rendered: bool) -> Any:
        if self.moment:
            return _moment(value)
        converted = CONVERTERS[kind](value) if kind in CONVERTERS else value
        if rendered and isinstance(converted, str) and converted.strip(" ") in LEFTOVERS:
            raise FieldError(f"{value!r} is no text to send{_hint(value)}")
        if self.children:
            converted = self._convert_children(_as_object(converted), rendered)
        return converted

    def _convert_children(self, item: dict[str, Any], rendered: bool) -> dict[str, Any]:
        known = {child.wire: child for child in self.children}
        out = dict(item)
        for name, child in known.items():
            if is_empty(item.get(name)):
                if child.required:
                    raise FieldError(f"each entry needs {name!r}, {item!r} has none")
                continue
            try:
                out[name] = child.to_wire(item[name], rendered=rendered)
            except FieldError as error:
                raise FieldError(f"{name}: {error}") from None
        return out

    def _check(self, value: Any, lenient: bool) -> None:
        if (
            self.choices
            and not (lenient or self.open_choices)
            and str(value) not in {str(choice) for choice in self.choices}
        ):
            raise FieldError(f"{value!r} is not allowed; allowed: {', '.join(map(str, self.choices))}")
        if self.minimum is not None or self.maximum is not None:
            low = float("-inf") if self.minimum is None else self.minimum
            high = float("inf") if self.maximum is None else self.maximum
            if not low <= _as_number(value) <= high:
                raise FieldError(f"{value!r} is out of range; allowed: {low:g} to {high:g}")
        if self.max_length is not None and len(str(value)) > self.max_length:
            raise FieldError(f"{len(str(value))} characters are too many; allowed: at most {self.max_length}")


def snake_case(wire: str) -> str:
    """Return the Python spelling of a wire name: ``productLink`` becomes ``product_link``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wire).lower()


def is_empty(value: Any) -> bool:
    """Tell whether a value counts as not given: None, blank text, an empty list or object."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {}, ())


def as_text(value: Any) -> str:
    """Return the text that conditions compare: ``true`` for True, ``5`` for 5, empty text for nothing."""
    return ABSENT if is_empty(value) else str(value).strip().lower()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise FieldError(f"{value!r} is not text")


def _whole(value: Any) -> int:
    if isinstance(value, bool):
        raise FieldError(f"{value!r} is not a whole number")
    try:
        number = int(value) if not isinstance(value, float) else int(value) if value.is_integer() else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise FieldError(f"{value!r} is not a whole number{_hint(value)}")
    return number


def _as_number(value: Any) -> float:
    try:
        number = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not math.isfinite(number):
        raise FieldError(f"{value!r} is not a number{_hint(value)}")
    return number


def _number(value: Any) -> float:
    number = _as_number(value)
    return int(number) if number.is_integer() else number


def truth(value: Any) -> bool:
    """
    Return what a switch says: true, false, 1 or 0, as text or not.

    :param value: What the user gave, not empty.
    :raises FieldError: It says something else.
    """
    text = str(value).strip().lower()
    if text not in ("true", "false", "1", "0"):
        raise FieldError(f"{value!r} is neither true nor false{_hint(value)}")
    return text in ("true", "1")


def _moment(value: Any) -> str:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
        utc = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise FieldError(
            f"{value!r} is no moment; give a datetime or a text like 2025-01-31 08:00:00{_hint(value)}"
        ) from None
    return datetime(*utc.timetuple()[:6]).isoformat(" ")


def _as_object(value: Any) -> dict[str, Any]:
    value = _parsed(value)
    if not isinstance(value, Mapping):
        raise FieldError(f"{value!r} is not an object of names and values")
    return dict(value)


def _as_list(value: Any) -> list[Any]:
    value = _parsed(value)
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping) or not hasattr(value, "__iter__"):
        raise FieldError(f"{value!r} is not a list")
    return list(value)


def _parsed(value: Any) -> Any:
    # A template renders a list or an object to text: JSON from {{ x | tojson }}, Python's own spelling from {{ x }}.
    if not isinstance(value, str) or not value.strip().startswith(("[", "{", "(")):
        return value
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
    return value


def _hint(value: Any) -> str:
    rendered_nothing = isinstance(value, str) and value.strip() in ("None", "null", "undefined")
    return "; a template rendered nothing here, write {{ x or '' }} to leave the field out" if rendered_nothing else ""


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "string|integer": _text,
    "integer": _whole,
    "number": _number,
    "boolean": truth,
    "boolean|string": truth,
    "string(bool)": lambda value: str(truth(value)).lower(),
    "object": _as_object,
    "array[number]": lambda value: [_number(item) for item in _as_list(value)],
}
