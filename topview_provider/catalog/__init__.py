"""
The table: every endpoint of TopView's API that this provider knows, as data.

``FAMILIES`` holds the tasks, ``LISTINGS`` the lists and actions, both by name. Operators, sensors, trigger, stand-in,
contract tests and the README's tables are read off these rows; adding an endpoint starts here. Loads without Airflow
and with the standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

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


class Table(Mapping[str, Any]):
    """
    Map names to rows; a row's room is loaded when the row is asked for, for a DAG file needs few of them.

    :param rooms: Names by room. In its room a row stands under its name in capitals.
    """

    def __init__(self, rooms: Mapping[str, tuple[str, ...]]) -> None:
        self._room_of = {name: room for room, names in rooms.items() for name in names}

    def __getitem__(self, name: str) -> Any:
        return getattr(import_module(f"{__name__}.{self._room_of[name]}"), name.upper())

    def __contains__(self, name: object) -> bool:
        return name in self._room_of

    def __iter__(self) -> Iterator[str]:
        return iter(self._room_of)

    def __len__(self) -> int:
        return len(self._room_of)


FAMILIES: Mapping[str, TaskFamily] = Table(
    {
        "video": ("marketing_video", "marketing_video_export"),
        "avatar": ("video_avatar", "photo_avatar", "video_to_avatar"),
        "product": (
            "scraper",
            "product_avatar_v1_replace_image",
            "product_avatar_v1_video",
            "product_avatar_v2_replace_image",
            "product_avatar_v2_video",
        ),
        "anyshoot": ("anyshoot_v1", "anyshoot_v2_product_model", "anyshoot_v2_product_background"),
        "image": (
            "remove_background",
            "image_to_video_v1",
            "image_translate",
            "image_translate_generate",
            "image_translate_batch",
        ),
        "voice": ("voice_clone", "text_to_voice"),
    }
)
LISTINGS: Mapping[str, Listing] = Table(
    {
        "video": ("marketing_video_task_list", "marketing_video_script_list", "marketing_video_script_update"),
        "avatar": ("avatar_list", "ethnicity_list", "custom_avatar_delete"),
        "product": ("product_avatar_v1_download", "product_avatar_category_list", "product_avatar_public_list"),
        "anyshoot": ("anyshoot_template_category_list", "anyshoot_template_list"),
        "voice": ("voice_list", "caption_list", "custom_voice_delete"),
        "account": (
            "upload_credential",
            "upload_file",
            "upload_check",
            "credit_detail",
            "credit_logs",
            "user_space",
            "notice_url_check",
        ),
        "board": ("board_list", "board_task_list", "board_task_detail"),
    }
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
