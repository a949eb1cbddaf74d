"""The tab of a task and the gallery, for every kind of result, hostile words among them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.ui.conftest import EVIL_ERROR, EVIL_NAME
from tests.e2e.ui.screens import expect, frame, hits, plays, task_path
from tools.rest import DagRun

Tab, Take = Callable[[str], Any], Callable[..., None]

SHOWN = ("Red kettle", "Blue mug", "Green vase", "Remove background", "Text to voice", EVIL_ERROR)


def test_pictures_are_shown(shop: DagRun, tab: Tab, picture: Take) -> None:
    page = tab(task_path(shop, "picture"))
    for place in (0, 1):
        shown = frame(page).locator(".media img").nth(place)
        shown.wait_for()
        page.wait_for_function("(image) => image.complete && image.naturalWidth > 0", arg=shown.element_handle())
    picture(page, "task-picture-light-wide")


def test_sound_is_played(shop: DagRun, tab: Tab, picture: Take) -> None:
    page = tab(task_path(shop, "speech"))
    assert plays(page, "audio")["readyState"] >= 2
    picture(page, "task-audio-light-wide")


@pytest.mark.parametrize(("map_index", "product"), [(0, "Red kettle"), (1, "Blue mug")])
def test_each_mapped_task_shows_its_own_video(map_index: int, product: str, shop: DagRun, tab: Tab) -> None:
    page = tab(task_path(shop, "mapped", map_index))
    expect(frame(page).get_by_role("heading", level=1)).to_contain_text(product)
    assert plays(page)["videoWidth"] > 0


def test_a_sensor_shows_what_it_waited_for(shop: DagRun, tab: Tab) -> None:
    assert plays(tab(task_path(shop, "waited")))["videoWidth"] > 0
    expect(frame(tab(task_path(shop, "left"))).get_by_text("Accepted by TopView")).to_be_visible()


def test_a_task_of_somebody_else_has_a_friendly_empty_tab(shop: DagRun, tab: Tab, picture: Take) -> None:
    page = tab(task_path(shop, "other"))
    expect(frame(page).get_by_text("This task did not ask TopView for anything.")).to_be_visible()
    picture(page, "task-empty-light-wide")


@pytest.mark.parametrize("map_index", [0, 1])
def test_an_xcom_of_our_name_that_is_no_card_counts_as_none(map_index: int, shop: DagRun, tab: Tab) -> None:
    page = tab(task_path(shop, "foreign", map_index))
    expect(frame(page).get_by_text("This task did not ask TopView for anything.")).to_be_visible()


@pytest.mark.parametrize(("task_id", "words"), [("film", EVIL_NAME), ("broken", EVIL_ERROR)])
def test_hostile_names_and_errors_stay_text_in_the_tab(
    task_id: str, words: str, shop: DagRun, tab: Tab, picture: Take
) -> None:
    page = tab(task_path(shop, task_id))
    expect(frame(page).get_by_text(words).first).to_be_visible()
    picture(page, f"task-{task_id}-hostile-light-wide")
    assert hits(page) == []


def test_the_gallery_shows_every_kind_of_result_as_text_and_the_credits(shop: DagRun, tab: Tab, pictures: Take) -> None:
    page = tab("/plugin/topview-gallery")
    inside = frame(page)
    expect(inside.get_by_text(re.compile(r"^\d+(\.\d+)? credits left$"))).to_be_visible()
    for words in SHOWN:
        expect(inside.locator(".tile").filter(has_text=words).first).to_be_visible()
    assert hits(page) == []
    posters = inside.locator(".picture img")
    for place in range(posters.count()):
        posters.nth(place).scroll_into_view_if_needed()
        assert posters.nth(place).evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    inside.locator("h1").scroll_into_view_if_needed()
    pictures(page, "gallery")


def test_a_tile_leads_to_the_task_in_airflow(shop: DagRun, tab: Tab) -> None:
    page = tab("/plugin/topview-gallery")
    frame(page).locator(".tile a", has_text="mapped [1]").click()
    page.wait_for_url(f"**{task_path(shop, 'mapped', 1)}")
    expect(frame(page).get_by_role("heading", level=1)).to_contain_text("Blue mug")


def test_the_navigation_leads_to_the_gallery(tab: Tab) -> None:
    page = tab("/")
    page.get_by_role("link", name="TopView").click()
    page.wait_for_url("**/plugin/topview-gallery**")
    expect(frame(page).get_by_role("heading", name="Last results")).to_be_visible()
