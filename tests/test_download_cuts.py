"""A download that is cut: it goes on where it was, if it is still the same file, and begins anew if it is not."""

from __future__ import annotations

import hashlib
import logging
import socket
import threading
from pathlib import Path

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks import remote
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn

from .files import BODY, HALF, Connect, cut, in_turn, part, swift, video_url, whole
from .support import Request, Server, Talk, answering

__all__ = ["swift"]
pytestmark = pytest.mark.usefixtures("swift")

OTHER = BODY[::-1]
CHUNKED = {"content_length": "", "transfer_encoding": "chunked"}


def fetched(hook: TopviewHook, folder: Path, *talks: Talk) -> list[Request]:
    """Fetch a file from a storage that answers in turn, see that it landed whole, and return what was asked."""
    with Server(in_turn(*talks)) as store:
        assert hook.download(f"{store.url}/k.mp4?sig=1", folder / "video.mp4") == len(BODY)
    assert (folder / "video.mp4").read_bytes() == BODY
    assert [path.name for path in folder.iterdir()] == ["video.mp4"]
    return store.requests


def refused(hook: TopviewHook, folder: Path, *talks: Talk) -> tuple[str, int]:
    """Fetch what cannot be had, see that nothing landed, and return the words and how many requests it took."""
    with Server(in_turn(*talks)) as store, pytest.raises(errors.TopviewUnavailable) as caught:
        hook.download(f"{store.url}/k.mp4?sig=1", folder / "video.mp4")
    assert type(caught.value) is errors.TopviewUnavailable
    assert "sig=1" not in str(caught.value)
    assert list(folder.iterdir()) == []
    return str(caught.value), len(store.requests)


@pytest.mark.parametrize(
    ("marks", "if_range"),
    [
        ({"etag": '"e1"'}, '"e1"'),
        ({"etag": '"e1"', "last_modified": "Tue, 03 Nov 2026 10:00:00 GMT"}, '"e1"'),
        ({"etag": 'W/"e1"', "last_modified": "Tue, 03 Nov 2026 10:00:00 GMT"}, "Tue, 03 Nov 2026 10:00:00 GMT"),
    ],
)
def test_a_cut_download_asks_for_the_rest_of_the_same_edition(
    hook: TopviewHook, tmp_path: Path, marks: dict[str, str], if_range: str
) -> None:
    first, second = fetched(hook, tmp_path, cut(**marks), part(**marks))

    assert "range" not in first.headers
    assert (second.headers["range"], second.headers["if-range"]) == (f"bytes={HALF}-", if_range)


@pytest.mark.parametrize("marks", [{}, {"etag": 'W/"e1"'}, {"etag": "bare"}])
def test_without_a_mark_of_the_edition_a_cut_download_begins_anew(
    hook: TopviewHook, tmp_path: Path, marks: dict[str, str]
) -> None:
    asked = fetched(hook, tmp_path, cut(**marks), whole(**marks))

    assert [request.headers.get("range") for request in asked] == [None, None]


@pytest.mark.parametrize(
    "odd",
    [
        whole(OTHER, etag='"e2"'),
        answering(b"", "416 Range Not Satisfiable", content_range=f"bytes */{HALF}"),
        part(etag='"e2"'),
        part(etag='"e1"', last_modified="Tue, 03 Nov 2026 10:00:00 GMT"),
        part(0, HALF, etag='"e1"'),
        part(etag='"e1"', content_range=f"bytes {HALF}-1599/1601"),
        part(etag='"e1"', content_range="bytes"),
        part(etag='"e1"', content_range=""),
        part(body=BODY + b"too long", stop=1608, content_range=f"bytes {HALF}-1599/1600"),
    ],
    ids=["whole", "416", "edition", "date", "start", "total", "no numbers", "no range", "too long"],
)
def test_an_answer_that_is_not_the_rest_of_the_file_makes_it_begin_anew(
    hook: TopviewHook, tmp_path: Path, odd: Talk
) -> None:
    asked = fetched(hook, tmp_path, cut(etag='"e1"'), odd, whole(etag='"e2"'))

    assert [request.headers.get("range") for request in asked] == [None, f"bytes={HALF}-", None]


