"""The two routes of the plugin, asked over HTTP in a real API server of Airflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from tests.plugin.conftest import RUN, Visitor
from tests.plugin.guard import CLOSED
from topview_provider.catalog import FAMILIES
from topview_provider.standin.server import StandIn

Buy = Callable[..., dict[str, Any]]
QUERY = FAMILIES["marketing_video"].query


def route(output: str = "video", *, dag_id: str = "open", task_id: str = "video", map_index: int = -1) -> str:
    return f"/topview/result/{dag_id}/{quote(RUN, safe='')}/{task_id}/{map_index}/{output}"


def asked(topview: StandIn) -> int:
    """Return how often TopView was asked about a task."""
    return len(topview.requests(QUERY))


def test_the_route_leads_to_the_file_by_an_address_that_was_signed_just_now(
    viewer: Visitor, topview: StandIn, bought: Buy
) -> None:
    bought()
    topview.advance(90_000)
    answer = viewer.get(route())
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
    assert answer.headers["Location"].startswith(f"{topview.url}/")
    film = requests.get(answer.headers["Location"], timeout=30)
    assert (film.status_code, film.content[4:8]) == (200, b"ftyp")
    cover = requests.get(viewer.get(route("cover")).headers["Location"], timeout=30)
    assert cover.headers["Content-Type"] == "image/jpeg"


def test_topview_is_asked_once_a_minute_unless_the_address_did_not_work(
    viewer: Visitor, topview: StandIn, bought: Buy
) -> None:
    bought()
    before = asked(topview)
    first, second = (viewer.get(route()).headers["Location"] for _ in range(2))
    assert (first, asked(topview)) == (second, before + 1)
    anew = viewer.get(f"{route()}?anew=true").headers["Location"]
    assert urlsplit(anew).path == urlsplit(first).path
    assert (anew != first, asked(topview)) == (True, before + 2)


def test_each_mapped_task_leads_to_its_own_file(viewer: Visitor, bought: Buy) -> None:
    for index in (0, 1):
        bought(task_id="many", map_index=index)
    first, second = (viewer.get(route(task_id="many", map_index=index)).headers["Location"] for index in (0, 1))
    assert urlsplit(first).path != urlsplit(second).path


@pytest.mark.parametrize("path", [route(dag_id=CLOSED), "/topview/credits", "/topview/credits/topview_default"])
def test_who_has_not_logged_in_is_told_so(path: str, server: Any, bought: Buy) -> None:
    bought(dag_id=CLOSED)
    assert Visitor(server.url).get(path).status_code == 401


def test_who_may_not_see_the_dag_gets_nothing_and_topview_is_not_asked(
    outsider: Visitor, viewer: Visitor, topview: StandIn, bought: Buy
) -> None:
    bought(dag_id=CLOSED)
    before = asked(topview)
    assert outsider.get(route(dag_id=CLOSED)).status_code == 403
    assert asked(topview) == before
    assert viewer.get(route(dag_id=CLOSED)).status_code == 302
    assert outsider.get(route(dag_id=CLOSED)).status_code == 403, "what is remembered is no way around"


def test_a_name_in_the_query_string_is_no_way_to_another_dag(outsider: Visitor, bought: Buy) -> None:
    bought(dag_id=CLOSED)
    assert outsider.get(f"{route(dag_id=CLOSED)}?dag_id=open").status_code == 403
    assert outsider.get(route(dag_id="~")).status_code == 404
    assert outsider.get(f"/topview/result/open/x%2F..%2F..%2Fclosed/{RUN}/video/-1/video").status_code == 404


def test_credits_are_for_those_who_may_read_connections(
    admin: Visitor, viewer: Visitor, outsider: Visitor, topview: StandIn
) -> None:
    found = admin.get("/topview/credits").json()
    assert found == {"connection_id": "topview_default", "credits": topview.stats()["credits"]}
    for somebody in (viewer, outsider):
        assert somebody.get("/topview/credits").status_code == 403
        assert somebody.get("/topview/credits/topview_default").status_code == 403


def test_credits_are_asked_for_once_a_minute(admin: Visitor, topview: StandIn) -> None:
    admin.get("/topview/credits/topview_default")
    before = len(topview.requests("/user/credit/detail"))
    admin.get("/topview/credits/topview_default")
    admin.get("/topview/credits")
    assert len(topview.requests("/user/credit/detail")) == before


def test_the_password_of_a_connection_of_another_type_is_sent_nowhere(
    admin: Visitor, topview: StandIn, bought: Buy
) -> None:
    bought(topview_conn_id="other")
    before = len(topview.requests())
    answers = [admin.get("/topview/credits/other"), admin.get(route())]
    assert [answer.status_code for answer in answers] == [502, 502]
    assert "TopviewConnectionInvalid" in answers[0].json()["detail"]
    assert len(topview.requests()) == before


@pytest.mark.parametrize(
    ("conn_id", "status", "words"),
    [
        ("wrong", 502, "TopView could not be asked (TopviewAuthError)"),
        ("nowhere", 502, "TopView could not be asked (TopviewConnectionInvalid)"),
    ],
)
def test_who_cannot_be_asked_is_said_in_few_words(
    conn_id: str, status: int, words: str, viewer: Visitor, bought: Buy
) -> None:
    bought(topview_conn_id=conn_id)
    answer = viewer.get(route())
    assert (answer.status_code, answer.json()["detail"]) == (status, words)


def test_a_task_without_anything_from_topview_has_no_result(viewer: Visitor, admin: Visitor) -> None:
    for path in (route(), route(dag_id="unknown"), route(task_id="unknown"), route(map_index=7)):
        assert viewer.get(path).status_code == 404, path


@pytest.mark.parametrize(
    "value",
    [{"family": "from_tomorrow"}, {"topview_task_id": None, "family": None}, {"topview_conn_id": 7, "family": "x"}],
    ids=str,
)
def test_a_card_that_is_none_is_no_error_of_the_server(value: dict[str, Any], viewer: Visitor, bought: Buy) -> None:
    bought(**value)
    answer = viewer.get(route())
    assert (answer.status_code, answer.json()["detail"]) == (404, "This task holds no card that this release reads")


def test_an_output_that_the_task_does_not_have_is_not_there(viewer: Visitor, bought: Buy) -> None:
    bought()
    for path in (route("audio"), f"{route()}?index=1", f"{route()}?index=-1"):
        assert viewer.get(path).status_code == 404
    assert viewer.get(f"{route()}?index=x").status_code == 422


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [("never-ends", 409, "The task is not done yet"), ("fail", 410, "The task failed")],
)
def test_a_task_without_a_file_says_why(
    fault: str, status: int, words: str, viewer: Visitor, topview: StandIn, bought: Buy
) -> None:
    bought(state="accepted")
    topview.fault(fault, match={"family": "marketing_video"}, times=-1)
    answer = viewer.get(route())
    assert (answer.status_code, answer.json()["detail"]) == (status, words)


def test_a_task_that_topview_forgot_says_so(viewer: Visitor, bought: Buy) -> None:
    bought(topview_task_id="0" * 32)
    assert viewer.get(route()).json()["detail"] == "TopView does not know this task any more"


def test_who_follows_a_link_too_early_is_led_to_the_page_of_the_task(viewer: Visitor, bought: Buy) -> None:
    bought(topview_task_id="0" * 32)
    answer = viewer.get(route(), headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.status_code == 302
    page = f"/topview/www/task.html?dag_id=open&run_id={quote(RUN, safe='')}&task_id=video&map_index=-1"
    assert answer.headers["Location"] == page
    assert viewer.get(page).status_code == 200
