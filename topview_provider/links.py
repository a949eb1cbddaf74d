"""The buttons of a task in Airflow's UI: where it is shown, and where its result is fetched."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from airflow.providers.common.compat.sdk import BaseOperatorLink, conf

from topview_provider import compat

PREFIX = "/topview"
"""Where the plugin's server lives, below Airflow's own address."""

TAB = "topview"
"""Name of the plugin's tab in addresses of Airflow's UI."""


def root() -> str:
    """Return the path under which Airflow's UI lives, empty at the root of its host; the host is the visitor's own."""
    section = "api" if compat.airflow_line() >= (3,) else "webserver"
    return urlsplit(conf.get(section, "base_url", fallback="") or "").path.rstrip("/")


def pages_shown() -> bool:
    """Tell whether Airflow shows our pages: it can from 3.1 on, and ``[topview] pages`` switches them off."""
    return compat.airflow_line() >= (3, 1) and conf.getboolean("topview", "pages", fallback=True)


class TopviewTaskLink(BaseOperatorLink):
    """
    Lead to what TopView has of a task.

    TopView documents no page of its own for a task, so it is the plugin's tab; where that is not shown, the XComs.
    """

    name = "TopView task"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """
        Return the address; it needs nothing but the names, so it is there while the task is deferred.

        :param operator: The operator.
        :param ti_key: The task instance.
        """
        if compat.airflow_line() >= (3,):
            return f"{root()}{_task_path(ti_key)}/{f'plugin/{TAB}' if pages_shown() else 'xcom'}"
        query = {"dag_run_id": ti_key.run_id, "task_id": ti_key.task_id, "map_index": ti_key.map_index, "tab": "xcom"}
        return f"{root()}/dags/{quote(ti_key.dag_id, safe='')}/grid?{urlencode(query)}"


class TopviewResultLink(BaseOperatorLink):
    """Lead to the file that a task made: a route of the plugin, for TopView's own address of it soon expires."""

    name = "Result"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """
        Return the address, or nothing where the plugin is not there to answer it.

        :param operator: The operator.
        :param ti_key: The task instance.
        """
        outputs = getattr(getattr(operator, "row", None), "outputs", ())
        if not (outputs and pages_shown()):
            return ""
        return result_path(ti_key, outputs[0].name)


def result_path(ti: Any, output: str) -> str:
    """
    Return the address of a task's file that does not expire, as long as the pages are shown.

    :param ti: The task instance, or its key.
    :param output: Name of the output, for example ``video``.
    """
    names = (ti.dag_id, ti.run_id, ti.task_id, str(_map_index(ti)), output)
    return f"{root()}{PREFIX}/result/{'/'.join(quote(name, safe='') for name in names)}"


def _task_path(ti_key: Any) -> str:
    dag_id, run_id, task_id = (quote(name, safe="") for name in (ti_key.dag_id, ti_key.run_id, ti_key.task_id))
    mapped = f"/mapped/{ti_key.map_index}" if _map_index(ti_key) >= 0 else ""
    return f"/dags/{dag_id}/runs/{run_id}/tasks/{task_id}{mapped}"


def _map_index(ti_key: Any) -> int:
    return -1 if ti_key.map_index is None else int(ti_key.map_index)
