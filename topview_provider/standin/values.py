"""Plausible values for the fields of an answer, the same each time they are asked for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from topview_provider.catalog import Row, TaskFamily
from topview_provider.standin import media
from topview_provider.standin.uploads import FILE_KEY

NAMES = (
    "Anna",
    "Ben",
    "Chloe",
    "David",
    "Emma",
    "Felix",
    "Grace",
    "Hugo",
    "Iris",
    "Jonas",
    "Kira",
    "Liam",
    "Mia",
    "Noah",
)
CATEGORIES = ("Beauty", "Kitchen", "Office", "Outdoor", "Fashion", "Sports", "Pets", "Electronics")
ETHNICITIES = ("Asian", "Black", "Caucasian", "Hispanic", "Indian", "Middle Eastern", "Pacific Islander", "Mixed")
ACCENTS = ("American", "British", "Australian", "Indian", "French", "German", "Spanish", "Japanese")

POOLS: Mapping[str, tuple[Any, ...]] = {
    "gender": ("female", "male"),
    "accent": ACCENTS,
    "ethnicityName": ETHNICITIES,
    "categoryName": CATEGORIES,
    "aiavatarName": NAMES,
    "voiceName": NAMES,
    "origin": ("Sale", "New", "Free shipping"),
    "translation": ("Soldes", "Nouveau", "Livraison gratuite"),
    "minSubsType": ("free", "pro", "business"),
    "language": ("en",),
    "unit": ("byte",),
}
IDENTIFIED: Mapping[str, tuple[str, ...]] = {"ethnicityId": ETHNICITIES, "categoryId": CATEGORIES}
"""Ids that stand for a name wherever they appear."""

CONSTANTS: Mapping[str, Any] = {
    "status": "success",
    "productDescription": "Made for rehearsals",
    "errorMsg": None,
    "errorMessage": None,
    "errorCode": None,
    "errosMsg": None,
    "width": media.WIDTH,
    "height": media.HEIGHT,
    "block": "0",
    "progress": 100,
    "processedCount": 1,
    "totalCount": 1,
    "fileCount": 1,
    "type": 0,
    "objectMaskImageInfo": '{"x":10,"y":20,"width":30,"height":40}',
    "sceneAnalyseDesc": "A test pattern with a moving bar",
    "gmtCreate": "2026-01-02 03:04:05",
    "expiredTime": "2030-01-01T00:00:00Z",
    "faceSquareConfig": None,
    "voiceoverIdDefault": None,
    "language": "en",
}
DESCRIBES = ("format", "fileName", "fileType", "mediaType")
"""Fields that describe the file beside them."""

_TYPES: Mapping[str, Callable[[str, str], Any]] = {
    "string": lambda key, mark: mark if key.endswith(("Id", "key", "Etag")) else f"{key} {mark[:6]}",
    "integer": lambda _key, mark: 1 + int(mark[:2], 16) % 9,
    "number": lambda _key, mark: 1 + int(mark[:2], 16) % 9,
    "boolean": lambda _key, _mark: True,
    "object": lambda _key, _mark: {},
    "array": lambda _key, _mark: [],
}


def mark(*parts: object) -> str:
    """Return 32 hex digits that stand for these parts."""
    return hashlib.md5("/".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def is_url(path: str, kind: str) -> bool:
    """
    Tell whether a field holds the URL of a file.

    :param path: Its answer path.
    :param kind: Its type.
    """
    key = path.rpartition(".")[2].lower()
    return "string" in kind and key.endswith(("url", "path", "thumbnail"))


def suffix_of(row: Row, path: str) -> str:
    """
    Return the kind of file at an answer path.

    :param row: The row; its outputs know best.
    :param path: The path, for example ``exportVideos[].videoUrl``.
    """
    parent, _, key = path.rpartition(".")
    for output in row.outputs if isinstance(row, TaskFamily) else ():
        beside = key in DESCRIBES and parent == output.path.rpartition(".")[0]
        if beside or path in (output.path, output.alternative):
            return "png" if _is_cut_out(output.path) else _suffix(output.name)
    return _suffix(path)


def media_of(suffix: str) -> str:
    """
    Return what a kind of file is: video, audio or image.

    :param suffix: Extension without dot.
    """
    return {"mp4": "video", "mp3": "audio"}.get(suffix, "image")


def board_task_id(task_id: str) -> str:
    """
    Return the id that a task has on its board.

    :param task_id: TopView's id of the task.
    """
    return mark(task_id, "board")


def invent(path: str, kind: str, seed: str, index: int, suffix: str) -> Any:
    """
    Return a value for a field that neither the request nor the state of the task decides.

    :param path: Its answer path.
    :param kind: Its type in the row.
    :param seed: Makes it differ between tasks and items.
    :param index: Number of the item it belongs to.
    :param suffix: Kind of file it belongs to.
    """
    key = path.rpartition(".")[2].rstrip("[]")
    if key.endswith(("Width", "Height")):
        return media.WIDTH if key.endswith("Width") else media.HEIGHT
    if key in ("fileType", "mediaType"):
        return media_of(suffix)
    if key == "format":
        return suffix
    if key in ("fileName", "sceneFileName"):
        return f"{index + 1}.{suffix}"
    if "uration" in key:
        return media.SECONDS
    if FILE_KEY.search(key):
        return mark(seed, path)
    if key in IDENTIFIED:
        return mark(IDENTIFIED[key][index % len(IDENTIFIED[key])])
    if key in POOLS:
        return POOLS[key][index % len(POOLS[key])]
    return _typed(CONSTANTS[key], kind) if key in CONSTANTS else _by_type(key, kind, mark(seed, path))


def product_name(link: str) -> str:
    """
    Return the name a product page would have, read off its address.

    :param link: Address of the page; one that is none has a name too.
    """
    try:
        path = urlsplit(link).path
    except ValueError:
        path = ""
    last = path.rstrip("/").rpartition("/")[2].partition(".")[0]
    words = re.sub(r"[-_+]+", " ", last).strip()
    return f"Product {words}" if not words or words.isdigit() else words.title()


def _is_cut_out(path: str) -> bool:
    # Only these need transparency.
    key = path.rpartition(".")[2].lower()
    return any(word in key for word in ("mask", "bgremoved", "background")) and "video" not in key


def _by_type(key: str, kind: str, digits: str) -> Any:
    if "null" in kind or kind in ("any", "?", "-"):
        return None
    return _TYPES.get(kind.partition("[")[0].partition("|")[0], _TYPES["string"])(key, digits)


def _typed(value: Any, kind: str) -> Any:
    return str(value) if value is not None and kind == "string" else value


def _suffix(words: str) -> str:
    words = words.lower()
    key = words.rpartition(".")[2]
    if any(word in words for word in ("audio", "music", "song")):
        return "mp3"
    if any(word in words for word in ("zip", "archive", "downloadurl")):
        return "zip"
    if _is_cut_out(words):
        return "png"
    if "video" in words and not any(word in key for word in ("cover", "image", "thumbnail")):
        return "mp4"
    return "jpg"
