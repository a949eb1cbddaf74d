"""Lists: a few dozen plausible entries per row, the same in every run, paged and filtered."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any

from topview_provider.catalog import Listing
from topview_provider.catalog.video import LANGUAGES
from topview_provider.standin import values
from topview_provider.standin.answers import Scene
from topview_provider.standin.records import Records
from topview_provider.standin.shapes import shape_of
from topview_provider.standin.world import World

THAI = (
    "5d188a658b5a424e98bf0dbbcb8f97d8",
    "eea5e5a4fb534231a5b4cf4766dd7a5f",
    "537e2643719c47bdac1d8a2c7f0c844a",
    "e22db502aa8d40d9ba791083c9f4ab35",
)
"""The only voices that speak Thai."""

LENGTH, SHORT, CUSTOM = 48, 12, 3
YES = ("true", "1")
PAGE_SIZE = 20
PAGING = ("total", "pageNo", "pageSize")
UNPROVEN = ("marketing_video_task_list",)
"""Lists of which nobody has shown whether they come in pages or bare, beside those of ``values.IDENTIFIED``."""

_cache: dict[tuple[str, bool, bool], list[dict[str, Any]]] = {}


class Link(str):
    """A file's name that becomes a signed URL when its page is sent."""

    __slots__ = ()


class Shelf:
    """
    Answer the lists of one stand-in.

    :param world: Its books.
    """

    def __init__(self, world: World) -> None:
        self.records = Records(world)
        self.deleted: set[str] = set()

    def answer(self, row: Listing, scene: Scene) -> Any:
        """
        Return the result of a list.

        :param row: The row.
        :param scene: What the answer is made of; its body holds the parameters.
        """
        if row.name in self.records.objects:
            return self.records.objects[row.name](scene)
        shape = shape_of(row)
        bare = isinstance(shape, list)
        if not (bare or (row.items_key and isinstance(shape, dict))):
            return scene.fill(shape) if isinstance(shape, dict) else []
        found = self._wanted(row, scene)
        inner = shape[0] if bare else shape[row.items_key][0]
        if bare != (scene.second and _unproven(row, inner)):
            return [_signed(item, scene) for item in found]
        return self._page(scene, found, row.items_key or "data", {} if bare else shape)

    def _page(self, scene: Scene, found: list[dict[str, Any]], key: str, shape: Mapping[str, Any]) -> dict[str, Any]:
        page, size = (_whole(scene.body.get(name), usual) for name, usual in (("pageNo", 1), ("pageSize", PAGE_SIZE)))
        items = [_signed(item, scene) for item in found[(page - 1) * size : page * size]]
        others = {name: kind for name, kind in shape.items() if name not in (*PAGING, key)}
        return {"total": len(found), "pageNo": page, "pageSize": size, **scene.fill(others), key: items}

    def _wanted(self, row: Listing, scene: Scene) -> list[dict[str, Any]]:
        made = self.records.lists.get(row.name)
        items = made(scene) if made else _items(row, str(scene.body.get("isCustom", "")).lower() in YES, scene.second)
        given = ((item.wire, scene.body.get(item.wire)) for item in row.fields)
        asked = [(name, str(value).lower()) for name, value in given if value not in (None, "")]
        return [item for item in items if not self._gone(item) and all(_fits(item, *pair) for pair in asked)]

    def _gone(self, item: Mapping[str, Any]) -> bool:
        return bool(self.deleted) and any(value in self.deleted for value in item.values() if isinstance(value, str))


def _items(row: Listing, custom: bool, second: bool) -> list[dict[str, Any]]:
    key = (row.name, custom, second)
    if key not in _cache:
        shape = shape_of(row, second)
        inner = (shape if isinstance(shape, list) else shape[row.items_key])[0]
        pools = _pools(row, inner)
        length = _length(shape, inner, pools, custom)
        maker = Scene(row, row.name, lambda _owner, name: Link(name), lambda _file: None, second=second)
        _cache[key] = [_item(maker, inner, _picked(pools, place, length), place, custom) for place in range(length)]
    return _cache[key]


def _unproven(row: Listing, item: Mapping[str, Any]) -> bool:
    # The second form is the other one.
    return row.name in UNPROVEN or any(key in item for key in values.IDENTIFIED)


def _length(shape: Any, inner: Mapping[str, Any], pools: Mapping[str, tuple[Any, ...]], custom: bool) -> int:
    if custom:
        return CUSTOM
    for key, pool in values.IDENTIFIED.items():
        if key in inner:
            return len(pool)
    return SHORT if isinstance(shape, list) else max(LENGTH, 4 * max(map(len, pools.values()), default=0))


def _pools(row: Listing, shape: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    # A parameter that is named like a field of the items filters by it: its choices are that field's values.
    choices = {item.wire: item.choices for item in row.fields if item.choices and item.wire in shape}
    drawn = {key: pool for key, pool in values.POOLS.items() if key in shape and key not in choices}
    return {**choices, **drawn}


def _picked(pools: Mapping[str, tuple[Any, ...]], place: int, length: int) -> dict[str, Any]:
    # The first lists turn like the wheels of a counter, so that every language has every gender; the rest is mixed.
    picked, turn = {}, 1
    for key, pool in pools.items():
        whole = turn * len(pool) <= length
        wheel = place // turn if whole else zlib.crc32(f"{key}{place}".encode()) >> 8
        picked[key] = pool[wheel % len(pool)]
        turn *= len(pool) if whole else 1
    return picked


def _item(
    maker: Scene, shape: Mapping[str, Any], picked: Mapping[str, Any], place: int, custom: bool
) -> dict[str, Any]:
    known = dict(picked)
    if "gender" in picked:
        # Women and men alternate among the names.
        name = values.NAMES[(2 * place + (picked["gender"] == "male")) % len(values.NAMES)]
        known |= {key: name for key in ("voiceName", "aiavatarName") if key in shape}
    if "language" in picked and "bestSupportLanguage" in shape:
        known["bestSupportLanguage"] = picked["language"]
        if picked["language"] == "th" and not custom:
            known["voiceId"] = THAI[place // len(LANGUAGES) % len(THAI)]
    named = Scene(maker.row, f"{maker.owner}{'-own' if custom else ''}", maker.link, maker.keep, known=known)
    filled = named.item(place).fill(shape)
    return dict(filled)


def _signed(item: Any, scene: Scene) -> Any:
    if isinstance(item, dict):
        return {key: _signed(value, scene) for key, value in item.items()}
    if isinstance(item, list):
        return [_signed(value, scene) for value in item]
    return scene.link(scene.owner, item) if isinstance(item, Link) else item


def _fits(item: Mapping[str, Any], name: str, wanted: str) -> bool:
    if wanted in ("all", "unrated"):  # nobody rates anything here
        return True
    if name in item:
        return str(item[name]).lower() == wanted
    if "ethnicityid" in name.lower() or "categor" in name.lower():
        # Ids joined by commas; the entry has them in a list of its own.
        return bool(set(wanted.split(",")) & set(re.findall(r"[0-9a-f]{32}", str(item))))
    return True


def _whole(value: Any, usual: int) -> int:
    text = str(value or "")
    return max(1, int(text)) if text.isdigit() else usual
