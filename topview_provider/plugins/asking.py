"""Whom the routes ask: Airflow with the visitor's own rights, and TopView in threads of their own."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from fastapi import HTTPException, Request

from topview_provider import catalog, results
from topview_provider import exceptions as errors
from topview_provider.hooks.topview import TopviewHook
from topview_provider.plugins.memory import Memory
from topview_provider.plugins.topview import AIRFLOW
from topview_provider.results import Phase

log = logging.getLogger(__name__)

REMEMBERED = 60.0
"""Seconds for which an answer of TopView counts."""

PATIENCE = 30.0
"""Seconds after which a visitor is told that TopView does not answer."""

WORDS = {404: "TopView does not know this task any more", 409: "The task is not done yet", 410: "The task failed"}

_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="topview-pages")
_answers: Memory[Mapping[str, Any]] = Memory(REMEMBERED)
_credits: Memory[float] = Memory(REMEMBERED)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Card:
    """
    Hold what the XCom ``topview`` of a task says about where its files are.

    :param conn_id: Connection that it was bought with.
    :param family: Row of the family.
    :param topview_task_id: TopView's id.
    :param judge: Which of the task's files are meant.
    :param cloud_front: Ask for CloudFront links.
    """

    conn_id: str
    family: catalog.TaskFamily
    topview_task_id: str
    judge: Mapping[str, str]
    cloud_front: bool

    @classmethod
    def read(cls, value: Any) -> Card:
        """
        Read an XCom.

        :param value: Its value.
        :raises HTTPException: 404, it is no card of this release.
        """
        try:
            judge = {name: str(value[name]) for name in ("items", "script_id") if value.get(name)}
            family = catalog.family(str(value["family"]))
            ids = str(value["topview_conn_id"]), family, str(value["topview_task_id"])
        except (KeyError, TypeError, AttributeError) as error:
            raise HTTPException(404, "This task holds no card that this release reads") from error
        return cls(*ids, judge, bool(value.get("cloud_front")))


async def card_of(request: Request, dag_id: str, run_id: str, task_id: str, map_index: int) -> Card:
    """
    Read the card of a task through Airflow's public API, as the visitor: Airflow decides what may be seen.

    :param request: The visitor's request.
    :param dag_id: DAG.
    :param run_id: Run.
    :param task_id: Task.
    :param map_index: Map index, -1 where it is not mapped.
    :raises HTTPException: Airflow refuses, or there is no card.
    """
    dag, run, task = (quote(name, safe="") for name in (dag_id, run_id, task_id))
    path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/topview"
    headers = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    transport = httpx.ASGITransport(app=request.scope[AIRFLOW], raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as airflow:
        answer = await airflow.get(path, params={"map_index": map_index}, headers=headers)
    if answer.status_code == 404:
        raise HTTPException(404, "This task has nothing from TopView yet")
    if answer.status_code != 200:
        status = answer.status_code if answer.status_code in (401, 403) else 502
        raise HTTPException(status, f"Airflow answered {answer.status_code} to the question for the task's XCom")
    value = answer.json()["value"]
    return Card.read(_loaded(value) if isinstance(value, str) else value)


async def url_of(card: Card, output: str, index: int, *, anew: bool) -> str:
    """
    Return an address of a file that TopView has just signed, or signed in the last minute.

    :param card: The task.
    :param output: Name of the output.
    :param index: Which one of them.
    :param anew: Ask TopView whatever is remembered.
    :raises HTTPException: There is no such file, the task is not done, or TopView cannot be asked.
    """
    key = (card.conn_id, card.family.name, card.topview_task_id, card.cloud_front)

    def ask() -> Mapping[str, Any]:
        hook = TopviewHook(card.conn_id)
        return hook.query(card.family.name, card.topview_task_id, cloud_front=card.cloud_front)

    answer = await _in_thread(lambda: _answers.get(key, ask, anew=anew))
    found = [one["url"] for one in results.outputs_of(card.family, answer, card.judge) if one["name"] == output]
    if 0 <= index < len(found) and found[index].startswith(("https://", "http://")):
        return str(found[index])
    state = results.state_of(card.family, answer, card.judge)
    if state.phase is Phase.SUCCESS:
        raise HTTPException(404, f"The task has no output {output} number {index}")
    status = 410 if state.phase is Phase.FAILED else 409
    raise HTTPException(status, WORDS[status])


async def credits_of(conn_id: str) -> float:
    """
    Return the credits that remain, as of the last minute.

    :param conn_id: The connection.
    :raises HTTPException: TopView cannot be asked.
    """
    return await _in_thread(lambda: _credits.get(conn_id, lambda: TopviewHook(conn_id).credits()))


async def _in_thread(ask: Callable[[], T]) -> T:
    """
    Ask in a thread, and say in few words why there is no answer; the log of the API server has them all.

    :raises HTTPException: There is none.
    """
    try:
        return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(_threads, ask), PATIENCE)
    except TimeoutError as error:
        raise HTTPException(504, "TopView does not answer; try again later") from error
    except errors.TopviewNotFound as error:
        raise HTTPException(404, WORDS[404]) from error
    except Exception as error:
        log.warning("TopView could not be asked: %s", error)
        busy = isinstance(error, errors.TopviewUnavailable | errors.TopviewBusy)
        text = "TopView cannot be reached now" if busy else "TopView could not be asked"
        raise HTTPException(503 if busy else 502, f"{text} ({type(error).__name__})") from error


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