def test_a_file_that_changes_again_and_again_is_given_up(hook: TopviewHook, tmp_path: Path) -> None:
    again = (cut(etag='"e1"'), whole(OTHER, etag='"e2"'))

    words, count = refused(hook, tmp_path, *again, *again, *again, *again)
    assert f"answered HTTP 200 to a request for the bytes from {HALF}" in words
    assert count == 2 * remote.PASSES


def test_a_storage_that_delivers_a_part_of_what_was_asked_for_is_asked_for_the_next(
    hook: TopviewHook, tmp_path: Path
) -> None:
    marks = {"etag": '"e1"'}
    asked = fetched(hook, tmp_path, cut(100, **marks), part(100, 300, **marks), part(300, 301, **marks), part(301))

    assert [request.headers.get("range") for request in asked] == [None, "bytes=100-", "bytes=300-", "bytes=301-"]


@pytest.mark.parametrize("status", ["408 Request Timeout", "429 Too Many Requests", "500 Oops", "503 Slow Down"])
def test_a_storage_that_is_busy_for_a_moment_is_asked_again(hook: TopviewHook, tmp_path: Path, status: str) -> None:
    busy = answering(b"<Error/>", status, content_type="application/xml")

    assert len(fetched(hook, tmp_path, busy, busy, cut(etag='"e1"'), busy, busy, part())) == 6


def test_requests_that_bring_nothing_end_a_download(hook: TopviewHook, tmp_path: Path) -> None:
    words, count = refused(hook, tmp_path, cut(etag='"e1"'), answering(b"", "503 Slow Down"))

    assert "answered HTTP 503" in words
    assert count == 1 + remote.FRUITLESS


def test_a_storage_that_cuts_without_end_is_given_up_even_if_each_request_brings_something(
    hook: TopviewHook, tmp_path: Path
) -> None:
    def drop(client: socket.socket, request: Request) -> None:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        (part(start, start + 1, etag='"e1"') if start else cut(1, etag='"e1"'))(client, request)

    words, count = refused(hook, tmp_path, drop)
    assert f"delivered {remote.CUTS + 1} of {len(BODY)} bytes; given up after {remote.CUTS + 1} cuts" in words
    assert words.endswith("cuts")
    assert count == remote.CUTS + 1


