"""What TopView's answers mean: envelope, codes, redaction. No network, no Airflow objects."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from topview_provider import exceptions as errors

MAX_JSON_BYTES = 10 * 1024 * 1024
MAX_LOGGED = 20_000
SHORTEST_KEY = 8
DEEPEST = 100
"""Levels of nesting; TopView's own answers have less than ten."""

SECRET = re.compile("(?i)key|token|secret|password|authorization|signature")

ABSENT: Any = object()
"""The ``result`` of an envelope that has none."""

CODES: Mapping[str, type[errors.TopviewError]] = {
    "4004": errors.TopviewNotFound,
    "4007": errors.TopviewBusy,
    "4100": errors.TopviewInsufficientCredits,
    "5003": errors.TopviewBusy,
}
CODE_CLASSES: Mapping[str, type[errors.TopviewError]] = {
    "4": errors.TopviewInvalidRequest,
    "5": errors.TopviewUnavailable,
    "6": errors.TopviewContentRejected,
}
HTTP_STATUSES: Mapping[int, type[errors.TopviewError]] = {
    401: errors.TopviewAuthError,
    403: errors.TopviewAuthError,
    408: errors.TopviewUnavailable,
    429: errors.TopviewBusy,
}
ADVICE: Mapping[type[errors.TopviewError], str] = {
    errors.TopviewAuthError: "check login (Topview-Uid) and password (API key) of the Airflow connection {conn_id!r}, "
    "and that the plan includes API access",
    errors.TopviewInsufficientCredits: "top up the API credits, then clear the task",
    errors.TopviewContentRejected: "change the input; a refused task is refunded",
    errors.TopviewSubmitUnknown: "TopView may have accepted and may charge it, so it is not sent again by itself; look "
    "at the task list or the credit log of the account first (a charge shows there some minutes after the task is "
    "done). A task operator that is cleared looks for it itself, and its error names the ways to go on",
}


