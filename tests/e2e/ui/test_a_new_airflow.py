"""What somebody sees who has just installed the provider: connection form, Test button, empty gallery; nothing ran."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.e2e.ui.screens import connection_form, expect, field, frame, press_test
from tools.stack import AirflowStack
from topview_provider.provider_info import EXTRA, LABELS, PLACEHOLDERS
from topview_provider.standin.server import StandIn

Tab, Take = Callable[[str], Any], Callable[..., None]


def test_the_connection_form_has_every_field_with_its_label_and_help(tab: Tab, pictures: Take, picture: Take) -> None:
    page = tab("/connections")
    dialog = connection_form(page, "topview_example")
    for name, words in PLACEHOLDERS.items():
        label = LABELS.get(name, name.capitalize())
        expect(field(dialog, label)).to_have_attribute("placeholder", words)
    assert field(dialog, "API key").get_attribute("type") == "password"
    expect(dialog.get_by_text("Schema", exact=True)).to_have_count(0)
    pictures(page, "connection-form", own=False)
    dialog.get_by_role("button", name="Extra Fields", exact=True).click()
    for entry in EXTRA.values():
        expect(dialog.get_by_text(entry["label"], exact=True).first).to_be_visible()
        expect(dialog.get_by_text(entry["description"], exact=True)).to_be_visible()
    picture(page, "connection-form-extra-light-wide")


def test_the_connection_made_in_the_form_holds_what_was_filled_in(connected: None, airflow: AirflowStack) -> None:
    found = airflow.api.get("/connections/topview_default")
    extra = json.loads(found["extra"])
    assert (found["conn_type"], found["host"], extra["poll_interval"]) == ("topview", "http://127.0.0.1", 0.5)
    assert {name for name in extra if name not in EXTRA} == set()


def test_the_test_button_tells_the_remaining_credits(connected: None, tab: Tab, picture: Take) -> None:
    page = tab("/connections")
    said = press_test(page, "topview_default")
    expect(said).to_contain_text("Test Connection Successful")
    expect(said).to_contain_text("500 credits remain for uid")
    picture(page, "connection-test-light-wide")


def test_the_test_button_says_that_a_key_is_wrong_and_what_to_do(
    connected: None, airflow: AirflowStack, topview: StandIn, tab: Tab, picture: Take
) -> None:
    host, _, port = topview.url.rpartition(":")
    wrong = {"connection_id": "topview_wrong", "conn_type": "topview", "login": topview.uid, "password": "not-the-key"}
    airflow.api.request("POST", "/api/v2/connections", json={**wrong, "host": host, "port": int(port)})
    page = tab("/connections")
    said = press_test(page, "topview_wrong")
    expect(said).to_contain_text("Test Connection Failed")
    expect(said).to_contain_text("check login (Topview-Uid) and password (API key)")
    picture(page, "connection-test-wrong-light-wide")


def test_a_gallery_without_results_says_what_to_do(connected: None, tab: Tab, pictures: Take) -> None:
    page = tab("/plugin/topview-gallery")
    expect(frame(page).get_by_text("No results yet.")).to_be_visible()
    expect(frame(page).get_by_text("500 credits left")).to_be_visible()
    pictures(page, "gallery-empty")
