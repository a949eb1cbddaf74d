"""What each service says of a job, byte by byte: the shapes that the triggers of each provider read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

SECRET = "bench-key"


def reply(body: Any, status: str = "200 OK", kind: str = "application/json", **headers: str) -> bytes:
    """
    Return a whole HTTP answer.

    :param body: Bytes, or what becomes JSON.
    :param status: Code and reason.
    :param kind: Content type.
    :param headers: Further headers, with ``_`` for ``-``.
    """
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Content-Type": kind, "Content-Length": str(len(data))}
    named.update({name.replace("_", "-"): value for name, value in headers.items()})
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + data


@dataclass(frozen=True, slots=True)
class Shape:
    """
    Say how one service answers.

    :param mark: What stands right before the number of the job in a request.
    :param running: The body while the job runs.
    :param done: The body when it is done.
    :param status: HTTP status while it runs.
    :param strange: The body with a state that nobody knows.
    """

    mark: str
    running: Any
    done: Any
    status: str = "200 OK"
    strange: Any = None


def _topview(state: str, url: str | None) -> dict[str, Any]:
    files = {"inputVideoFileId": None, "inputAudioFileId": None, "outputVideoUrl": url}
    return {"code": "200", "message": "Success", "result": {"taskId": "1", "status": state, "errorMsg": None, **files}}


def _dbt(state: int) -> dict[str, Any]:
    return {"status": {"code": 200, "is_success": True}, "data": {"id": 1, "account_id": 1, "status": state}}


def _databricks(state: str, result: str | None) -> dict[str, Any]:
    words = {"life_cycle_state": state, "state_message": ""}
    return {"job_id": 1, "run_id": 1, "state": {**words, "result_state": result} if result else words}


def _airbyte(state: str) -> dict[str, Any]:
    times = {"startTime": "2026-01-01T00:00:00Z", "lastUpdatedAt": "2026-01-01T00:00:01Z"}
    return {"jobId": 1, "status": state, "jobType": "sync", "connectionId": "c-1", **times}


def _openai(state: str) -> dict[str, Any]:
    fixed = {"object": "batch", "endpoint": "/v1/responses", "input_file_id": "file-1", "completion_window": "24h"}
    return {"id": "1", "created_at": 1767225600, "status": state, **fixed}


SHAPES = {
    "topview": Shape(
        "taskId=",
        _topview("running", None),
        _topview("success", "https://files.example/va.mp4"),
        strange=_topview("polishing", None),
    ),
    "sensor": Shape(
        "/sensor/", {"state": "running"}, {"state": "success"}, status="404 Not Found", strange={"state": "polishing"}
    ),
    "event": Shape("/event/", {"state": "running"}, {"state": "success"}, strange={"state": "polishing"}),
    "dbt": Shape("/runs/", _dbt(3), _dbt(10), strange=_dbt(4)),
    "databricks": Shape(
        '"run_id": ',
        _databricks("RUNNING", None),
        _databricks("TERMINATED", "SUCCESS"),
        strange=_databricks("POLISHING", None),
    ),
    "airbyte": Shape("/jobs/", _airbyte("running"), _airbyte("succeeded"), strange=_airbyte("polishing")),
    "openai": Shape("/batches/", _openai("in_progress"), _openai("completed"), strange=_openai("polishing")),
}

JOB = re.compile("|".join(rf"{re.escape(shape.mark)}(?P<{name}>\d+)" for name, shape in SHAPES.items()).encode())
TOKEN = reply({"access_token": SECRET, "token_type": "Bearer", "expires_in": 3600})


def job_in(request: bytes) -> tuple[str, bytes] | None:
    """
    Return the shape and the number of the job that a request asks about; None where it asks about none.

    :param request: The whole request.
    """
    found = JOB.search(request)
    return (str(found.lastgroup), found[found.lastgroup or 0]) if found else None
