"""A voice or an avatar is found by what people call it, and what is not found is answered with what there is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.running import new_context, submits
from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.hooks.choosing import choose
from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.lookup import TopviewChooseAvatarOperator, TopviewChooseVoiceOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

VOICES = [
    {"voiceId": "v1", "voiceName": "Anna"},
    {"voiceId": "v2", "voiceName": "Hannah "},
    {"voiceId": "v3", "voiceName": "Bob"},
    {"voiceId": "v4", "voiceName": "Bob"},
    {"voiceId": None, "voiceName": "Nobody"},
]


def voice(wanted: str, items: Any = VOICES) -> str:
    return choose("voice", items, "voiceId", "voiceName", wanted)


@pytest.mark.parametrize(("wanted", "found"), [("anna", "v1"), (" HANNAH ", "v2"), ("V3", "v3"), ("", "v1")])
def test_a_name_or_an_id_is_found_without_regard_to_case_and_blanks(wanted: str, found: str) -> None:
    assert voice(wanted) == found


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("Ana", r"no voice 'Ana' among 4; near matches: Anna"),
        ("han", r"no voice 'han' among 4; near matches: .*Hannah"),
        ("Zebedee", r"no voice 'Zebedee' among 4; there are, for example: Anna, Bob, Hannah"),
        ("Bob", r"2 voices are called 'Bob'; give an id: v3, v4"),
        ("Nobody", r"no voice 'Nobody'"),
    ],
)
def test_what_is_not_found_or_not_unique_is_answered_with_what_there_is(wanted: str, words: str) -> None:
    with pytest.raises(TopviewInvalidRequest, match=words):
        voice(wanted)


def test_filters_that_nothing_fits_are_said() -> None:
    with pytest.raises(TopviewInvalidRequest, match="no voice fits these filters"):
        voice("Anna", [])


def test_a_voice_is_chosen_by_name_language_and_gender(hook: TopviewHook) -> None:
    there = hook.list("voice_list", language="de", gender="female")
    wanted = there[-1]
    task = TopviewChooseVoiceOperator(task_id="v", name=wanted["voiceName"].upper(), language="de", gender="female")
    assert task.execute(new_context()) == wanted["voiceId"]
    with pytest.raises(TopviewInvalidRequest, match=re.escape(f"no voice 'Nemo' among {len(there)}")):
        TopviewChooseVoiceOperator(task_id="v", name="Nemo", language="de", gender="female").execute(new_context())


def test_an_avatar_is_chosen_by_its_id_and_the_first_one_without(hook: TopviewHook) -> None:
    there = hook.list("avatar_list", gender="male")
    named = TopviewChooseAvatarOperator(task_id="a", name=there[1]["aiavatarId"], gender="male")
    assert named.execute(new_context()) == there[1]["aiavatarId"]
    assert TopviewChooseAvatarOperator(task_id="a", gender="male").execute(new_context()) == there[0]["aiavatarId"]


@pytest.mark.parametrize("chooser", [TopviewChooseVoiceOperator, TopviewChooseAvatarOperator])
@pytest.mark.parametrize("name", ["", "  "])
def test_without_a_name_topview_may_choose_and_is_not_asked(chooser: Any, name: str, service: StandIn) -> None:
    assert chooser(task_id="c", name=name, first_if_empty=False).execute(new_context()) == ""
    assert service.requests() == []
    assert chooser(task_id="c", name=name).execute(new_context())


def test_what_nobody_chose_is_left_out_of_the_request(service: StandIn) -> None:
    voice = TopviewChooseVoiceOperator(task_id="c", first_if_empty=False).execute(new_context())
    task = TopviewMarketingVideoOperator(task_id="v", product_link="https://shop.example/lamp", voice_id=voice)
    task.execute(new_context())
    (body,) = submits(service, task.row)
    assert "voiceId" not in body
