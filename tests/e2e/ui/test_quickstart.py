"""The quickstart in Airflow's UI: its form is filled in, its task is seen deferred, then green, and its video plays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.ui.conftest import LIMIT
from tests.e2e.ui.screens import (
    PHONE,
    answer,
    expect,
    field,
    frame,
    plays,
    press_trigger,
    state,
    task_path,
    trigger_form,
)
from tools.rest import DagRun
from tools.stack import AirflowStack
from topview_provider.standin.server import StandIn

Tab, Take = Callable[[str], Any], Callable[..., None]

DAG_ID = "topview_marketing_video"
LINK = "https://shop.example/blue-mug"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the videos land."""
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def quickstart(
    window: Any, airflow: AirflowStack, connected: None, begun: dict[str, DagRun], topview: StandIn, folder: Path
) -> DagRun:
    """A run that a person has just triggered in the form, and that is held until the faults are cleared."""
    topview.fault("unknown-status", value="running", match={"productLink": LINK}, times=-1)
    airflow.api.wait_for_dag(DAG_ID, limit=LIMIT)
    with window.new_page() as page:
        page.goto(f"/dags/{DAG_ID}")
        dialog = trigger_form(page)
        answer(dialog, "Product", "Product link", LINK)
        answer(dialog, "Result", "Folder", str(folder))
        return press_trigger(page, dialog, airflow.api)


@pytest.fixture(scope="module")
def done(quickstart: DagRun, shop: DagRun, topview: StandIn) -> DagRun:
    """The same run when it is done; the shop needs its faults until it is done too."""
    topview.clear_faults()
    assert quickstart.wait(limit=LIMIT * 2) == "success"
    return quickstart


def test_the_form_says_what_belongs_in_it(airflow: AirflowStack, tab: Tab, pictures: Take) -> None:
    airflow.api.wait_for_dag(DAG_ID, limit=LIMIT)
    params = airflow.api.get(f"/dags/{DAG_ID}/details")["params"]
    page = tab(f"/dags/{DAG_ID}")
    dialog = trigger_form(page)
    for section in dict.fromkeys(param["schema"]["section"] for param in params.values()):
        dialog.get_by_role("button", name=section, exact=True).click()
        for param in (param for param in params.values() if param["schema"]["section"] == section):
            expect(field(dialog, param["schema"]["title"])).to_be_attached()
            if help_text := param["description"]:
                expect(dialog.get_by_text(help_text).first).to_be_visible()
    answer(dialog, "Product", "Product link", LINK)
    pictures(page, "trigger-form", own=False)


def test_the_gallery_shows_what_runs_now(quickstart: DagRun, tab: Tab, pictures: Take) -> None:
    quickstart.wait_for_task("make_video", "deferred", limit=LIMIT)
    page = tab("/plugin/topview-gallery")
    expect(running(page)).to_contain_text("usually done after 8 min")
    pictures(page, "gallery-running")


def running(page: Any) -> Any:
    """Return the line of the gallery about what the quickstart makes now."""
    return frame(page).locator("#running li").filter(has_text=LINK)


def test_a_task_is_seen_while_it_is_deferred_then_green_and_its_video_plays(
    quickstart: DagRun, shop: DagRun, folder: Path, topview: StandIn, tab: Tab, pictures: Take, picture: Take
) -> None:
    quickstart.wait_for_task("make_video", "deferred", limit=LIMIT)
    page = tab(task_path(quickstart, "make_video", tab="/details"))
    expect(state(page, "Deferred")).to_be_visible()
    expect(page.get_by_role("link", name="Result", exact=True)).to_be_visible()
    picture(page, "details-deferred-light-wide")
    page.get_by_role("link", name="TopView task", exact=True).click()
    expect(frame(page).get_by_text("Being made at TopView")).to_be_visible()
    expect(frame(page).get_by_text("usually done after 8 min")).to_be_visible()
    picture(page, "task-deferred-light-wide")
    topview.clear_faults()
    assert quickstart.wait(limit=LIMIT * 2) == "success"
    expect(frame(page).get_by_text("Done", exact=True)).to_be_visible()
    expect(state(page, "Success")).to_be_visible()
    found = plays(page)
    assert found["readyState"] >= 2
    assert found["videoWidth"] > 0
    pictures(page, "task-done", phone=False)
    assert [path.suffix for path in folder.iterdir()] == [".mp4"]


def test_the_video_plays_though_the_first_address_had_expired(done: DagRun, topview: StandIn, tab: Tab) -> None:
    topview.fault("expired-url", path="*.mp4*", times=1)
    found = plays(tab(task_path(done, "make_video")))
    assert found["videoWidth"] > 0
    assert [fault for fault in topview.faults() if fault["kind"] == "expired-url"][-1]["hits"] == 1


def test_by_itself_the_page_fits_a_phone(done: DagRun, tab: Tab, pictures: Take) -> None:
    page = tab(task_path(done, "make_video"))
    frame(page).get_by_role("link", name="Open by itself").click()
    page.wait_for_url("**/topview/www/task.html**")
    page.set_viewport_size(PHONE)
    assert plays(page)["videoWidth"] > 0
    pictures(page, "task-alone")
    page.get_by_role("link", name="Back to Airflow").click()
    page.wait_for_url(f"**{task_path(done, 'make_video', tab='')}")


def test_the_button_leads_to_the_file_itself(done: DagRun, topview: StandIn, tab: Tab) -> None:
    page = tab(task_path(done, "make_video", tab="/details"))
    address = page.get_by_role("link", name="Result", exact=True).get_attribute("href")
    reply = page.request.get(address)
    assert (reply.status, reply.body()[4:8]) == (200, b"ftyp")
    assert reply.url.startswith(topview.url)


def test_what_is_done_runs_no_more_and_has_its_tile(done: DagRun, tab: Tab) -> None:
    page = tab("/plugin/topview-gallery")
    expect(frame(page).locator(".tile").filter(has_text=f"{DAG_ID} › make_video")).to_be_visible()
    expect(running(page)).to_have_count(0)
