"""Files in: streamed, with their length, refused early where they cannot be taken, and seen by TopView at the end."""

from __future__ import annotations

import errno
import hashlib
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks import transfer, uploading
from topview_provider.hooks.topview import TopviewHook, storage_path
from topview_provider.standin.server import StandIn

from .files import Connect, Refusing, attached, swift
from .support import Request, Server, answering, peak_of, relaying

__all__ = ["swift"]
pytestmark = pytest.mark.usefixtures("swift")

BIG = 64 * 1024 * 1024


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "shoe.PNG"
    path.write_bytes(b"a picture of a shoe" * 1000)
    return path


def test_an_uploaded_file_arrives_whole_and_may_be_used(hook: TopviewHook, service: StandIn, picture: Path) -> None:
    file_id = hook.upload(picture)

    assert service.uploads() == [
        {
            "fileId": file_id,
            "size": picture.stat().st_size,
            "sha256": hashlib.sha256(picture.read_bytes()).hexdigest(),
            "format": "png",
        }
    ]
    assert service.stats()["leaked_headers"] == 0
    assert [(entry["method"], entry["path"].rpartition("/")[2].rpartition(".")[2]) for entry in service.requests()] == [
        ("GET", "credential"),
        ("PUT", "png"),
        ("GET", "check"),
    ]


def test_an_upload_says_its_length_and_nothing_about_topview(hook: TopviewHook, picture: Path) -> None:
    with Server(answering(b"")) as store:
        uploading.put(hook.settings, f"{store.url}/k.png?sig=1", storage_path(picture), picture.stat().st_size)

    [request] = store.requests
    assert request.body == picture.read_bytes()
    assert request.headers["content-length"] == str(len(request.body))
    assert not {"transfer-encoding", "authorization", "topview-uid", "cookie"} & set(request.headers)


def test_an_upload_of_any_size_takes_little_memory(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    with path.open("wb") as file:
        file.truncate(BIG)  # sparse: takes no room on the disk
    with StandIn() as service:
        connect(service)
        peak = peak_of(lambda: TopviewHook().upload(path))
        assert [file["size"] for file in service.uploads()] == [BIG]

    assert peak < BIG / 8


def test_an_upload_waits_until_topview_sees_the_file(hook: TopviewHook, service: StandIn, picture: Path) -> None:
    service.fault("wrong-type", path="/v1/upload/check", value=False, times=2)

    assert hook.upload(picture) == service.uploads()[0]["fileId"]
    assert len(service.requests("/v1/upload/check")) == 3


def test_a_file_that_topview_never_sees_is_no_upload(connect: Connect, picture: Path) -> None:
    with StandIn(upload_seconds=3600) as service:
        connect(service)
        with pytest.raises(errors.TopviewUnavailable, match="was sent, but TopView does not see it"):
            TopviewHook().upload(picture)
        assert len(service.requests("/v1/upload/check")) == uploading.CHECKS


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.png", b"", "is empty; TopView takes no empty file"),
        ("missing.png", None, "source: no file "),
        ("picture.gif", b"x", "format: 'gif' is not allowed; allowed: mp4, mov, avi, png"),
        ("picture", b"x", "format is required and was not given; allowed: mp4, mov"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_before_anything_is_asked(
    hook: TopviewHook, service: StandIn, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(errors.TopviewInvalidRequest) as caught:
        hook.upload(tmp_path / name)
    assert words in str(caught.value)
    assert service.requests() == []


@pytest.mark.parametrize("named", ["jpg", ".JPG"])
def test_a_format_may_be_named_where_the_file_s_name_has_none(
    hook: TopviewHook, service: StandIn, tmp_path: Path, named: str
) -> None:
    (tmp_path / "picture").write_bytes(b"x")
    hook.upload(str(tmp_path / "picture"), file_format=named)

    assert [file["format"] for file in service.uploads()] == ["jpg"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "cut-upload", "value": 0.5},
        {"kind": "expired-url"},
        {"kind": "status", "value": 500},
        {"kind": "reset"},
        {"kind": "answer-lost-after-accept"},
    ],
    ids=lambda fault: fault["kind"],
)
def test_an_upload_that_is_cut_or_refused_begins_anew_with_a_fresh_credential(
    hook: TopviewHook, service: StandIn, picture: Path, fault: dict[str, Any]
) -> None:
    service.fault(method="PUT", times=uploading.TRIES - 1, **fault)

    file_id = hook.upload(picture)
    sent = [entry["path"] for entry in service.requests() if entry["method"] == "PUT"]
    assert len(set(sent)) == uploading.TRIES
    assert file_id in sent[-1]
    arrived = {file["fileId"]: file["sha256"] for file in service.uploads()}
    assert arrived[file_id] == hashlib.sha256(picture.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "cut-upload", "value": 100}, "ConnectionError while uploading"),
        ({"kind": "expired-url"}, "answered HTTP 403"),
        ({"kind": "status", "value": 500}, "answered HTTP 500"),
    ],
    ids=["cut", "403", "500"],
)
def test_a_storage_that_never_takes_a_file_is_named_without_the_signature(
    hook: TopviewHook, service: StandIn, picture: Path, fault: dict[str, Any], words: str
) -> None:
    service.fault(method="PUT", times=-1, **fault)

    with pytest.raises(errors.TopviewUnavailable) as caught:
        hook.upload(picture)
    assert words in str(caught.value)
    assert "Signature" not in str(caught.value)
    assert len(service.requests("/v1/upload/credential")) == uploading.TRIES
    assert service.requests("/v1/upload/check") == []


