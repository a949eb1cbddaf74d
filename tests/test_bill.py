"""What tasks cost: cards against charges, each charge once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topview_provider.bill import Line, charges_of, line_of, settled, table, total, unknown

FIRST = Line("video", -1, "marketing_video", "t1", "topview_default", 0.0)
EXPORT = replace(FIRST, task_id="export", family="marketing_video_export")
SPEECH = replace(FIRST, task_id="speech", family="text_to_voice", topview_task_id="t2")


def costs(*lines: Line, **charges: list[float]) -> list[tuple[float | None, str]]:
    """Return cost and source of each line."""
    return [(line.cost_credit, line.source) for line in settled(lines, charges)]


def test_what_the_answer_told_is_taken_as_it_is() -> None:
    told = replace(SPEECH, cost_credit=0.1, source="answer")
    assert costs(told) == costs(told, t2=[0.4]) == [(0.1, "answer")]


def test_several_charges_of_one_task_add_up() -> None:
    assert costs(FIRST, t1=[5, 5, 0.1]) == [(10.1, "log")]


def test_what_no_log_shows_is_unknown_and_not_free() -> None:
    assert costs(FIRST, SPEECH, t1=[5]) == [(5, "log"), (None, "unknown")]
    assert total(settled([FIRST, SPEECH], {"t1": [5]})) == 5
    assert unknown(settled([FIRST, SPEECH], {"t1": [5]})) == ["t2"]


def test_a_failed_task_is_free_unless_the_log_says_otherwise() -> None:
    failed = replace(SPEECH, failed=True)
    assert costs(failed) == [(0, "failed")]
    assert costs(failed, t2=[0.1]) == [(0.1, "log")]
    assert costs(failed, t2=[0.1, -0.1]) == [(0, "log")]


def test_exports_take_a_charge_each_and_the_preview_was_free() -> None:
    exports = [replace(EXPORT, map_index=place) for place in (0, 1)]
    assert costs(FIRST, *exports, t1=[5, 5]) == [(0, "log"), (5, "log"), (5, "log")]


def test_an_export_whose_charge_is_missing_leaves_its_preview_unknown_too() -> None:
    exports = [replace(EXPORT, map_index=place) for place in (0, 1)]
    assert costs(FIRST, *exports, t1=[5]) == [(None, "unknown"), (5, "log"), (None, "unknown")]
    assert unknown(settled([FIRST, *exports], {"t1": [5]})) == ["t1"]


def test_what_exports_do_not_account_for_was_charged_for_the_first_step() -> None:
    assert costs(FIRST, EXPORT, t1=[5, 5, 5]) == [(10, "log"), (5, "log")]


def test_an_export_alone_bears_all_charges_of_its_id() -> None:
    assert costs(EXPORT, t1=[5, 5]) == [(10, "log")]


def test_a_failed_export_takes_no_charge_of_another() -> None:
    broken = replace(EXPORT, map_index=0, failed=True)
    good = replace(EXPORT, map_index=1)
    assert costs(FIRST, broken, good, t1=[5]) == [(0, "log"), (0, "failed"), (5, "log")]
    assert costs(FIRST, broken) == [(None, "unknown"), (0, "failed")]


def test_a_translation_is_charged_with_its_pictures_whose_answer_tells_it() -> None:
    texts = replace(FIRST, task_id="texts", family="image_translate")
    pictures = replace(FIRST, task_id="pictures", family="image_translate_generate", cost_credit=2, source="answer")
    assert costs(texts, pictures, t1=[2]) == [(0, "log"), (2, "answer")]
    assert costs(texts, pictures) == [(None, "unknown"), (2, "answer")]


def test_one_task_that_two_task_instances_went_on_with_counts_once() -> None:
    again = replace(SPEECH, task_id="speech_again")
    assert costs(SPEECH, again, t2=[0.1]) == [(0.1, "log"), (0, "log")]
    assert costs(SPEECH, again) == [(None, "unknown"), (None, "unknown")]
    told = [replace(line, cost_credit=0.1, source="answer") for line in (SPEECH, again)]
    assert costs(*told) == [(0.1, "answer"), (0, "answer")]


KINDS = st.sampled_from(["marketing_video", "marketing_video_export", "text_to_voice", "image_translate_generate"])
LINES = st.lists(
    st.builds(
        Line,
        task_id=st.sampled_from("abc"),
        map_index=st.integers(-1, 3),
        family=KINDS,
        topview_task_id=st.sampled_from(["t1", "t2"]),
        topview_conn_id=st.just("c"),
        submitted_at=st.just(0.0),
        failed=st.booleans(),
    )
)
CHARGES = st.dictionaries(st.sampled_from(["t1", "t2"]), st.lists(st.integers(1, 9).map(float), max_size=5))


@given(lines=LINES, charges=CHARGES)
def test_no_charge_is_lost_and_none_counts_twice(lines: list[Line], charges: dict[str, list[float]]) -> None:
    found = settled(lines, charges)
    listed = {line.topview_task_id for line in lines}
    assert len(found) == len(lines)
    assert total(found) == sum(sum(amounts) for name, amounts in charges.items() if name in listed)
    assert all((line.cost_credit is None) == (line.source == "unknown") for line in found)


@given(lines=LINES, charges=CHARGES)
def test_lines_come_in_the_order_of_their_tasks(lines: list[Line], charges: dict[str, list[float]]) -> None:
    found = settled(lines, charges)
    assert sorted(line.task_id for line in found) == sorted(line.task_id for line in lines)
    for task_id in "abc":
        indexes = [line.map_index for line in found if line.task_id == task_id]
        assert indexes == sorted(indexes)


CARD = {
    "family": "text_to_voice",
    "topview_task_id": "t2",
    "topview_conn_id": "ours",
    "state": "success",
    "cost_credit": None,
    "submitted_at": 980.5,
    "map_index": 2,
}


def test_a_card_says_where_when_and_for_how_much() -> None:
    line = line_of("speech", {**CARD, "cost_credit": 0.1})
    assert line == Line("speech", 2, "text_to_voice", "t2", "ours", 980.5, cost_credit=0.1, source="answer")
    assert line_of("speech", CARD).source == "unknown"


@pytest.mark.parametrize(("state", "failed"), [("failed", True), ("accepted", False), ("success", False)])
def test_a_card_says_whether_the_task_failed(state: str, failed: bool) -> None:
    assert line_of("speech", {**CARD, "state": state}).failed is failed


def test_only_wanted_entries_with_a_number_are_charges() -> None:
    log: list[dict[str, Any]] = [
        {"taskId": "t1", "costCredit": 5},
        {"taskId": "t2", "costCredit": "0.1"},
        {"taskId": "t1", "costCredit": -5},
        {"taskId": "t1", "costCredit": None},
        {"taskId": "t2", "costCredit": "free"},
        {"taskId": "t3", "costCredit": 7},
        {"costCredit": 7},
    ]
    assert charges_of(log, {"t1", "t2", "t4"}) == {"t1": [5, -5], "t2": [0.1]}


def test_a_table_has_a_row_for_each_task_however_often_it_is_mapped() -> None:
    lines = [replace(SPEECH, map_index=place, topview_task_id=f"s{place}") for place in range(12)]
    shown = table(settled([FIRST, *lines], {"t1": [5, 0.25], "s4": [0.1]})).splitlines()
    assert [row.split() for row in shown] == [
        ["task", "times", "credits", "unknown"],
        ["video", "(marketing_video)", "1", "5.25", "0"],
        ["speech", "(text_to_voice)", "12", "0.1", "11"],
        ["total", "13", "5.35", "11"],
    ]
    assert len({len(row) for row in shown}) == 1
