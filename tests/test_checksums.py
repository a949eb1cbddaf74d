"""What a storage promises of a file's bytes: proven while they pass, and never more than was promised."""

from __future__ import annotations

import base64
import hashlib
import zlib
from pathlib import Path

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks import remote
from topview_provider.hooks.topview import TopviewHook

from .files import BODY, HALF, cut, in_turn, part, swift, whole
from .support import Server, Talk

__all__ = ["swift"]
pytestmark = pytest.mark.usefixtures("swift")


def digests(body: bytes) -> dict[str, str]:
    """The headers that promise these bytes."""
    found = {
        "content_md5": hashlib.md5(body).digest(),
        "x_amz_checksum_sha256": hashlib.sha256(body).digest(),
        "x_amz_checksum_sha1": hashlib.sha1(body).digest(),
        "x_amz_checksum_crc32": zlib.crc32(body).to_bytes(4, "big"),
    }
    return {name: base64.b64encode(digest).decode() for name, digest in found.items()}


RIGHT, WRONG = digests(BODY), digests(b"other bytes")
each_kind = pytest.mark.parametrize("kind", RIGHT)


def fetch(hook: TopviewHook, folder: Path, *talks: Talk) -> int:
    """Fetch a file from a storage that answers in turn and return how many requests it took."""
    with Server(in_turn(*talks)) as store:
        try:
            hook.download(f"{store.url}/k.mp4?sig=1", folder / "video.mp4")
        finally:
            count = len(store.requests)
    return count


@each_kind
def test_bytes_that_are_those_of_their_checksum_land(hook: TopviewHook, tmp_path: Path, kind: str) -> None:
    assert fetch(hook, tmp_path, whole(**{kind: RIGHT[kind]})) == 1
    assert (tmp_path / "video.mp4").read_bytes() == BODY


@each_kind
def test_bytes_that_are_not_those_of_their_checksum_never_land(hook: TopviewHook, tmp_path: Path, kind: str) -> None:
    name = kind.replace("_", "-")
    with pytest.raises(errors.TopviewUnavailable, match=f"(?i)1600 bytes, which are not those of its {name}"):
        fetch(hook, tmp_path, whole(**{kind: WRONG[kind]}))
    assert list(tmp_path.iterdir()) == []


def test_each_of_several_checksums_has_to_be_right(hook: TopviewHook, tmp_path: Path) -> None:
    headers = {**RIGHT, "x_amz_checksum_crc32": WRONG["x_amz_checksum_crc32"]}
    with pytest.raises(errors.TopviewUnavailable, match="not those of its x-amz-checksum-crc32"):
        fetch(hook, tmp_path, whole(**headers))


def test_a_file_with_wrong_bytes_is_fetched_anew(hook: TopviewHook, tmp_path: Path) -> None:
    wrong = whole(BODY[::-1], **RIGHT)

    assert fetch(hook, tmp_path, wrong, wrong, whole(**RIGHT)) == remote.PASSES
    assert (tmp_path / "video.mp4").read_bytes() == BODY


def test_a_checksum_is_that_of_the_whole_file_however_many_requests_it_took(hook: TopviewHook, tmp_path: Path) -> None:
    marks = {"etag": '"e1"'}
    wrong = part(body=BODY[::-1], **marks)

    assert fetch(hook, tmp_path, cut(**marks, **RIGHT), part(**marks, **digests(BODY[HALF:]))) == 2
    assert (tmp_path / "video.mp4").read_bytes() == BODY
    (tmp_path / "video.mp4").unlink()

    assert fetch(hook, tmp_path, cut(**marks, **RIGHT), wrong, whole(**marks, **RIGHT)) == 3
    assert (tmp_path / "video.mp4").read_bytes() == BODY


@pytest.mark.parametrize(
    "headers",
    [
        {"x_amz_checksum_sha256": WRONG["x_amz_checksum_sha256"] + "-3"},
        {"x_amz_checksum_sha256": WRONG["x_amz_checksum_sha256"], "x_amz_checksum_type": "COMPOSITE"},
        {"x_amz_checksum_crc32": WRONG["content_md5"]},
        {"x_amz_checksum_crc32c": WRONG["x_amz_checksum_crc32"]},
        {"content_md5": "no base64"},
        {"etag": f'"{hashlib.md5(b"other bytes").hexdigest()}"'},
    ],
    ids=["parts", "type", "length", "crc32c", "no base64", "ETag"],
)
def test_what_is_no_checksum_of_the_bytes_proves_nothing_against_them(
    hook: TopviewHook, tmp_path: Path, headers: dict[str, str]
) -> None:
    assert fetch(hook, tmp_path, whole(**headers)) == 1
    assert (tmp_path / "video.mp4").read_bytes() == BODY