class Waiting(threading.Event):
    """An event that does not wait, and knows for how long it was to."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        return super().wait(0)


def test_a_storage_that_cuts_again_and_again_is_given_a_growing_pause_and_a_few_lines(
    hook: TopviewHook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(remote, "PAUSE", 1.0)
    caplog.set_level(logging.INFO, "topview_provider.hooks")
    marks, waiting = {"etag": '"e1"'}, Waiting()
    talks = [cut(1, **marks), *(part(start, start + 1, **marks) for start in range(1, 20)), part(20, **marks)]
    with Server(in_turn(*talks)) as store:
        hook.download(f"{store.url}/k.mp4?sig=1", tmp_path / "video.mp4", stop=waiting)

    assert waiting.pauses == pytest.approx([step / 10 for step in range(1, 11)] + [1.0] * 10)
    lines = [line for line in caplog.messages if "going on there" in line]
    assert [line.rpartition("(")[2] for line in lines] == [f"cut {number})" for number in (1, 2, 4, 8, 16)]
    assert all("/video.mp4'" in line and f" {2**place} of {len(BODY)} " in line for place, line in enumerate(lines))


def test_the_length_of_a_chunked_file_is_learned_from_its_rest(hook: TopviewHook, tmp_path: Path) -> None:
    chunk = b"320\r\n" + BODY[:HALF] + b"\r\n"
    asked = fetched(hook, tmp_path, whole(chunk, etag='"e1"', **CHUNKED), part(HALF, 900), part(900))

    assert asked[2].headers["range"] == "bytes=900-"


def test_a_chunked_file_without_length_is_taken_to_its_end(hook: TopviewHook, tmp_path: Path) -> None:
    assert len(fetched(hook, tmp_path, whole(b"640\r\n" + BODY + b"\r\n0\r\n\r\n", **CHUNKED))) == 1


def test_a_storage_that_falls_silent_is_asked_for_the_rest(connect: Connect, service: StandIn, tmp_path: Path) -> None:
    connect(service, read_timeout=0.3)

    def silent(client: socket.socket, request: Request) -> None:
        cut(etag='"e1"')(client, request)
        client.recv(1)  # until the other side has had enough

    asked = fetched(TopviewHook(), tmp_path, silent, part())
    assert asked[1].headers["range"] == f"bytes={HALF}-"


@pytest.mark.parametrize("packed", ["gzip", "gzip, deflate", "aws-chunked,gzip", "br", "zstd", "compress"])
def test_a_file_that_came_packed_is_no_file(hook: TopviewHook, tmp_path: Path, packed: str) -> None:
    words, count = refused(hook, tmp_path, whole(content_encoding=packed))

    assert f"delivered the file packed as {packed}" in words
    assert count == 1


def test_the_rest_of_a_file_that_came_packed_is_not_its_rest(hook: TopviewHook, tmp_path: Path) -> None:
    words, count = refused(hook, tmp_path, cut(etag='"e1"'), part(content_encoding="br"))

    assert "delivered the file packed as br" in words
    assert count == 2


@pytest.mark.parametrize("plain", ["identity", "aws-chunked", "AWS-chunked, identity"])
def test_a_file_that_names_a_coding_which_leaves_it_as_it_is_lands(
    hook: TopviewHook, tmp_path: Path, plain: str
) -> None:
    assert len(fetched(hook, tmp_path, whole(content_encoding=plain))) == 1


def test_a_url_that_expires_on_the_way_is_replaced_and_the_file_goes_on(hook: TopviewHook, tmp_path: Path) -> None:
    marks = {"etag": '"e1"'}
    expired = answering(b"", "403 Forbidden")
    talk = in_turn(cut(100, **marks), expired, part(100, 200, **marks), expired, part(200, **marks))
    with Server(talk) as store:
        fresh = iter((f"{store.url}/second", f"{store.url}/third"))
        hook.download(f"{store.url}/first", tmp_path / "video.mp4", renew=lambda: next(fresh))

    assert (tmp_path / "video.mp4").read_bytes() == BODY
    assert [(request.target, request.headers.get("range")) for request in store.requests] == [
        ("/first", None),
        ("/first", "bytes=100-"),
        ("/second", "bytes=100-"),
        ("/second", "bytes=200-"),
        ("/third", "bytes=200-"),
    ]


def test_a_fresh_url_of_another_edition_begins_anew(hook: TopviewHook, tmp_path: Path) -> None:
    with Server(in_turn(cut(etag='"e1"'), answering(b"", "403 Forbidden"), whole(etag='"e2"'))) as store:
        hook.download(f"{store.url}/first", tmp_path / "video.mp4", renew=lambda: f"{store.url}/second")

    assert (tmp_path / "video.mp4").read_bytes() == BODY
    assert [request.target for request in store.requests] == ["/first", "/first", "/second", "/second"]


@pytest.mark.parametrize("talks", [[], [cut(etag='"e1"')]], ids=["at once", "on the way"])
def test_a_fresh_url_that_is_refused_has_not_expired(hook: TopviewHook, tmp_path: Path, talks: list[Talk]) -> None:
    asked: list[str] = []
    with Server(in_turn(*talks, answering(b"", "403 Forbidden"))) as store:

        def renew() -> str:
            asked.append("once")
            return f"{store.url}/second"

        with pytest.raises(
            errors.TopviewNotFound, match=r"/second for 'file://.*video.mp4' answered HTTP 403; the URL has expired"
        ):
            hook.download(f"{store.url}/first", tmp_path / "video.mp4", renew=renew)
    assert asked == ["once"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_topview_arrives_whole_though_it_was_cut(connect: Connect, tmp_path: Path) -> None:
    with StandIn(seconds=0, media_bytes=5_000_000) as service:
        connect(service)
        hook = TopviewHook()
        url = video_url(hook)
        hook.download(url, tmp_path / "uncut.mp4")
        service.fault("cut-download", value=0.9, times=2)
        hook.download(url, tmp_path / "cut.mp4")
        assert service.stats()["downloads"] == 4

    files = [(tmp_path / name).read_bytes() for name in ("uncut.mp4", "cut.mp4")]
    assert len(files[0]) == 5_000_000
    assert hashlib.sha256(files[0]).digest() == hashlib.sha256(files[1]).digest()
