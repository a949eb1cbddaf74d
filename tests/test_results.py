"""What a query answer says: state, files, values, cost, and which item of a marketing video is meant."""

from __future__ import annotations

from typing import Any

import pytest

from topview_provider.catalog import FAMILIES, Output, TaskFamily
from topview_provider.results import (
    Phase,
    cost_of,
    failed_items,
    outputs_of,
    seen_item,
    state_of,
    title_of,
    values_of,
)

VIDEO, EXPORT = FAMILIES["marketing_video"], FAMILIES["marketing_video_export"]
AVATAR, SCRAPER = FAMILIES["video_avatar"], FAMILIES["scraper"]


def toy(**words: Any) -> TaskFamily:
    plain = {"name": "toy", "title": "Toy", "submit": "/s", "query": "/q", "expected_seconds": 1}
    return TaskFamily(**{**plain, "poll_seconds": 1, "timeout_seconds": 1, **words})


def item(
    script: Any = 0, status: Any = "success", url: str | None = "https://b.example/0.mp4?sig=1", **rest: Any
) -> Any:
    return {"scriptId": script, "status": status, "videoUrl": url, **rest}


def exported(*items: Any, status: str = "success") -> dict[str, Any]:
    return {"taskId": "t", "status": status, "exportVideos": list(items) if items else None}


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("success", Phase.SUCCESS),
        ("SUCCESS", Phase.SUCCESS),
        (" Success ", Phase.SUCCESS),
        ("fail", Phase.FAILED),
        ("Failed", Phase.FAILED),
        ("failure", Phase.FAILED),
        ("ERROR", Phase.FAILED),
        ("init", Phase.RUNNING),
        ("running", Phase.RUNNING),
        ("successful", Phase.UNKNOWN),
        ("done", Phase.UNKNOWN),
        ("", Phase.UNKNOWN),
        (None, Phase.UNKNOWN),
        (True, Phase.UNKNOWN),
        (200, Phase.UNKNOWN),
        (["success"], Phase.UNKNOWN),
    ],
)
@pytest.mark.parametrize("key", ["status", "taskStatus"])
def test_a_word_of_state_means_the_same_in_any_case_and_under_either_key(key: str, word: Any, phase: Phase) -> None:
    state = state_of(AVATAR, {key: word}, {})

    assert state.phase is phase
    assert state.settled == (phase in (Phase.SUCCESS, Phase.FAILED))


def test_the_key_of_the_row_counts_first() -> None:
    row = toy(status_key="taskStatus")

    assert state_of(row, {"status": "success", "taskStatus": "running"}, {}).phase is Phase.RUNNING


@pytest.mark.parametrize("key", ["errorMsg", "errosMsg", "errorMessage", "errorCode"])
def test_a_failure_gives_topview_s_reason_without_signatures(key: str) -> None:
    state = state_of(AVATAR, {"status": "fail", key: "no face in https://b.example/i.png?sig=1"}, {})

    assert state.message == "no face in https://b.example/i.png?…"


@pytest.mark.parametrize(
    ("body", "judge"),
    [
        ({}, {"items": "exportVideos"}),
        ({"preview": "false"}, {"items": "exportVideos"}),
        ({"preview": "true"}, {"items": "previewVideos"}),
        ({"preview": True, "scriptId": 2}, {"items": "previewVideos", "script_id": "2"}),
        ({"scriptId": "0"}, {"items": "exportVideos", "script_id": "0"}),
    ],
)
def test_the_body_says_which_list_and_which_script_decides(body: dict[str, Any], judge: dict[str, str]) -> None:
    assert VIDEO.judge(body) == judge
    assert AVATAR.judge(body) == {}


ANY = {"items": "exportVideos"}
FIRST = {"items": "exportVideos", "script_id": "0"}


