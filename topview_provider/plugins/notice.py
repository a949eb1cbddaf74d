"""The door for TopView's callbacks: it lets in who knows the secret, answers at once, hands on. ``docs/notices.md``."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import re
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow.providers.common.compat.sdk import conf
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from topview_provider import compat
from topview_provider.catalog import FAMILIES
from topview_provider.hooks.topview import TopviewHook
from topview_provider.plugins.bucket import Bucket, Seldom

log = logging.getLogger("topview_provider.plugins.notice")
log.addFilter(Seldom(Bucket(20, 20 / 60)))

PATH = "/notice/"
GOOD = re.compile(r"[A-Za-z0-9_-]{32,}")
"""What a secret looks like: too long to guess, and nothing in it that a web address would write in another way."""

LARGEST = 64 * 1024
PATIENCE = 10.0
"""Seconds within which a body must be there."""

RATE = 10.0
"""Callbacks per second that a process lets in."""

ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notice:
    """
    Hold what a callback claims, as far as it is used: which task is to be asked about.

    :param uuid: Id of the notification.
    :param word: ``bizType``: what kind of task ended.
    :param topview_task_id: The task; empty where none is named.
    :param family: The family at the end of the address; empty without.
    """

    uuid: str
    word: str
    topview_task_id: str
    family: str = ""

    @classmethod
    def read(cls, body: bytes, family: str) -> Notice:
        """
        Read a body; what is no plain word or id in it counts as absent.

        :param body: What came.
        :param family: The end of the address.
        :raises HTTPException: 400, it is no JSON object.
        """
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise HTTPException(400, "A callback is a JSON object")
        values = (str(found.get(key)) if type(found.get(key)) in (str, int) else "" for key in FIELDS)
        uuid, word, topview_task_id = (value if ID.fullmatch(value) else "" for value in values)
        return cls(uuid, word, topview_task_id, family)


FIELDS = ("uuid", "bizType", "taskId")


class Door:
    """
    Answer callbacks.

    :param secrets: Any of them opens.
    :param hand_on: Takes a notice to be confirmed later; False when too many wait.
    """

    def __init__(self, secrets: Sequence[str], hand_on: Callable[[Notice], bool]) -> None:
        self.secrets = [secret.encode() for secret in secrets]
        self.hand_on = hand_on
        self.bucket = Bucket(RATE, RATE)

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        for path in ("{secret}", "{secret}/{family}"):
            router.add_route(PATH + path, self.take, methods=["POST"])
        return router

    async def take(self, request: Request) -> Response:
        """
        Answer one callback as TopView asks: that it came, not that it is true.

        :param request: The request.
        :raises HTTPException: It is not let in, or it is no callback.
        """
        self._let_in(request.path_params["secret"])
        family = request.path_params.get("family", "")
        if family and family not in FAMILIES:
            log.warning("A callback came to an address that ends in a family that is none: %.80r", family)
            raise HTTPException(404)
        try:
            body = await asyncio.wait_for(_body(request), PATIENCE)
        except (TimeoutError, ClientDisconnect) as error:
            raise HTTPException(408) from error
        notice = Notice.read(body, family)
        return _answer(notice.uuid, request.headers.get("topview-uid", ""), taken=self._hand_on(notice))

    def _let_in(self, secret: str) -> None:
        given = secret.encode(errors="replace")
        # All are compared, so that the time does not tell which one was nearly right.
        found = [hmac.compare_digest(given, known) for known in self.secrets]
        if not any(found):
            log.warning("A callback with a wrong secret was refused")
            raise HTTPException(404)
        if not self.bucket.take():
            raise HTTPException(429, headers={"Retry-After": "1"})

    def _hand_on(self, notice: Notice) -> bool:
        if not notice.topview_task_id:
            log.info("A callback names no task; nothing is done")
            return True
        taken = self.hand_on(notice)
        if not taken:
            log.warning("Too many callbacks wait to be confirmed; the one of task %s is lost", notice.topview_task_id)
        return taken


def secrets_set() -> list[str]:
    """Return the secrets of the configuration that are good enough; the log says how many are not."""
    found = [secret.strip() for secret in conf.get("topview", "notice_secret", fallback="").split(",")]
    found = [secret for secret in found if secret]
    for secret in found:
        compat.mask_secret(secret)
    good = [secret for secret in found if GOOD.fullmatch(secret)]
    if len(good) < len(found):
        log.error(
            "[topview] notice_secret: %d of %d secrets are refused; a secret has at least 32 characters, and only "
            "letters, digits, - and _. Make one by: openssl rand -hex 32",
            len(found) - len(good),
            len(found),
        )
    return good


def conn_id() -> str:
    """Return the connection by which callbacks are confirmed."""
    return conf.get("topview", "notice_conn_id", fallback="") or TopviewHook.default_conn_name


def hide(scope: MutableMapping[str, Any]) -> None:
    """
    Take the secret out of the path of a request that was routed: the access log of the API server is written later.

    :param scope: The request as ASGI has it.
    """
    before, found, _ = scope["path"].partition(PATH)
    if found:
        scope["path"] = f"{before}{PATH}hidden"
        scope["raw_path"] = scope["path"].encode()


async def _body(request: Request) -> bytes:
    """Read a body, and no more of it than is allowed, whatever its length is said to be."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise HTTPException(413)
    return body


def _answer(uuid: str, uid: str, *, taken: bool) -> Response:
    """Answer in TopView's words. It wants its own uid back, which it has just sent: nothing has to be looked up."""
    result = {"uuid": uuid, "topviewUid": uid[:128], "result": "success" if taken else "fail"}
    return JSONResponse({"code": "200", "message": "Success", "result": result})
