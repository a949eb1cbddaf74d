"""Callbacks: one POST to the ``noticeUrl`` when a task ends; what the receiver says is kept. Sent again on order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp

from topview_provider.standin.clock import Clock
from topview_provider.standin.jobs import Job, is_preview
from topview_provider.standin.options import Options

PATIENCE = aiohttp.ClientTimeout(total=10)


class Callbacks:
    """
    Send callbacks when their time has come.

    :param options: Hold the uid that is sent.
    :param clock: The time of the jobs.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self._moved = asyncio.Event()
        self.sent: deque[dict[str, Any]] = deque(maxlen=10_000)
        self._bodies: deque[tuple[str, dict[str, Any]]] = deque(maxlen=1_000)
        self._running: set[asyncio.Task[None]] = set()

    def order(self, job: Job, url: str, result: Callable[[], Any]) -> None:
        """
        Send a callback at the end of a job.

        :param job: The job; its end may still move.
        :param url: Where to.
        :param result: Makes the answer that a query would give then.
        """
        task = asyncio.create_task(self._wait(job, url, result))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def look_again(self) -> None:
        """Let every waiting callback look at the clock and at its job again: one of them has moved."""
        self._moved.set()
        self._moved = asyncio.Event()

    async def close(self) -> None:
        """Give up what has not been sent."""
        waiting = list(self._running)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _wait(self, job: Job, url: str, result: Callable[[], Any]) -> None:
        # One turn of the loop at least, so that the submit's answer leaves first.
        await asyncio.sleep(0.001)
        while (left := job.ends - self.clock.now()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), None if math.isinf(left) else left)
        outcome = "fail" if job.error else "success"
        body = {
            "uuid": job.notice,
            "bizType": biz_type(job),
            "taskId": job.task_id,
            "status": outcome,
            "errorMsg": job.error or None,
            "result": result(),
        }
        self._bodies.append((url, body))
        await self._send(url, body)

    async def replay(self) -> int:
        """Send every callback again, word for word, and return how many those are."""
        bodies = list(self._bodies)
        for url, body in bodies:
            await self._send(url, body)
        return len(bodies)

    async def _send(self, url: str, body: dict[str, Any]) -> None:
        record = {"url": url, **{key: body[key] for key in ("uuid", "bizType", "taskId", "status")}}
        self.sent.append({**record, "time": time.time(), **await self._post(url, body)})

    async def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Topview-Uid": self.options.uid}
        try:
            async with (
                aiohttp.ClientSession(timeout=PATIENCE, trust_env=False) as session,
                session.post(url, json=body, headers=headers, allow_redirects=False) as response,
            ):
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            return {"http": None, "answer": None, "understood": False, "error": type(error).__name__}
        return {"http": response.status, "answer": text[:2000], **judge(response.status, text, body["uuid"])}


def biz_type(job: Job) -> str:
    """
    Return the type of a job's callback; the family in capitals where TopView's word is unknown.

    :param job: The job that ended.
    """
    if is_preview(job.row, job.body):
        return job.row.preview_callback
    return job.row.callback or job.row.name.upper()


def judge(status: int, text: str, uuid: str) -> dict[str, Any]:
    """
    Tell whether a receiver answered as TopView asks it to.

    :param status: HTTP status.
    :param text: Body.
    :param uuid: Id that must come back.
    """
    try:
        answer = json.loads(text)
        result = answer["result"]
        understood = status == 200 and str(answer["code"]) == "200" and result["uuid"] == uuid
        return {"understood": understood, "result": result["result"]}
    except (ValueError, KeyError, TypeError):
        return {"understood": False}
