"""Files in and out: streamed, so that memory stays flat whatever their size."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import IO, Any

import requests

from topview_provider.exceptions import TopviewInvalidRequest, TopviewNotFound, TopviewUnavailable
from topview_provider.hooks.doors import plain_session, transport
from topview_provider.hooks.settings import Settings
from topview_provider.wire import redact_url

CHUNK = 1024 * 1024
NOT_MEDIA = ("text/html", "application/json", "application/xml", "text/xml")

log = logging.getLogger(__name__)


class Slice:
    """
    A file that says its length and is read in wide pieces.

    ``requests`` sends a Content-Length for an object with ``__len__``, and S3 refuses a signed PUT without one.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size

    def __len__(self) -> int:
        return self._left

    def read(self, size: int = -1) -> bytes:
        """Return the next piece, at least as wide as asked for where the file has as much."""
        piece = self._file.read(min(max(size, CHUNK), self._left) if size >= 0 else self._left)
        self._left -= len(piece)
        return piece


def put(settings: Settings, url: str, file: IO[bytes], size: int) -> None:
    """
    Send a file to a signed upload URL, without any TopView header.

    :raises TopviewUnavailable: The storage did not take it.
    """
    try:
        with plain_session() as session:
            answer = session.put(url, data=Slice(file, size), allow_redirects=False, **transport(settings, url))
    except requests.RequestException as error:
        raise TopviewUnavailable(f"PUT {redact_url(url)}: {type(error).__name__} while uploading") from None
    if answer.status_code not in (200, 201, 204):
        raise TopviewUnavailable(f"PUT {redact_url(url)} answered HTTP {answer.status_code}")


def fetch(settings: Settings, url: str, target: Any) -> int:
    """
    Stream a result URL into a file and return its length in bytes.

    The file appears under its name only when it is complete: it is written beside it under a temporary name first. A
    target that already has the promised length is complete and not fetched again.

    :param settings: Proxy, TLS and time-outs.
    :param url: Signed URL.
    :param target: ``ObjectStoragePath`` to land at.
    :raises TopviewNotFound: HTTP 403, 404 or 410: the URL has expired.
    :raises TopviewUnavailable: Any other answer, one cut short, or one that is no media file.
    """
    try:
        with (
            plain_session() as session,
            # identity: the length promised is then the length on disk
            session.get(
                url, stream=True, headers={"Accept-Encoding": "identity"}, **transport(settings, url)
            ) as answer,
        ):
            expected = _checked(answer, url)
            if expected and target.exists() and target.stat().st_size == expected:
                log.info("%s is complete already", target)
                return expected
            return _land(answer, expected, target)
    except requests.RequestException as error:
        raise TopviewUnavailable(f"GET {redact_url(url)}: {type(error).__name__} while downloading") from None


def _land(answer: requests.Response, expected: int | None, target: Any) -> int:
    part = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.part"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as file:
            size: int = sum(file.write(piece) for piece in _progress(answer.iter_content(CHUNK), expected))
        if size == 0 or (expected is not None and size != expected):
            raise TopviewUnavailable(f"GET {redact_url(answer.url)} delivered {size} of {expected or 'some'} bytes")
        # ObjectStoragePath has no rename that replaces on every backend; mv copies where it must.
        part.fs.mv(part.path, target.path)
    except BaseException:
        _forget(part)
        raise
    return size


def _checked(answer: requests.Response, url: str) -> int | None:
    if answer.status_code in (403, 404, 410):
        raise TopviewNotFound(f"GET {redact_url(url)} answered HTTP {answer.status_code}; the URL has expired")
    if answer.status_code != 200:
        raise TopviewUnavailable(f"GET {redact_url(url)} answered HTTP {answer.status_code}")
    kind = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if kind in NOT_MEDIA:
        raise TopviewUnavailable(f"GET {redact_url(url)} delivered {kind}, which is no media file")
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _progress(pieces: Iterator[bytes], expected: int | None) -> Iterator[bytes]:
    done, reported = 0, time.monotonic()
    for piece in pieces:
        done += len(piece)
        yield piece
        if time.monotonic() - reported >= 5:
            reported = time.monotonic()
            share = f" ({100 * done // expected} %)" if expected else ""
            log.info("%d MB%s", done // 1_000_000, share)


def _forget(part: Any) -> None:
    try:
        part.unlink(missing_ok=True)
    except Exception:  # noqa: BLE001 - the first error is the one to show
        log.warning("Could not remove the unfinished file %s", part)


def upload_size(source: Any) -> int:
    """
    Return the length of a file to upload.

    :raises TopviewInvalidRequest: There is no such file, or it is empty: TopView's storage refuses empty files.
    """
    try:
        size = int(source.stat().st_size)
    except FileNotFoundError:
        raise TopviewInvalidRequest(f"source: no file {str(source)!r}") from None
    if size == 0:
        raise TopviewInvalidRequest(f"source: {str(source)!r} is empty; TopView takes no empty file")
    return size


def credential(answer: Any) -> tuple[str, str]:
    """
    Return ``fileId`` and ``uploadUrl`` of an upload credential.

    :raises TopviewUnavailable: One of them is missing.
    """
    found = answer if isinstance(answer, Mapping) else {}
    if not found.get("fileId") or not found.get("uploadUrl"):
        raise TopviewUnavailable(f"the upload credential lacks fileId or uploadUrl: {sorted(found)}")
    return str(found["fileId"]), str(found["uploadUrl"])
