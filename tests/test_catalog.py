"""The table: what a field makes of a user's value, what a request lacks, and that every row is well-formed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topview_provider.catalog import FAMILIES, LISTINGS, Field, FieldError
from topview_provider.catalog.check import fields_of
from topview_provider.catalog.fields import snake_case

SEGMENTS = Field(
    "segments",
    "array[object]",
    children=(
        Field("segId", "string|integer", required=True),
        Field("segText", required=True, max_length=5),
        Field("mood", choices=("calm",)),
    ),
)
ALL_ROWS = [*FAMILIES.values(), *LISTINGS.values()]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("kind", "given_value", "sent"),
    [
        ("string", "en", "en"),
        ("string", 5, "5"),
        ("string|integer", 1, "1"),
        ("string|integer", "1", "1"),
        ("integer", "5", 5),
        ("integer", " 5 ", 5),
        ("integer", 5.0, 5),
        ("number", "1.5", 1.5),
        ("number", "5", 5),
        ("number", 2.0, 2),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("boolean", 1, True),
        ("boolean", False, False),
        ("boolean|string", "1", True),
        ("string(bool)", True, "true"),
        ("string(bool)", "False", "false"),
        ("object", '{"a": 1}', {"a": 1}),
        ("object", "{'a': 1}", {"a": 1}),
        ("object", {"a": 1}, {"a": 1}),
        ("array[string]", ["a", "b"], ["a", "b"]),
        ("array[string]", ("a",), ["a"]),
        ("array[string]", "['a','b']", ["a", "b"]),
        ("array[string]", '["a"]', ["a"]),
        ("array[string]", "('a', 'b')", ["a", "b"]),
        ("array[string]", "bare", ["bare"]),
        ("array[string]", "[not a list", ["[not a list"]),
        ("array[string]", [1], ["1"]),
        ("array[integer]", '["1", 2]', [1, 2]),
        ("array[number]", "[1.5, '2']", [1.5, 2]),
        ("array[array[number]]", "[[1, 2], ['3']]", [[1, 2], [3]]),
        ("array", [{"any": "thing"}, 1], [{"any": "thing"}, 1]),
    ],
)
def test_a_field_turns_a_rendered_template_into_the_wire_type(kind: str, given_value: Any, sent: Any) -> None:
    made = Field("x", kind).to_wire(given_value)

    assert made == sent
    assert type(made) is type(sent)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (Field("x"), True, "True is not text"),
        (Field("x"), {"a": 1}, "{'a': 1} is not text"),
        (Field("x", "integer"), "five", "'five' is not a whole number"),
        (Field("x", "integer"), 1.5, "1.5 is not a whole number"),
        (Field("x", "integer"), True, "True is not a whole number"),
        (Field("x", "integer"), "None", "write {{ x or '' }} to leave the field out"),
        (Field("x", "number"), "None", "a template rendered nothing here"),
        (Field("x", "number"), "nan", "'nan' is not a number"),
        (Field("x", "number"), 10**400, "is not a number"),
        (Field("x", "boolean"), "yes", "'yes' is neither true nor false"),
        (Field("x", "boolean"), "None", "write {{ x or '' }}"),
        (Field("x", "string(bool)"), "2", "'2' is neither true nor false"),
        (Field("x", "object"), "text", "'text' is not an object"),
        (Field("x", "object"), [1], "[1] is not an object"),
        (Field("x", "array[string]"), 5, "5 is not a list"),
        (Field("x", "array[string]"), {"a": 1}, "{'a': 1} is not a list"),
        (Field("x", "array[string]"), [True], "True is not text"),
        (Field("x", choices=("a", "b")), "c", "'c' is not allowed; allowed: a, b"),
        (Field("x", "integer", choices=(1, 2)), "9", "9 is not allowed; allowed: 1, 2"),
        (Field("x", "array[string]", choices=("a",)), ["a", "b"], "'b' is not allowed; allowed: a"),
        (Field("x", "number", minimum=0.8, maximum=1.2), 2, "2 is out of range; allowed: 0.8 to 1.2"),
        (Field("x", "number", minimum=1), "0", "0 is out of range; allowed: 1 to inf"),
        (Field("x", max_length=3), "abcd", "4 characters are too many; allowed: at most 3"),
        (SEGMENTS, [{"segId": "0"}], "each entry needs 'segText'"),
        (SEGMENTS, '[{"segId": 0, "segText": "abcdef"}]', "segText: 6 characters are too many"),
        (SEGMENTS, ["text"], "'text' is not an object"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_is_allowed(field: Field, value: Any, words: str) -> None:
    with pytest.raises(FieldError) as caught:
        field.to_wire(value)

    assert words in str(caught.value)


@pytest.mark.parametrize("leftover", ["None", "undefined", " None "])
@pytest.mark.parametrize("kind", ["string", "string|integer", "array[string]", "array"])
def test_what_a_template_left_of_nothing_is_not_bought_as_a_text(kind: str, leftover: str) -> None:
    for value in (leftover, ["fine", leftover]) if kind.startswith("array") else (leftover,):
        with pytest.raises(FieldError, match=r"a template rendered nothing here, write \{\{ x or '' \}\}"):
            Field("x", kind).to_wire(value)
    with pytest.raises(FieldError, match=r"segText: .* rendered nothing"):
        SEGMENTS.to_wire([{"segId": "1", "segText": leftover}])


@pytest.mark.parametrize("text", ["None of us", "none", "null", "Undefined", "None\nof us"])
def test_a_text_that_only_looks_like_nothing_is_sent(text: str) -> None:
    assert Field("x").to_wire(text) == text


INDIA = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    "value",
    [
        datetime(2025, 1, 31, 8, 0, 5, 999_999, UTC),
        datetime(2025, 1, 31, 8, 0, 5),
        datetime(2025, 1, 31, 13, 30, 5, tzinfo=INDIA),
        pendulum.datetime(2025, 1, 31, 9, 0, 5, tz="Europe/Berlin"),
        pendulum.naive(2025, 1, 31, 8, 0, 5),
        "2025-01-31 08:00:05",
        " 2025-01-31T08:00:05Z ",
        "2025-01-31T13:30:05.25+05:30",
        "20250131T080005+0000",
    ],
    ids=str,
)
def test_a_moment_is_sent_in_utc_as_topview_spells_it(value: Any) -> None:
    assert Field("x", moment=True).to_wire(value) == "2025-01-31 08:00:05"


def test_a_day_begins_at_midnight_utc() -> None:
    assert Field("x", moment=True).to_wire("2025-01-31") == "2025-01-31 00:00:00"


@pytest.mark.parametrize(
    "value",
    ["yesterday", "31.01.2025", "2025-13-01", 5, True, [], date(2025, 1, 31), datetime.min.replace(tzinfo=INDIA), b"x"],
    ids=str,
)
def test_what_is_no_moment_is_refused_in_words(value: Any) -> None:
    with pytest.raises(FieldError, match="is no moment; give a datetime or a text like 2025-01-31 08:00:00"):
        Field("x", moment=True).to_wire(value)


def test_a_moment_that_a_template_left_empty_says_so() -> None:
    with pytest.raises(FieldError, match="a template rendered nothing here"):
        Field("x", moment=True).to_wire("None")


@given(value=ANYTHING | st.datetimes() | st.datetimes(timezones=st.timezones()) | st.datetimes().map(str))
def test_whatever_a_user_gives_as_a_moment_is_sent_as_one_or_refused(value: Any) -> None:
    try:
        sent = Field("x", moment=True).to_wire(value)
    except FieldError:
        return
    assert Field("x", moment=True).to_wire(sent) == sent
    assert len(sent) == len("2025-01-31 08:00:05")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        *[(value, "previewVideos") for value in (True, "true", "True", "1", 1, " TRUE ")],
        *[(value, "exportVideos") for value in (False, "false", "False", "0", 0, "", None)],
    ],
    ids=str,
)
def test_a_preview_is_told_from_an_export_by_a_strict_switch(value: Any, found: str) -> None:
    assert FAMILIES["marketing_video"].judge({"preview": value}) == {"items": found}


@pytest.mark.parametrize("value", ["yes", "2", "None", [True]])
def test_a_switch_that_is_neither_true_nor_false_is_refused(value: Any) -> None:
    with pytest.raises(FieldError, match=r"preview: .* is neither true nor false"):
        FAMILIES["marketing_video"].judge({"preview": value})
    assert FAMILIES["marketing_video_export"].judge({"preview": value}) == {"items": "exportVideos"}


def test_children_are_converted_and_unknown_ones_are_kept() -> None:
    sent = SEGMENTS.to_wire('[{"segId": 7, "segText": "hello", "more": 1, "mood": ""}]')

    assert sent == [{"segId": "7", "segText": "hello", "more": 1, "mood": ""}]


def test_a_lenient_field_lets_an_unknown_choice_pass_but_not_a_wrong_type() -> None:
    field = Field("x", "integer", choices=(1, 2))

    assert field.to_wire("9", lenient=True) == 9
    with pytest.raises(FieldError):
        field.to_wire("nine", lenient=True)


TYPES = sorted({field.type for row in ALL_ROWS for field in fields_of(row)} - {"bytes"} | {"array[number]"})


@given(kind=st.sampled_from(TYPES), value=ANYTHING | st.text("[]{}()'\":,1a ").map("[{}".format))
def test_whatever_a_user_gives_a_field_sends_it_or_says_what_is_wrong(kind: str, value: Any) -> None:
    try:
        answer = Field("x", kind).to_wire(value)
    except FieldError as error:
        answer = error

    assert isinstance(answer, list) == kind.startswith("array") or (isinstance(answer, FieldError) and str(answer))


@pytest.mark.parametrize(
    ("wire", "python"),
    [("productLink", "product_link"), ("ttsText", "tts_text"), ("isSave2CustomAiAvatar", "is_save2_custom_ai_avatar")],
)
def test_a_python_name_is_the_wire_name_in_snake_case(wire: str, python: str) -> None:
    assert snake_case(wire) == python
