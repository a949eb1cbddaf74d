"""The two routes of the pages, each behind Airflow's own check of who asks."""

from __future__ import annotations

import string
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from topview_provider import compat
from topview_provider.hooks.topview import TopviewHook
from topview_provider.plugins import asking

reads_xcoms, reads_connections = compat.api_access()

router = APIRouter()


@router.get("/result/{dag_id}/{run_id}/{task_id}/{map_index}/{output}", dependencies=[Depends(reads_xcoms)])
async def result(
    *,
    request: Request,
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int,
    output: str,
    index: int = 0,
    anew: bool = False,
) -> Response:
    """
    Lead to a file of a task by an address that is fresh.

    :param request: The request.
    :param dag_id: DAG; Airflow checks the visitor's access to its XComs.
    :param run_id: Run.
    :param task_id: Task.
    :param map_index: Map index, -1 where the task is not mapped.
    :param output: Name of the output, for example ``video``.
    :param index: Which one of them.
    :param anew: Ask TopView whatever is remembered: the last address did not work.
    :raises HTTPException: There is no such file, or nobody could be asked.
    """
    try:
        card = await asking.card_of(request, dag_id, run_id, task_id, map_index)
        url = await asking.url_of(card, output, index, anew=anew)
    except HTTPException:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        # Somebody followed a link: the page of the task says in words how it stands.
        names = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
        url = f"{request.scope.get('root_path', '')}/www/task.html?{urlencode(names, quote_via=quote)}"
    return Response(status_code=302, headers={"Location": _in_ascii(url), "Cache-Control": "no-store"})


@router.get("/credits", dependencies=[Depends(reads_connections)])
@router.get("/credits/{connection_id}", dependencies=[Depends(reads_connections)])
async def credits_left(connection_id: str = TopviewHook.default_conn_name) -> dict[str, Any]:
    """
    Tell the credits that remain.

    :param connection_id: The connection; Airflow checks the visitor's access to it.
    """
    return {"connection_id": connection_id, "credits": await asking.credits_of(connection_id)}


def _in_ascii(url: str) -> str:
    """Return an address that a header can carry; what is signed stays as it is."""
    return quote(url, safe=string.digits + string.ascii_letters + string.punctuation)
