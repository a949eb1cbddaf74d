"""The control plane under ``/_standin/``: what happened, and what shall go wrong. It needs no key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from topview_provider.standin.envelope import Refusal, answer

if TYPE_CHECKING:
    from topview_provider.standin.front import Front


class Control:
    """
    Answer the control plane.

    :param front: The stand-in it belongs to.
    """

    def __init__(self, front: Front) -> None:
        self.front = front

    async def handle(self, request: BaseRequest, name: str) -> web.Response:
        """
        Answer one request.

        :param request: The request.
        :param name: What follows ``/_standin/``.
        """
        raw = await request.content.read() if request.body_exists else b""
        try:
            order = json.loads(raw or b"{}")
            status, said = await self._answer(f"{request.method} {name.strip('/')}", order)
        except Refusal as refusal:
            status, said = 400, {"error": refusal.message}
        except ValueError as error:
            status, said = 400, {"error": str(error)}
        return answer(json.dumps(said, ensure_ascii=False, default=dict).encode(), status)

    async def _answer(self, asked: str, order: Mapping[str, Any]) -> tuple[int, Any]:
        api = self.front.api
        match asked:
            case "GET stats":
                return 200, api.world.report()
            case "GET requests":
                return 200, self.front.journal.shown()
            case "GET uploads":
                return 200, api.uploads.listing()
            case "GET callbacks":
                return 200, list(api.callbacks.sent)
            case "GET faults":
                return 200, [fault.shown() for fault in api.faults.orders]
            case "POST faults":
                return 200, api.faults.add(order).shown()
            case "DELETE faults":
                api.faults.orders.clear()
                return 200, []
            case "POST reset":
                await api.callbacks.close()
                self.front.reset()
                return 200, {}
        return 404, {"error": f"{asked}: stats, requests, uploads, callbacks, faults and reset are here"}
