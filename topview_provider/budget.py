"""The most that a request can cost, and the refusal of what is too dear: arithmetic, before any money is spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topview_provider.catalog import Field, FieldError, TaskFamily
from topview_provider.catalog.fields import is_empty, truth
from topview_provider.exceptions import TopviewBudgetExceeded, TopviewInvalidRequest

UNKNOWN = ("refuse", "allow")
"""What ``max_credits_unknown`` can say about a request whose price is not known beforehand."""

COUNT = Field("count", "integer", minimum=1)


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    Hold the most that a request can cost.

    :param credits: Credits.
    :param reckoning: How they come about, by which prices.
    """

    credits: float
    reckoning: str


def refuse_if_too_dear(
    row: TaskFamily, body: Mapping[str, Any], max_credits: Any, max_credits_unknown: str = "refuse"
) -> None:
    """
    Refuse a request that may cost more than it should.

    :param row: The family.
    :param body: The checked body in wire names.
    :param max_credits: Credits as a number or text; nothing sets no limit.
    :param max_credits_unknown: ``refuse`` or ``allow``: what becomes of a request whose price is not known beforehand.
    :raises TopviewBudgetExceeded: It may cost more, or nobody knows how much.
    :raises TopviewInvalidRequest: One of the two arguments is wrong.
    """
    limit = amount("max_credits", max_credits)
    chosen("max_credits_unknown", max_credits_unknown, UNKNOWN)
    if limit is None:
        return
    most = estimate(row, body)
    if most is None and max_credits_unknown == "refuse":
        raise TopviewBudgetExceeded(
            f"{row.name} was not sent to TopView: max_credits is {limit:g}, and nothing that TopView publishes says "
            f"how much this request can cost at most (price: {row.price.strip('?') or 'unknown'}). "
            "max_credits_unknown='allow' sends it all the same"
        )
    if most is not None and most.credits > limit:
        raise TopviewBudgetExceeded(
            f"{row.name} was not sent to TopView: it may cost {most.credits:g} credits, more than the {limit:g} of "
            f"max_credits. That is {most.reckoning}. Raise max_credits, or ask for less"
        )


def estimate(row: TaskFamily, body: Mapping[str, Any]) -> Estimate | None:
    """
    Return the most that a request can cost; None where no bound follows from what TopView publishes.

    :param row: The family.
    :param body: The checked body in wire names.
    """
    guard = row.price_guard
    if guard is None:
        return None
    if guard.free_if and _is_on(body.get(guard.free_if)):
        return Estimate(0.0, f"{guard.free_if} is free")
    if guard.credits is None:
        return None
    product, factors = guard.credits, [f"{guard.credits:g}"]
    for wire in guard.times:
        units = _units(row, wire, body)
        if units is None:
            return None
        product *= units
        factors.append(f"{units:g} ({_said(row, wire, body)})")
    # Rounded, so that three tenths are not more than 0.3.
    return Estimate(round(product, 6), f"{' x '.join(factors)}, by the prices of {guard.date} at {guard.source}")


def amount(name: str, value: Any) -> float | None:
    """
    Return an amount of credits; None where none is given.

    :param name: The argument, for the message.
    :param value: What it holds once templates are rendered.
    :raises TopviewInvalidRequest: It is no number, or less than nothing.
    """
    if is_empty(value):
        return None
    try:
        return float(Field(name, "number", minimum=0).to_wire(value))
    except FieldError as error:
        raise TopviewInvalidRequest(f"{name}: {error}") from None


def chosen(name: str, value: Any, choices: Sequence[str]) -> None:
    """
    Check an argument that has choices.

    :param name: The argument, for the message.
    :param value: What it holds.
    :param choices: What it may hold.
    :raises TopviewInvalidRequest: It holds something else.
    """
    if value not in choices:
        raise TopviewInvalidRequest(f"{name}: {value!r} is none of {', '.join(choices)}")


def _said(row: TaskFamily, wire: str, body: Mapping[str, Any]) -> str:
    field = row.field_of(wire)
    name = field.name if field else wire
    return f"the most, as {name} is left out" if is_empty(body.get(wire)) else name


def _units(row: TaskFamily, wire: str, body: Mapping[str, Any]) -> float | None:
    value = body.get(wire)
    if is_empty(value):
        field = row.field_of(wire)
        return field.maximum if field else None
    if isinstance(value, list):
        return len(value)
    try:
        return int(COUNT.to_wire(value))
    except FieldError:  # extra_payload is sent unchecked
        return None


def _is_on(value: Any) -> bool:
    try:
        return not is_empty(value) and truth(value)
    except FieldError:
        return False
