"""What people see of TopView in Airflow's UI, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.ui.conftest import LIMIT, PHONE, WIDE, playwright
from tools.rest import DagRun
from topview_provider.standin.server import StandIn

Tab, Take = Callable[..., Any], Callable[[Any, str], None]

EVIL_NAME = '<img src=x onerror="top.hit=1;window.hit=1">'
EVIL_ERROR = "</p><script>top.hit=2</script><svg onload=top.hit=3> no face found"


def expect(locator: Any) -> Any:
    return playwright.expect(locator)


def task_path(run: DagRun, task_id: str, map_index: int = -1, tab: str = "/plugin/topview") -> str:
    mapped = "" if map_index < 0 else f"/mapped/{map_index}"
    return f"/dags/{run.dag_id}/runs/{quote(run.run_id, safe='')}/tasks/{task_id}{mapped}{tab}"


def frame(page: Any) -> Any:
    """Return our page inside of Airflow's."""
    return page.frame_locator("iframe[title=TopView]")


def plays(page: Any, kind: str = "video") -> dict[str, Any]:
    """Play the first film or sound of our page, inside of Airflow's or by itself, and return what the player knows."""
    place = page if "/topview/www/" in page.url else frame(page)
    media = place.locator(f".media {kind}").first
    media.wait_for()
    found: dict[str, Any] = media.evaluate(
        """async (media) => {
            media.muted = true;
            await new Promise((done) => {
                const look = () => (media.readyState >= 2 && media.currentTime > 0 ? done() : setTimeout(look, 50));
                media.addEventListener("canplay", () => media.play());
                media.play().catch(() => {});
                look();
            });
            return { readyState: media.readyState, videoWidth: media.videoWidth, source: media.currentSrc };
        }"""
    )
    return found


def held(topview: StandIn, link: str) -> None:
    """Let the video of a link be made until the faults are cleared."""
    topview.fault("unknown-status", value="running", match={"productLink": link}, times=-1)


@pytest.fixture(scope="module")
def quickstart(begin: Callable[..., DagRun], topview: StandIn, tmp_path_factory: pytest.TempPathFactory) -> DagRun:
    """A run of the quickstart that has just begun, and is held there."""
    link, folder = "https://shop.example/blue-mug", tmp_path_factory.mktemp("videos")
    held(topview, link)
    return begin("topview_marketing_video", product_link=link, folder=str(folder))


@pytest.fixture(scope="module")
def done(quickstart: DagRun, topview: StandIn) -> DagRun:
    """The run of the quickstart when it is done."""
    topview.clear_faults()
    assert quickstart.wait(limit=LIMIT * 2) == "success"
    return quickstart


@pytest.fixture(scope="module")
def shop(begin: Callable[..., DagRun], topview: StandIn) -> DagRun:
    """A finished run with every kind of result, hostile words among them."""
    topview.fault("fail", match={"productName": EVIL_NAME + " broken"}, message=EVIL_ERROR, times=-1)
    run = begin("ui_shop", name=EVIL_NAME, broken=EVIL_NAME + " broken")
    assert run.wait(limit=LIMIT * 2) == "failed"
    assert {task.name for task in run.tasks() if task.state == "failed"} == {"broken"}
    return run


def test_a_gallery_without_results_says_what_to_do(tab: Tab, picture: Take) -> None:
    page = tab("/plugin/topview-gallery")
    expect(frame(page).get_by_text("No results yet.")).to_be_visible()
    expect(frame(page).get_by_text("500 credits left")).to_be_visible()
    picture(page, "gallery-empty-light-wide")


