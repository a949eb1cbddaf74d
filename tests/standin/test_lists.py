"""Lists and actions: paging, filters, and the form of each answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from topview_provider.catalog import FAMILIES, LISTINGS, Listing

from .client import Client

LISTS = [pytest.param(row, id=name) for name, row in LISTINGS.items() if not row.action]
PAGED = [pytest.param(row, id=name) for name, row in LISTINGS.items() if row.paged]
RECORDS = ("credit_logs", "marketing_video_task_list", "board_list", "board_task_list")
INVENTED = [param for param in PAGED if param.id not in RECORDS]
DELETES = [pytest.param(row, id=name) for name, row in LISTINGS.items() if row.method == "DELETE" and not row.body]
NEEDS_A_TASK = "taskId"
VOICES, AVATARS = "/v1/voice/query", "/v1/aiavatar/query"


@pytest.fixture
def busy(client: Client) -> Client:
    """A client that has made marketing videos, and tasks on boards of their own."""
    for number in range(9):
        client.submit(FAMILIES["marketing_video"], {"productLink": "https://shop.example/lamp"})
        client.submit(FAMILIES["text_to_voice"], {"voiceText": "Hello", "voiceId": "v", "boardId": f"b{number}"})
    return client


def needed(client: Client, row: Listing) -> dict[str, Any]:
    return {item.wire: client.value(item) for item in row.fields if item.required}


def entries(row: Listing, result: Any) -> list[Any]:
    return result[row.items_key] if isinstance(result, dict) and row.items_key else result


@pytest.mark.parametrize("row", [param for param in LISTS if not param.values[0].field_of(NEEDS_A_TASK)])
def test_every_list_answers_the_form_of_its_row(row: Listing, busy: Client) -> None:
    answer = busy.listing(row, **needed(busy, row))
    assert answer["code"] == "200"
    result = answer["result"]
    if row.paged:
        assert set(result) >= {"total", "pageNo", "pageSize", row.items_key}
    if any(path.startswith("[].") for path in row.answer):
        assert isinstance(result, list)
    keys = {path.rpartition("[].")[2].partition(".")[0] for path in row.answer if path.count("[].") == 1}
    for item in entries(row, result) if keys else ():
        assert {key.removesuffix("[]") for key in keys} <= set(item)


@pytest.mark.parametrize("row", PAGED)
def test_pages_follow_one_another_without_gap_or_overlap(row: Listing, busy: Client) -> None:
    words = needed(busy, row)
    whole = busy.listing(row, **words, pageSize=500)["result"]
    seen: list[Any] = []
    for page in range(1, 100):
        part = busy.listing(row, **words, pageNo=page, pageSize=7)["result"]
        assert (part["total"], part["pageNo"], part["pageSize"]) == (whole["total"], page, 7)
        if not part[row.items_key]:
            break
        seen += part[row.items_key]
    keys = [key for key, value in whole[row.items_key][0].items() if key.endswith("Id") and isinstance(value, str)]
    assert [item[keys[0]] for item in seen] == [item[keys[0]] for item in whole[row.items_key]]
    assert len({item[keys[0]] for item in seen}) == whole["total"] > 0


@pytest.mark.parametrize("row", INVENTED)
def test_a_filter_named_like_a_field_lets_only_equals_through(row: Listing, client: Client) -> None:
    words = needed(client, row)
    for item in row.fields:
        if item.choices and f"{row.items_key}[].{item.wire}" in row.answer:
            for choice in item.choices:
                found = client.listing(row, **{**words, item.wire: choice})["result"][row.items_key]
                assert found, f"nothing for {item.wire}={choice}"
                assert choice == "all" or {str(entry[item.wire]) for entry in found} == {choice}


@pytest.mark.parametrize("row", LISTS)
def test_a_wrong_filter_is_4000(row: Listing, client: Client) -> None:
    for item in row.fields:
        if item.choices and not item.open_choices and not row.field_of(NEEDS_A_TASK):
            assert client.listing(row, **{**needed(client, row), item.wire: "nonsense"})["code"] == "4000"


def test_the_page_number_of_others_is_ignored(client: Client) -> None:
    first = client.get(AVATARS, pageNum=2)["result"]
    assert first["pageNo"] == 1
    assert [item["aiavatarId"] for item in first["data"]] == [
        item["aiavatarId"] for item in client.get(AVATARS)["result"]["data"]
    ]


def test_every_language_has_women_and_men(client: Client) -> None:
    for language in ("en", "th", "zh-Hant"):
        for gender in ("female", "male"):
            assert client.get(VOICES, language=language, gender=gender)["result"]["total"] > 0


def test_thai_is_spoken_by_the_four_voices_that_can(client: Client) -> None:
    voices = client.get(VOICES, language="th")["result"]["data"]
    assert "5d188a658b5a424e98bf0dbbcb8f97d8" in {voice["voiceId"] for voice in voices}
    assert len({voice["voiceId"] for voice in voices}) == len(voices) == 4


def test_lists_are_the_same_in_every_stand_in(run: Callable[..., Client]) -> None:
    ids = [[item["voiceId"] for item in run().get(VOICES)["result"]["data"]] for _ in range(2)]
    assert ids[0] == ids[1]


def test_avatars_are_found_by_the_ethnicities_of_the_list(client: Client) -> None:
    ethnicity = client.get("/v1/ethnicity/list", scene="video_avatar")["result"]["data"][2]
    found = client.get(AVATARS, ethnicityIdList=ethnicity["ethnicityId"])["result"]
    assert 0 < found["total"] < client.get(AVATARS)["result"]["total"]
    assert all(ethnicity in item["ethnicities"] for item in found["data"])


def test_own_avatars_are_another_list(client: Client) -> None:
    own = {item["aiavatarId"] for item in client.get(AVATARS, isCustom="true")["result"]["data"]}
    public = {item["aiavatarId"] for item in client.get(AVATARS, isCustom="false", pageSize=500)["result"]["data"]}
    assert own
    assert not own & public


def test_pictures_and_samples_of_lists_can_be_fetched(client: Client) -> None:
    voice = client.get(VOICES)["result"]["data"][0]
    avatar = client.get(AVATARS, needCloudFrontUrl="true")["result"]["data"][0]
    assert client.download(voice["demoAudioUrl"]).headers["Content-Type"] == "audio/mpeg"
    assert client.download(avatar["previewVideoUrl"]).headers["Content-Type"] == "video/mp4"
    assert client.download(avatar["coverUrl"]).headers["Content-Type"] == "image/jpeg"


def test_captions_are_a_bare_list_with_pictures(client: Client) -> None:
    captions = client.get("/v1/caption/list")["result"]
    assert isinstance(captions, list)
    assert client.download(captions[0]["thumbnail"]).status_code == 200


def test_ethnicities_may_come_bare(run: Callable[..., Client]) -> None:
    client = run(second_shapes=True)
    assert isinstance(client.get("/v1/ethnicity/list", scene="video_avatar")["result"], list)
    assert isinstance(client.get(VOICES)["result"], dict)


@pytest.mark.parametrize("row", DELETES)
def test_a_second_delete_finds_nothing(row: Listing, client: Client) -> None:
    words = needed(client, row)
    first = client.listing(row, **words)
    assert (first["code"], first["result"]) == ("200", None)
    assert client.listing(row, **words)["code"] == "4004"


def test_the_credit_call_needs_the_key_alone_and_gives_a_number(client: Client) -> None:
    headers = {"Authorization": f"Bearer {client.service.api_key}"}
    result = client.call("GET", "/user/credit/detail", headers=headers).json()["result"]
    assert (result["uid"], result["remainCredit"]) == (client.service.uid, 1000)
    assert client.call("GET", "/user/credit/detail", headers={}).status_code == 401
