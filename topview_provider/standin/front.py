"""The door: every request comes in here, is noted, may be struck by a fault, and goes to the room that answers it."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import socket
import struct
from dataclasses import replace
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from topview_provider.catalog import Listing
from topview_provider.standin import media
from topview_provider.standin.api import Api, Call
from topview_provider.standin.control import Control
from topview_provider.standin.envelope import MESSAGES, OK, UNAUTHORISED, WRONG, Refusal, answer, wrap
from topview_provider.standin.faults import Facts, Fault, Strike
from topview_provider.standin.journal import Journal
from topview_provider.standin.options import Options
from topview_provider.standin.routes import Route, Routes
from topview_provider.standin.world import number

CONTROL = "/_standin/"
FILES = (media.DIRECT, media.CLOUDFRONT, media.UPLOADS)
RESET = struct.pack("ii", 1, 0)
"""A lingering time of nothing: closing the socket resets the connection."""

log = logging.getLogger(__name__)


class Front:
    """
    Serve one stand-in.

    :param options: How it behaves.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.routes = Routes()
        self.library = media.Library(options.media_bytes)
        self.closing = asyncio.Event()
        self.control = Control(self)
        self.keys = [options.api_key]
        self.reset()

    def reset(self) -> None:
        """Forget everything that happened."""
        self.api = Api(self.options)
        self.journal = Journal(self.keys)

    def rotate(self, api_key: object) -> None:
        """
        Let in nobody but a new key; the old ones stay masked.

        :param api_key: The key.
        :raises Refusal: 4000, it is no text or empty.
        """
        if not isinstance(api_key, str) or not api_key:
            raise Refusal(WRONG, "api_key: give a text that is not empty")
        self.options = replace(self.options, api_key=api_key)
        # The longest first: one key may begin with another.
        self.keys = sorted({*self.keys, api_key}, key=len, reverse=True)
        self.journal.secrets = self.keys

    async def handle(self, request: BaseRequest) -> web.StreamResponse:
        """
        Answer one request.

        :param request: Any request that came over the wire.
        """
        path = "/" + request.path.lstrip("/ ")
        if path.startswith(FILES):
            try:
                return await self._file(request, path)
            except (ConnectionResetError, asyncio.CancelledError) as gone:
                log.debug("%s %s: the client hung up", request.method, path)
                if isinstance(gone, asyncio.CancelledError):
                    raise
                return web.Response()
        prefix = self.options.prefix
        local = path[len(prefix) :] if path.startswith(f"{prefix}/") else ""
        for spelled in (path, local):
            if spelled.startswith(CONTROL):
                return await self.control.handle(request, spelled.removeprefix(CONTROL))
        local = "/" + local.lstrip("/ ")
        route = self.routes.find(request.method, local)
        if route is None:
            self.journal.note(request.method, path, dict(request.query), None)
            return web.Response(status=405 if local in self.routes.paths else 404, text="no such address")
        return await self._call(request, route, local)

    async def _call(self, request: BaseRequest, route: Route, path: str) -> web.StreamResponse:
        origin = f"{request.scheme}://{request.host}"
        raw = await request.content.read() if request.body_exists else b""
        call = Call(route, request.method, path, origin, request.query, raw)
        problem = _attempt(call)
        api = self.api
        entry = self.journal.note(request.method, path, dict(request.query), call.body if route.body else None)
        self._count(call)
        strike = api.faults.take(api.facts(call)) if api.faults.orders else Strike()
        if strike.delay:
            await asyncio.sleep(strike.delay)
        fault = strike.fault
        carried_out = not fault or fault.after
        said = self._reply(request, call, problem, strike.status) if carried_out else answer(wrap(None))
        response = await self._struck(request, fault, said) if fault else said
        entry["status"] = response.status
        return response

    def _reply(self, request: BaseRequest, call: Call, problem: Refusal | None, state: Fault | None) -> web.Response:
        refused = self._let_in(request, call.route)
        if refused is not None:
            return refused
        try:
            if problem:
                raise problem
            return answer(wrap(self.api.answer(call, state)))
        except Refusal as refusal:
            return answer(wrap(None, refusal.code, refusal.message))

    def _let_in(self, request: BaseRequest, route: Route) -> web.Response | None:
        given = request.headers.get("Authorization", "")
        known = hmac.compare_digest(given.encode(errors="replace"), f"Bearer {self.options.api_key}".encode())
        uid = request.headers.get("Topview-Uid", "")
        alone = isinstance(route.row, Listing) and route.row.uid_optional
        if known and (uid == self.options.uid or alone):
            return None
        mode = self.options.auth_mode
        code = "403" if mode == "http403" else UNAUTHORISED
        status = {"http401": 401, "http403": 403}.get(mode, 200)
        return answer(wrap(None, code, MESSAGES[code]), status)

    def _count(self, call: Call) -> None:
        if call.route.sort in ("submit", "query"):
            tally = self.api.world.tallies[self.api.family_of(call)]
            if call.route.sort == "submit":
                tally.received += 1
            else:
                tally.queries += 1

    async def _file(self, request: BaseRequest, path: str) -> web.StreamResponse:
        api = self.api
        upload = path.startswith(media.UPLOADS)
        entry = self.journal.note(request.method, path, {}, None)
        owner = media.split(path)[0]
        families, bodies = ("upload_file",) if upload else api.world.facts_of(owner)[0], api.world.facts_of(owner)[1]
        facts = Facts(request.method, path, "upload" if upload else "media", families, tuple(bodies))
        strike = api.faults.take(facts)
        if strike.delay:
            await asyncio.sleep(strike.delay)
        fault = strike.fault
        within = bool(fault and fault.within(facts.sort))
        response: web.StreamResponse = web.Response()
        if not fault or fault.after or within:
            response = await self._store(request, path, fault)
        if fault and not within:
            response = await self._struck(request, fault, web.Response())
        entry["status"] = response.status
        return response

    async def _store(self, request: BaseRequest, path: str, fault: Fault | None) -> web.StreamResponse:
        api = self.api
        if "Authorization" in request.headers or "Topview-Uid" in request.headers:
            api.world.leaked_headers += 1
            return media.xml_error(400, "InvalidArgument")
        wrong = api.signer.fault(request.method, path, request.query)
        if wrong or (fault and fault.kind == "expired-url"):
            return media.xml_error(403, wrong or "ExpiredToken")
        if request.method == "PUT":
            return await self._take(request, path, fault)
        body = self.library.find(path)
        if body is None:
            return media.xml_error(404, "NoSuchKey")
        api.world.downloads += 1
        if fault and fault.kind == "reset-mid-body":
            return await self._half(request, bytes(body.head[: body.size]), media.type_of(path))
        cut = float(fault.get(0.5)) if fault and fault.kind == "cut-download" else None
        return await media.send(request, path, body, cut)

    async def _take(self, request: BaseRequest, path: str, fault: Fault | None) -> web.StreamResponse:
        if fault and fault.kind == "cut-upload":
            await self.api.uploads.drop(request, float(fault.get(0.5)))
            reset(request)
            return web.Response()
        return await self.api.uploads.receive(request, path)

    async def _struck(self, request: BaseRequest, fault: Fault, said: web.StreamResponse) -> web.StreamResponse:
        """Answer as the fault says; ``said`` is what would have been said."""
        body = _bytes(said)
        match fault.kind:
            case "status":
                return _status(fault)
            case "code":
                code = str(fault.get("5000"))
                return answer(wrap(None, code, fault.message))
            case "html":
                page = str(fault.get("<html><body><h1>502 Bad Gateway</h1></body></html>"))
                return web.Response(text=page, content_type="text/html")
            case "truncated-json":
                return answer(body[: max(1, len(body) * 2 // 3)])
            case "wrong-type":
                return answer(_retyped(body, fault.get("unexpected")))
            case "wrong-content-type":
                said.headers["Content-Type"] = str(fault.get("text/html"))
                return said
            case "never-answer":
                await self.closing.wait()
            case "reset-mid-body":
                return await self._half(request, body, said.content_type)
        reset(request)
        return web.Response()

    async def _half(self, request: BaseRequest, body: bytes, content_type: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(body)), "Content-Type": content_type})
        if body:  # half of nothing would be a whole answer
            await response.prepare(request)
            await response.write(body[: len(body) // 2])
        reset(request)
        return response


def reset(request: BaseRequest) -> None:
    """
    Reset the connection of a request, so that its client sees no orderly end.

    :param request: Its connection is cut.
    """
    if request.transport is not None:
        sock = request.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        request.transport.abort()


def _attempt(call: Call) -> Refusal | None:
    try:
        call.parse()
    except Refusal as refusal:
        return refusal
    return None


def _status(fault: Fault) -> web.Response:
    status = int(fault.get(500))
    headers = {} if fault.retry_after is None else {"Retry-After": _seconds(fault.retry_after)}
    if status in (401, 403):
        return answer(wrap(None, str(status), fault.message), status, headers)
    return web.Response(status=status, headers=headers, text=fault.message or f"HTTP {status}")


def _seconds(value: float | str) -> str:
    return value if isinstance(value, str) else str(number(value))


def _retyped(body: bytes, value: Any) -> bytes:
    envelope = json.loads(body)
    return wrap(value, str(envelope.get("code", OK)), str(envelope.get("message", "")))


def _bytes(response: web.StreamResponse) -> bytes:
    return response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