@pytest.mark.parametrize(
    ("answer", "judge", "phase"),
    [
        (exported(), ANY, Phase.RUNNING),
        ({"status": "success", "exportVideos": []}, ANY, Phase.RUNNING),
        ({"status": "success", "exportVideos": "soon"}, ANY, Phase.RUNNING),
        ({"status": "success", "previewVideos": [item()]}, ANY, Phase.RUNNING),
        ({"status": "success", "previewVideos": [item()]}, {"items": "previewVideos"}, Phase.SUCCESS),
        (exported(item()), ANY, Phase.SUCCESS),
        (exported(item(), status="running"), ANY, Phase.RUNNING),
        (exported(item(), status="fail"), ANY, Phase.FAILED),
        (exported(item(status="running", url=None)), ANY, Phase.RUNNING),
        (exported(item(status=None, url=None)), ANY, Phase.RUNNING),
        (exported(item(status="success", url=None)), ANY, Phase.RUNNING),
        (exported(item(0), item(1, status="init", url="")), ANY, Phase.RUNNING),
        (exported(item(0), item(1, status="fail", url="")), ANY, Phase.SUCCESS),
        (exported(item(0), item(1, status="running")), FIRST, Phase.SUCCESS),
        (exported(item("0")), FIRST, Phase.SUCCESS),
        (exported(item(1)), FIRST, Phase.RUNNING),
        (exported(item(0, status="fail")), FIRST, Phase.FAILED),
        (exported(item(0, status="fail")), ANY, Phase.SUCCESS),
    ],
)
def test_a_marketing_video_is_done_when_the_judged_items_are(answer: Any, judge: Any, phase: Phase) -> None:
    assert state_of(VIDEO, answer, judge).phase is phase


def test_a_failed_export_gives_the_reason_of_its_item() -> None:
    answer = exported(item(0, status="FAIL", errorMsg="rendering broke"), item(1))

    assert state_of(EXPORT, answer, FIRST).message == "rendering broke"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (item(videoEtag="e1"), item(videoEtag="e2")),
        (item(url="https://b.example/a.mp4?sig=1"), item(url="https://b.example/b.mp4?sig=1")),
    ],
)
def test_an_item_that_was_seen_before_is_not_taken_again(before: Any, after: Any) -> None:
    seen = seen_item(EXPORT, exported(before), FIRST)
    judge = {**FIRST, "seen": seen}

    assert seen
    assert state_of(EXPORT, exported(before), judge).phase is Phase.RUNNING
    assert outputs_of(EXPORT, exported(before), judge) == []
    assert state_of(EXPORT, exported(after), judge).phase is Phase.SUCCESS
    assert [found["url"] for found in outputs_of(EXPORT, exported(after), judge)] == [after["videoUrl"]]


def test_a_new_signature_or_host_does_not_make_an_old_item_new() -> None:
    seen = seen_item(EXPORT, exported(item(url="https://s3.example/k/0.mp4?sig=1")), FIRST)

    again = exported(item(url="https://cdn.example/k/0.mp4?sig=2"))
    assert seen == "/k/0.mp4"
    assert state_of(EXPORT, again, {**FIRST, "seen": seen}).phase is Phase.RUNNING


@pytest.mark.parametrize("answer", [exported(), exported(item(1)), exported(item(status="running", url=None)), {}])
def test_where_no_item_is_done_none_was_seen(answer: dict[str, Any]) -> None:
    assert seen_item(EXPORT, answer, FIRST) == ""


def test_an_unreadable_url_is_no_reason_to_stop() -> None:
    assert seen_item(EXPORT, exported(item(url="http://[broken/0.mp4?sig=1")), FIRST) == "/0.mp4"


def test_the_failed_items_of_a_success_are_named_in_words() -> None:
    answer = exported(item(0), item(1, status="fail", errorMsg="no voice"), item(2, status="fail"), item(3, url=""))

    assert failed_items(VIDEO, answer, ANY) == ["item 1: no voice", "item 2: failed", "item 3: failed"]
    assert [found["item_id"] for found in outputs_of(VIDEO, answer, ANY)] == ["0"]


def test_a_success_without_a_single_item_is_named_where_items_have_a_state() -> None:
    assert failed_items(VIDEO, exported(), ANY) == ["the task succeeded without a single item"]
    assert failed_items(SCRAPER, {"status": "success", "productImages": []}, {}) == []


def test_an_item_without_a_state_is_usable_when_it_has_a_url() -> None:
    bare = {"scriptId": 0, "videoUrl": "https://b.example/0.mp4"}

    assert failed_items(VIDEO, exported(bare), ANY) == []
    assert len(outputs_of(VIDEO, exported(bare), ANY)) == 1


