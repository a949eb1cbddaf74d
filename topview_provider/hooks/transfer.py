"""Files in and out: streamed, so that memory stays flat whatever their size."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import requests

from topview_provider.catalog.fields import LEFTOVERS
from topview_provider.exceptions import TopviewInvalidRequest, TopviewNotFound, TopviewUnavailable
from topview_provider.hooks.doors import plain_session, transport
from topview_provider.hooks.settings import Settings
from topview_provider.wire import redact_url

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

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

    The file appears under its name only when it is complete. A target that is complete already is not fetched again:
    its length is the promised one, and its MD5 the one that the storage names. A storage that names none proves
    nothing, and its file replaces the target.

    :param settings: Proxy, TLS and time-outs.
    :param url: Signed URL.
    :param target: ``ObjectStoragePath`` to land at.
    :raises TopviewInvalidRequest: The target is a folder.
    :raises TopviewNotFound: HTTP 403, 404 or 410: the URL has expired.
    :raises TopviewUnavailable: Any other answer, one cut short, or one that is no media file.
    """
    refuse_folder(target, "target")
    try:
        with _answer(settings, url) as answer:
            expected, promised = _checked(answer, url), _promised_md5(answer.headers)
            if not promised or not _has_length(target, expected):
                return _land(answer, expected, target)
        # Closed before the target is read: that may take longer than a storage keeps an idle connection.
        if _md5(target) == promised:
            log.info("%s is complete already", target)
            return int(target.stat().st_size)
        with _answer(settings, url) as answer:
            return _land(answer, _checked(answer, url), target)
    except requests.RequestException as error:
        raise TopviewUnavailable(f"GET {redact_url(url)}: {type(error).__name__} while downloading") from None


def file_path(text: Any, argument: str) -> ObjectStoragePath:
    """
    Return where a file is to land.

    :param text: Local path or URL.
    :param argument: What the user calls it.
    :raises TopviewInvalidRequest: It is empty, ends in ``/``, is an existing folder or what an empty template leaves.
    """
    from topview_provider.hooks.topview import storage_path

    spelled = str(text or "").strip()
    if not spelled or spelled.endswith("/") or spelled in LEFTOVERS:
        raise TopviewInvalidRequest(f"{argument}: {spelled!r} is no path of a file")
    target = storage_path(text)
    refuse_folder(target, argument)
    return target


def refuse_folder(target: Any, argument: str) -> None:
    """
    Refuse a folder: it cannot be read as a file, and moving onto it would land inside, under a temporary name.

    :param target: ``ObjectStoragePath`` to land at, or to read.
    :param argument: What the user calls it.
    :raises TopviewInvalidRequest: It is an existing folder.
    """
    if target.is_dir():
        raise TopviewInvalidRequest(f"{argument}: {str(target)!r} is a folder; give the path of a file")


@contextmanager
def landing(target: Any) -> Iterator[IO[bytes]]:
    """
    Open a file that appears under its name only when the block ends well; until then it has a temporary one beside it.

    :param target: ``ObjectStoragePath`` to land at; its folder is made where there is none.
    """
    part = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.part"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as file:
            yield file
        # ObjectStoragePath has no rename that replaces on every backend; mv copies where it must.
        part.fs.mv(part.path, target.path)
    except BaseException:
        _forget(part)
        raise


@contextmanager
def _answer(settings: Settings, url: str) -> Iterator[requests.Response]:
    with (
        plain_session() as session,
        # identity: the length promised is then the length on disk
        session.get(url, stream=True, headers={"Accept-Encoding": "identity"}, **transport(settings, url)) as answer,
    ):
        yield answer


def _land(answer: requests.Response, expected: int | None, target: Any) -> int:
    with landing(target) as file:
        size: int = sum(file.write(piece) for piece in _progress(answer.iter_content(CHUNK), expected))
        if size == 0 or (expected is not None and size != expected):
            raise TopviewUnavailable(f"GET {redact_url(answer.url)} delivered {size} of {expected or 'some'} bytes")
    return size


def _promised_md5(headers: Mapping[str, str]) -> str:
    """Return the MD5 of the whole file as 32 hex digits, empty where the storage does not name it."""
    try:
        digest = base64.b64decode(headers.get("Content-MD5", ""), validate=True).hex()
    except ValueError:
        digest = ""
    etag = headers.get("ETag", "").strip('"').lower()
    # The ETag of a file that S3 took in parts ends in "-<parts>" and is no MD5.
    return next((text for text in (digest, etag) if re.fullmatch(r"[0-9a-f]{32}", text)), "")


def _has_length(target: Any, expected: int | None) -> bool:
    return bool(expected) and target.exists() and target.stat().st_size == expected


def _md5(target: Any) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with target.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


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

    :raises TopviewInvalidRequest: There is no such file, it is a folder, or it is empty: TopView's storage refuses
        empty files.
    """
    refuse_folder(source, "source")
    try:
        size = int(source.stat().st_size)
    except FileNotFoundError:
        raise TopviewInvalidRequest(f"source: no file {str(source)!r}") from None
    if size == 0:
        raise TopviewInvalidRequest(f"source: {str(source)!r} is empty; TopView takes no empty file")
    return size


def version_of(source: Any) -> str:
    """Return what tells one state of a file from a later one: its ETag, else when it was changed."""
    info = source.fs.info(source.path)
    names = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated", "modificationTime")
    # What tells no state apart is never the same: to send a file again costs nothing.
    return next((str(info[name]) for name in names if info.get(name)), uuid.uuid4().hex)


def credential(answer: Any) -> tuple[str, str]:
    """
    Return ``fileId`` and ``uploadUrl`` of an upload credential.

    :raises TopviewUnavailable: One of them is missing.
    """
    found = answer if isinstance(answer, Mapping) else {}
    if not found.get("fileId") or not found.get("uploadUrl"):
        raise TopviewUnavailable(f"the upload credential lacks fileId or uploadUrl: {sorted(found)}")
    return str(found["fileId"]), str(found["uploadUrl"])