def test_a_task_is_seen_while_it_is_deferred_then_done_and_its_video_plays(
    quickstart: DagRun, topview: StandIn, tab: Tab, picture: Take
) -> None:
    quickstart.wait_for_task("make_video", "deferred", limit=LIMIT)
    page = tab(task_path(quickstart, "make_video", tab="/details"))
    button = page.get_by_role("link", name="TopView task", exact=True)
    expect(page.get_by_role("link", name="Result", exact=True)).to_be_visible()
    picture(page, "details-deferred-light-wide")
    button.click()
    expect(frame(page).get_by_text("Being made at TopView")).to_be_visible()
    expect(frame(page).get_by_text("usually done after 8 min")).to_be_visible()
    picture(page, "task-deferred-light-wide")
    topview.clear_faults()
    assert quickstart.wait(limit=LIMIT * 2) == "success"
    expect(frame(page).get_by_text("Done", exact=True)).to_be_visible()
    found = plays(page)
    assert found["readyState"] >= 2
    assert found["videoWidth"] > 0
    picture(page, "task-done-light-wide")


def test_the_video_plays_though_the_first_address_had_expired(done: DagRun, topview: StandIn, tab: Tab) -> None:
    topview.fault("expired-url", path="*.mp4*", times=1)
    found = plays(tab(task_path(done, "make_video")))
    assert found["videoWidth"] > 0
    assert [fault for fault in topview.faults() if fault["kind"] == "expired-url"][-1]["hits"] == 1


def test_the_tab_is_dark_where_airflow_is(done: DagRun, tab: Tab, picture: Take) -> None:
    page = tab(task_path(done, "make_video"), theme="dark")
    assert plays(page)["videoWidth"] > 0
    assert frame(page).locator("html").get_attribute("data-theme") == "dark"
    picture(page, "task-done-dark-wide")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_by_itself_the_page_fits_a_phone(theme: str, done: DagRun, tab: Tab, picture: Take) -> None:
    page = tab(task_path(done, "make_video"), theme=theme)
    frame(page).get_by_role("link", name="Open by itself").click()
    page.wait_for_url("**/topview/www/task.html**")
    page.set_viewport_size(PHONE)
    assert plays(page)["videoWidth"] > 0
    assert page.locator("html").get_attribute("data-theme") == theme
    assert page.locator("html").evaluate("(root) => root.scrollWidth <= root.clientWidth")
    picture(page, f"task-done-{theme}-phone")
    page.get_by_role("link", name="Back to Airflow").click()
    page.wait_for_url(f"**{task_path(done, 'make_video', tab='')}")


def test_the_button_leads_to_the_file_itself(done: DagRun, topview: StandIn, tab: Tab) -> None:
    page = tab(task_path(done, "make_video", tab="/details"))
    address = page.get_by_role("link", name="Result", exact=True).get_attribute("href")
    answer = page.request.get(page.url.split("/dags/")[0] + address)
    assert (answer.status, answer.body()[4:8]) == (200, b"ftyp")
    assert answer.url.startswith(topview.url)


def test_pictures_and_sound_are_shown_too(shop: DagRun, tab: Tab, picture: Take) -> None:
    page = tab(task_path(shop, "picture"))
    for place in (0, 1):
        shown = frame(page).locator(".media img").nth(place)
        shown.wait_for()
        page.wait_for_function("(image) => image.complete && image.naturalWidth > 0", arg=shown.element_handle())
    picture(page, "task-picture-light-wide")
    page = tab(task_path(shop, "speech"))
    assert plays(page, "audio")["readyState"] >= 2
    picture(page, "task-audio-light-wide")


@pytest.mark.parametrize(("map_index", "product"), [(0, "Red kettle"), (1, "Blue mug")])
def test_each_mapped_task_shows_its_own_video(map_index: int, product: str, shop: DagRun, tab: Tab) -> None:
    page = tab(task_path(shop, "mapped", map_index))
    expect(frame(page).get_by_role("heading", level=1)).to_contain_text(product)
    assert f"/mapped/{map_index}/" in plays(page)["source"] or plays(page)["videoWidth"] > 0


def test_a_sensor_shows_what_it_waited_for(shop: DagRun, tab: Tab) -> None:
    assert plays(tab(task_path(shop, "waited")))["videoWidth"] > 0
    expect(frame(tab(task_path(shop, "left"))).get_by_text("Accepted by TopView")).to_be_visible()


