"""Callbacks to the ``noticeUrl`` of a submit."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from topview_provider.catalog import FAMILIES

from .client import Client, wait_for

ROW = FAMILIES["scraper"]
BODY = {"productLink": "https://shop.example/p/1"}


class Receiver(ThreadingHTTPServer):
    """Take callbacks and answer them as TopView asks."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answer: bytes | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/topview"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((dict(self.headers), body))
        inner = {"uuid": body["uuid"], "topviewUid": "standin-uid", "result": "success"}
        said = json.dumps({"code": "200", "message": "Success", "result": inner}).encode()
        said = said if self.server.answer is None else self.server.answer
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def test_the_end_of_a_task_is_told_to_the_notice_url(receiver: Receiver, run: Callable[..., Client]) -> None:
    client = run(seconds=600)
    result = client.post(ROW.submit, {**BODY, "noticeUrl": receiver.url})["result"]
    assert client.state(ROW, result["taskId"]) == "init"
    assert receiver.seen == []
    client.service.advance(1000)
    wait_for(client.service.callbacks)
    ((headers, body),) = receiver.seen
    assert headers["Topview-Uid"] == client.service.uid
    assert headers["Content-Type"] == "application/json"
    assert "Authorization" not in headers
    assert (body["uuid"], body["taskId"]) == (result["noticeUuid"], result["taskId"])
    assert (body["bizType"], body["status"], body["errorMsg"]) == ("SCRAPER", "success", None)
    assert body["result"]["productImages"]
    (record,) = client.service.callbacks()
    assert (record["http"], record["understood"], record["result"]) == (200, True, "success")


def test_a_failure_is_told_too(receiver: Receiver, client: Client) -> None:
    client.service.fault("fail", message="too dark")
    client.submit(ROW, {**BODY, "noticeUrl": receiver.url})
    wait_for(lambda: receiver.seen)
    body = receiver.seen[0][1]
    assert (body["status"], body["errorMsg"], body["result"]["status"]) == ("fail", "too dark", "fail")


@pytest.mark.parametrize(("preview", "word"), [("true", "M2V_PREVIEW"), ("false", "M2V_EXPORT")])
def test_a_preview_has_a_type_of_its_own(preview: str, word: str, receiver: Receiver, client: Client) -> None:
    row = FAMILIES["marketing_video"]
    client.submit(row, {**BODY, "preview": preview, "noticeUrl": receiver.url})
    wait_for(lambda: receiver.seen)
    assert receiver.seen[0][1]["bizType"] == word


def test_every_callback_is_sent_again_word_for_word_on_order(receiver: Receiver, client: Client) -> None:
    for _ in range(2):
        client.submit(ROW, {**BODY, "noticeUrl": receiver.url})
    wait_for(lambda: len(client.service.callbacks()) == 2)
    assert client.service.replay() == 2
    bodies = [body for _, body in receiver.seen]
    assert all(bodies.count(body) == 2 for body in bodies)
    assert [record["understood"] for record in client.service.callbacks()] == [True] * 4


@pytest.mark.parametrize("answer", [b"", b"ok", b"[]", b'{"code":"200","result":{"uuid":"other","result":"success"}}'])
def test_a_receiver_that_answers_wrongly_is_noted_and_not_asked_again(
    answer: bytes, receiver: Receiver, client: Client
) -> None:
    receiver.answer = answer
    client.submit(ROW, {**BODY, "noticeUrl": receiver.url})
    (record,) = wait_for(client.service.callbacks)
    assert record["understood"] is False
    assert len(receiver.seen) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/none", "nonsense"])
def test_a_receiver_that_is_not_there_is_noted(url: str, client: Client) -> None:
    client.submit(ROW, {**BODY, "noticeUrl": url})
    (record,) = wait_for(client.service.callbacks)
    assert (record["http"], record["understood"]) == (None, False)
    assert record["error"]


def test_callbacks_that_are_not_due_are_dropped_at_the_end(receiver: Receiver, run: Callable[..., Client]) -> None:
    client = run(seconds=60)
    client.submit(ROW, {**BODY, "noticeUrl": receiver.url})
    client.service.stop()
    assert receiver.seen == []