def test_every_output_has_the_same_shape_in_document_order() -> None:
    answer = exported(
        item(7, url="https://b.example/7.mp4", coverUrl="https://b.example/7.jpg", videoDuration="31000.4"),
        item(8, url="https://b.example/8.mp4", coverUrl=None, videoDuration="long"),
    )

    assert outputs_of(VIDEO, answer, ANY) == [
        entry("video", 0, "7", "https://b.example/7.mp4", 31000),
        entry("video", 1, "8", "https://b.example/8.mp4", None),
        entry("cover", 0, "7", "https://b.example/7.jpg", None),
    ]


def entry(name: str, index: int, item_id: str | None, url: str, duration: int | None, language: Any = None) -> Any:
    shape = {"name": name, "index": index, "item_id": item_id, "url": url}
    return {**shape, "language": language, "duration_ms": duration}


def test_an_output_outside_a_list_is_found_too() -> None:
    row = toy(outputs=(Output("video", "out.url", duration="out.seconds", duration_ms=1000),))

    assert outputs_of(row, {"out": {"url": "https://x", "seconds": 1.5}}, {}) == [
        entry("video", 0, None, "https://x", 1500)
    ]
    assert outputs_of(row, {"out": None}, {}) == []
    assert outputs_of(row, {"out": {"url": 5}}, {}) == []


def test_an_item_s_language_is_kept() -> None:
    row = toy(outputs=(Output("image", "images[].url", item_id="id", language="lang"),), items_key="images")

    assert outputs_of(row, {"images": [{"url": "https://x", "id": 5, "lang": "de"}, None, "x"]}, {}) == [
        entry("image", 0, "5", "https://x", None, "de")
    ]


def test_a_second_path_is_read_only_where_the_first_has_nothing() -> None:
    row = toy(outputs=(Output("image", "images[].big", alternative="images[].small"),), items_key="images")
    both = {"images": [{"big": "https://big", "small": "https://small"}]}

    assert [found["url"] for found in outputs_of(row, both, {})] == ["https://big"]
    assert [found["url"] for found in outputs_of(row, {"images": [{"small": "https://s"}]}, {})] == ["https://s"]


def test_two_stars_mean_every_link_of_the_answer_in_document_order() -> None:
    row = toy(outputs=(Output("file", "**"),))
    answer = {
        "b": [{"c": "https://1"}, "http://2"],
        "a": {"d": ["https://3", "ftp://no", 4, None]},
        "e": "text https://no",
    }

    assert [found["url"] for found in outputs_of(row, answer, {})] == ["https://1", "http://2", "https://3"]


def test_values_are_scalars_or_lists_as_their_path_says() -> None:
    answer = {"productName": "Shoe", "productImages": [{"fileId": "a"}, {"fileId": None}, {"fileId": "b"}]}

    assert values_of(SCRAPER, answer, {}) == {
        "product_name": "Shoe",
        "product_description": None,
        "file_ids": ["a", "b"],
        "video_file_ids": [],
    }


def test_the_title_is_the_first_one_of_the_judged_list() -> None:
    answer = exported(item(title=""), item(title="Second"), item(title="Third")) | {"previewVideos": [{"title": "P"}]}

    assert title_of(VIDEO, answer, ANY) == "Second"
    assert title_of(VIDEO, answer, {"items": "previewVideos"}) == "P"
    assert title_of(VIDEO, {}, ANY) is None
    assert title_of(AVATAR, answer, {}) is None
    assert title_of(toy(title_path="n"), {"n": 5}, {}) == "5"


@pytest.mark.parametrize(
    ("value", "cost"),
    [
        (5, 5.0),
        (0, 0.0),
        ("1.5", 1.5),
        (None, None),
        ("", None),
        ("five", None),
        (True, None),
        ([5], None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
    ],
)
def test_the_charge_is_a_number_or_nothing(value: Any, cost: float | None) -> None:
    assert cost_of(AVATAR, {"costCredit": value}) == cost
    assert cost_of(toy(cost_key="price"), {"costCredit": 9, "price": value}) == cost


@pytest.mark.parametrize("row", FAMILIES.values(), ids=lambda row: row.name)
@pytest.mark.parametrize("answer", [{}, {"status": []}, {"exportVideos": [None, 5, []], "productImages": {}}])
def test_no_answer_however_strange_raises(row: TaskFamily, answer: dict[str, Any]) -> None:
    judge = row.judge({})

    assert not state_of(row, answer, judge).settled
    assert outputs_of(row, answer, judge) == []
    assert title_of(row, answer, judge) is None
    assert cost_of(row, answer) is None
