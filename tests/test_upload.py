"""Files in: streamed, with their length, refused early where they cannot be taken, and seen by TopView at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks import topview, transfer
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn

from .support import Server, answering, peak_of

Connect = Callable[..., str]
BIG = 64 * 1024 * 1024


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses between checks to 10 ms; their number stays."""
    monkeypatch.setattr(topview, "UPLOAD_CHECK_SECONDS", 0.01)


@pytest.fixture
def hook(service: StandIn) -> TopviewHook:
    return TopviewHook()


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
    with Server(answering(b"")) as store, picture.open("rb") as file:
        transfer.put(hook.settings, f"{store.url}/k.png?sig=1", file, picture.stat().st_size)

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
        assert len(service.requests("/v1/upload/check")) == topview.UPLOAD_CHECKS


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
    ("kind", "words"), [("status", "answered HTTP 500"), ("reset", "ConnectionError while uploading")]
)
def test_a_storage_that_does_not_take_a_file_is_named_without_the_signature(
    hook: TopviewHook, service: StandIn, picture: Path, kind: str, words: str
) -> None:
    service.fault(kind, method="PUT")

    with pytest.raises(errors.TopviewUnavailable) as caught:
        hook.upload(picture)
    assert words in str(caught.value)
    assert "Signature" not in str(caught.value)


@pytest.mark.parametrize("result", [None, {}, {"fileId": "f"}, {"uploadUrl": "http://x"}, "text"])
def test_a_credential_without_its_parts_is_no_credential(
    hook: TopviewHook, service: StandIn, picture: Path, result: Any
) -> None:
    service.fault("wrong-type", path="/v1/upload/credential", value=result, times=-1)

    with pytest.raises(errors.TopviewUnavailable, match="the upload credential lacks fileId or uploadUrl"):
        hook.upload(picture)
