"""Airflow's pages and ours as far as these tests touch them: where a thing stands is said here only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

try:
    from playwright import sync_api as playwright
except ImportError:
    playwright = None

from tools.rest import AirflowApi, DagRun

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def expect(locator: Any) -> Any:
    """Return Playwright's assertions about a place."""
    return playwright.expect(locator)


def frame(page: Any) -> Any:
    """Return our page inside of Airflow's."""
    return page.frame_locator("iframe[title=TopView]")


def ours(page: Any) -> Any:
    """Return our page, inside of Airflow's or by itself; Airflow adds the address of a frame to its own."""
    return page if re.match("https?://[^/]+/topview/www/", page.url) else frame(page)


def task_path(run: DagRun, task_id: str, map_index: int = -1, tab: str = "/plugin/topview") -> str:
    """Return where Airflow shows a task instance; ``tab`` is one of its tabs."""
    mapped = "" if map_index < 0 else f"/mapped/{map_index}"
    return f"/dags/{run.dag_id}/runs/{quote(run.run_id, safe='')}/tasks/{task_id}{mapped}{tab}"


def state(page: Any, word: str) -> Any:
    """Return Airflow's badge with the state of what the page shows."""
    return page.get_by_text(word, exact=True).first


def answer(dialog: Any, section: str, label: str, text: str) -> None:
    """Fill in one field of a form with sections, of which Airflow opens one at a time."""
    opener = dialog.get_by_role("button", name=section, exact=True)
    if opener.get_attribute("aria-expanded") != "true":
        opener.click()
    field(dialog, label).fill(text)


def field(dialog: Any, label: str) -> Any:
    """Return the place for the answer beside a label: a group of Airflow's forms begins with its label."""
    beside = re.compile(rf"^\s*{re.escape(label)}")
    return dialog.get_by_role("group").filter(has_text=beside).locator("input, textarea").first


def connection_form(page: Any, conn_id: str) -> Any:
    """Open the form of a new TopView connection."""
    page.get_by_role("button", name="Add Connection").click()
    dialog = page.get_by_role("dialog")
    field(dialog, "Connection ID").fill(conn_id)
    dialog.get_by_role("combobox").click()
    page.get_by_role("option", name="TopView").click()
    return dialog


def create_connection(page: Any, conn_id: str, fields: Mapping[str, str], extra: Mapping[str, str]) -> None:
    """Make a connection as a person does: fields by their labels, those of the extra in the second section."""
    dialog = connection_form(page, conn_id)
    for label, text in fields.items():
        answer(dialog, "Standard Fields", label, text)
    for label, text in extra.items():
        answer(dialog, "Extra Fields", label, text)
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name=conn_id, exact=True)).to_be_visible()


def press_test(page: Any, conn_id: str) -> Any:
    """Press the Test button of a connection and return what Airflow says then."""
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name=conn_id, exact=True))
    row.get_by_role("button", name="Test Connection").click()
    return page.get_by_role("status").filter(has_text="Test Connection")


def trigger_form(page: Any) -> Any:
    """Open the form of the DAG that the page shows."""
    page.get_by_role("button", name="Trigger").click()
    return page.get_by_role("dialog")


def press_trigger(page: Any, dialog: Any, api: AirflowApi) -> DagRun:
    """Trigger the DAG with what was filled in, and return the run to which Airflow leads then."""
    dialog.get_by_role("button", name="Trigger", exact=True).click()
    page.wait_for_url("**/runs/**")
    found = re.search("/dags/([^/]+)/runs/([^/?]+)", page.url)
    assert found, page.url
    return DagRun(api, found[1], unquote(found[2]))


def answer_request(page: Any, label: str, text: str, option: str) -> None:
    """Fill in one field of what Airflow asks a person, choose an option, and wait until the answer is taken."""
    field(page, label).fill(text)
    page.get_by_role("button", name=option, exact=True).click()
    expect(page.get_by_role("status").filter(has_text="response successful")).to_be_visible()


def plays(page: Any, kind: str = "video") -> dict[str, Any]:
    """Play the first film or sound of our page, inside of Airflow's or by itself, and return what the player knows."""
    media = ours(page).locator(f".media {kind}").first
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


def hits(page: Any) -> list[Any]:
    """Return what a script of somebody else left behind in any frame."""
    assert frame(page).locator("img[src=x], script:not([src]), svg").count() == 0
    return [one for one in (part.evaluate("window.hit ?? null") for part in page.frames) if one]
