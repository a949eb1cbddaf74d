"""Files out: streamed, landed whole or not at all, and without a TopView header on the way."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks import transfer
from topview_provider.hooks.topview import TopviewHook, storage_path
from topview_provider.standin.server import StandIn

from .files import Connect, swift, video_url
from .support import Server, answering, peak_of, refused_port

__all__ = ["swift"]
pytestmark = pytest.mark.usefixtures("swift")

BIG = 64 * 1024 * 1024


def state(path: Path) -> tuple[int, ...]:
    """What would be another if the file had been written again; not the time of its last reading."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def test_a_download_lands_whole_in_a_folder_that_was_not_there(
    hook: TopviewHook, service: StandIn, tmp_path: Path
) -> None:
    target = tmp_path / "new" / "folder" / "video.mp4"
    size = hook.download(video_url(hook), target)

    assert target.stat().st_size == size > 1000
    assert target.read_bytes()[4:8] == b"ftyp"
    assert [path.name for path in target.parent.iterdir()] == ["video.mp4"]
    assert service.stats()["leaked_headers"] == 0


def test_a_download_of_any_size_takes_little_memory(connect: Connect, tmp_path: Path) -> None:
    with StandIn(seconds=0, media_bytes=BIG) as service:
        connect(service)
        hook = TopviewHook()
        url = video_url(hook)
        peak = peak_of(lambda: hook.download(url, tmp_path / "video.mp4"))

    assert (tmp_path / "video.mp4").stat().st_size == BIG
    assert peak < BIG / 8


def test_a_download_replaces_an_older_file_only_when_it_is_complete(
    hook: TopviewHook, service: StandIn, tmp_path: Path
) -> None:
    target = tmp_path / "video.mp4"
    target.write_bytes(b"older")
    service.fault("cut-download", value=0, times=-1)
    with pytest.raises(errors.TopviewUnavailable, match="while downloading"):
        hook.download(video_url(hook), target)
    assert target.read_bytes() == b"older"

    service.clear_faults()
    hook.download(video_url(hook), target)
    assert target.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize(("kind", "words"), [("cut-download", {"value": 9}), ("reset-mid-body", {}), ("reset", {})])
