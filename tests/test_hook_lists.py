"""Lists through the worker's hook: pages, filters, and arguments that do not fit."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from topview_provider import exceptions as errors
from topview_provider.catalog import LISTINGS, Listing
from topview_provider.hooks import requesting
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn

Connect = Callable[..., str]


@pytest.fixture
def hook(service: StandIn) -> TopviewHook:
    return TopviewHook()


def test_a_list_is_read_page_by_page_to_its_end(hook: TopviewHook, service: StandIn) -> None:
    voices = hook.list("voice_list", page_size=50)

    total = len(voices)
    assert total == len({voice["voiceId"] for voice in voices}) > 50
    assert [entry["query"]["pageNo"] for entry in service.requests("/v1/voice/query")] == [
        str(page + 1) for page in range(-(-total // 50))
    ]


def test_a_list_may_start_at_a_later_page(hook: TopviewHook) -> None:
    later, all_of_them = (
        [v["voiceId"] for v in hook.list("voice_list", page_size=50, **at)] for at in ({"page_no": "2"}, {})
    )

    assert later == all_of_them[50:]


def test_the_filters_of_a_list_reach_topview_under_its_own_names(hook: TopviewHook, service: StandIn) -> None:
    german = hook.list("voice_list", language="de", gender="female")

    assert german
    assert {(voice["language"], voice["gender"]) for voice in german} == {("de", "female")}
    assert service.requests("/v1/voice/query")[0]["query"] == {"pageNo": "1", "language": "de", "gender": "female"}


def test_a_switch_in_a_query_string_is_lower_case_text(hook: TopviewHook, service: StandIn) -> None:
    hook.list("avatar_list", is_custom="True")

    assert service.requests("/v1/aiavatar/query")[0]["query"]["isCustom"] == "true"


def test_iterating_asks_for_a_page_only_when_it_is_needed(hook: TopviewHook, service: StandIn) -> None:
    first = list(itertools.islice(hook.iterate("voice_list", page_size=10), 10))

    assert len(first) == 10
    assert len(service.requests("/v1/voice/query")) == 1


@pytest.mark.parametrize("name", ["caption_list", "ethnicity_list"])
def test_a_bare_array_is_a_list_too(connect: Connect, name: str) -> None:
    words = {"scene": "video_avatar"} if name == "ethnicity_list" else {}
    with StandIn(second_shapes=True) as service:
        connect(service)
        assert len(TopviewHook().list(name, **words)) >= 3
        assert len(service.requests()) == 1


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("voice_list", {"langauge": "de"}, "voice_list: no argument langauge; allowed: page_no, page_size, language"),
        ("voice_list", {"language": "xx"}, "language: 'xx' is not allowed; allowed: en, ar"),
        ("voice_list", {"page_no": "two"}, "voice_list: page_no: 'two' is not a whole number"),
        ("caption_list", {"page_no": 2}, "caption_list: no argument page_no; allowed: "),
        ("ethnicity_list", {}, "scene is required and was not given; allowed: video_avatar, product_avatar"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_before_anything_is_sent(
    hook: TopviewHook, service: StandIn, name: str, words: dict[str, Any], said: str
) -> None:
    with pytest.raises(errors.TopviewInvalidRequest) as caught:
        hook.list(name, **words)

    assert said in str(caught.value)
    assert service.requests() == []


def pages(**words: Any) -> requesting.Pages:
    return requesting.Pages("voice_list", words)


@pytest.mark.parametrize("total", [None, "many", float("inf")])
def test_without_a_total_an_empty_page_is_the_last(total: Any) -> None:
    walk = pages()

    assert walk.items({"total": total, "data": [{"voiceId": "a"}]}) == [{"voiceId": "a"}]
    assert walk.more
    assert walk.items({"total": total, "data": []}) == []
    assert not walk.more


def test_a_service_that_ignores_the_page_number_does_not_give_its_page_for_ever() -> None:
    walk = pages()
    page = {"data": [{"voiceId": "a"}]}

    assert [walk.items(page), walk.items(page), walk.more] == [page["data"], [], False]


@pytest.mark.parametrize(
    ("result", "items"),
    [
        ([{"a": 1}, None, "x"], [{"a": 1}]),
        ({"data": [{"a": 1}]}, [{"a": 1}]),
        ({"list": [{"a": 1}]}, [{"a": 1}]),
        ({"records": [{"a": 1}]}, [{"a": 1}]),
        ({"scriptId": 0}, [{"scriptId": 0}]),
        ({"total": 0, "data": None}, []),
        ({}, []),
        (None, []),
        ("text", []),
    ],
)
def test_the_items_of_a_list_are_found_in_every_form(result: Any, items: list[Any]) -> None:
    assert requesting.items_in(LISTINGS["voice_list"], result) == items


def test_keys_in_clear_do_not_leave_the_wire() -> None:
    row = Listing(name="x", title="X", path="/x", drop=("apiKey",))

    assert requesting.items_in(row, [{"apiKey": "secret", "uid": "u"}]) == [{"uid": "u"}]