@dataclass(frozen=True, slots=True)
class Call:
    """
    Describe one request to the API, before any door sends it.

    :param method: HTTP method.
    :param path: Path below the base URL, starting with a slash.
    :param conn_id: Airflow connection it goes through, for messages.
    :param params: Query string.
    :param body: JSON body.
    :param submits: The request may cost credits, so what is not clearly refused counts as maybe accepted.
    :param topview_task_id: The task it asks about, for messages.
    :param uid_optional: TopView answers without a uid and tells it.
    :param loose: The fields may stand beside ``result`` instead of in it.
    :param alternatives: Other spellings of an uncertain path, for messages.
    """

    method: str
    path: str
    conn_id: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    submits: bool = False
    topview_task_id: str | None = None
    uid_optional: bool = False
    loose: bool = False
    alternatives: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return method and path, as messages name the call."""
        return f"{self.method} {self.path}"

    def payload(self) -> bytes | None:
        """
        Return the JSON body, the same bytes for both doors; None without one.

        :raises TopviewInvalidRequest: A value of it does not exist in JSON.
        """
        if self.body is None:
            return None
        try:
            return json.dumps(self.body, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise errors.TopviewInvalidRequest(f"{self}: the body cannot be written as JSON: {error}") from None


def interpret(call: Call, status: int, headers: Mapping[str, str], body: bytes, hide: tuple[str, ...] = ()) -> Any:
    """
    Return the ``result`` of an answer, or raise what it means.

    :param call: The request it answers.
    :param status: HTTP status.
    :param headers: HTTP headers of the answer.
    :param body: Bytes of the answer.
    :param hide: Texts that must not show up in a message.
    :raises TopviewError: The class says what to do, see :mod:`topview_provider.exceptions`.
    """
    envelope = _envelope(body, hide)
    code = str(envelope["code"]).strip() if envelope and envelope.get("code") is not None else ""
    if 200 <= status < 300 and envelope is not None and code == "200":
        result = envelope.get("result", ABSENT)
        if call.loose and not isinstance(result, dict):
            return {key: value for key, value in envelope.items() if key not in ("code", "message", "result")}
        return result
    message = str(envelope.get("message") or "") if envelope else ""
    if 200 <= status < 300:
        if not code:
            raise lost(call, f"an answer that is not TopView's envelope: {excerpt(body, hide)!r}")
        label = scrub(code, hide)[:40]
    else:
        label = f"HTTP {status}" + (f", code {scrub(code, hide)[:40]}" if code else "")
        message = _redirect(status, headers) or message or excerpt(body, hide)
    raise refusal(call, _meaning(call, status, code), label, scrub(message, hide), retry_after(headers))


def refusal(
    call: Call, found: type[errors.TopviewError], label: str, message: str, wait: float | None = None
) -> errors.TopviewError:
    """Build the error for an answer that says no; a submit that was not clearly refused becomes unknown."""
    if call.submits and found is errors.TopviewUnavailable:
        found = errors.TopviewSubmitUnknown
    said = "" if message == label else f": {message or 'no message'}"  # some services repeat the status as the message
    text = f"{call} answered {label}{said}"
    if call.topview_task_id:
        text += f" (topview_task_id {call.topview_task_id})"
    if wait:
        text += f"; it asks to wait {wait:g} s"
    if issubclass(found, errors.TopviewNotFound) and call.alternatives:
        text += (
            f". The path is uncertain; another spelling is {' or '.join(call.alternatives)}: set it under 'paths' "
            "in the extra of the connection"
        )
    if advice := ADVICE.get(found):
        text += f". What to do: {advice.format(conn_id=call.conn_id)}"
    return found(text, code=label, topview_task_id=call.topview_task_id, retry_after=wait)


def lost(call: Call, reason: str, *, sent: bool = True) -> errors.TopviewError:
    """
    Build the error for a request without a readable answer.

    :param call: The request.
    :param reason: What happened, in words.
    :param sent: False where the connection was never established, so that nothing can have been accepted.
    """
    about = f" (topview_task_id {call.topview_task_id})" if call.topview_task_id else ""
    if call.submits and sent:
        text = f"{call}: {reason}{about}. What to do: {ADVICE[errors.TopviewSubmitUnknown]}"
        return errors.TopviewSubmitUnknown(text, topview_task_id=call.topview_task_id)
    unsent = "; nothing was sent" if call.submits else ""
    return errors.TopviewUnavailable(f"{call}: {reason}{about}{unsent}", topview_task_id=call.topview_task_id)


def accepted_id(call: Call, result: Any, task_id_key: str) -> str:
    """
    Return the task id of an accepted submit.

    :param call: The submit.
    :param result: The ``result`` of its answer.
    :param task_id_key: Name of the id in it.
    :raises TopviewTaskFailed: TopView says at once that the task failed.
    :raises TopviewSubmitUnknown: There is no id, so nobody knows.
    """
    answer = result if isinstance(result, Mapping) else {}
    topview_task_id = answer.get(task_id_key)
    if str(answer.get("status") or "").strip().lower() in FAILURES:
        reason = answer.get("errorMsg") or answer.get("errorMessage") or "no reason given"
        raise errors.TopviewTaskFailed(f"{call} was refused with status fail: {scrub(str(reason))}")
    known = isinstance(topview_task_id, str | int) and not isinstance(topview_task_id, bool)
    if not known or not str(topview_task_id).strip():
        raise lost(call, f"success without a {task_id_key}")
    return str(topview_task_id).strip()


FAILURES = frozenset({"fail", "failed", "failure", "error"})


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a ``Retry-After`` header, given as seconds or as a date; None without a usable one."""
    value = next((str(v).strip() for k, v in headers.items() if k.lower() == "retry-after"), "")
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value), 86_400.0)
    import pendulum

    try:
        moment = pendulum.from_format(value.removesuffix(" GMT"), "ddd, DD MMM YYYY HH:mm:ss", tz="UTC")
    except (ValueError, OverflowError):
        return None
    return max(0.0, min(86_400.0, (moment - pendulum.now("UTC")).total_seconds()))


