"""From the flat answer paths of a row to the tree they describe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topview_provider.catalog import Row, TaskFamily

Shape = Any
"""A type's name, a dict of shapes, or a list with the shape of its items."""

PRODUCT_AVATAR = {
    "taskId": "string",
    "taskStatus": "string",
    "productReplaceResult[].key": "string",
    "productReplaceResult[].url": "string",
}
"""Second form of the answers that nobody has documented."""

NAMED = {
    "ethnicit": {"ethnicityId": "string", "ethnicityName": "string"},
    "categor": {"categoryId": "string", "categoryName": "string"},
}
"""Lists that several rows have and none spells out."""

_trees: dict[tuple[str, bool], Shape] = {}


def shape_of(row: Row, second: bool = False) -> Shape:
    """
    Return the shape of a row's ``result``.

    :param row: The row.
    :param second: The second form, where the reference knows two.
    """
    key = (row.name, second)
    if key not in _trees:
        unknown = isinstance(row, TaskFamily) and any(output.path == "**" for output in row.outputs)
        _trees[key] = plant(PRODUCT_AVATAR if second and unknown else row.answer)
    return _trees[key]


def plant(answer: Mapping[str, str]) -> Shape:
    """
    Build the tree of a flat map.

    :param answer: Paths to types, ``[]`` for each item of a list, ``(result)`` for a bare value.
    """
    bare = next((kind for path, kind in answer.items() if path.startswith("(")), None)
    named = {path: kind for path, kind in answer.items() if not path.startswith("(")}
    if not named:
        return bare or "null"
    root: dict[str, Shape] = {}
    for path, kind in named.items():
        _grow(root, [part for part in path.replace("[]", ".[]").split(".") if part], kind)
    return _tidy(root, "")


def status_key(row: TaskFamily, second: bool = False) -> str:
    """
    Return where the state stands in the shape that is answered.

    :param row: The family.
    :param second: The second form.
    """
    shape = shape_of(row, second)
    return "taskStatus" if isinstance(shape, dict) and "productReplaceResult" in shape else row.status_key


def _grow(node: dict[str, Shape], parts: list[str], kind: str) -> None:
    name, rest = parts[0], parts[1:]
    if not rest:
        node.setdefault(name, kind)
        return
    if not isinstance(node.get(name), dict):
        node[name] = {}
    _grow(node[name], rest, kind)


def _tidy(node: Shape, name: str) -> Shape:
    if not isinstance(node, dict):
        return node
    if "[]" not in node:
        return {key: _tidy(inner, key) for key, inner in node.items()}
    inner = _tidy(node["[]"], name)
    # "videos[]": "array[object]" says that there is a list, not what its items are.
    if isinstance(inner, dict) or not inner.startswith("array"):
        return [inner]
    return next(([shape] for word, shape in NAMED.items() if word in name.lower()), inner)
