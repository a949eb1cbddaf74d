"""The door for callbacks: who is let in, what is read, what TopView is told; asked as a web server would ask it."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from tests.lines import know_our_options
from tools.processes import until
from topview_provider.plugins import notice
from topview_provider.plugins.bucket import Bucket, Seldom
from topview_provider.plugins.notice import LARGEST, RATE, Door, Notice, secrets_set
from topview_provider.plugins.topview import TopviewServer

SECRET, OLD = "s" * 40, "o" * 40
UUID, TASK = "n-1", "5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f"
BODY = {"uuid": UUID, "bizType": "SCRAPER", "taskId": TASK, "status": "success", "errorMsg": None, "result": {}}
NOT_FOUND = (404, {"detail": "Not Found"})


class Clock:
    """Seconds that go on when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class House:
    """A door and what was handed on behind it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.handed: list[Notice] = []
        self.full = False
        door = Door([SECRET, OLD], self._take)
        door.bucket = Bucket(RATE, RATE, self.clock)
        self.app = FastAPI()
        self.app.include_router(door.router())

    def _take(self, found: Notice) -> bool:
        if not self.full:
            self.handed.append(found)
        return not self.full

    def post(self, content: Any = None, path: str = SECRET, method: str = "POST") -> httpx.Response:
        """Send one request; by default a true callback."""
        content = json.dumps(BODY).encode() if content is None else content

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://it") as client:
                headers = {"Topview-Uid": "uid-1"}
                return await client.request(method, f"/notice/{path}", content=content, headers=headers)

        return asyncio.run(ask())


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture(autouse=True)
def _lines_are_not_counted() -> Iterator[None]:
    """Let every test begin with a log that takes all lines."""
    (seldom,) = [one for one in notice.log.filters if isinstance(one, Seldom)]
    kept, seldom.bucket = seldom.bucket, Bucket(1000, 0)
    yield
    seldom.bucket = kept


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_a_callback_is_answered_as_topview_asks_and_handed_on(secret: str, house: House) -> None:
    answer = house.post(path=secret)
    inner = {"uuid": UUID, "topviewUid": "uid-1", "result": "success"}
    assert (answer.status_code, answer.json()) == (200, {"code": "200", "message": "Success", "result": inner})
    assert house.handed == [Notice(UUID, "SCRAPER", TASK, "")]


def test_the_end_of_the_address_may_name_the_family(house: House) -> None:
    assert house.post(path=f"{SECRET}/photo_avatar").status_code == 200
    assert [found.family for found in house.handed] == ["photo_avatar"]
    answer = house.post(path=f"{SECRET}/from_tomorrow")
    assert (answer.status_code, answer.json()) == NOT_FOUND
    assert len(house.handed) == 1


@pytest.mark.parametrize("path", ["x", SECRET[:-1], f"{SECRET}s", "é" * 40, SECRET.upper(), f"x/{SECRET}", "%00"])
def test_who_does_not_know_the_secret_finds_nothing_there(path: str, house: House) -> None:
    answer = house.post(path=path)
    assert (answer.status_code, answer.json()) == NOT_FOUND
    assert house.handed == []


def test_the_body_of_a_stranger_is_not_read(house: House) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("it was read")
        yield b""

    assert house.post(never(), path="x" * 40).status_code == 404


async def in_parts(size: int) -> AsyncIterator[bytes]:
    """Yield so many bytes without saying how many there will be."""
    for _ in range(size // 1024):
        yield b" " * 1024


@pytest.mark.parametrize("body", [lambda size: b" " * size, in_parts], ids=["with a length", "in parts"])
def test_a_body_beyond_64_kb_is_refused_however_it_comes(body: Callable[[int], Any], house: House) -> None:
    assert house.post(body(LARGEST + 1024)).status_code == 413
    assert house.handed == []


def test_a_body_of_just_64_kb_is_taken(house: House) -> None:
    text = json.dumps(BODY).encode()
    assert house.post(text + b" " * (LARGEST - len(text))).status_code == 200
    assert len(house.handed) == 1


def test_who_sends_its_body_too_slowly_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "PATIENCE", 0.01)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    assert house.post(slow()).status_code == 408
    assert house.handed == []


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b'"x"', b"null", b"7", b"\xff", b"[" * 60_000, b'{"a":' * 10_000],
    ids=lambda body: body[:5],
)
def test_what_is_no_json_object_is_no_callback(body: bytes, house: House) -> None:
    answer = house.post(body)
    assert (answer.status_code, answer.json()) == (400, {"detail": "A callback is a JSON object"})
    assert house.handed == []


@pytest.mark.parametrize(
    "task", [None, "", " ", "a b", "../x", "x" * 129, "%", "ü", ["x"], {"a": 1}, 1.5, True, "a\n"], ids=repr
)
def test_a_callback_without_a_task_that_could_be_one_is_answered_and_dropped(task: Any, house: House) -> None:
    answer = house.post(json.dumps({**BODY, "taskId": task}))
    assert (answer.status_code, answer.json()["result"]["uuid"]) == (200, UUID)
    assert house.handed == []


def test_numbers_are_taken_for_ids_and_what_is_no_plain_word_is_absent(house: House) -> None:
    house.post(json.dumps({**BODY, "uuid": "<b>", "bizType": {"x": 1}, "taskId": 77}))
    assert house.handed == [Notice("", "", "77", "")]


def test_when_too_many_wait_topview_is_told_that_it_failed(house: House) -> None:
    house.full = True
    answer = house.post()
    assert (answer.status_code, answer.json()["result"]["result"]) == (200, "fail")


def test_ten_callbacks_a_second_are_let_in_and_no_more(house: House) -> None:
    assert [house.post().status_code for _ in range(12)] == [200] * 10 + [429] * 2
    house.clock.now += 0.25
    assert [house.post().status_code for _ in range(4)] == [200] * 2 + [429] * 2
    assert house.post().headers["Retry-After"] == "1"
    assert len(house.handed) == 12


def test_strangers_do_not_take_the_turns_of_topview(house: House) -> None:
    for _ in range(50):
        house.post(path="x" * 40)
    assert house.post().status_code == 200


def test_a_browser_finds_nothing_to_look_at(house: House) -> None:
    assert house.post(method="GET").status_code == 405
    assert house.handed == []


def test_strangers_cannot_fill_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    (seldom,) = [one for one in notice.log.filters if isinstance(one, Seldom)]
    clock = Clock()
    seldom.bucket = Bucket(3, 1, clock)
    for _ in range(20):
        house.post(path="x" * 40)
    assert [record.getMessage() for record in caplog.records] == ["A callback with a wrong secret was refused"] * 3
    clock.now += 1
    house.post(path="x" * 40)
    assert caplog.messages[-1].endswith("(17 lines about callbacks were left out before)")


def test_an_error_is_logged_whatever_else_was(caplog: pytest.LogCaptureFixture) -> None:
    (seldom,) = [one for one in notice.log.filters if isinstance(one, Seldom)]
    seldom.bucket = Bucket(0, 0)
    notice.log.info("left out")
    notice.log.error("said")
    assert [message.split(" (")[0] for message in caplog.messages] == ["said"]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("", []),
        (" , ", []),
        (SECRET, [SECRET]),
        (f"{SECRET}, {OLD}", [SECRET, OLD]),
        (f"{SECRET},short", [SECRET]),
        ("s" * 31, []),
        ("s" * 31 + "/", []),
        ("s" * 32 + "ü", []),
    ],
    ids=repr,
)
def test_a_secret_that_could_be_guessed_opens_nothing(
    text: str, good: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW__TOPVIEW__NOTICE_SECRET", text)
    assert secrets_set() == good
    given = [part for part in text.split(",") if part.strip()]
    refused = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(refused) == (len(given) > len(good))
    assert all(part not in caplog.text for part in given)


def test_a_secret_may_come_from_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    know_our_options()
    monkeypatch.setenv("AIRFLOW__TOPVIEW__NOTICE_SECRET_CMD", f"echo {SECRET}")
    assert secrets_set() == [SECRET]


def test_the_access_log_of_a_web_server_does_not_show_the_secret(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AIRFLOW__TOPVIEW__NOTICE_SECRET", SECRET)
    caplog.set_level(logging.INFO, "uvicorn.access")
    airflow = FastAPI()
    airflow.mount("/topview", TopviewServer())
    with served(airflow) as url:
        statuses = [httpx.post(f"{url}/topview/notice/{path}", json={}).status_code for path in (SECRET, "x" * 40)]
    assert statuses == [200, 404]
    lines = [record.getMessage() for record in caplog.records if record.name == "uvicorn.access"]
    assert [line.split('"')[1] for line in lines] == ["POST /topview/notice/hidden HTTP/1.1"] * 2


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application as Airflow's API server does, access log included, and yield its address."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=True))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        until(lambda: server.started, limit=30, what="uvicorn", pause=0.01)
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        server.should_exit = True
        thread.join(30)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"/topview/notice/{SECRET}", "/topview/notice/hidden"),
        (f"/a/topview/notice/{SECRET}/scraper", "/a/topview/notice/hidden"),
        ("/topview/www/task.html", "/topview/www/task.html"),
    ],
)
def test_the_secret_is_taken_out_of_the_path_that_is_logged(before: str, after: str) -> None:
    scope = {"path": before, "raw_path": before.encode()}
    notice.hide(scope)
    assert scope == {"path": after, "raw_path": after.encode()}
