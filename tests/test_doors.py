"""Two doors, one behaviour: the worker's hook and the triggerer's send the same and say the same."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from topview_provider.hooks import requesting
from topview_provider.standin.server import StandIn

from .support import Address, Request, Said, Server, Talk, answering, by_both_doors, dripping, refused_port

Connect = Callable[..., str]
BODY = {"productLink": "https://shop.example/p?a=ä&b=\ud83d\ude00", "noticeUrl": "", "odd": [None, True, 1.5]}
TASK = "0" * 32
ASK = {
    "submit": ("submit", "scraper", BODY),
    "query": ("query", "scraper", TASK),
    "list": ("list", "caption_list"),
}
GOOD = b'{"code": "200", "message": "Success", "result": {"taskId": "t1", "status": "success"}}'


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reads be tried once, as submits without patience are: what one answer means is compared."""
    monkeypatch.setattr(requesting, "READ_ATTEMPTS", 1)


async def agreed(ask: str) -> Said:
    """Ask at both doors, hold their answers together and return the one they agree on."""
    verb, *arguments = ASK[ask]
    worker, triggerer = await by_both_doors(verb, *arguments)

    assert worker.anonymous() == triggerer.anonymous()
    return worker


every_ask = pytest.mark.parametrize("ask", ASK)


@every_ask
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        *[("code", {"value": code, "message": "said why"}) for code in ("401", "4000", "4003", "4004", "4007", "4100")],
        *[("code", {"value": code}) for code in ("5000", "5001", "5003", "5004", "5005", "6001", "9999", "odd")],
        *[("status", {"value": status}) for status in (400, 401, 403, 404, 408, 500, 502, 503)],
        ("status", {"value": 429, "retry_after": 7}),
        ("html", {}),
        ("truncated-json", {}),
        ("reset", {}),
        ("reset-mid-body", {}),
        ("never-answer", {}),
    ],
    ids=str,
)
async def test_a_fault_of_the_service_means_the_same_at_both_doors(
    service: StandIn, connect: Connect, ask: str, kind: str, words: dict[str, Any]
) -> None:
    if kind == "never-answer":
        connect(service, read_timeout=0.2)
    service.fault(kind, times=-1, **words)

    said = await agreed(ask)
    assert said.kind != "value"
    assert service.api_key not in said.text


@every_ask
@pytest.mark.parametrize("kind", ["wrong-type", "answer-lost-after-accept"])
async def test_a_fault_after_the_work_means_the_same_at_both_doors(service: StandIn, ask: str, kind: str) -> None:
    service.fault(kind, times=-1)

    said = await agreed(ask)
    assert said.kind == {"submit": "TopviewSubmitUnknown", "query": "TopviewNotFound", "list": "value"}[ask]


def cut(client: socket.socket, _: Request) -> None:
    """Close the connection without a word."""


OK = b"HTTP/1.1 200 OK\r\n"
ODD: dict[str, tuple[Talk, str]] = {
    "closed": (cut, "the connection failed or broke off"),
    "no http": (lambda c, _: c.sendall(b"SSH-2.0-OpenSSH\r\n\r\n"), "the connection failed or broke off"),
    "too short": (answering(b"{}", content_length="100"), "the connection failed or broke off"),
    "bad chunk": (answering(b"zz\r\n{}", content_length="", transfer_encoding="chunked"), "the connection failed"),
    "long header": (answering(b"{}", x="a" * 70_000), "the connection failed or broke off"),
    "dripping": (
        dripping(OK + b"content-length: 100000\r\n\r\n"),
        "timed out (connect_timeout 10 s, read_timeout 0.2 s)",
    ),
    "huge": (answering(b" " * 11_000_000), "an answer of more than 10485760 bytes"),
    "empty": (answering(b""), "an answer that is not TopView's envelope: ''"),
    "no envelope": (answering(b"[1]"), "an answer that is not TopView's envelope: '[1]'"),
    "not utf-8": (answering(b"\xff\xfe{}"), "an answer that is not TopView's envelope"),
    "deep": (answering(b"[" * 100_000), "an answer that is not TopView's envelope"),
    "redirect": (answering(b"", "302 Found", location="https://x.example/?a=1"), "a redirect to https://x.example/?…"),
    "switching": (answering(b"", "101 Switching Protocols"), "answered HTTP 101"),
    "no content": (answering(b"", "204 No Content"), "an answer that is not TopView's envelope: ''"),
    "long wait": (answering(b"", "429 Busy", retry_after="9" * 5000), "answered HTTP 429"),
    "zipped refusal": (
        answering(gzip.compress(b'{"code": "4000", "message": "zipped"}'), content_encoding="gzip"),
        "answered 4000: zipped",
    ),
    "broken zip": (answering(b"no zip at all", content_encoding="gzip"), "the connection failed or broke off"),
}


