"""The sending line, once with ``requests`` and once with ``aiohttp``; all that is decided about it stands elsewhere."""

from __future__ import annotations

import ssl
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from topview_provider import wire
from topview_provider.hooks.settings import Settings

if TYPE_CHECKING:
    import aiohttp
    import requests

PIECE = 64 * 1024


def plain_session() -> requests.Session:
    """Return a session that knows no key and no environment: ``.netrc`` is never read, proxies come from settings."""
    import requests

    session = requests.Session()
    session.trust_env = False
    return session


def transport(settings: Settings, url: str) -> dict[str, Any]:
    """Return the proxy, TLS and time-out arguments of ``requests``."""
    proxy = settings.proxy_for(url)
    return {
        "proxies": {"http": proxy, "https": proxy} if proxy else {},
        "verify": settings.ca(),
        "timeout": (settings.connect_timeout, settings.read_timeout),
    }


def send(session: requests.Session, settings: Settings, uid: str, call: wire.Call) -> Any:
    """
    Send a call from a worker and return the ``result`` of its answer.

    :raises TopviewError: As :func:`topview_provider.wire.interpret` says.
    """
    import requests
    from requests.auth import AuthBase
    from urllib3.exceptions import HTTPError

    class Proof(AuthBase):
        def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers.update(settings.headers(uid))
            return request

    url = settings.url(call)
    options = {**transport(settings, url), "auth": Proof(), "allow_redirects": False, "stream": True}
    try:
        with session.request(call.method, url, json=call.body, **options) as answer:
            body = _read(call, answer, settings.read_timeout)
    except (requests.RequestException, HTTPError) as error:
        raise wire.lost(call, _reason(error), sent=not _never_connected(error)) from None
    return wire.interpret(call, answer.status_code, answer.headers, body, hide=(settings.api_key,))


async def asend(session: aiohttp.ClientSession, settings: Settings, uid: str, call: wire.Call) -> Any:
    """
    Send a call on an event loop and return the ``result`` of its answer.

    :raises TopviewError: As :func:`topview_provider.wire.interpret` says.
    """
    import aiohttp
    from yarl import URL

    url = settings.url(call)
    limit = aiohttp.ClientTimeout(
        total=settings.connect_timeout + settings.read_timeout, sock_connect=settings.connect_timeout
    )
    options: dict[str, Any] = {"proxy": settings.proxy_for(url), "allow_redirects": False, "timeout": limit}
    try:
        async with session.request(
            call.method, URL(url, encoded=True), json=call.body, headers=settings.headers(uid), **options
        ) as answer:
            body = await _aread(call, answer)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise wire.lost(call, _reason(error), sent=not _anever_connected(error)) from None
    return wire.interpret(call, answer.status, answer.headers, body, hide=(settings.api_key,))


@lru_cache(maxsize=8)
def tls_context(ca: bool | str) -> ssl.SSLContext | bool:
    """Return the cached TLS context for ``aiohttp``; building one takes tens of milliseconds, so never on a loop."""
    if ca is False:
        return False
    return ssl.create_default_context(cafile=ca if isinstance(ca, str) else _bundle())


def _bundle() -> str:
    import certifi  # what requests verifies with, so that both doors trust the same authorities

    return certifi.where()


def _read(call: wire.Call, answer: requests.Response, limit: float) -> bytes:
    # requests bounds the pause between two bytes, not the whole: a server that drips must not hold a worker.
    end, body = time.monotonic() + limit, bytearray()
    while piece := answer.raw.read1(PIECE):
        body += piece
        if len(body) > wire.MAX_JSON_BYTES:
            raise wire.lost(call, f"an answer of more than {wire.MAX_JSON_BYTES} bytes")
        if time.monotonic() > end:
            raise wire.lost(call, f"the answer was not complete after {limit:g} s")
    return bytes(body)


async def _aread(call: wire.Call, answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > wire.MAX_JSON_BYTES:
            raise wire.lost(call, f"an answer of more than {wire.MAX_JSON_BYTES} bytes")
    return bytes(body)


def _reason(error: BaseException) -> str:
    """Return what happened without the text of foreign errors, which may hold URLs with credentials."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return f"{type(error).__name__} ({seen.strerror})"
        seen = _cause(seen)
    return type(error).__name__


def _cause(error: BaseException) -> BaseException | None:
    inner = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
    return next((item for item in inner if isinstance(item, BaseException)), None)


def _never_connected(error: BaseException) -> bool:
    import requests
    from urllib3 import exceptions as below

    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.InvalidURL):
        return True
    early = (below.NewConnectionError, below.ConnectTimeoutError, below.ProxyError, below.LocationValueError)
    seen: BaseException | None = error
    for _ in range(5):
        if isinstance(seen, (*early, ssl.SSLCertVerificationError)):
            return True
        seen = _cause(seen) if seen is not None else None
    return False


def _anever_connected(error: BaseException) -> bool:
    import aiohttp

    early = (
        aiohttp.ClientConnectorError,
        aiohttp.ClientConnectorCertificateError,
        aiohttp.ClientHttpProxyError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.InvalidURL,
    )
    return isinstance(error, early)
