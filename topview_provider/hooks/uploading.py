"""Files in: streamed with their length, and begun anew with a fresh credential where the storage does not take them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import requests

from topview_provider.exceptions import TopviewError, TopviewUnavailable
from topview_provider.hooks.doors import plain_session, transport
from topview_provider.hooks.settings import Settings
from topview_provider.hooks.transfer import BLOCK, CHUNK, Progress, reason
from topview_provider.wire import redact_url

TRIES = 3
PAUSE = 1.0
"""Seconds between two tries."""

CHECKS = 10
CHECK_SECONDS = 2.0

log = logging.getLogger(__name__)


class Slice:
    """
    A file that says its length and is read in wide pieces.

    ``requests`` sends a Content-Length for an object with ``__len__``, and S3 refuses a signed PUT without one. The
    bytes are then exactly as many, or an error: a source that has become shorter would leave the storage waiting, and
    of one that has become longer only a part would arrive.

    :param file: The open file.
    :param size: The length it is to have.
    :param source: Where it is from.
    """

    def __init__(self, file: IO[bytes], size: int, source: Any) -> None:
        self._file = file
        self._left = self._size = size
        self._source = source
        self._progress = Progress(source.name, size)

    def __len__(self) -> int:
        return self._left

    def read(self, size: int = CHUNK) -> bytes:
        """
        Return the next piece, at least as wide as asked for where the file has as much.

        :raises TopviewError: The file cannot be read, or its length has changed.
        """
        with _words(self._source, self._size - self._left):
            # Behind the last byte there must be none.
            piece = self._file.read(min(max(size, CHUNK), self._left) or 1)
        if bool(piece) != bool(self._left):
            raise TopviewError(
                f"source: {str(self._source)!r} is {'shorter' if self._left else 'longer'} than the {self._size} bytes "
                "it had a moment ago. What to do: upload it when whatever writes it has finished"
            )
        self._left -= len(piece)
        self._progress.add(len(piece))
        return piece


def upload(settings: Settings, source: Any, size: int, ask: Callable[[], Any], has_file: Callable[[str], bool]) -> str:
    """
    Stream a file to TopView and return its ``fileId`` once TopView has seen it.

    A storage that cuts the upload or refuses it is asked again, with a credential of its own each time: the last one
    may have expired, and nobody knows what became of it.

    :param settings: Proxy, TLS and time-outs.
    :param source: ``ObjectStoragePath`` of the file.
    :param size: Its length in bytes.
    :param ask: Returns a fresh upload credential.
    :param has_file: Tells whether TopView sees a ``fileId``.
    :raises TopviewUnavailable: The storage did not take it three times, or TopView does not see it.
    :raises TopviewError: The source cannot be read, or its length has changed.
    """
    file_id = _send(settings, source, size, ask)
    for _ in range(CHECKS):
        if has_file(file_id):
            return file_id
        time.sleep(CHECK_SECONDS)
    raise TopviewUnavailable(f"fileId {file_id} was sent, but TopView does not see it")


def put(settings: Settings, url: str, source: Any, size: int) -> None:
    """
    Send a file to a signed upload URL, without any TopView header.

    :param settings: Proxy, TLS and time-outs. A storage that takes no byte for ``connect_timeout`` seconds is a cut:
        ``urllib3`` waits for as long as for a connection until all is sent.
    :param url: Signed URL.
    :param source: ``ObjectStoragePath`` of the file.
    :param size: Its length in bytes.
    :raises TopviewUnavailable: The storage did not take it.
    :raises TopviewError: The source cannot be read, or its length has changed.
    """
    with _words(source):
        file = source.open("rb", block_size=BLOCK)
    try:
        with file, plain_session() as session:
            body = Slice(file, size, source)
            answer = session.put(url, data=body, allow_redirects=False, **transport(settings, url))
    except requests.RequestException as error:
        raise TopviewUnavailable(f"PUT {redact_url(url)}: {type(error).__name__} while uploading") from None
    if answer.status_code not in (200, 201, 204):
        raise TopviewUnavailable(f"PUT {redact_url(url)} answered HTTP {answer.status_code}")


def credential(answer: Any) -> tuple[str, str]:
    """
    Return ``fileId`` and ``uploadUrl`` of an upload credential.

    :raises TopviewUnavailable: One of them is missing.
    """
    found = answer if isinstance(answer, Mapping) else {}
    if not found.get("fileId") or not found.get("uploadUrl"):
        raise TopviewUnavailable(f"the upload credential lacks fileId or uploadUrl: {sorted(found)}")
    return str(found["fileId"]), str(found["uploadUrl"])


def _send(settings: Settings, source: Any, size: int, ask: Callable[[], Any]) -> str:
    for left in reversed(range(TRIES)):
        file_id, url = credential(ask())
        try:
            put(settings, url, source, size)
            break
        except TopviewUnavailable as error:
            if not left:
                raise
            log.info("%s; once more with a fresh credential", error)
            time.sleep(PAUSE)
    return file_id


@contextmanager
def _words(source: Any, done: int = 0) -> Iterator[None]:
    # Left alone, an OSError of the source would pass for one of the connection.
    try:
        yield
    except Exception as error:
        raise TopviewError(f"source: {str(source)!r} cannot be read: {reason(error)} after {done} bytes") from error
