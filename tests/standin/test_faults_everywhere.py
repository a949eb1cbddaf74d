"""A fault strikes submits, queries, actions, lists and uploads alike, and what was carried out before it stays."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from topview_provider.catalog import FAMILIES

from .client import Client, wait_for

ROW, VIDEO = FAMILIES["scraper"], FAMILIES["marketing_video"]
BODY = {"productLink": "https://shop.example/p/1"}
GONE = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
DATA = bytes(range(256)) * 4000
SORTS = ("submit", "query", "list", "action")
every_sort = pytest.mark.parametrize("sort", SORTS)

Ask = Callable[..., requests.Response]


def asking(client: Client, sort: str) -> Ask:
    """Return a function that makes one request of this sort; what it needs is there already."""
    task_id = client.submit(ROW, BODY)
    script = client.submit(VIDEO, {**BODY, "preview": "true"})
    segments = [{"segId": "0", "segText": "new"}]
    method, path, words = {
        "submit": ("POST", ROW.submit, {"json": BODY}),
        "query": ("GET", ROW.query, {"params": {"taskId": task_id}}),
        "list": ("GET", "/v1/voice/query", {}),
        "action": ("POST", "/v1/m2v/script/update", {"json": {"taskId": script, "scriptContents": segments}}),
    }[sort]
    url, headers = client.service.url + path, client.service.headers
    return lambda timeout=5: client.http.request(method, url, headers=headers, timeout=timeout, **words)


def carried_out(client: Client, sort: str) -> bool:
    """Tell whether a submit or an action has left something behind; the others never do."""
    if sort == "submit":
        return client.service.stats(ROW.name)["accepted"] == 2
    script = client.service.jobs()[1]["topview_task_id"]
    found = client.get("/v1/m2v/script/list", taskId=script)["result"][0]["scriptContents"]
    return [segment["segText"] for segment in found] == ["new"]


def put(client: Client, data: bytes = DATA) -> tuple[str, Callable[[], requests.Response]]:
    """Announce a file, and return its id and a function that sends it."""
    file = client.get("/v1/upload/credential", format="mp4")["result"]
    return file["fileId"], lambda: client.http.put(file["uploadUrl"], data=data, timeout=5)


@every_sort
def test_half_an_answer_comes_after_the_request_was_carried_out(sort: str, client: Client) -> None:
    ask = asking(client, sort)
    client.service.fault("reset-mid-body")
    with pytest.raises(GONE):
        ask()
    assert sort not in ("submit", "action") or carried_out(client, sort)
    assert ask().json()["code"] == "200"


@every_sort
def test_truncated_json_is_the_beginning_of_the_right_answer(sort: str, client: Client) -> None:
    ask = asking(client, sort)
    client.service.fault("truncated-json")
    cut = ask()
    assert cut.status_code == 200
    assert cut.text.startswith('{"code": "200", "message": "Success", "result": ')
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        cut.json()
    assert sort not in ("submit", "action") or carried_out(client, sort)


@every_sort
def test_a_result_may_be_null(sort: str, client: Client) -> None:
    ask = asking(client, sort)
    client.service.fault("wrong-type", value=None)
    assert ask().json() == {"code": "200", "message": "Success", "result": None}
    assert sort not in ("submit", "action") or carried_out(client, sort)
    assert ask().json()["result"]


@every_sort
@pytest.mark.parametrize(("words", "shown"), [({}, "text/html"), ({"value": "text/plain"}, "text/plain")])
def test_the_right_answer_may_come_under_a_wrong_type(
    sort: str, words: dict[str, str], shown: str, client: Client
) -> None:
    ask = asking(client, sort)
    client.service.fault("wrong-content-type", **words)
    wrong, right = ask(), ask()
    assert (wrong.status_code, wrong.headers["Content-Type"]) == (200, shown)
    assert right.headers["Content-Type"].startswith("application/json")
    assert wrong.json()["result"].keys() == right.json()["result"].keys()
    assert json.loads(wrong.content)["code"] == "200"


def test_a_refusal_keeps_its_status_under_a_wrong_type(client: Client) -> None:
    client.service.fault("wrong-content-type")
    answer = client.call("GET", ROW.query, headers={})
    assert (answer.status_code, answer.json()["code"]) == (401, "401")


@pytest.mark.parametrize("kind", ["truncated-json", "wrong-type", "wrong-content-type", "reset-mid-body"])
def test_an_answer_can_be_spoilt_without_carrying_anything_out(kind: str, client: Client) -> None:
    client.service.fault(kind, accepted=False)
    try:
        assert client.call("POST", ROW.submit, json=BODY).status_code == 200
    except GONE:
        assert kind == "reset-mid-body"
    assert client.service.jobs() == []


@every_sort
def test_a_delay_holds_back_the_right_answer(sort: str, client: Client) -> None:
    ask = asking(client, sort)
    client.service.fault("delay", value=0.1)
    start = time.monotonic()
    assert ask().json()["code"] == "200"
    assert time.monotonic() - start >= 0.1


@pytest.mark.parametrize("sort", ["submit", "action"])
@pytest.mark.parametrize("taken", [False, True])
def test_a_held_request_was_carried_out_or_not_as_ordered(sort: str, taken: bool, client: Client) -> None:
    ask = asking(client, sort)
    client.service.fault("never-answer", accepted=taken)
    with pytest.raises(requests.ReadTimeout):
        ask(timeout=0.2)
    assert carried_out(client, sort) == taken


@pytest.mark.parametrize("kind", ["reset-mid-body", "answer-lost-after-accept"])
def test_an_upload_whose_answer_is_lost_is_there(kind: str, client: Client) -> None:
    file_id, send = put(client)
    client.service.fault(kind, method="PUT")
    with pytest.raises(GONE):
        send()
    assert [file["size"] for file in client.service.uploads()] == [len(DATA)]
    assert client.get("/v1/upload/check", fileId=file_id)["result"] is True


@pytest.mark.parametrize("taken", [False, True])
def test_a_held_upload_is_there_or_not_as_ordered(taken: bool, client: Client) -> None:
    file = client.get("/v1/upload/credential", format="mp4")["result"]
    client.service.fault("never-answer", method="PUT", accepted=taken)
    with pytest.raises(requests.ReadTimeout):
        client.http.put(file["uploadUrl"], data=DATA, timeout=0.2)
    assert len(client.service.uploads()) == int(taken)


def test_a_delayed_upload_is_taken_in_the_end(client: Client) -> None:
    _, send = put(client)
    client.service.fault("delay", method="PUT", value=0.1)
    start = time.monotonic()
    assert send().status_code == 200
    assert time.monotonic() - start >= 0.1


@pytest.mark.parametrize("words", [{}, {"value": 0.9}, {"value": 0}, {"value": 1000}])
def test_a_cut_upload_leaves_nothing_and_may_be_sent_again(words: dict[str, float], client: Client) -> None:
    file_id, send = put(client)
    client.service.fault("cut-upload", **words)
    with pytest.raises(GONE):
        send()
    assert client.service.uploads() == []
    assert client.get("/v1/upload/check", fileId=file_id)["result"] is False
    assert send().status_code == 200
    assert client.get("/v1/upload/check", fileId=file_id)["result"] is True


def test_a_cut_upload_is_cut_when_its_share_has_come_and_not_before(client: Client) -> None:
    url = urlsplit(client.get("/v1/upload/credential", format="mp4")["result"]["uploadUrl"])
    client.service.fault("cut-upload", value=0.5)
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {len(DATA)}\r\n\r\n"
    half = len(DATA) // 2
    with socket.create_connection((str(url.hostname), url.port)) as wire:
        wire.sendall(head.encode() + DATA[: half - 1])
        wait_for(lambda: client.service.faults()[0]["hits"])
        wire.settimeout(0.2)
        with pytest.raises(TimeoutError):
            wire.recv(1)
        wire.sendall(DATA[half - 1 : half])
        wire.settimeout(5)
        with pytest.raises(ConnectionResetError):
            wire.recv(1)
