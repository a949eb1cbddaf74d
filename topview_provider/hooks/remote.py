"""A file behind a signed URL: its bytes from the first to the last, over as many requests as that takes."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Self

import requests
from urllib3.exceptions import HTTPError

from topview_provider.exceptions import TopviewError, TopviewNotFound, TopviewUnavailable
from topview_provider.hooks.checksums import Checksums, promised, recognising
from topview_provider.hooks.doors import plain_session, transport
from topview_provider.hooks.settings import Settings
from topview_provider.hooks.transfer import CHUNK
from topview_provider.wire import redact_url

PASSES = 3
"""How often a file may begin, where what came of it before is of no use."""

CUTS = 50
"""How many requests for one file may end too early."""

FRUITLESS = 3
"""How many of them in a row may bring no byte."""

PAUSE, STEP = 1.0, 0.1
"""Seconds before the request after a fruitless one, twice as long after two; else that share of it for each cut."""

RECORD = 32 * 1024
"""Bytes that are asked of TLS at once: it brings 16 KB at most, and room for much more is made in vain each time."""

WIDE = CHUNK // 4
"""Bytes that are handed on at once at least: each write has its price."""

PLAIN = frozenset({"", "identity", "aws-chunked"})
"""
Content codings under which an answer holds the file's own bytes.