def test_a_storage_that_takes_no_byte_is_not_waited_for_without_end(
    connect: Connect, service: StandIn, tmp_path: Path
) -> None:
    connect(service, connect_timeout=0.2)
    path = tmp_path / "long.mp4"
    with path.open("wb") as file:
        file.truncate(BIG)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/k.mp4"
        with pytest.raises(errors.TopviewUnavailable, match="while uploading"):
            uploading.put(TopviewHook().settings, url, storage_path(path), BIG)


@pytest.mark.parametrize(("length", "words"), [(100, "is shorter than"), (50_000, "is longer than")])
def test_a_source_that_changes_its_length_meanwhile_is_no_upload(
    hook: TopviewHook, service: StandIn, picture: Path, length: int, words: str
) -> None:
    def talk(client: socket.socket, request: Request) -> None:
        with picture.open("rb+") as file:
            file.truncate(length)
        relaying(urlsplit(service.url).port or 0)(client, request)

    with Server(talk) as front:
        hook.settings = replace(hook.settings, base_url=front.url)
        with pytest.raises(errors.TopviewError) as caught:
            hook.upload(picture)
    assert f"{picture}' {words} the 19000 bytes it had" in str(caught.value)
    assert service.requests("/v1/upload/check") == []


@pytest.fixture
def broken() -> Iterator[str]:
    """A storage from which files cannot be read."""
    yield from attached(Refusing("read", OSError(errno.EIO, "Input/output error")))


def test_a_source_that_cannot_be_read_is_named_and_not_tried_again(
    hook: TopviewHook, service: StandIn, broken: str
) -> None:
    with storage_path(f"{broken}/shoe.png").open("wb") as file:
        file.write(b"a picture of a shoe")

    with pytest.raises(errors.TopviewError, match=r"shoe\.png' cannot be read: Input/output error after 0 bytes"):
        hook.upload(f"{broken}/shoe.png")
    assert len(service.requests("/v1/upload/credential")) == 1


def test_the_log_of_an_upload_says_how_far_it_is(
    hook: TopviewHook, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(transfer, "REPORT_SECONDS", 0.0)
    path = tmp_path / "clip.mp4"
    path.write_bytes(bytes(2_500_000))

    hook.upload(path)
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("clip.mp4: ")]
    assert re.fullmatch(r"clip\.mp4: 1\.0 of 2\.5 MB \(41 %\), \d+\.\d MB/s", said[0])
    assert " 2.5 of 2.5 MB (100 %), " in said[-1]


@pytest.mark.parametrize("result", [None, {}, {"fileId": "f"}, {"uploadUrl": "http://x"}, "text"])
def test_a_credential_without_its_parts_is_no_credential(
    hook: TopviewHook, service: StandIn, picture: Path, result: Any
) -> None:
    service.fault("wrong-type", path="/v1/upload/credential", value=result, times=-1)

    with pytest.raises(errors.TopviewUnavailable, match="the upload credential lacks fileId or uploadUrl"):
        hook.upload(picture)