def test_a_download_that_is_cut_for_good_leaves_nothing_behind(
    hook: TopviewHook, service: StandIn, tmp_path: Path, kind: str, words: dict[str, Any]
) -> None:
    service.fault(kind, path="/s3/*", times=-1, **words)

    with pytest.raises(errors.TopviewUnavailable) as caught:
        hook.download(video_url(hook), tmp_path / "video.mp4")
    assert "Signature" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_complete_target_is_not_fetched_again(
    hook: TopviewHook, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    url, target = video_url(hook), tmp_path / "video.mp4"
    size = hook.download(url, target)
    before = state(target)

    assert hook.download(url, target) == size
    assert state(target) == before
    assert any("is complete already" in record.getMessage() for record in caplog.records)


def test_a_target_of_the_same_length_but_other_bytes_is_replaced(hook: TopviewHook, tmp_path: Path) -> None:
    url, target = video_url(hook), tmp_path / "video.mp4"
    size = hook.download(url, target)
    content = target.read_bytes()
    target.write_bytes(b"\0" * size)

    assert hook.download(url, target) == size
    assert target.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["video.mp4"]


def test_a_padded_file_is_known_by_its_content_too(connect: Connect, tmp_path: Path) -> None:
    with StandIn(seconds=0, media_bytes=3_000_000) as service:
        connect(service)
        hook = TopviewHook()
        url, target = video_url(hook), tmp_path / "video.mp4"
        hook.download(url, target)
        before = state(target)
        assert hook.download(url, target) == 3_000_000
    assert state(target) == before


HERE = b"the bytes that are here already"
HEX = hashlib.md5(HERE, usedforsecurity=False).hexdigest()
SHA256 = base64.b64encode(hashlib.sha256(HERE).digest()).decode()
B64 = base64.b64encode(bytes.fromhex(HEX)).decode()


@pytest.mark.parametrize(
    ("headers", "proven"),
    [
        ({"etag": f'"{HEX}"'}, True),
        ({"x_amz_checksum_sha256": SHA256}, True),
        ({"x_amz_checksum_sha256": SHA256, "x_amz_checksum_type": "COMPOSITE"}, False),
        ({"x_amz_checksum_sha256": SHA256, "etag": f'"{HEX[::-1]}"'}, True),
        ({"etag": f'"{HEX.upper()}"'}, True),
        ({"content_md5": B64, "etag": '"an edition"'}, True),
        ({"content_md5": "no base64!", "etag": f'"{HEX}"'}, True),
        ({"content_md5": "bm8gTUQ1", "etag": f'"{HEX}"'}, True),
        ({}, False),
        ({"etag": f'"{HEX}-1"'}, False),
        ({"etag": f'W/"{HEX}"'}, False),
        ({"etag": f'"{HEX[::-1]}"'}, False),
        ({"content_md5": B64[::-1]}, False),
        ({"etag": f'"{HEX}"', "content_length": ""}, False),
    ],
)
def test_a_target_is_kept_only_where_the_storage_proves_that_it_is_the_same_file(
    hook: TopviewHook, tmp_path: Path, headers: dict[str, str], proven: bool
) -> None:
    target = tmp_path / "video.mp4"
    target.write_bytes(HERE)
    before = state(target)
    with Server(answering(HERE, content_type="video/mp4", **headers)) as store:
        assert hook.download(f"{store.url}/k.mp4", target) == len(HERE)
    assert (state(target) == before) == proven
    assert target.read_bytes() == HERE


def test_a_large_target_is_compared_in_little_memory(hook: TopviewHook, tmp_path: Path) -> None:
    target = tmp_path / "video.mp4"
    with target.open("wb") as file:
        file.truncate(BIG)
    said = answering(bytes(BIG), content_type="video/mp4", etag="7f614da9329cd3aebf59b91aadc30bf0")
    with Server(said) as store:
        peak = peak_of(lambda: hook.download(f"{store.url}/k.mp4", target))
    assert len(store.requests) == 1
    assert peak < BIG / 8


def test_a_folder_is_no_target_of_a_download(hook: TopviewHook, service: StandIn, tmp_path: Path) -> None:
    url = video_url(hook)
    with pytest.raises(errors.TopviewInvalidRequest, match=r"target: .* is a folder; give the path of a file"):
        hook.download(url, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert service.stats()["downloads"] == 0


def test_a_target_of_another_length_is_fetched_again(hook: TopviewHook, tmp_path: Path) -> None:
    url, target = video_url(hook), tmp_path / "video.mp4"
    size = hook.download(url, target)
    target.write_bytes(b"cut")

    assert hook.download(url, target) == target.stat().st_size == size


def test_an_expired_url_is_not_found(hook: TopviewHook, service: StandIn, tmp_path: Path) -> None:
    url = video_url(hook)
    service.fault("expired-url", path="/s3/*")

    with pytest.raises(errors.TopviewNotFound, match=r"answered HTTP 403; the URL has expired") as caught:
        hook.download(url, tmp_path / "video.mp4")
    assert "Signature" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        ("200 OK", "text/html", "delivered text/html, which is no media file"),
        ("200 OK", "application/json; charset=utf-8", "delivered application/json, which is no media file"),
        ("200 OK", "application/xml", "delivered application/xml, which is no media file"),
        ("206 Partial Content", "video/mp4", "answered HTTP 206"),
        ("503 Slow Down", "application/xml", "answered HTTP 503"),
    ],
)
def test_what_is_no_media_file_is_refused(
    hook: TopviewHook, tmp_path: Path, status: str, kind: str, words: str
) -> None:
    said = answering(b"<html>", status, content_type=kind)
    with Server(said) as store, pytest.raises(errors.TopviewUnavailable, match=words):
        hook.download(f"{store.url}/k.mp4?sig=1", tmp_path / "video.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [{}, {"content_length": ""}], ids=["length", "no length"])
def test_an_empty_file_is_no_result(hook: TopviewHook, tmp_path: Path, words: dict[str, str]) -> None:
    said = answering(b"", content_type="video/mp4", **words)
    with Server(said) as store, pytest.raises(errors.TopviewUnavailable, match="delivered 0 bytes"):
        hook.download(f"{store.url}/k.mp4", tmp_path / "video.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_unknown_length_is_taken_to_its_end(hook: TopviewHook, tmp_path: Path) -> None:
    with Server(answering(b"x" * 5000, content_type="video/mp4", content_length="")) as store:
        assert hook.download(f"{store.url}/k.mp4", tmp_path / "video.mp4") == 5000


def test_a_storage_that_cannot_be_reached_is_named(hook: TopviewHook, tmp_path: Path) -> None:
    with refused_port() as nobody, pytest.raises(errors.TopviewUnavailable, match="ConnectionError while downloading"):
        hook.download(f"{nobody.url}/k.mp4?sig=1", tmp_path / "video.mp4")


def test_a_redirect_of_a_storage_is_followed_since_nothing_secret_goes_with_it(
    hook: TopviewHook, tmp_path: Path
) -> None:
    with Server(answering(b"x" * 50, content_type="video/mp4")) as store:
        moved = answering(b"", "302 Found", location=f"{store.url}/k.mp4")
        with Server(moved) as front:
            assert hook.download(f"{front.url}/k.mp4", tmp_path / "video.mp4") == 50
    assert not {"authorization", "topview-uid"} & set(store.requests[0].headers)


def test_a_path_of_this_machine_may_be_relative_or_begin_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    for text in ("a.mp4", "~/a.mp4", f"{tmp_path}/a.mp4", f"file://{tmp_path}/a.mp4"):
        assert storage_path(text).path == f"{tmp_path}/a.mp4"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, r"clip\.mp4: \d\.\d of 3\.0 MB \(\d+ %\), \d+\.\d MB/s"),
        ({"content_length": ""}, r"clip\.mp4: \d\.\d MB, \d+"),
    ],
    ids=["length", "no length"],
)
def test_the_log_of_a_download_says_how_far_it_is(
    hook: TopviewHook,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    words: str,
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(transfer, "REPORT_SECONDS", 0.0)
    with Server(answering(bytes(3_000_000), content_type="video/mp4", **headers)) as store:
        hook.download(f"{store.url}/k.mp4?sig=1", tmp_path / "clip.mp4")

    said = [record.getMessage() for record in caplog.records if "clip.mp4: " in record.getMessage()]
    assert said
    assert all(re.match(words, line) for line in said)