def redact_url(url: str) -> str:
    """Return a URL without its query and credentials: what is left may be logged."""
    try:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "<unreadable URL>"
    return urlunsplit((parts.scheme, host + port, parts.path, "…" if parts.query else "", ""))


def scrub(text: str, hide: tuple[str, ...] = ()) -> str:
    """Return a foreign text fit for a log: URLs without their query, known secrets masked, at most 500 characters."""
    for secret in hide:
        if secret:
            text = text.replace(secret, "***")
    text = re.sub(r"(?i)https?://[^\s\"'<>]+", lambda match: redact_url(match[0]), text)
    return text if len(text) <= 500 else text[:499] + "…"


def redacted(answer: Any) -> str:
    """Return an answer as JSON fit for a log: no signed URLs, nothing under a name that looks like a secret."""

    def clean(node: Any) -> Any:
        if isinstance(node, Mapping):
            return {name: "***" if SECRET.search(str(name)) else clean(value) for name, value in node.items()}
        if isinstance(node, list):
            return [clean(item) for item in node]
        return scrub(node) if isinstance(node, str) else node

    return json.dumps(clean(answer), default=str)[:MAX_LOGGED]


def excerpt(body: bytes, hide: tuple[str, ...] = ()) -> str:
    """Return the beginning of an unreadable body, fit for a log."""
    return scrub(" ".join(body[:2000].decode("utf-8", "replace").split()), hide)[:200]


def _redirect(status: int, headers: Mapping[str, str]) -> str:
    if not 300 <= status < 400:
        return ""
    target = next((str(value) for name, value in headers.items() if name.lower() == "location"), "")
    where = f"a redirect to {redact_url(target)}" if target else "a redirect"
    return f"{where}, not followed; set the host of the connection to where the API is"


def _envelope(body: bytes, hide: tuple[str, ...]) -> Mapping[str, Any] | None:
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        for secret in hide:
            # An echo of the key must reach no message and no XCom; a short word, as of a stand-in, may be data.
            text = text.replace(secret, "***") if len(secret) >= SHORTEST_KEY else text
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and not _too_deep(found) else None


def _too_deep(found: Any) -> bool:
    """Tell whether an answer is nested so deeply that reading it could exhaust the stack."""
    level = [found]
    for _ in range(DEEPEST):
        inner = [node for node in level if isinstance(node, dict | list)]
        level = [child for node in inner for child in (node.values() if isinstance(node, dict) else node)]
        if not level:
            return False
    return True


def _meaning(call: Call, status: int, code: str) -> type[errors.TopviewError]:
    """
    Return what an answer that says no means.

    A submit believes a clear refusal, for then it may go again; any other call believes TopView's own codes only: what
    a gateway says passes, and must not end the wait for a task that is paid for.
    """
    if status not in HTTP_STATUSES and 200 <= status < 500 and re.fullmatch("[45][0-9]{2}", code):
        status, code = int(code), ""  # seen in envelopes: the HTTP status once more, behind another one
    if status in HTTP_STATUSES:
        return HTTP_STATUSES[status]
    own = _by_code(code)
    if own and (200 <= status < 300 or 400 <= status < (500 if call.submits else 600)):
        return own
    if status == 404 and (call.submits or call.alternatives):
        return errors.TopviewPathNotFound
    if call.submits and (300 <= status < 400 or (400 <= status < 500 and not code)):
        return errors.TopviewInvalidRequest
    return errors.TopviewUnavailable


def _by_code(code: str) -> type[errors.TopviewError] | None:
    if code in CODES:
        return CODES[code]
    return CODE_CLASSES.get(code[0]) if re.fullmatch("[0-9]{4}", code) else None
