"""A person approves the script of a preview in Airflow's form, with words of their own, before anything is paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.e2e.ui.conftest import LIMIT
from tests.e2e.ui.screens import answer_request, expect, field, task_path
from tools.rest import DagRun
from topview_provider.standin.server import StandIn

Tab, Take = Callable[[str], Any], Callable[..., None]

WORDS = "A lamp that a person wrote about & approved."


def test_the_words_of_an_edited_script_reach_topview_before_the_export_is_paid(
    begun: dict[str, DagRun], topview: StandIn, tab: Tab, pictures: Take, picture: Take
) -> None:
    approval = begun["topview_approval"]
    approval.wait_for_task("approve", "awaiting_input", "deferred", limit=LIMIT * 2)
    assert exports(topview) == []
    page = tab(task_path(approval, "approve", tab="/required_actions"))
    expect(field(page, "Segment 1 of 3")).not_to_have_value("")
    pictures(page, "approval-form", own=False, phone=False)
    answer_request(page, "Segment 1 of 3", WORDS, "Approve")
    assert approval.wait(limit=LIMIT * 2) == "success"
    picture(page, "approval-done-light-wide")
    paths = [entry["path"] for entry in topview.requests() if WORDS in str(entry["body"])]
    assert paths == ["/v1/m2v/script/update"]
    after = [entry["path"] for entry in topview.requests() if entry["method"] == "POST"]
    assert after.index("/v1/m2v/script/update") < after.index("/v1/m2v/export")
    assert len(exports(topview)) == 1


def exports(topview: StandIn) -> list[dict[str, Any]]:
    """Return the requests by which an export is bought."""
    return topview.requests("/v1/m2v/export")
