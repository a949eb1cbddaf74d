"""Callbacks to a real API server of Airflow: what is true becomes an asset event, and nothing else does."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.plugin.conftest import Visitor
from tools.processes import until
from tools.stack import AirflowStack
from topview_provider.catalog import FAMILIES
from topview_provider.plugins.notice import LARGEST
from topview_provider.standin.server import StandIn

NEW, OLD = secrets.token_urlsafe(32), secrets.token_hex(32)
LIMIT = 10.0
QUERY = FAMILIES["scraper"].query
Events = Callable[[], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """Two secrets, as while one is replaced by the other."""
    return {"AIRFLOW__TOPVIEW__NOTICE_SECRET": f"{NEW}, {OLD}"}


@pytest.fixture
def events(admin: Visitor) -> Events:
    """What asks Airflow for the extras of all asset events."""

    def ask() -> list[dict[str, Any]]:
        answer = admin.get("/api/v2/assets/events?limit=100").json()
        return [{"uri": event["uri"], **event["extra"]} for event in answer["asset_events"]]

    return ask


@pytest.fixture
def said(server: AirflowStack) -> Callable[[str], None]:
    """What waits until the API server has logged something."""

    def wait(words: str) -> None:
        until(lambda: words in log_of(server), limit=LIMIT, what=f"the log says {words!r}")

    return wait


def log_of(server: AirflowStack) -> str:
    return (server.logs / "api-server.log").read_text(errors="replace")


def buy(topview: StandIn, url: str, family: str = "scraper", **body: Any) -> str:
    """Submit a task with a callback address and return its id."""
    body = {"productLink": "https://shop.example/p", "noticeUrl": url, **body}
    answer = requests.post(topview.url + FAMILIES[family].submit, json=body, headers=topview.headers, timeout=30)
    return str(answer.json()["result"]["taskId"])


def address(server: AirflowStack, secret: str = NEW, family: str = "") -> str:
    return f"{server.url}/topview/notice/{secret}" + (f"/{family}" if family else "")


def asked(topview: StandIn) -> int:
    return len(topview.requests(QUERY))


def callback(topview_task_id: str, **changes: Any) -> dict[str, Any]:
    word = {"uuid": secrets.token_hex(8), "bizType": "SCRAPER", "status": "success", "errorMsg": None, "result": {}}
    return {**word, "taskId": topview_task_id, **changes}


def told(topview: StandIn, topview_task_id: str) -> list[dict[str, Any]]:
    """Return what the stand-in sent about a task, and what Airflow answered."""
    return [record for record in topview.callbacks() if record["taskId"] == topview_task_id]


@pytest.mark.parametrize("secret", [NEW, OLD], ids=["the new secret", "the old secret"])
@pytest.mark.parametrize("family", ["scraper", "marketing_video"])
def test_the_end_of_a_task_stands_among_the_asset_events_within_ten_seconds(
    family: str, secret: str, server: AirflowStack, topview: StandIn, events: Events
) -> None:
    topview_task_id = buy(topview, address(server, secret), family)
    mine = until(
        lambda: [event for event in events() if event["topview_task_id"] == topview_task_id], limit=LIMIT, what="event"
    )
    (record,) = told(topview, topview_task_id)
    assert (record["http"], record["understood"], record["result"]) == (200, True, "success")
    items = "exportVideos" if family == "marketing_video" else None
    made = mine[0].pop("made")
    assert bool(made) == (family == "marketing_video")
    cost = mine[0].pop("cost_credit")
    assert cost is None or cost > 0
    assert mine == [
        {
            "uri": f"topview://task/{family}",
            "uuid": record["uuid"],
            "family": family,
            "topview_task_id": topview_task_id,
            "topview_conn_id": "topview_default",
            "state": "success",
            "error": None,
            "items": items,
        }
    ]


def test_an_event_wakes_the_dag_that_is_scheduled_on_it(
    server: AirflowStack, topview: StandIn, events: Events, admin: Visitor
) -> None:
    admin.session.patch(f"{admin.url}/api/v2/dags/listening", json={"is_paused": False}, timeout=60).raise_for_status()
    topview_task_id = buy(topview, address(server))
    until(lambda: topview_task_id in str(events()), limit=LIMIT, what="event")
    queued = admin.get("/api/v2/dags/listening/assets/queuedEvents").json()
    assert queued["total_entries"] == 1


def test_a_callback_that_comes_again_changes_nothing(
    server: AirflowStack, topview: StandIn, events: Events, said: Callable[[str], None]
) -> None:
    topview_task_id = buy(topview, address(server))
    until(lambda: topview_task_id in str(events()), limit=LIMIT, what="event")
    before = events()
    (record,) = told(topview, topview_task_id)
    for body in (callback(topview_task_id, uuid=record["uuid"]), callback(topview_task_id)):
        answer = requests.post(address(server), json=body, timeout=30)
        assert (answer.status_code, answer.json()["result"]["uuid"]) == (200, body["uuid"])
    until(
        lambda: log_of(server).count(f"The end of task {topview_task_id} was told before") == 2, limit=LIMIT, what="log"
    )
    assert events() == before


def test_a_server_beside_this_one_does_not_tell_the_same_end_again(
    server: AirflowStack, topview: StandIn, events: Events
) -> None:
    topview_task_id = buy(topview, address(server))
    (event,) = until(
        lambda: [event for event in events() if event["topview_task_id"] == topview_task_id], limit=LIMIT, what="event"
    )
    del event["uri"]
    program = (
        "import json, sys; from topview_provider.plugins import events\n"
        "print([events.write('scraper', json.loads(text)) for text in sys.argv[1:]])"
    )
    other = {**event, "uuid": "another"}
    new = {**event, "uuid": "one-more", "state": "failed"}
    python = [server.command()[0], "-c", program]
    said = server.run(*python, *map(json.dumps, (event, other, new, new)))
    assert said.splitlines()[-1] == "[False, False, True, False]"
    assert [one["state"] for one in events() if one["topview_task_id"] == topview_task_id] == ["success", "failed"]


@pytest.mark.parametrize("secret", ["x", "x" * 43, NEW[:-1], f"{NEW}x"], ids=["short", "other", "cut", "longer"])
def test_a_forged_callback_finds_nothing_and_changes_nothing(
    secret: str, server: AirflowStack, topview: StandIn, events: Events
) -> None:
    topview_task_id = buy(topview, "")
    before, questions = events(), asked(topview)
    answer = requests.post(address(server, secret), json=callback(topview_task_id), timeout=30)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert (events(), asked(topview)) == (before, questions)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"taskId=1", 400),
        (b"[]", 400),
        (b"[" * LARGEST, 400),
        (b" " * (LARGEST + 1), 413),
        ((b" " * 1024 for _ in range(1000)), 413),
    ],
    ids=["empty", "a form", "a list", "deep", "oversized", "oversized in parts"],
)
def test_a_malformed_or_oversized_callback_changes_nothing(
    body: Any, status: int, server: AirflowStack, topview: StandIn, events: Events
) -> None:
    before, questions = events(), asked(topview)
    try:
        assert requests.post(address(server), data=body, timeout=30).status_code == status
    except requests.ConnectionError:
        assert status == 413, "only what is too long is cut off"
    assert (events(), asked(topview)) == (before, questions)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bizType": "FROM_TOMORROW"}, "bizType 'FROM_TOMORROW' means no family"),
        ({"bizType": "PRODUCT_ANY_SHOOT"}, "A callback says that task {} ended; TopView's query knows no end"),
        ({"bizType": None}, "bizType '' means no family"),
        ({}, "A callback says that task {} ended; TopView's query knows no end"),
        ({"taskId": None}, "A callback names no task; nothing is done"),
    ],
    ids=["unknown type", "unknown task of another family", "no type", "unknown task", "no task"],
)
def test_a_callback_about_nothing_that_is_known_is_answered_and_changes_nothing(
    changes: dict[str, Any], words: str, server: AirflowStack, events: Events, said: Callable[[str], None]
) -> None:
    before = events()
    body = {**callback(secrets.token_hex(16)), **changes}
    answer = requests.post(address(server), json=body, headers={"Topview-Uid": "uid-9"}, timeout=30)
    inner = {"uuid": body["uuid"], "topviewUid": "uid-9", "result": "success"}
    assert (answer.status_code, answer.json()) == (200, {"code": "200", "message": "Success", "result": inner})
    said(words.format(body["taskId"]))
    assert events() == before


def test_a_lie_about_a_task_that_runs_changes_nothing_and_does_not_hide_its_end(
    server: AirflowStack, topview: StandIn, events: Events, said: Callable[[str], None]
) -> None:
    topview.fault("unknown-status", times=-1)
    topview_task_id = buy(topview, "")
    before = events()
    requests.post(address(server), json=callback(topview_task_id), timeout=30).raise_for_status()
    said(f"A callback says that task {topview_task_id} ended; TopView's query knows no end")
    assert events() == before
    topview.clear_faults()
    requests.post(address(server), json=callback(topview_task_id), timeout=30).raise_for_status()
    until(lambda: topview_task_id in str(events()), limit=LIMIT, what="event")


def test_an_end_that_no_dag_asks_for_is_not_written_and_the_log_says_what_to_do(
    server: AirflowStack, topview: StandIn, events: Events, said: Callable[[str], None]
) -> None:
    before = events()
    buy(topview, address(server, family="remove_background"), "remove_background", productImageFileId="f1")
    said("no DAG names Asset('topview://task/remove_background'): events of it are not written until one does")
    assert events() == before


def test_the_secret_is_in_no_log_of_the_api_server(server: AirflowStack, topview: StandIn) -> None:
    for secret in (NEW, OLD, f"{NEW}x"):
        requests.post(address(server, secret), json={}, timeout=30)
    until(lambda: log_of(server).count("/topview/notice/hidden") >= 3, limit=LIMIT, what="access log")
    for file in server.logs.rglob("*.log"):
        text = file.read_text(errors="replace")
        assert [secret for secret in (NEW, OLD) if secret in text] == []


def test_airflow_does_not_show_the_secret_among_its_settings(server: AirflowStack) -> None:
    assert NEW not in server.airflow("config", "list", "--section", "topview")
    assert NEW in server.airflow("config", "get-value", "topview", "notice_secret"), "who may run commands may know"