@every_ask
@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_answer_means_the_same_at_both_doors(connect: Connect, ask: str, odd: str) -> None:
    talk, words = ODD[odd]
    with Server(talk) as server:
        connect(server, read_timeout=0.2 if odd == "dripping" else 60)
        said = await agreed(ask)

    assert words in said.text
    assert len(server.requests) == 2 or ask != "submit", "aiohttp asks a read again by itself, but never a submit"


@every_ask
async def test_a_refused_connection_means_the_same_at_both_doors(connect: Connect, ask: str) -> None:
    with refused_port() as nobody:
        connect(nobody)
        said = await agreed(ask)

    assert said.kind == "TopviewUnavailable"
    assert said.text.endswith("; nothing was sent") == (ask == "submit")


@every_ask
async def test_an_unknown_host_means_the_same_at_both_doors(connect: Connect, ask: str, service: StandIn) -> None:
    connect(service, proxy="http://no-such-host.invalid:3128")

    said = await agreed(ask)
    assert said.kind == "TopviewUnavailable"
    assert "through the proxy http://no-such-host.invalid:3128, the name of the host is unknown" in said.text


@every_ask
@pytest.mark.parametrize("zipped", [False, True])
async def test_a_good_answer_is_read_at_both_doors(connect: Connect, ask: str, zipped: bool) -> None:
    body, words = (gzip.compress(GOOD), {"content_encoding": "gzip"}) if zipped else (GOOD, {})
    with Server(answering(body, **words)) as server:
        connect(server)
        verb, *arguments = ASK[ask]
        worker, triggerer = await by_both_doors(verb, *arguments)

    answer = {"taskId": "t1", "status": "success"}
    assert worker.value == triggerer.value == {"submit": "t1", "query": answer, "list": [answer]}[ask]


@every_ask
async def test_the_service_sees_the_same_request_from_both_doors(connect: Connect, ask: str) -> None:
    with Server(answering(GOOD, set_cookie="session=1")) as server:
        connect(Address(f"{server.url}/topview", server.uid, server.api_key))
        for _ in range(2):
            await agreed(ask)

    first = shown(server.requests[0])
    assert [shown(request) for request in server.requests] == [first] * 4
    assert first["authorization"] == f"Bearer {server.api_key}"
    assert first["topview-uid"] == server.uid
    assert first["accept-encoding"] == "identity"
    assert first["cookie"] is None


SENT = (
    "authorization",
    "topview-uid",
    "content-type",
    "content-length",
    "transfer-encoding",
    "accept-encoding",
    "cookie",
)


def shown(request: Request) -> dict[str, Any]:
    """What of a request must not depend on the door."""
    headers = {name: request.headers.get(name) for name in SENT}
    return {"method": request.method, "target": request.target, "body": request.body, **headers}


async def test_the_body_and_the_query_are_sent_as_topview_reads_them(connect: Connect) -> None:
    with Server(answering(GOOD)) as server:
        connect(server)
        await agreed("submit")
        await by_both_doors("query", "scraper", "a b/ä", cloud_front=True)

    submits, queries = server.requests[:2], server.requests[2:]
    assert {request.headers["content-type"] for request in submits} == {"application/json"}
    assert [json.loads(request.body) for request in submits] == [
        {**BODY, "productLink": "https://shop.example/p?a=ä&b=😀"}
    ] * 2
    assert {request.target for request in queries} == {
        "/v1/scraper/task/query?taskId=a+b%2F%C3%A4&needCloudFrontUrl=true"
    }
    assert {request.body for request in queries} == {b""}


async def test_a_missing_connection_means_the_same_at_both_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_TOPVIEW_DEFAULT", raising=False)

    said = await agreed("query")
    assert said.kind == "TopviewConnectionInvalid"
    assert "airflow connections add topview_default" in said.text


@pytest.mark.parametrize(
    ("verb", "arguments", "kind"),
    [
        ("list", ("voice_list", {"langauge": "de"}), "TopviewInvalidRequest"),
        ("list", ("voice_list", {"page_no": "x"}), "TopviewInvalidRequest"),
        ("submit", ("scraper", {"x": object}), "TopviewInvalidRequest"),
    ],
)
async def test_an_argument_that_does_not_fit_is_refused_alike(
    service: StandIn, verb: str, arguments: tuple[Any, ...], kind: str
) -> None:
    name, words = arguments
    worker, triggerer = await (
        by_both_doors(verb, name, **words) if verb == "list" else by_both_doors(verb, *arguments)
    )

    assert worker == triggerer
    assert worker.kind == kind
    assert service.requests() == []
