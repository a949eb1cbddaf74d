"""What one task of a list is to a lost submit: the time it was made, and what it shows of what was given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from topview_provider.catalog import FAMILIES
from topview_provider.ledger.orphans import MARGIN, Candidate, Search, moment

AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC).timestamp()
READ = 60.0
VIDEO, VOICE = FAMILIES["marketing_video"], FAMILIES["text_to_voice"]
KETTLE = {"productName": "Kettle", "productDescription": "Red", "fileIds": ["f1"], "language": "en"}
SPOKEN = {"voiceText": "Hello.", "voiceId": "v1", "voiceSpeed": 1.5, "boardId": "b1", "noticeUrl": "https://me.example"}


def judged(body: dict[str, Any], item: dict[str, Any], row: Any = VIDEO) -> Candidate | None:
    assert row.echo
    return Search(row, body, AT, READ).candidate(row.echo, {"taskId": "t1", "gmtCreate": "2026-03-01 12:00:05", **item})


def fits(body: dict[str, Any], item: dict[str, Any], row: Any = VIDEO) -> bool:
    found = judged(body, item, row)
    return bool(found and found.fits)


def shown(**words: Any) -> dict[str, Any]:
    """Return an item that shows the kettle."""
    return {"productName": "Kettle", "productDescription": "Red", **words}


@pytest.mark.parametrize(
    ("seconds", "inside"),
    [(0, True), (-MARGIN, True), (READ + MARGIN, True), (-MARGIN - 1, False), (READ + MARGIN + 1, False)],
)
def test_a_task_fits_that_was_made_while_the_submit_was_on_its_way_give_or_take_a_minute(
    seconds: float, inside: bool
) -> None:
    made = datetime.fromtimestamp(AT + seconds, UTC)
    for text in (f"{made:%Y-%m-%d %H:%M:%S}", made.isoformat(), f"{made:%Y-%m-%dT%H:%M:%SZ}"):
        assert fits(KETTLE, shown(gmtCreate=text)) == inside
        assert judged(KETTLE, shown(gmtCreate=text)), "what shows the inputs is named whatever its time"


@pytest.mark.parametrize("text", [None, "", "yesterday", 17, [], "2026-13-01 00:00:00"])
def test_a_task_without_a_readable_time_is_named_and_never_fits(text: Any) -> None:
    assert moment(text) is None
    found = judged(KETTLE, shown(gmtCreate=text))
    assert found
    assert (found.fits, str(found)) == (False, "t1, 'Kettle'")


def test_a_time_without_a_zone_is_taken_for_utc() -> None:
    assert moment("2026-03-01 12:00:00") == moment("2026-03-01T13:00:00+01:00") == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("other", [{"productName": "Teapot"}, {"productDescription": "Blue"}, {"productName": None}])
def test_what_shows_something_else_does_not_fit(other: dict[str, Any]) -> None:
    assert fits(KETTLE, shown())
    assert not fits(KETTLE, shown(**other))


def test_what_does_not_show_all_that_was_given_does_not_fit() -> None:
    assert not fits(KETTLE, {"productName": "Kettle"})


def test_what_was_not_given_does_not_matter() -> None:
    assert fits({"productName": "Kettle", "fileIds": ["f1"]}, shown(productDescription="of TopView's own"))


@pytest.mark.parametrize("name", [None, ""])
def test_without_a_name_that_was_given_nothing_fits(name: str | None) -> None:
    assert not fits({**KETTLE, "productName": name}, shown(productName=name))


def test_a_product_link_spoils_it_for_topview_may_take_the_name_from_the_page() -> None:
    assert not fits({**KETTLE, "productLink": "https://shop.example/p"}, shown())
    assert fits({**KETTLE, "productLink": ""}, shown())


@pytest.mark.parametrize("item", [{"taskId": None}, {"taskId": ""}])
def test_a_task_without_an_id_is_none(item: dict[str, Any]) -> None:
    assert judged(KETTLE, shown(**item)) is None


def test_a_task_of_another_time_that_shows_something_else_is_none() -> None:
    assert judged(KETTLE, shown(productName="Teapot", gmtCreate="2026-02-01 12:00:00")) is None


def on_board(**words: Any) -> dict[str, Any]:
    parameters = {name: value for name, value in SPOKEN.items() if name not in ("noticeUrl", "boardId")}
    return {"toolType": "text2voice", "parameters": {**parameters, **words}}


def test_a_task_on_a_board_fits_by_every_parameter_but_the_callback_and_the_board_itself() -> None:
    assert fits(SPOKEN, on_board(), VOICE)
    assert fits(SPOKEN, on_board(of_tomorrow=1), VOICE)
    for name in ("voiceText", "voiceId", "voiceSpeed"):
        assert not fits(SPOKEN, on_board(**{name: "another"}), VOICE)


@pytest.mark.parametrize("parameters", [None, [], "text", {}])
def test_a_task_on_a_board_that_shows_no_parameters_does_not_fit(parameters: Any) -> None:
    assert not fits(SPOKEN, {"parameters": parameters}, VOICE)


@pytest.mark.parametrize(
    ("given", "shown", "same"),
    [
        (True, "true", True),
        (False, "true", False),
        (1.5, "1.5", True),
        (2, "2", True),
        ("2", 2, True),
        (" text ", "text", True),
        ("text", "Text", False),
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["b", "a"], False),
        ({"x": 1}, {"x": 1}, True),
        ("x", None, False),
    ],
)
def test_a_value_is_the_same_as_number_truth_value_or_text(given: Any, shown: Any, same: bool) -> None:
    assert fits({**SPOKEN, "odd": given}, on_board(odd=shown), VOICE) == same


def test_a_candidate_is_written_with_id_time_and_name() -> None:
    found = judged(SPOKEN, on_board(), VOICE)
    assert str(found) == "t1, created 2026-03-01 12:00:05 UTC, 'text2voice'"
    assert str(Candidate("t2", None, "", fits=False)) == "t2"


def test_a_family_without_a_list_has_no_candidates() -> None:
    assert Search(FAMILIES["video_avatar"], {}, AT, READ).candidates(None) == ([], False)
