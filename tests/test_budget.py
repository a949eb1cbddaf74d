"""The most that a request can cost, and what is refused for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.running import new_context, submits
from topview_provider.budget import estimate, refuse_if_too_dear
from topview_provider.catalog import FAMILIES, TaskFamily
from topview_provider.catalog.nouns import PriceGuard
from topview_provider.exceptions import TopviewBudgetExceeded, TopviewInvalidRequest, TopviewRejected
from topview_provider.operators.voice import TopviewVoiceCloneOperator
from topview_provider.standin.server import StandIn

GUARDED = {name: row for name, row in FAMILIES.items() if row.price_guard}

BODIES: dict[str, list[tuple[dict[str, Any], float | None]]] = {
    "marketing_video": [({"preview": "true"}, 0), ({"preview": "false"}, None), ({}, None), ({"preview": "so"}, None)],
    "marketing_video_export": [({"taskId": "1", "scriptId": "0"}, 5)],
    "voice_clone": [({"originVoiceFileId": "f"}, 1)],
    "text_to_voice": [({"voiceText": "Hello", "voiceId": "v"}, 0.1)],
    "anyshoot_v1": [({"generatingCount": 3}, 3), ({}, 4), ({"generatingCount": "two"}, None)],
    "anyshoot_v2_product_model": [({"generatingCount": "2"}, 2), ({}, 4), ({"generatingCount": 0}, None)],
    "image_translate": [({"fileId": "f", "languages": ["French", "German"]}, 4)],
    "image_translate_batch": [({"fileIds": ["f", "g", "h"], "languages": ["French", "German"]}, 12), ({}, None)],
}
"""Bodies, as they go over the wire, and the most that each can cost; None where nobody knows."""


@pytest.mark.parametrize("row", GUARDED.values(), ids=lambda row: row.name)
def test_a_guard_names_fields_of_its_row_and_where_the_price_stands(row: TaskFamily) -> None:
    guard = row.price_guard
    assert guard is not None
    named = [row.field_of(wire) for wire in (*guard.times, *filter(None, [guard.free_if]))]
    assert all(named)
    assert guard.credits is None or guard.credits > 0
    assert guard.source.startswith("https://")
    assert len(guard.date) == len("2026-07")


def test_every_guard_is_tried() -> None:
    assert set(BODIES) == set(GUARDED)


@pytest.mark.parametrize(
    ("name", "body", "most"), [(name, *case) for name, cases in BODIES.items() for case in cases], ids=str
)
def test_the_most_that_a_body_can_cost(name: str, body: dict[str, Any], most: float | None) -> None:
    found = estimate(FAMILIES[name], body)
    assert (found.credits if found else None) == most


COUNT = st.integers(1, 4)
LANGUAGES = st.lists(st.sampled_from(["French", "German", "Hindi"]), min_size=1, max_size=30)
FILES = st.lists(st.just("f"), min_size=1, max_size=50)


@given(count=COUNT, said=st.booleans(), files=FILES, languages=LANGUAGES)
def test_an_estimate_is_never_below_what_the_documented_prices_make(
    count: int, said: bool, files: list[str], languages: list[str]
) -> None:
    """TopView may make as many pictures as it likes, up to four, where the request does not say how many."""
    shown = {"generatingCount": count} if said else {}
    cases: list[tuple[str, dict[str, Any], float]] = [
        ("anyshoot_v1", shown, 1.0 * count),
        ("anyshoot_v2_product_model", {key: str(value) for key, value in shown.items()}, 1.0 * count),
        ("image_translate", {"languages": languages}, 1 * len(languages) * 2),
        ("image_translate_batch", {"fileIds": files, "languages": languages}, len(files) * len(languages) * 2),
    ]
    for name, body, price in cases:
        found = estimate(FAMILIES[name], body)
        assert found is not None
        assert found.credits >= price


def test_what_is_too_dear_is_refused_with_the_reckoning() -> None:
    body = {"fileIds": ["f", "g", "h"], "languages": ["French", "German"]}
    with pytest.raises(TopviewBudgetExceeded) as refused:
        refuse_if_too_dear(FAMILIES["image_translate_batch"], body, 11)
    assert str(refused.value) == (
        "image_translate_batch was not sent to TopView: it may cost 12 credits, more than the 11 of max_credits. That "
        "is 2 x 3 (file_ids) x 2 (languages), by the prices of 2026-07 at https://docs.topview.ai. Raise max_credits, "
        "or ask for less"
    )
    assert isinstance(refused.value, TopviewRejected)
    assert isinstance(refused.value, AirflowFailException)


def test_a_count_that_is_left_out_is_called_so() -> None:
    with pytest.raises(TopviewBudgetExceeded, match=r"That is 1 x 4 \(the most, as count is left out\), by"):
        refuse_if_too_dear(FAMILIES["anyshoot_v1"], {}, 3)


def test_a_price_that_nobody_knows_is_refused_with_the_way_round_it() -> None:
    with pytest.raises(TopviewBudgetExceeded) as refused:
        refuse_if_too_dear(FAMILIES["video_avatar"], {}, "20")
    assert str(refused.value) == (
        "video_avatar was not sent to TopView: max_credits is 20, and nothing that TopView publishes says how much "
        "this request can cost at most (price: by mode and script length or audio length). max_credits_unknown='allow' "
        "sends it all the same"
    )
    with pytest.raises(TopviewBudgetExceeded, match=r"\(price: unknown\)"):
        refuse_if_too_dear(FAMILIES["remove_background"], {}, 20)


@pytest.mark.parametrize("nothing", [None, "", " "])
@pytest.mark.parametrize("row", FAMILIES.values(), ids=lambda row: row.name)
def test_without_a_limit_nothing_is_refused(row: TaskFamily, nothing: Any) -> None:
    refuse_if_too_dear(row, {}, nothing)


@pytest.mark.parametrize(
    ("name", "body", "limit", "unknown"),
    [
        ("voice_clone", {}, 1, "refuse"),
        ("voice_clone", {}, "1.0", "refuse"),
        ("marketing_video", {"preview": "true"}, 0, "refuse"),
        ("marketing_video", {}, 5, "allow"),
        ("video_avatar", {}, 0.5, "allow"),
        ("text_to_voice", {}, 0.1, "refuse"),
    ],
)
def test_what_is_within_the_limit_goes_through(name: str, body: dict[str, Any], limit: Any, unknown: str) -> None:
    refuse_if_too_dear(FAMILIES[name], body, limit, unknown)


def test_to_allow_the_unknown_does_not_allow_what_is_known_to_be_too_dear() -> None:
    with pytest.raises(TopviewBudgetExceeded, match=r"it may cost 1 credits, more than the 0\.5"):
        refuse_if_too_dear(FAMILIES["voice_clone"], {}, 0.5, "allow")


def test_three_times_a_tenth_is_within_a_limit_of_three_tenths() -> None:
    row = replace(FAMILIES["anyshoot_v1"], price_guard=PriceGuard(0.1, times=("generatingCount",)))
    refuse_if_too_dear(row, {"generatingCount": 3}, 0.3)


@pytest.mark.parametrize(
    ("limit", "unknown", "words"),
    [
        ("much", "refuse", "max_credits: 'much' is not a number"),
        (-1, "refuse", "max_credits: -1 is out of range; allowed: 0 to inf"),
        (True, "refuse", "max_credits: True is not a number"),
        (float("nan"), "allow", "max_credits: nan is not a number"),
        ("None", "refuse", "max_credits: 'None' is not a number; a template rendered nothing here"),
        (1, "ask", "max_credits_unknown: 'ask' is none of refuse, allow"),
        (None, None, "max_credits_unknown: None is none of refuse, allow"),
    ],
)
def test_a_wrong_limit_is_refused_in_words(limit: Any, unknown: Any, words: str) -> None:
    with pytest.raises(TopviewInvalidRequest) as refused:
        refuse_if_too_dear(FAMILIES["voice_clone"], {}, limit, unknown)
    assert str(refused.value).startswith(words)


def clone(**words: Any) -> Any:
    """Render a task operator that costs one credit."""
    task: Any = TopviewVoiceCloneOperator(task_id="clone", origin_voice_file_id="f", **words)
    task.render_template_fields({"params": {"limit": 0.5}})
    return task


def test_an_operator_refuses_what_is_too_dear_before_anything_is_sent(service: StandIn) -> None:
    with pytest.raises(TopviewBudgetExceeded, match=r"voice_clone .* may cost 1 credits, more than the 0\.5"):
        clone(max_credits="{{ params.limit }}").execute(new_context())
    assert submits(service, FAMILIES["voice_clone"]) == []


def test_what_is_paid_for_is_gone_on_with_whatever_the_limit_says_now(service: StandIn) -> None:
    context = new_context()
    bought = clone(max_credits=1).execute(context)
    again = new_context(context["task_state_store"], try_number=2, max_tries=1)
    assert clone(max_credits=0.5, retries=1).execute(again)["topview_task_id"] == bought["topview_task_id"]
    assert len(submits(service, FAMILIES["voice_clone"])) == 1
