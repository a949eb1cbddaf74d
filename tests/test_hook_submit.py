"""A submit may cost credits: it is sent again only where TopView surely did not take it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks import requesting
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn

from .support import Request, Server, answering, dripping, read_request, refused_port

Connect = Callable[..., str]
BODY = {"productLink": "https://shop.example/p"}
PATH = "/v1/scraper/task/submit"


pytestmark = pytest.mark.usefixtures("impatient")


def counts(service: StandIn) -> tuple[int, int]:
    """How many submits arrived, and how many were accepted."""
    stats = service.stats("scraper")
    return stats["received"], stats["accepted"]


def test_a_submit_is_accepted_once_and_answered_with_its_id(service: StandIn) -> None:
    hook = TopviewHook()
    task = hook.submit("scraper", BODY)

    assert len(task) == 32
    assert counts(service) == (1, 1)
    assert service.requests(PATH)[0]["body"] == BODY
    assert hook.query("scraper", task)["taskId"] == task


@pytest.mark.parametrize(
    ("kind", "value"), [("code", "4007"), ("code", "5003"), ("status", 429)], ids=["4007", "5003", "http429"]
)
def test_a_busy_topview_is_asked_again_until_it_takes_the_job_once(service: StandIn, kind: str, value: Any) -> None:
    service.fault(kind, method="POST", path=PATH, value=value, times=3)
    TopviewHook().submit("scraper", BODY)

    assert counts(service) == (4, 1)


def test_a_submit_waits_for_room_when_too_many_tasks_run(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requesting, "LONGEST_WAIT", 0.3)
    with StandIn(seconds=0.2, concurrency=1) as service:
        connect(service)
        hook = TopviewHook()
        assert hook.submit("scraper", BODY) != hook.submit("scraper", BODY)
        assert service.stats("scraper")["accepted"] == 2
        assert service.stats("scraper")["max_running"] == 1


@pytest.mark.parametrize(
    ("kind", "value"), [("code", "4007"), ("code", "5003"), ("status", 429)], ids=["4007", "5003", "http429"]
)
def test_without_patience_a_busy_topview_is_told_to_the_caller(service: StandIn, kind: str, value: Any) -> None:
    service.fault(
        kind, method="POST", path=PATH, value=value, times=-1, **({"retry_after": 9} if kind == "status" else {})
    )

    with pytest.raises(errors.TopviewBusy) as caught:
        TopviewHook(patience=0).submit("scraper", BODY)
    assert counts(service) == (1, 0)
    assert caught.value.retry_after == (9 if kind == "status" else None)


UNCLEAR = [
    ("answer-lost-after-accept", {}, 1),
    ("reset", {}, 0),
    ("reset-mid-body", {}, 1),
    ("never-answer", {}, 0),
    ("truncated-json", {}, 1),
    ("wrong-type", {}, 1),
    ("html", {}, 0),
    *[("code", {"value": code}, 0) for code in ("5000", "5001", "5004", "5005", "9999")],
    *[("status", {"value": status}, 0) for status in (408, 500, 502, 503, 504)],
]


@pytest.mark.parametrize(("kind", "words", "accepted"), UNCLEAR, ids=str)
def test_what_is_not_clearly_refused_is_unknown_and_never_sent_again(
    service: StandIn, connect: Connect, kind: str, words: dict[str, Any], accepted: int
) -> None:
    if kind == "never-answer":
        connect(service, read_timeout=0.3)
    service.fault(kind, method="POST", path=PATH, times=-1, **words)

    with pytest.raises(errors.TopviewSubmitUnknown) as caught:
        TopviewHook().submit("scraper", BODY)
    assert counts(service) == (1, accepted)
    assert "may charge it, so it is not sent again by itself" in str(caught.value)
    assert service.api_key not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("code", "4000", errors.TopviewInvalidRequest),
        ("code", "4100", errors.TopviewInsufficientCredits),
        ("code", "6001", errors.TopviewContentRejected),
        ("code", "401", errors.TopviewAuthError),
        ("status", 401, errors.TopviewAuthError),
        ("status", 403, errors.TopviewAuthError),
        ("status", 404, errors.TopviewNotFound),
    ],
)
def test_a_refusal_is_told_at_once_and_not_repeated(service: StandIn, kind: str, value: Any, error: type) -> None:
    service.fault(kind, method="POST", path=PATH, value=value, message="because", times=-1)

    with pytest.raises(error, match="because"):
        TopviewHook().submit("scraper", BODY)
    assert counts(service) == (1, 0)


def test_a_submit_that_failed_at_once_is_a_failed_task(connect: Connect) -> None:
    said = b'{"code": "200", "result": {"taskId": "t1", "status": "fail", "errorMsg": "no product there"}}'
    with Server(answering(said)) as server:
        connect(server)
        with pytest.raises(errors.TopviewTaskFailed, match="no product there"):
            TopviewHook().submit("scraper", BODY)
    assert len(server.requests) == 1


def test_a_connection_that_was_never_made_is_no_unknown(connect: Connect) -> None:
    with refused_port() as nobody:
        connect(nobody)
        with pytest.raises(errors.TopviewUnavailable) as caught:
            TopviewHook(patience=0).submit("scraper", BODY)

    where = f"at {nobody.url} (connection 'topview_default'), the connection was refused"
    assert str(caught.value) == f"POST {PATH}: {where}; nothing was sent"


def test_a_submit_is_sent_once_the_service_is_back(service: StandIn, connect: Connect) -> None:
    with refused_port() as nobody:
        connect(nobody, login=service.uid, password=service.api_key)
        hook = TopviewHook(patience=0)
        with pytest.raises(errors.TopviewUnavailable):
            hook.submit("scraper", BODY)
        connect(service)
        assert not hook.reread(), "the key is the same, the host is another"
        hook.submit("scraper", BODY)

    assert counts(service) == (1, 1)


def test_a_submit_through_a_proxy_that_refuses_was_never_sent(service: StandIn, connect: Connect) -> None:
    with refused_port() as nobody:
        connect(service, proxy=nobody.url)
        with pytest.raises(
            errors.TopviewUnavailable, match=f"through the proxy {nobody.url}, the connection was refused; nothing"
        ):
            TopviewHook(patience=0).submit("scraper", BODY)

    assert counts(service) == (0, 0)


def test_a_redirect_is_not_followed_and_its_target_never_sees_the_key(connect: Connect) -> None:
    with Server(answering(b"{}")) as thief:
        with Server(answering(b"", "307 Temporary Redirect", location=f"{thief.url}/v1?x=1")) as server:
            connect(server)
            told = r"a redirect to http://127\.0\.0\.1:.* not followed; set the host of the connection"
            with pytest.raises(errors.TopviewInvalidRequest, match=told):
                TopviewHook().submit("scraper", BODY)
            assert len(server.requests) == 1
            with pytest.raises(errors.TopviewUnavailable, match=told):
                TopviewHook().query("scraper", "t1")
        assert thief.requests == []


@pytest.mark.parametrize("length", [{}, {"content_length": "11000000"}])
def test_an_answer_of_more_than_ten_megabytes_is_refused(connect: Connect, length: dict[str, str]) -> None:
    with Server(answering(b" " * 11_000_000, **{"content_length": "", **length})) as server:
        connect(server)
        with pytest.raises(errors.TopviewSubmitUnknown, match="an answer of more than 10485760 bytes"):
            TopviewHook().submit("scraper", BODY)


def test_a_submit_that_is_answered_drop_by_drop_is_cut_off_and_unknown(connect: Connect) -> None:
    with Server(dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")) as server:
        connect(server, read_timeout=0.3)
        with pytest.raises(errors.TopviewSubmitUnknown, match="timed out"):
            TopviewHook().submit("scraper", BODY)
    assert len(server.requests) == 1


def test_a_submit_has_a_connection_of_its_own_since_a_kept_one_may_have_died(connect: Connect) -> None:
    ports: dict[str, list[int]] = {"GET": [], "POST": []}
    said = answering(b'{"code": "200", "result": {"taskId": "t1"}}')

    def talk(client: socket.socket, request: Request) -> None:
        while True:  # until the client leaves
            ports[request.method].append(client.getpeername()[1])
            said(client, request)
            request = read_request(client)

    with Server(talk) as server:
        connect(server)
        hook = TopviewHook()
        for _ in range(3):
            hook.query("scraper", hook.submit("scraper", BODY))

    assert len(set(ports["POST"])) == 3
    assert len(set(ports["GET"])) == 1, "reads share one"


def test_a_body_that_json_cannot_hold_is_refused_before_it_is_sent(service: StandIn) -> None:
    with pytest.raises(errors.TopviewInvalidRequest, match="cannot be written as JSON"):
        TopviewHook().submit("scraper", {**BODY, "at": threading.Lock()})

    assert counts(service) == (0, 0)


def test_an_unknown_family_is_named_before_anything_is_sent(service: StandIn) -> None:
    with pytest.raises(KeyError, match="no task family 'scrapper'"):
        TopviewHook().submit("scrapper", BODY)

    assert service.requests() == []
