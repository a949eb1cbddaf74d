"""Result files: real, small, playable ones, padded on demand, behind signed URLs as an object store serves them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from aiohttp import web
from aiohttp.web_request import BaseRequest

FILES = Path(__file__).parent / "media"
TYPES = {"mp4": "video/mp4", "jpg": "image/jpeg", "png": "image/png", "mp3": "audio/mpeg", "zip": "application/zip"}
SAMPLES = {"mp4": "video.mp4", "jpg": "image.jpg", "png": "image.png", "mp3": "audio.mp3"}
WIDTH, HEIGHT, SECONDS = 360, 640, 3
"""Size and length of the samples."""

DIRECT, CLOUDFRONT, UPLOADS = "/s3/topview-results/", "/cloudfront/topview-results/", "/s3/topview-uploads/"
CHUNK = 256 * 1024
_ZEROS = bytes(CHUNK)
_BOX = 8


@dataclass(frozen=True, slots=True)
class Body:
    """
    Hold a file: its real bytes, and how many zeros follow.

    :param head: The real bytes.
    :param size: Size of the whole.
    """

    head: bytes
    size: int

    def chunks(self, start: int, stop: int) -> Iterator[bytes | memoryview]:
        """
        Yield the bytes of a range piece by piece; the padding is never built.

        :param start: First byte.
        :param stop: Byte after the last.
        """
        head = memoryview(self.head)
        while start < stop:
            if start < len(head):
                piece: bytes | memoryview = head[start : min(stop, start + CHUNK)]
            else:
                piece = _ZEROS if stop - start >= CHUNK else memoryview(_ZEROS)[: stop - start]
            start += len(piece)
            yield piece


class Library:
    """
    Read the samples once and say what stands behind a name.

    :param size: Pad every file to this many bytes; 0 leaves them.
    """

    def __init__(self, size: int = 0) -> None:
        samples = {kind: (FILES / name).read_bytes() for kind, name in SAMPLES.items()}
        samples["zip"] = _archive(samples)
        self.bodies = {kind: _padded(sample, kind, size) for kind, sample in samples.items()}

    def find(self, name: str) -> Body | None:
        """
        Return the file for a name such as ``a/b.mp4``, or None.

        :param name: Name or path; its ending counts.
        """
        return self.bodies.get(name.rpartition(".")[2])


def etag_of(owner: str, name: str) -> str:
    """
    Return the mark of one edition of a file; the ``-1`` says, as S3 does, that it is not the bytes' MD5.

    :param owner: Task or list it belongs to.
    :param name: Name of the file.
    """
    return hashlib.md5(f"{owner}/{name}".encode(), usedforsecurity=False).hexdigest() + "-1"


def path_of(owner: str, name: str, cloudfront: bool = False) -> str:
    """
    Return the path of a file, without signature.

    :param owner: Task or list it belongs to.
    :param name: Name of the file.
    :param cloudfront: The other address.
    """
    return f"{CLOUDFRONT if cloudfront else DIRECT}{quote(owner)}/{quote(name)}"


def split(path: str) -> tuple[str, str]:
    """
    Return owner and name of a file's path.

    :param path: Path of a signed URL.
    """
    parts = path.split("/", 4)
    return (parts[3], parts[4]) if len(parts) == 5 else ("", "")


def xml_error(status: int, code: str) -> web.Response:
    """
    Answer as an object store refuses.

    :param status: HTTP status.
    :param code: S3's word.
    """
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>'
    return web.Response(status=status, text=text, content_type="application/xml")


def type_of(path: str) -> str:
    """Return the media type of a file by the ending of its path."""
    return TYPES[path.rpartition(".")[2]]


async def send(request: BaseRequest, path: str, body: Body, cut_at: float | None = None) -> web.StreamResponse:
    """
    Send a file or the part that was asked for.

    :param request: The GET.
    :param path: Path of the file.
    :param body: What to send.
    :param cut_at: Close the connection after that share (below 1) or that many bytes; None sends all.
    """
    owner, name = split(path)
    etag = f'"{etag_of(owner, name)}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": type_of(path)}
    part = _part(request.headers, etag, body.size)
    if part is None:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{body.size}"})
    start, stop = part
    partial = (start, stop) != (0, body.size)
    if partial:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{body.size}"
    else:
        headers["Content-MD5"] = await asyncio.to_thread(_content_md5, body)
    headers["Content-Length"] = str(stop - start)
    response = web.StreamResponse(status=206 if partial else 200, headers=headers)
    await response.prepare(request)
    end = stop if cut_at is None else start + share(stop - start, cut_at)
    for piece in body.chunks(start, min(end, stop)):
        await response.write(piece)
    if end < stop and request.transport is not None:
        request.transport.close()
        return response
    await response.write_eof()
    return response


def share(size: int, cut_at: float) -> int:
    """
    Return how many bytes pass before a cut.

    :param size: Bytes of the whole.
    :param cut_at: A share below 1, or bytes.
    """
    return int(cut_at * size if cut_at < 1 else cut_at)


@lru_cache(maxsize=32)
def _content_md5(body: Body) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for piece in body.chunks(0, body.size):
        digest.update(piece)
    return base64.b64encode(digest.digest()).decode()


def _part(headers: Mapping[str, str], etag: str, size: int) -> tuple[int, int] | None:
    # None: no such range. Several ranges at once are answered with the whole, as S3 does.
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", headers.get("Range", "").strip())
    if match is None or match.group() == "bytes=-" or headers.get("If-Range", etag) != etag:
        return 0, size
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    start, stop = int(first), min(size, int(last) + 1 if last else size)
    return (start, stop) if start < stop else None


def _archive(samples: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for kind, sample in samples.items():
            archive.writestr(zipfile.ZipInfo(SAMPLES[kind]), sample)
    return buffer.getvalue()


def _padded(head: bytes, kind: str, size: int) -> Body:
    missing = size - len(head)
    if missing <= 0:
        return Body(head, len(head))
    if kind == "mp4" and _BOX <= missing < 2**32:
        # A free box keeps the file a valid MP4; the other kinds may end in zeros.
        head += missing.to_bytes(4, "big") + b"free"
    return Body(head, size)
