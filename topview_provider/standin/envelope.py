"""What every answer of the API is wrapped in."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

OK = "200"
UNAUTHORISED = "401"
WRONG = "4000"
FORMAT = "4001"
MISSING = "4003"
NOT_FOUND = "4004"
REFUSED = "4006"
BUSY = "4007"
NO_CREDIT = "4100"

MESSAGES = {
    OK: "Success",
    UNAUTHORISED: "Not authorised, please log in again",
    "403": "The plan has no API access",
    WRONG: "Request parameter error",
    FORMAT: "Request data format does not match",
    "4002": "Request digital signature does not match",
    MISSING: "Required parameter is null",
    NOT_FOUND: "Resource not found",
    "4005": "Name duplicated",
    REFUSED: "Request refused",
    BUSY: "An unfinished task exists, please wait for it",
    NO_CREDIT: "Not enough credit",
    "5000": "Internal server error",
    "5001": "Internal call failed",
    "5003": "Server busy, please try later",
    "5004": "I/O error",
    "5005": "Unknown error",
    "6001": "Content security problem",
}


class Refusal(Exception):
    """
    Answer a request with a business error.

    :param code: Code of the envelope.
    :param message: What TopView says; the usual words of the code when empty.
    """

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message or MESSAGES.get(code, "Error")


def wrap(result: Any, code: str = OK, message: str = "") -> bytes:
    """
    Return the bytes of an envelope.

    :param result: What the caller asked for.
    :param code: Code of the envelope.
    :param message: Words; the usual ones of the code when empty.
    """
    words = message or MESSAGES.get(code, "Error")
    return json.dumps({"code": code, "message": words, "result": result}, ensure_ascii=False).encode()


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """
    Return a JSON answer that keeps the connection open.

    :param body: Bytes of an envelope.
    :param status: HTTP status.
    :param headers: Further headers.
    """
    return web.Response(body=body, status=status, headers=headers, content_type="application/json", charset="utf-8")
