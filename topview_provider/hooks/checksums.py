"""What a storage promises of the bytes of a file, and whether those that came keep it."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol


class Sum(Protocol):
    """A checksum that grows with the bytes, as those of ``hashlib`` do."""

    def update(self, data: bytes, /) -> None:
        """Count the next bytes in."""

    def digest(self) -> bytes:
        """Return the checksum of all bytes so far."""


class Crc32:
    """The CRC-32 of the standard library, in the shape of ``hashlib``."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Count the next bytes in."""
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        """Return the checksum of all bytes so far, as S3 writes it."""
        return self._value.to_bytes(4, "big")


# S3 may send crc32c and crc64nvme too. The standard library has neither, and Python itself is too slow for them.
KINDS: Mapping[str, Callable[[], Sum]] = {
    "Content-MD5": lambda: hashlib.md5(usedforsecurity=False),
    "x-amz-checksum-sha256": hashlib.sha256,
    "x-amz-checksum-sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "x-amz-checksum-crc32": Crc32,
}
"""Header of an answer to the checksum it holds, in base64."""


class Checksums:
    """
    Compute what was promised while the bytes pass, so that nothing has to be read twice.

    :param promised: Header to digest, as :func:`promised` returns it.
    """

    def __init__(self, promised: Mapping[str, bytes]) -> None:
        self._promised = dict(promised)
        self._sums = {name: KINDS[name]() for name in promised}

    def update(self, piece: bytes) -> None:
        """Count the next bytes in."""
        for one in self._sums.values():
            one.update(piece)

    def broken(self) -> str:
        """Return the header whose promise the bytes do not keep; empty where they keep all."""
        return next((name for name, one in self._sums.items() if one.digest() != self._promised[name]), "")


def promised(headers: Mapping[str, str]) -> dict[str, bytes]:
    """
    Return the digests of the whole file that an answer promises.

    The checksum of a file that S3 took in parts is one of checksums: it ends in ``-<parts>``, or a header of its own
    says so. It proves nothing about the bytes and is left out, as is everything that is no digest.

    :param headers: Headers of the answer, whose names have no case.
    """
    composite = headers.get("x-amz-checksum-type", "").upper() == "COMPOSITE"
    names = [name for name in KINDS if not (composite and name.startswith("x-amz-"))]
    found = {name: _decoded(headers.get(name, "")) for name in names}
    return {name: digest for name, digest in found.items() if len(digest) == len(KINDS[name]().digest())}


def recognising(headers: Mapping[str, str]) -> dict[str, bytes]:
    """
    Return the digests by which a file that is here already can be recognised.

    These are the promised ones, else an ETag that looks like an MD5: bytes of that MD5 are the same file, but bytes of
    another need not be wrong, since the ETag of an encrypted file looks alike and is none.

    :param headers: Headers of the answer, whose names have no case.
    """
    etag = headers.get("ETag", "").strip('"').lower()
    return promised(headers) or ({"Content-MD5": bytes.fromhex(etag)} if re.fullmatch("[0-9a-f]{32}", etag) else {})


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""