S3 keeps ``aws-chunked`` as a mark of how a file was sent to it, and gives the plain bytes away.
"""

NOT_MEDIA = ("text/html", "application/json", "application/xml", "text/xml")
PASSING = (408, 429, 500, 502, 503, 504)

log = logging.getLogger(__name__)


class Cut(Exception):
    """A request ended too early; the next one may go on."""


class Useless(Exception):
    """What came so far is of no use; the file has to begin anew."""


@dataclass(frozen=True, slots=True)
class Edition:
    """
    What the first answer says of the whole file; every later one has to fit.

    :param size: Bytes of the whole; None where the storage does not say.
    :param etag: Strong ETag with its quotes; empty where there is none.
    :param changed: ``Last-Modified``; empty where there is none.
    :param promised: Digests by which its bytes are proven.
    :param recognising: Digests by which a file that is here already is recognised.
    """

    size: int | None = None
    etag: str = ""
    changed: str = ""
    promised: Mapping[str, bytes] = field(default_factory=dict)
    recognising: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """Read the headers of an answer that holds the whole file."""
        length = headers.get("Content-Length", "")
        size = int(length) if length.isdigit() else None
        return cls(size, *_marks(headers), promised(headers), recognising(headers))

    @property
    def validator(self) -> str:
        """What ``If-Range`` is asked with; empty where the rest of the file cannot be asked for safely."""
        return self.etag or self.changed

    def going_on(self, headers: Mapping[str, str], start: int) -> Self | None:
        """
        Return this edition, with its size if that was unknown; None where a partial answer is not its part from a byte.

        Some storages know ``Range`` but not ``If-Range``, so the marks of the part are compared, too.

        :param headers: Headers of the partial answer.
        :param start: The first byte that was asked for.
        """
        part = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", "").strip())
        same = all(mark in ("", own) for mark, own in zip(_marks(headers), (self.etag, self.changed), strict=True))
        if part is None or int(part[1]) != start or not same:
            return None
        size = self.size if part[2] == "*" else int(part[2])
        return replace(self, size=size) if self.size in (None, size) else None


class Remote:
    """
    Read one file; every cut, every expired URL and every answer that does not fit is dealt with here.

    :param settings: Proxy, TLS and time-outs. ``read_timeout`` bounds the wait for the next byte; nothing bounds the
        whole, so that a slow line may take its time.
    :param url: Signed URL.
    :param target: What the file is to become, for messages.
    :param renew: Returns a fresh URL of the same file, for when this one has expired.
    :param stop: Once it is set, no request is made any more, and the reading ends at the next bytes, or with the
        ``read_timeout`` of a storage that sends none.
    """

    def __init__(
        self,
        settings: Settings,
        url: str,
        target: str,
        renew: Callable[[], str] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.url = url
        self.target = target
        self.edition = Edition()
        self.at = 0
        self._settings = settings
        self._renew = renew
        self._stop = stop or threading.Event()
        self._sums, self._fresh = Checksums({}), False
        self._passes, self._cuts, self._fruitless = PASSES, CUTS, FRUITLESS

    def __str__(self) -> str:
        return f"GET {redact_url(self.url)} for {self.target!r}"

    def pieces(self) -> Generator[bytes]:
        """
        Yield the file from its first byte; :attr:`edition` is known when the first piece comes.

        :raises Useless: What came is not the file; see :meth:`begin_again`.
        :raises TopviewNotFound: The URL has expired, and there is no fresh one, or that is refused, too.
        :raises TopviewUnavailable: The storage does not deliver the file.
        :raises TopviewError: The reading was stopped.
        """
        self.at = 0
        while True:
            self.refuse_if_stopped()
            before = self.at
            try:
                yield from self._answer()
                return
            except TopviewNotFound as error:
                self._refresh(error)
            except Cut as error:
                self._bear(error, before)

    def begin_again(self, error: Useless) -> None:
        """
        Allow for another pass over :meth:`pieces`.

        :param error: Why what came is of no use.
        :raises TopviewUnavailable: There were passes enough.
        """
        self._passes -= 1
        if not self._passes:
            raise TopviewUnavailable(f"{error}; given up after {PASSES} beginnings") from None
        log.info("%s; starting again at the first byte", error)

    def refuse_if_stopped(self) -> None:
        """
        Raise once the reading is to end.

        :raises TopviewError: It was stopped.
        """
        if self._stop.is_set():
            raise TopviewError(f"{self}: stopped after {self._so_far()}")

    def _answer(self) -> Iterator[bytes]:
        try:
            with plain_session() as session, self._get(session) as answer:
                self._admit(answer)
                for piece in self._wide(answer):
                    self._count(piece)
                    yield piece
        except (requests.RequestException, HTTPError) as error:
            raise Cut(f"{self}: {type(error).__name__} while downloading, after {self._so_far()}") from None
        self._prove()

    def _get(self, session: requests.Session) -> AbstractContextManager[requests.Response]:
        # identity: the length promised is then the length on disk
        headers = {"Accept-Encoding": "identity"}
        if self.at:
            headers |= {"Range": f"bytes={self.at}-", "If-Range": self.edition.validator}
        return session.get(self.url, stream=True, headers=headers, **transport(self._settings, self.url))

    def _admit(self, answer: requests.Response) -> None:
        """Refuse an answer that is not the file, or not the part of it that was asked for."""
        status = answer.status_code
        if status in (403, 404, 410):
            raise TopviewNotFound(f"{self} answered HTTP {status}; the URL has expired")
        if status in PASSING:
            raise Cut(f"{self} answered HTTP {status}")
        if self.at and status in (200, 416):
            raise Useless(f"{self} answered HTTP {status} to a request for the bytes from {self.at}")
        if status != (206 if self.at else 200):
            raise TopviewUnavailable(f"{self} answered HTTP {status}")
        kind = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if kind in NOT_MEDIA:
            raise TopviewUnavailable(f"{self} delivered {kind}, which is no media file")
        packed = answer.headers.get("Content-Encoding", "").strip().lower()
        if not {coding.strip() for coding in packed.split(",")} <= PLAIN:
            raise TopviewUnavailable(f"{self} delivered the file packed as {packed}, which was not asked for")
        self._note(answer.headers)

    def _note(self, headers: Mapping[str, str]) -> None:
        if not self.at:
            self.edition = Edition.of(headers)
            self._sums = Checksums(self.edition.promised)
            return
        edition = self.edition.going_on(headers, self.at)
        if edition is None:
            said = headers.get("Content-Range", "")
            raise Useless(f"{self} delivered {said!r} of another edition, or not the bytes from {self.at}")
        self.edition = edition

    def _wide(self, answer: requests.Response) -> Iterator[bytes]:
        """Yield what comes in wide pieces, and what had come before an error: nothing of it is asked for twice."""
        held: list[bytes] = []
        size, room = 0, RECORD if answer.url.startswith("https:") else CHUNK
        try:
            while piece := answer.raw.read1(room, decode_content=False):
                self.refuse_if_stopped()
                held.append(piece)
                size += len(piece)
                if size >= WIDE:
                    yield b"".join(held)
                    held, size = [], 0
        except HTTPError:
            if held:
                yield b"".join(held)
            raise
        if held:
            yield b"".join(held)

    def _count(self, piece: bytes) -> None:
        self.at += len(piece)
        self._sums.update(piece)
        self._fresh = False

    def _prove(self) -> None:
        """Raise unless the file is complete, and is what the storage promised."""
        said, size = f"{self} delivered {self._so_far()}", self.edition.size
        if not self.at:
            raise TopviewUnavailable(said)
        if size is not None and self.at < size:
            raise Cut(said)
        if size is not None and self.at > size:
            raise Useless(said)
        if broken := self._sums.broken():
            raise Useless(f"{said}, which are not those of its {broken}")

    def _refresh(self, error: TopviewNotFound) -> None:
        """Get another URL, or raise what is wrong with this one: a fresh one that brought no byte has not expired."""
        self.refuse_if_stopped()
        self._cuts -= 1
        if self._renew is None or self._fresh or self._cuts < 0:
            raise error
        log.info("%s; asking TopView for a fresh one", error)
        self.url, self._fresh = self._renew(), True

    def _bear(self, error: Cut, before: int) -> None:
        """Wait a little where there is reason to, or raise a cut where it makes no sense to go on."""
        self.refuse_if_stopped()
        self._cuts -= 1
        self._fruitless = FRUITLESS if self.at > before else self._fruitless - 1
        cuts = CUTS - self._cuts
        if self._cuts < 0 or not self._fruitless:
            last = "" if self._fruitless else f", the last {FRUITLESS} without a byte"
            raise TopviewUnavailable(f"{error}; given up after {cuts} cuts{last}") from None
        if self.at and not self.edition.validator:
            raise Useless(f"{error}; the storage says nothing by which the rest could be asked for")
        level = logging.INFO if cuts.bit_count() == 1 else logging.DEBUG  # the first, second, fourth, eighth, ...
        log.log(level, "%s; going on there (cut %d)", error, cuts)
        self._stop.wait(PAUSE * (FRUITLESS - self._fruitless or min(STEP * cuts, 1.0)))

    def _so_far(self) -> str:
        return f"{self.at} of {self.edition.size} bytes" if self.edition.size else f"{self.at} bytes"


def _marks(headers: Mapping[str, str]) -> tuple[str, str]:
    # A weak ETag ("W/...") names files that mean the same; their bytes may differ.
    etag = headers.get("ETag", "").strip()
    return etag if etag.startswith('"') else "", headers.get("Last-Modified", "").strip()
