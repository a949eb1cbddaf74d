"""Files out: landed under their name only when they are complete and proven, and not fetched where they are already."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import chain
from typing import Any

from topview_provider.hooks.checksums import Checksums
from topview_provider.hooks.remote import Edition, Remote, Useless
from topview_provider.hooks.settings import Settings
from topview_provider.hooks.transfer import CHUNK, Progress, landing, refuse_folder

log = logging.getLogger(__name__)


def fetch(
    settings: Settings,
    url: str,
    target: Any,
    renew: Callable[[], str] | None = None,
    stop: threading.Event | None = None,
) -> int:
    """
    Stream a result URL into a file and return its length in bytes.

    The file appears under its name only when it is complete and, where the storage sends checksums along, its bytes
    are those. A target that is complete already is not fetched again: its length is the promised one, and so is its
    checksum, or its MD5 is the ETag. A storage that names none proves nothing, and its file replaces the target.

    A cut download goes on where it was cut, if the storage says that it is still the same file, and at the first byte
    otherwise, after a pause that grows from a tenth of a second to one, and to two where a request brought nothing. It
    is given up when three requests in a row bring nothing, when more than 50 were cut, and when what came is of no use
    for the third time; each attempt of a task begins anew.

    :param settings: Proxy, TLS and time-outs; no byte for ``read_timeout`` seconds is a cut.
    :param url: Signed URL.
    :param target: ``ObjectStoragePath`` to land at.
    :param renew: Returns a fresh URL of the same file; asked once each time that a URL has expired.
    :param stop: Once it is set, no request is made any more, and the download ends at the next bytes, or with the
        ``read_timeout`` of a storage that sends none.
    :raises TopviewInvalidRequest: The target is a folder.
    :raises TopviewNotFound: HTTP 403, 404 or 410: the URL has expired.
    :raises TopviewUnavailable: Any other answer, one cut again and again, or one that is no media file.
    :raises TopviewError: The target cannot be written, or the download was stopped.
    """
    refuse_folder(target, "target")
    remote = Remote(settings, url, str(target), renew, stop)
    while True:
        try:
            return _once(remote, target)
        except Useless as error:
            remote.begin_again(error)


def _once(remote: Remote, target: Any) -> int:
    with closing(remote.pieces()) as pieces:
        first = next(pieces)  # before the target is touched: most refusals come here
        if not _may_be(target, remote.edition):
            return _land(remote, chain([first], pieces), target)
    # Closed before the target is read: that may take longer than a storage keeps an idle connection.
    if _is(target, remote):
        log.info("%s is complete already", target)
        return int(target.stat().st_size)
    with closing(remote.pieces()) as pieces:
        return _land(remote, pieces, target)


def _land(remote: Remote, pieces: Iterable[bytes], target: Any) -> int:
    progress = Progress(target.name, remote.edition.size)
    with landing(target) as file:
        for piece in pieces:
            file.write(piece)
            progress.add(len(piece))
    return remote.at


def _may_be(target: Any, edition: Edition) -> bool:
    return bool(edition.size and edition.recognising and target.exists() and target.stat().st_size == edition.size)


def _is(target: Any, remote: Remote) -> bool:
    proof = Checksums(remote.edition.recognising)
    with target.open("rb") as file:
        while piece := file.read(CHUNK):
            remote.refuse_if_stopped()
            proof.update(piece)
    return not proof.broken()
