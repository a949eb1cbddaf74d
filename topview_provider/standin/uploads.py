"""Files that go in: a credential, a PUT to a signed URL, a check. Bodies are hashed and forgotten."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from topview_provider.catalog import Row
from topview_provider.catalog.check import fields_of
from topview_provider.standin import media
from topview_provider.standin.clock import Clock
from topview_provider.standin.envelope import NOT_FOUND, Refusal

FILE_KEY = re.compile(r"(?:^f|F)ileIds?$")


@dataclass(slots=True)
class File:
    """
    Hold what is known of one uploaded file.

    :param format: Extension it was announced with.
    :param size: Bytes that came; None before the PUT.
    :param sha256: Their hash.
    :param ready: Moment the check turns true.
    :param checked: The check has said true.
    """

    format: str
    size: int | None = None
    sha256: str = ""
    ready: float = 0.0
    checked: bool = False


class Uploads:
    """
    Keep the files a client may name in a request.

    :param delay: Seconds between a PUT and the check saying true.
    :param any_file: Accept ids that were never uploaded.
    :param clock: The time.
    """

    def __init__(self, delay: float, any_file: bool, clock: Clock) -> None:
        self.clock = clock
        self.delay = delay
        self.any_file = any_file
        self.files: dict[str, File] = {}
        self.produced: set[str] = set()

    def announce(self, suffix: str) -> tuple[str, str]:
        """
        Return id and path of a new file.

        :param suffix: Extension without dot.
        """
        file_id = secrets.token_hex(16)
        self.files[file_id] = File(suffix)
        return file_id, f"{media.UPLOADS}{file_id}.{suffix}"

    def check(self, file_id: str) -> bool:
        """
        Tell whether the bytes of a file are there.

        :param file_id: Id from the credential.
        :raises Refusal: 4004, no such file.
        """
        file = self.files.get(file_id)
        if file is None:
            raise Refusal(NOT_FOUND, f"file {file_id} not found")
        file.checked = file.size is not None and self.clock.now() >= file.ready
        return file.checked

    def demand(self, row: Row, body: Mapping[str, Any]) -> None:
        """
        Refuse a body that names a file which is not there.

        :param row: The row; only its fields count.
        :param body: The request.
        :raises Refusal: 4004, with the id and the reason.
        """
        if self.any_file:
            return
        for item in fields_of(row):
            for file_id in _file_ids(item.wire, body.get(item.wire)):
                if file_id not in self.produced and not (file := self.files.get(file_id, File(""))).checked:
                    why = "not found" if not file.format else "not uploaded" if file.size is None else "not checked yet"
                    raise Refusal(NOT_FOUND, f"{item.wire}: file {file_id} {why}")

    def listing(self) -> list[dict[str, Any]]:
        """Return the files that arrived."""
        return [
            {"fileId": file_id, "size": file.size, "sha256": file.sha256, "format": file.format}
            for file_id, file in self.files.items()
            if file.size is not None
        ]

    async def receive(self, request: BaseRequest, path: str) -> web.StreamResponse:
        """
        Take the bytes of a file as S3 does for a pre-signed PUT.

        :param request: The PUT; its signature was checked.
        :param path: Path of the file.
        """
        file = self.files.get(path.rpartition("/")[2].partition(".")[0])
        if file is None:
            return media.xml_error(404, "NoSuchKey")
        if not request.content_length or "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            return media.xml_error(501, "NotImplemented")
        digest, size = hashlib.sha256(), 0
        async for chunk in request.content.iter_chunked(media.CHUNK):
            digest.update(chunk)
            size += len(chunk)
        file.size, file.sha256 = size, digest.hexdigest()
        file.ready = self.clock.now() + self.delay
        return web.Response(headers={"ETag": f'"{digest.hexdigest()[:32]}"'})

    async def drop(self, request: BaseRequest, cut_at: float) -> None:
        """
        Read the beginning of a PUT and forget it.

        :param request: The PUT.
        :param cut_at: How much of it: a share below 1, or bytes.
        """
        left = media.share(request.content_length or 0, cut_at)
        while left > 0 and (chunk := await request.content.read(min(left, media.CHUNK))):
            left -= len(chunk)


def _file_ids(wire: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [found for key, inner in value.items() for found in _file_ids(key, inner)]
    if isinstance(value, list | tuple):
        return [found for inner in value for found in _file_ids(wire, inner)]
    return [str(value)] if FILE_KEY.search(wire) and value not in (None, "") else []