def test_a_task_of_somebody_else_has_a_friendly_empty_tab(shop: DagRun, tab: Tab, picture: Take) -> None:
    page = tab(task_path(shop, "other"))
    expect(frame(page).get_by_text("This task did not ask TopView for anything.")).to_be_visible()
    picture(page, "task-empty-light-wide")


def test_hostile_names_and_errors_stay_text(shop: DagRun, tab: Tab, picture: Take) -> None:
    for task_id, words in (("film", EVIL_NAME), ("broken", EVIL_ERROR)):
        page = tab(task_path(shop, task_id))
        expect(frame(page).get_by_text(words).first).to_be_visible()
        picture(page, f"task-{task_id}-hostile-light-wide")
        assert hits(page) == []
    page = tab("/plugin/topview-gallery")
    for words in (EVIL_NAME, EVIL_ERROR):
        expect(frame(page).get_by_text(words).first).to_be_visible()
    assert hits(page) == []


def hits(page: Any) -> list[Any]:
    """Return what a script of somebody else left behind in any frame."""
    assert frame(page).locator("img[src=x], script:not([src]), svg").count() == 0
    return [one for one in (part.evaluate("window.hit ?? null") for part in page.frames) if one]


@pytest.mark.parametrize(
    ("theme", "size", "name"),
    [
        ("light", WIDE, "light-wide"),
        ("dark", WIDE, "dark-wide"),
        ("light", PHONE, "light-phone"),
        ("dark", PHONE, "dark-phone"),
    ],
)
def test_the_gallery_shows_results_of_all_dags_and_the_credits(
    theme: str,
    size: dict[str, int],
    name: str,
    done: DagRun,
    shop: DagRun,
    topview: StandIn,
    tab: Tab,
    picture: Take,
) -> None:
    page = tab("/plugin/topview-gallery", theme=theme, size=size)
    inside = frame(page)
    expect(inside.get_by_text("credits left")).to_contain_text(f"{topview.stats()['credits']:g} credits left")
    expect(inside.locator(".tile")).to_have_count(8)
    assert inside.locator("html").evaluate("(root) => root.scrollWidth <= root.clientWidth")
    posters = inside.locator(".picture img")
    for place in range(posters.count()):
        posters.nth(place).scroll_into_view_if_needed()
        loaded = "(image) => image.decode().then(() => image.naturalWidth)"
        assert posters.nth(place).evaluate(loaded) > 0
    inside.locator("h1").scroll_into_view_if_needed()
    picture(page, f"gallery-{name}")


def test_a_tile_leads_to_the_task_in_airflow(done: DagRun, shop: DagRun, tab: Tab) -> None:
    page = tab("/plugin/topview-gallery")
    frame(page).locator(".tile a", has_text="mapped [1]").click()
    page.wait_for_url(f"**{task_path(shop, 'mapped', 1)}")
    expect(frame(page).get_by_role("heading", level=1)).to_contain_text("Blue mug")


def test_the_gallery_shows_what_runs_now(
    begin: Callable[..., DagRun], topview: StandIn, tab: Tab, picture: Take, tmp_path: Path
) -> None:
    link = "https://shop.example/green-vase"
    held(topview, link)
    run = begin("topview_marketing_video", product_link=link, folder=str(tmp_path))
    run.wait_for_task("make_video", "deferred", limit=LIMIT)
    page = tab("/plugin/topview-gallery")
    expect(frame(page).locator("#running li")).to_contain_text("usually done after 8 min")
    frame(page).locator(".tile").first.wait_for()
    picture(page, "gallery-running-light-wide")
    topview.clear_faults()
    assert run.wait(limit=LIMIT * 2) == "success"
    expect(frame(page).get_by_text("Nothing runs at TopView now.")).to_be_visible()


def test_the_navigation_leads_to_the_gallery(tab: Tab) -> None:
    page = tab("/")
    page.get_by_role("link", name="TopView").click()
    page.wait_for_url("**/plugin/topview-gallery**")
    expect(frame(page).get_by_role("heading", name="Last results")).to_be_visible()
