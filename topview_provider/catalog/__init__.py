"""
The table: every endpoint of TopView's API that this provider knows, as data.

``FAMILIES`` holds the tasks, ``LISTINGS`` the lists and actions, both by name. Operators, sensors, trigger, stand-in,
contract tests and the README's tables are read off these rows; adding an endpoint starts here. Loads without Airflow
and with the standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from topview_provider.catalog import account, anyshoot, avatar, board, image, product, video, voice
from topview_provider.catalog.fields import Field, FieldError
from topview_provider.catalog.nouns import Echo, Listing, Output, Row, TaskFamily

__all__ = [
    "FAMILIES",
    "LISTINGS",
    "Echo",
    "Field",
    "FieldError",
    "Listing",
    "Output",
    "Row",
    "TaskFamily",
    "family",
    "listing",
]

FAMILIES: Mapping[str, TaskFamily] = MappingProxyType(
    {row.name: row for room in (video, avatar, product, anyshoot, image, voice) for row in room.ROWS}
)
LISTINGS: Mapping[str, Listing] = MappingProxyType(
    {row.name: row for room in (video, avatar, product, anyshoot, voice, account, board) for row in room.LISTINGS}
)


def family(name: str) -> TaskFamily:
    """
    Return the row of a task family.

    :param name: For example ``marketing_video``.
    :raises KeyError: No such family; the text lists those there are.
    """
    if name not in FAMILIES:
        raise KeyError(f"no task family {name!r}; known: {', '.join(sorted(FAMILIES))}")
    return FAMILIES[name]


def listing(name: str) -> Listing:
    """
    Return the row of a list or action.

    :param name: For example ``voice_list``.
    :raises KeyError: No such list or action; the text lists those there are.
    """
    if name not in LISTINGS:
        raise KeyError(f"no list or action {name!r}; known: {', '.join(sorted(LISTINGS))}")
    return LISTINGS[name]
