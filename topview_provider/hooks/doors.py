"""The sending line, once with ``requests`` and once with ``aiohttp``; all that is decided about it stands elsewhere."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
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

    url, payload = settings.url(call), call.payload()
    body = None if payload is None else io.BytesIO(payload)
    options = {**transport(settings, url), "auth": Proof(), "allow_redirects": False, "stream": True}
    try:
        with session.request(call.method, url, data=body, headers=_kind(body), **options) as answer:
            said = _read(call, answer, settings.read_timeout)
    except (requests.RequestException, HTTPError, TimeoutError) as error:
        # As long as nothing of the body was read, at most headers have left this machine: TopView cannot have taken it.
        sent = body.tell() > 0 if body else may_have_left(error)
        raise wire.lost(call, _reason(error, settings, url), sent=sent) from None
    return wire.interpret(call, answer.status_code, answer.headers, said, hide=(settings.api_key,))


@dataclass(frozen=True, slots=True)
class Line:
    """
    What the requests of one connection on an event loop have in common, worked out once.

    :param settings: The connection.
    :param proxy: Proxy for its host; finding it reads the whole environment.
    :param timeout: Limits of one request.
    """

    settings: Settings
    proxy: str | None
    timeout: aiohttp.ClientTimeout


def line_of(settings: Settings) -> Line:
    """
    Work out what the requests of a connection have in common.

    :param settings: The connection.
    """
    import aiohttp

    limit = aiohttp.ClientTimeout(
        total=settings.connect_timeout + settings.read_timeout,
        sock_connect=settings.connect_timeout,
        sock_read=settings.read_timeout,
    )
    return Line(settings, settings.proxy_for(settings.base_url), limit)


async def asend(session: aiohttp.ClientSession, line: Line, uid: str, call: wire.Call) -> Any:
    """
    Send a call on an event loop and return the ``result`` of its answer; a submit needs a :func:`traced` session.

    :raises TopviewError: As :func:`topview_provider.wire.interpret` says.
    """
    import aiohttp
    from yarl import URL

    settings, payload = line.settings, call.payload()
    url, begun = settings.url(call), [not call.submits]
    headers = {**settings.headers(uid), **_kind(payload)}
    options: dict[str, Any] = {"proxy": line.proxy, "allow_redirects": False, "timeout": line.timeout}
    try:
        async with session.request(
            call.method, URL(url, encoded=True), data=payload, headers=headers, trace_request_ctx=begun, **options
        ) as answer:
            said = await _aread(call, answer, settings.read_timeout)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise wire.lost(call, _reason(error, settings, url), sent=begun[0]) from None
    return wire.interpret(call, answer.status, answer.headers, said, hide=(settings.api_key,))


def traced(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """
    Return a session for one submit, on the connections of another; only a submit has to know whether it was sent.

    :param session: Keeps its connections.
    """
    import aiohttp

    return aiohttp.ClientSession(
        connector=session.connector, connector_owner=False, cookie_jar=session.cookie_jar, trace_configs=[tracing()]
    )


def tracing() -> aiohttp.TraceConfig:
    """Return what makes ``aiohttp`` note that it begins to write a request: before that, nothing was sent."""
    import aiohttp

    async def note(_session: object, context: Any, _params: object) -> None:
        context.trace_request_ctx[0] = True

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(note)
    return trace


@lru_cache(maxsize=8)
def tls_context(ca: bool | str) -> ssl.SSLContext | bool:
    """Return the cached TLS context for ``aiohttp``; building one takes tens of milliseconds, so never on a loop."""
    if ca is False:
        return False
    if isinstance(ca, str) and os.path.isdir(ca):
        return ssl.create_default_context(capath=ca)
    return ssl.create_default_context(cafile=ca if isinstance(ca, str) else _bundle())


def may_have_left(error: BaseException) -> bool:
    """
    Tell whether a request without a body may have left this machine before it failed.

    :param error: What ``requests`` or :func:`send` raised.
    """
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    never = (ConnectTimeoutError, NewConnectionError, ssl.SSLCertVerificationError)
    return not any(isinstance(cause, never) for cause in _causes(error))


def _kind(body: object) -> dict[str, str]:
    return {} if body is None else {"Content-Type": "application/json"}


def _bundle() -> str:
    import certifi  # what requests verifies with, so that both doors trust the same authorities

    return certifi.where()


def _read(call: wire.Call, answer: requests.Response, limit: float) -> bytes:
    # requests bounds the pause between two bytes, not the whole: a server that drips must not hold a worker.
    end, body = time.monotonic() + limit, bytearray()
    while piece := answer.raw.read1(PIECE, decode_content=True):
        body += piece
        if len(body) > wire.MAX_JSON_BYTES:
            raise wire.lost(call, f"an answer of more than {wire.MAX_JSON_BYTES} bytes")
        if time.monotonic() > end:
            raise TimeoutError
    return bytes(body)


async def _aread(call: wire.Call, answer: aiohttp.ClientResponse, limit: float) -> bytes:
    if answer.content.is_eof():  # as almost always: it came with its head
        body = answer.content.read_nowait()
    else:
        async with asyncio.timeout(limit):
            body = await _drained(call, answer)
    if len(body) > wire.MAX_JSON_BYTES:
        raise wire.lost(call, f"an answer of more than {wire.MAX_JSON_BYTES} bytes")
    return body


async def _drained(call: wire.Call, answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > wire.MAX_JSON_BYTES:
            break
    return bytes(body)


def _reason(error: BaseException, settings: Settings, url: str) -> str:
    """Say what happened in our own words: foreign errors may hold URLs with credentials, and each library's differ."""
    proxy = settings.proxy_for(url)
    where = f"at {wire.redact_url(settings.base_url)} (connection {settings.conn_id!r}), "
    where += f"through the proxy {wire.redact_url(proxy)}, " if proxy else ""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError) and hasattr(cause, "verify_message"):
            trust = "extra 'verify' may name the bundle of its authority"
            return f"{where}the certificate is not trusted ({cause.verify_message}); {trust}"
        if isinstance(cause, socket.gaierror):
            return f"{where}the name of the host is unknown"
        if isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__:
            limits = f"connect_timeout {settings.connect_timeout:g} s, read_timeout {settings.read_timeout:g} s"
            return f"{where}timed out ({limits})"
        if isinstance(cause, ConnectionRefusedError):
            return f"{where}the connection was refused"
    return f"{where}the connection failed or broke off"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(8):
        if error is None:
            return
        yield error
        inner = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
        error = next((item for item in inner if isinstance(item, BaseException)), None)
