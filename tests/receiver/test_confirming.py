"""What TopView says about a task whose callback came: which family it is, how it ended, what the event holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.examples import minimal
from tests.contract.running import known, new_context, operator_class
from topview_provider.catalog import FAMILIES
from topview_provider.exceptions import TopviewAuthError
from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.script import TopviewMarketingVideoScriptUpdateOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator
from topview_provider.plugins.confirming import MOST, Confirmer, confirmed, meant
from topview_provider.plugins.notice import Notice
from topview_provider.standin.server import StandIn

FACTS = {"family", "topview_task_id", "topview_conn_id", "state", "error", "cost_credit", "items", "made"}
EXPORT, PREVIEW = "M2V_EXPORT", "M2V_PREVIEW"


@pytest.fixture
def service(connect: Callable[..., str]) -> Iterator[StandIn]:
    """A stand-in whose jobs are done at the first query."""
    with StandIn(seconds=0, any_file=True, credits=10_000, scripts=2) as service:
        connect(service)
        yield service


def bought(family: str, **words: Any) -> str:
    """Run a task of a family and return its id."""
    row = FAMILIES[family]
    task = operator_class(row)(task_id="t", **minimal(row, known(row)).arguments, **words)
    return str(task.execute(new_context())["topview_task_id"])


def end_of(topview_task_id: str, word: str, family: str = "") -> dict[str, Any] | None:
    return confirmed(TopviewHook(), Notice("u", word, topview_task_id, family))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_at_the_end_of_the_address_is_all_that_is_needed(family: str, service: StandIn) -> None:
    topview_task_id = bought(family)
    end = end_of(topview_task_id, "", family)
    assert end is not None
    assert set(end) == FACTS
    ids = (end["family"], end["topview_task_id"], end["topview_conn_id"])
    assert (*ids, end["state"], end["error"]) == (family, topview_task_id, "topview_default", "success", None)


@pytest.mark.parametrize("family", [name for name, row in FAMILIES.items() if row.callback])
def test_the_type_of_a_callback_leads_to_its_family(family: str, service: StandIn) -> None:
    row = FAMILIES[family]
    end = end_of(bought(family), row.callback)
    assert end is not None
    assert end["family"] == ("marketing_video" if row.callback == EXPORT else family)


def test_a_query_that_two_families_share_is_sent_once() -> None:
    assert [row.name for row in meant(Notice("u", EXPORT, "1"))] == ["marketing_video"]
    assert [row.name for row in meant(Notice("u", "PRODUCT_ANY_SHOOT", "1"))] == [
        "anyshoot_v1",
        "anyshoot_v2_product_model",
        "anyshoot_v2_product_background",
    ]


@pytest.mark.parametrize("word", ["", "M2V_SCRIPT", "FROM_TOMORROW", "scraper"])
def test_a_type_that_is_not_known_means_no_family(word: str) -> None:
    assert list(meant(Notice("u", word, "1"))) == []


def test_the_event_of_an_end_is_flat_and_holds_no_signed_address(service: StandIn) -> None:
    end = end_of(bought("photo_avatar"), "", "photo_avatar")
    assert end is not None
    assert end["cost_credit"] > 0
    assert all(value is None or isinstance(value, str | int | float) for value in end.values())
    assert "http" not in json.dumps(end)


def test_a_failure_is_an_end_too_and_says_why(service: StandIn, hook: TopviewHook) -> None:
    service.fault("fail", message="no face at https://files.example/x?Signature=abc")
    topview_task_id = hook.submit("scraper", {"productLink": "https://shop.example/p"})
    end = end_of(topview_task_id, "SCRAPER")
    assert end is not None
    assert (end["state"], end["error"]) == ("failed", "no face at https://files.example/x?…")


def test_a_task_that_runs_has_no_end_whatever_a_callback_says(service: StandIn, hook: TopviewHook) -> None:
    service.fault("never-ends", times=-1)
    topview_task_id = hook.submit("scraper", {"productLink": "https://shop.example/p"})
    assert end_of(topview_task_id, "SCRAPER") is None


@pytest.mark.parametrize("word", ["SCRAPER", "PRODUCT_ANY_SHOOT", "PRODUCT_AVATAR_IMAGE2VIDEO"])
def test_a_task_that_topview_does_not_know_has_no_end(word: str, service: StandIn) -> None:
    assert end_of("0" * 32, word) is None


def test_a_state_that_nobody_knows_is_no_end(service: StandIn) -> None:
    topview_task_id = bought("scraper")
    service.fault("unknown-status", times=-1)
    assert end_of(topview_task_id, "SCRAPER") is None


def test_a_key_that_is_refused_is_an_error(service: StandIn, hook: TopviewHook) -> None:
    topview_task_id = bought("scraper")
    service.rotate("another-key-than-before")
    with pytest.raises(TopviewAuthError):
        end_of(topview_task_id, "SCRAPER")


def test_preview_and_each_export_of_one_video_are_ends_of_their_own(service: StandIn) -> None:
    task = TopviewMarketingVideoOperator(task_id="p", product_link="https://shop.example/kettle", preview=True)
    topview_task_id = str(task.execute(new_context())["topview_task_id"])
    assert end_of(topview_task_id, EXPORT) is None
    ends = [end_of(topview_task_id, PREVIEW)]
    for text in ("first", "second"):
        TopviewMarketingVideoScriptUpdateOperator(
            task_id="u",
            topview_task_id=topview_task_id,
            script_id="0",
            script_contents=[{"segId": "0", "segText": text}],
        ).execute(new_context())
        TopviewMarketingVideoExportOperator(task_id="e", topview_task_id=topview_task_id).execute(new_context())
        ends += [end_of(topview_task_id, EXPORT), end_of(topview_task_id, EXPORT)]
    found = [(end["items"], end["made"]) for end in ends if end]
    assert [items for items, _ in found] == ["previewVideos", *["exportVideos"] * 4]
    assert found[1] == found[2]
    assert found[3] == found[4]
    assert len(set(found)) == 3


def test_what_waits_to_be_confirmed_is_bounded() -> None:
    confirmer = Confirmer("topview_default")
    confirmer._begun = True  # nobody works
    assert [confirmer.take(Notice("u", "SCRAPER", str(number))) for number in range(MOST + 1)] == [True] * MOST + [
        False
    ]
