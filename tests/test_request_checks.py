"""From arguments to a request: what is sent, what is left out, what is refused and in which words."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from topview_provider.catalog import Field, TaskFamily, family, listing
from topview_provider.catalog.check import MISSING, WRONG, Problem, build, check

TOY = TaskFamily(
    name="toy",
    title="Toy",
    submit="/toy/submit",
    query="/toy/query",
    fields=(
        Field("mode", choices=("a", "b"), default="a", send_default=True, required=True),
        Field("voiceId", required_when=({"mode": ("b",), "speaks": ("true",)},)),
        Field("speaks", "boolean"),
        Field("text", required_when=({"voiceId": ("",)},)),
        Field("linkUrl"),
        Field("fileIds", "array[string]"),
        Field("name", required=True),
    ),
    one_of=(("linkUrl", "fileIds"),),
    expected_seconds=1,
    poll_seconds=1,
    timeout_seconds=1,
)
GOOD = {"name": "n", "link_url": "https://x.example", "text": "t"}


def problems_of(arguments: dict[str, Any], extra: dict[str, Any] | None = None) -> list[str]:
    return [f"{problem.code} {problem.text}" for problem in build(TOY, arguments, extra)[1]]


def test_a_complete_request_has_no_problems_and_its_defaults_are_sent() -> None:
    body, problems = build(TOY, GOOD)

    assert problems == []
    assert body == {"mode": "a", "text": "t", "linkUrl": "https://x.example", "name": "n"}


@pytest.mark.parametrize("nothing", [None, "", "  ", [], {}, ()])
def test_what_is_empty_is_not_sent(nothing: Any) -> None:
    body, _ = build(TOY, {**GOOD, "file_ids": nothing, "mode": nothing})

    assert "fileIds" not in body
    assert body["mode"] == "a"


def test_an_empty_list_that_a_template_rendered_to_text_is_not_sent_either() -> None:
    body, problems = build(TOY, {**GOOD, "file_ids": "[]"})

    assert (problems, "fileIds" in body) == ([], False)


def test_a_missing_field_is_named() -> None:
    assert problems_of({**GOOD, "name": ""}) == [f"{MISSING} name is required and was not given"]


def test_a_missing_choice_names_what_is_allowed() -> None:
    assert problems_of(GOOD, {"mode": None}) == [
        f"{MISSING} mode is required and was not given; allowed: a, b",
    ]


def test_an_empty_group_names_each_of_its_fields() -> None:
    without = {"name": "n", "text": "t"}

    assert problems_of(without) == [
        f"{MISSING} give at least one of link_url or file_ids: link_url is empty, file_ids is empty"
    ]
    assert problems_of({**without, "file_ids": ["f"]}) == []


def test_a_condition_holds_only_when_all_its_fields_have_the_value() -> None:
    assert problems_of({**GOOD, "mode": "b"}) == []
    assert problems_of({**GOOD, "mode": "a", "speaks": True}) == []
    assert problems_of({**GOOD, "mode": "b", "speaks": "True"}) == [
        f"{MISSING} voice_id (voiceId) is required when mode is b and when speaks is true and was not given"
    ]


def test_a_condition_may_be_that_another_field_is_empty() -> None:
    bare = {"name": "n", "link_url": "https://x.example"}

    assert problems_of(bare) == [f"{MISSING} text is required when voice_id is empty and was not given"]
    assert problems_of({**bare, "voice_id": "v"}) == []


def test_a_wrong_value_is_named_with_both_names_and_what_is_allowed() -> None:
    assert problems_of({**GOOD, "mode": "z", "file_ids": 5}) == [
        f"{WRONG} mode: 'z' is not allowed; allowed: a, b",
        f"{WRONG} file_ids (fileIds): 5 is not a list",
    ]


def test_extra_is_laid_over_the_body_last_and_unchecked() -> None:
    body, problems = build(TOY, {**GOOD, "mode": "b"}, {"mode": "of tomorrow", "newKey": 0, "text": False})

    assert problems == []
    assert body == {"mode": "of tomorrow", "text": False, "linkUrl": "https://x.example", "name": "n", "newKey": 0}


def test_a_none_in_extra_removes_a_key_and_its_absence_is_noticed() -> None:
    body, problems = build(TOY, GOOD, {"linkUrl": None, "name": None})

    assert set(body) == {"mode", "text"}
    assert [problem.code for problem in problems] == [MISSING, MISSING]


def test_what_is_required_may_come_from_extra() -> None:
    assert problems_of({"text": "t"}, {"name": "n", "fileIds": ["f"]}) == []


def test_the_service_side_check_agrees_with_the_builder() -> None:
    body, _ = build(TOY, GOOD)

    assert check(TOY, body) == []
    assert [problem.text for problem in check(TOY, {**body, "mode": "z"})] == [
        "mode: 'z' is not allowed; allowed: a, b"
    ]
    assert check(TOY, {**body, "mode": "z"}, lenient=True) == []
    assert [problem.code for problem in check(TOY, {})] == [MISSING] * 4


def test_a_task_of_which_nothing_is_asked_is_refused() -> None:
    nothing = replace(TOY, fields=(Field("linkUrl"),), one_of=())

    assert build(nothing, {})[1] == [Problem(MISSING, "the request is empty")]
    assert build(nothing, {"link_url": "https://x.example"})[1] == []


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no task family 'nope'; known: .*marketing_video"):
        family("nope")
    with pytest.raises(KeyError, match=r"no list or action 'nope'; known: .*voice_list"):
        listing("nope")


def test_the_table_and_the_stand_in_load_without_airflow() -> None:
    code = (
        "import sys, topview_provider.catalog, topview_provider.standin.server\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] == 'airflow'))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (ran.stdout.strip(), ran.returncode) == ("[]", 0), ran.stderr


def test_what_came_over_the_wire_or_in_extra_may_be_the_word_none() -> None:
    body, problems = build(TOY, GOOD, {"text": "None"})

    assert (body["text"], problems) == ("None", [])
    assert check(TOY, body) == []
    assert [text.partition(";")[0] for text in problems_of({**GOOD, "text": "None"})] == [
        f"{WRONG} text: 'None' is no text to send"
    ]
