"""Where files come from and go to: what a place may be, how a file lands there, how far one has come."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from topview_provider.catalog.fields import LEFTOVERS
from topview_provider.exceptions import TopviewError, TopviewInvalidRequest

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

CHUNK = 1024 * 1024
BLOCK = 5 * CHUNK
"""
What a client of an object store sends or reads at once: the least that S3 takes as a part.

It holds a few of them at a time. By itself ``s3fs`` takes 50 MiB, and 170 MB for one file.
"""

REPORT_SECONDS = 5.0

log = logging.getLogger(__name__)


class Progress:
    """
    Say every few seconds in the task's log how far a file has come.

    :param name: Name of the file.
    :param size: Bytes of the whole; None where nobody knows.
    """

    def __init__(self, name: str, size: int | None) -> None:
        self.name = name
        self.size = size
        self.done = 0
        self._said = (0, time.monotonic())

    def add(self, count: int) -> None:
        """Count the next bytes in."""
        self.done += count
        (before, since), now = self._said, time.monotonic()
        if now - since < REPORT_SECONDS:
            return
        self._said = (self.done, now)
        whole = f" of {self.size / 1e6:.1f} MB ({100 * self.done // self.size} %)" if self.size else " MB"
        rate = (self.done - before) / 1e6 / max(now - since, 1e-6)
        log.info("%s: %.1f%s, %.1f MB/s", self.name, self.done / 1e6, whole, rate)


class Sink:
    """
    A file being written; where its storage refuses, the error says so in our words.

    :param file: The open file.
    :param target: What it is to become.
    """

    def __init__(self, file: IO[bytes], target: Any) -> None:
        self._file = file
        self._target = target
        self.written = 0

    def write(self, piece: bytes) -> int:
        """
        Write the next bytes.

        :raises TopviewError: They cannot be written.
        """
        with _words(self._target, self):
            count = self._file.write(piece)
        self.written += count
        return count


@contextmanager
def landing(target: Any) -> Iterator[Sink]:
    """
    Open a file that appears under its name only when the block ends well; until then it has a temporary one beside it.

    :param target: ``ObjectStoragePath`` to land at; its folder is made where there is none.
    :raises TopviewError: It cannot be written; what was written is removed.
    """
    part = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.part"
    with _words(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        file = part.open("wb", block_size=BLOCK)
    sink = Sink(file, target)
    try:
        yield sink
        with _words(target, sink):
            file.close()
            # ObjectStoragePath has no rename that replaces on every backend; mv copies where it must.
            part.fs.mv(part.path, target.path)
    except BaseException:
        _forget(file, part)
        raise


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


def reason(error: Exception) -> str:
    """Return in a few words why a storage refused: the system's own where it has some, else the kind of error."""
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


@contextmanager
def _words(target: Any, sink: Sink | None = None) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        written = f" after {sink.written} bytes, which are removed" if sink else ""
        raise TopviewError(
            f"cannot write {str(target)!r}: {reason(error)}{written}. What to do: make room there, mend the rights, or "
            "give another path"
        ) from error


def _forget(file: IO[bytes], part: Any) -> None:
    with suppress(Exception):  # a full disk refuses what is still buffered, too
        file.close()
    try:
        part.unlink(missing_ok=True)
    except Exception:  # noqa: BLE001 - the first error is the one to show
        log.warning("Could not remove the unfinished file %s", part)
