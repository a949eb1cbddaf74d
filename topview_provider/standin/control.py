"""The control plane under ``/_standin/``: what happened, and what shall go wrong. It needs no key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from topview_provider.standin.envelope import FORMAT, Refusal, answer

if TYPE_CHECKING:
    from topview_provider.standin.front import Front

WRITES = ("POST faults", "DELETE faults", "POST advance", "POST replay", "POST key", "POST reset")


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
            order = _order(raw)
            status, said = await self._answer(f"{request.method} {name.strip('/')}", order)
        except Refusal as refusal:
            status, said = 400, {"error": refusal.message}
        except ValueError as error:
            status, said = 400, {"error": str(error)}
        return answer(json.dumps(said, ensure_ascii=False, default=dict).encode(), status)

    async def _answer(self, asked: str, order: Mapping[str, Any]) -> tuple[int, Any]:
        api = self.front.api
        match asked:
            case "POST faults":
                return 200, api.faults.add(order).shown()
            case "DELETE faults":
                api.faults.orders.clear()
                return 200, []
            case "POST advance":
                api.clock.ahead += max(0.0, float(order.get("seconds", 0)))
                api.callbacks.look_again()
                return 200, {"ahead": api.clock.ahead}
            case "POST replay":
                return 200, {"sent": await api.callbacks.replay()}
            case "POST key":
                self.front.rotate(order.get("api_key"))
                return 200, {}
            case "POST reset":
                await api.callbacks.close()
                self.front.reset()
                return 200, {}
        read = self._reads().get(asked)
        if read is None:
            return 404, {"error": f"{asked} is not here; these are: {', '.join((*self._reads(), *WRITES))}"}
        return 200, read()

    def _reads(self) -> dict[str, Callable[[], Any]]:
        api = self.front.api
        return {
            "GET stats": api.world.report,
            "GET jobs": self._jobs,
            "GET requests": self.front.journal.shown,
            "GET uploads": api.uploads.listing,
            "GET callbacks": lambda: list(api.callbacks.sent),
            "GET faults": lambda: [fault.shown() for fault in api.faults.orders],
        }

    def _jobs(self) -> list[dict[str, Any]]:
        world, clean = self.front.api.world, self.front.journal.clean
        now = world.settle()
        shown = (job.shown(now) for job in world.jobs)
        return [{**job, "body": clean(job["body"])} for job in shown]


def _order(raw: bytes) -> Mapping[str, Any]:
    order = json.loads(raw or b"{}")
    if not isinstance(order, dict):
        raise Refusal(FORMAT, "the body is not a JSON object")
    return order
