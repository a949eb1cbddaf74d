"""A small client of Airflow's REST API, for the demo and the end-to-end tests."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

import requests

from tools.processes import until

FINISHED = {"success", "failed"}
LAST = "9999"
"""Where a task that has not started stands among dates."""
PAGE = 100
"""Items of one page; Airflow gives no more at once."""
CONTEXT = {
    *("timestamp", "level", "event", "logger", "filename", "lineno", "error_detail"),
    *("dag_id", "run_id", "task_id", "map_index", "try_number", "ti_id"),
}
"""Keys of a log event that are said elsewhere in its line, or known to who asked for the log."""


@dataclass(frozen=True)
class TaskState:
    """Tell how one task instance stands."""

    id: str
    task_id: str
    state: str
    try_number: int
    map_index: int
    pid: int | None
    """Process of the task itself, on the machine where it runs or ran."""

    @property
    def name(self) -> str:
        """The task, with its index if it is mapped."""
        return self.task_id if self.map_index < 0 else f"{self.task_id}[{self.map_index}]"


class AirflowApi:
    """
    Talk to one API server.

    :param url: Base address.
    :param timeout: Seconds per request.
    """

    prefix = "/api/v2"
    """Where the API stands."""
    health_path = "/monitor/health"

    def __init__(self, url: str, *, timeout: float = 30) -> None:
        self.url = url
        self.timeout = timeout
        self.session = requests.Session()
        self.session.trust_env = False

    def request(self, method: str, path: str, **options: Any) -> Any:
        """
        Send one request and return its JSON, or None for an empty answer.

        :param method: HTTP method.
        :param path: Path from the base address on.
        :param options: As for ``requests``.
        :raises requests.HTTPError: With the answer's text.
        """
        [response] = until(lambda: self._answer(method, path, options), limit=self.timeout, what=f"{method} {path}")
        if not response.ok:
            raise requests.HTTPError(
                f"{method} {path}: {response.status_code} {response.text[:500]}", response=response
            )
        return response.json() if response.content else None

    def _answer(self, method: str, path: str, options: dict[str, Any]) -> list[requests.Response]:
        """Return the answer, or none where SQLite was locked: the transaction was rolled back, so it is sent again."""
        response = self.session.request(method, self.url + path, timeout=self.timeout, **options)
        locked = response.status_code == 500 and "Database error" in response.text
        return [] if locked else [response]

    def get(self, path: str, **params: Any) -> Any:
        """
        Read one path of the API.

        :param path: For example ``/dags``.
        :param params: Query string.
        """
        return self.request("GET", f"{self.prefix}{path}", params=params)

    def pages(self, path: str, key: str, **params: Any) -> list[dict[str, Any]]:
        """
        Read all pages of a list.

        :param path: For example ``/dags``.
        :param key: Where in the answer the items stand.
        :param params: Query string.
        """
        found: list[dict[str, Any]] = []
        while True:
            answer = self.get(path, **params, limit=PAGE, offset=len(found))
            found += answer[key]
            if not answer[key] or len(found) >= answer["total_entries"]:
                return found

    def login(self) -> None:
        """Fetch the token that every visitor gets where all are admins."""
        token = self.request("GET", "/auth/token")["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def health(self) -> dict[str, Any]:
        """Return the health of the components, or an empty mapping while there is no answer."""
        try:
            answer: dict[str, Any] = self.get(self.health_path)
        except requests.RequestException:
            return {}
        return answer

    def import_errors(self) -> dict[str, str]:
        """Return DAG files that cannot be imported, with the traceback."""
        errors = self.get("/importErrors")["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in errors}

    def dag_ids(self) -> list[str]:
        """Return the DAGs that Airflow knows."""
        return [dag["dag_id"] for dag in self.pages("/dags", "dags")]

    def wait_for_dag(self, dag_id: str, *, limit: float = 60) -> None:
        """
        Wait until the DAG processor has stored a DAG.

        :param dag_id: Which one.
        :param limit: Seconds.
        :raises RuntimeError: Some DAG file cannot be imported.
        """
        self.wait_for_dags({dag_id}, limit=limit)

    def wait_for_dags(self, dag_ids: Set[str], *, limit: float = 60) -> None:
        """
        Wait until the DAG processor has stored some DAGs.

        :param dag_ids: Which ones.
        :param limit: Seconds.
        :raises RuntimeError: Some DAG file cannot be imported.
        """

        def known() -> bool:
            if errors := self.import_errors():
                raise RuntimeError("\n".join(f"{name}:\n{text}" for name, text in errors.items()))
            return dag_ids <= set(self.dag_ids())

        until(known, limit=limit, what=f"DAG {', '.join(sorted(dag_ids))}")

    def unpause(self, dag_id: str) -> None:
        """
        Let a DAG run.

        :param dag_id: Which one.
        """
        self.request("PATCH", f"{self.prefix}/dags/{dag_id}", json={"is_paused": False})

    def set_pool(self, name: str, slots: int) -> None:
        """
        Make a pool that counts deferred tasks, or change its slots.

        :param name: Which one.
        :param slots: Tasks at once.
        """
        body = {"name": name, "slots": slots, "include_deferred": True}
        known = {pool["name"] for pool in self.pages("/pools", "pools")}
        if name in known:
            self.request("PATCH", f"{self.prefix}/pools/{name}", json=body)
        else:
            self.request("POST", f"{self.prefix}/pools", json=body)

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> DagRun:
        """
        Start a run.

        :param dag_id: Of which DAG.
        :param conf: Its params.
        """
        body = {"logical_date": None, "conf": conf or {}}
        answer = self.request("POST", f"{self.prefix}/dags/{dag_id}/dagRuns", json=body)
        return DagRun(self, dag_id, answer["dag_run_id"])


class DagRun:
    """
    Look at one run.

    :param api: Where.
    :param dag_id: Of which DAG.
    :param run_id: Which run.
    """

    def __init__(self, api: AirflowApi, dag_id: str, run_id: str) -> None:
        self.api = api
        self.dag_id = dag_id
        self.run_id = run_id
        self.path = f"/dags/{dag_id}/dagRuns/{run_id}"

    def state(self) -> str:
        """Return the state of the run."""
        return str(self.api.get(self.path)["state"])

    def tasks(self) -> list[TaskState]:
        """Return how the tasks stand, in the order of their start."""
        rows = self.api.get(f"{self.path}/taskInstances")["task_instances"]
        rows.sort(key=lambda row: row["start_date"] or LAST)
        return [_task(row) for row in rows]

    def task(self, task_id: str, *, map_index: int = -1) -> TaskState:
        """
        Return how one task stands.

        :param task_id: Which task.
        :param map_index: Index of a mapped task.
        """
        return next(task for task in self.tasks() if (task.task_id, task.map_index) == (task_id, map_index))

    def xcoms(self, task_id: str, *, map_index: int = -1) -> dict[str, Any]:
        """
        Return everything that a task pushed.

        :param task_id: Which task.
        :param map_index: Index of a mapped task.
        """
        rows = self.api.get(f"{self.path}/taskInstances/{task_id}/xcomEntries", map_index=map_index)["xcom_entries"]
        return {row["key"]: self.xcom(task_id, row["key"], map_index=map_index) for row in rows}

    def xcom(self, task_id: str, key: str = "return_value", *, map_index: int = -1) -> Any:
        """
        Return one value that a task pushed.

        :param task_id: Which task.
        :param key: Which value.
        :param map_index: Index of a mapped task.
        """
        path = f"{self.path}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.api.get(path, map_index=map_index, deserialize=True)["value"]

    def log(self, task_id: str, *, try_number: int = 1, map_index: int = -1) -> str:
        """
        Return the log of one try, a line per event, worker and triggerer together.

        :param task_id: Which task.
        :param try_number: Which try.
        :param map_index: Index of a mapped task.
        """
        path = f"{self.path}/taskInstances/{task_id}/logs/{try_number}"
        content = self.api.get(path, map_index=map_index, full_content=True)["content"]
        return "\n".join(_line(item) for item in content)

    def events(self) -> list[dict[str, Any]]:
        """Return the event log of the run; its rows with ``event`` ``deferred`` say that a task has left the worker."""
        rows: list[dict[str, Any]] = self.api.get(
            "/eventLogs", dag_id=self.dag_id, run_id=self.run_id, limit=100, order_by="when"
        )["event_logs"]
        return rows

    def clear(self, *task_ids: str, only_failed: bool = False) -> None:
        """
        Clear tasks, so that they run again.

        :param task_ids: Which tasks; all if none is named.
        :param only_failed: Leave alone those that succeeded.
        """
        body: dict[str, Any] = {
            "dry_run": False,
            "dag_run_id": self.run_id,
            "only_failed": only_failed,
            "reset_dag_runs": True,
        }
        if task_ids:
            body["task_ids"] = list(task_ids)
        self.api.request("POST", f"{self.api.prefix}/dags/{self.dag_id}/clearTaskInstances", json=body)

    def wait_for_task(self, task_id: str, *states: str, limit: float = 60) -> TaskState:
        """
        Wait until a task is in one of some states.

        :param task_id: Which task.
        :param states: Which states.
        :param limit: Seconds.
        """

        def there() -> TaskState | None:
            found = [task for task in self.tasks() if task.task_id == task_id and task.state in states]
            return found[0] if found else None

        return until(there, limit=limit, what=f"{task_id} {' or '.join(states)}") or self.task(task_id)

    def wait(self, *, limit: float, progress: Callable[[list[TaskState]], None] | None = None) -> str:
        """
        Wait until the run has ended and return its state.

        :param limit: Seconds.
        :param progress: Called at every look with the states of all tasks; an exception ends the wait.
        """

        def ended() -> str | None:
            state = self.state()
            if progress:
                progress(self.tasks())
            return state if state in FINISHED else None

        return str(until(ended, limit=limit, what=f"end of {self.dag_id}", pause=0.3))


def _task(row: dict[str, Any]) -> TaskState:
    state = row["state"] or "none"
    return TaskState(row.get("id", ""), row["task_id"], state, row["try_number"], row["map_index"], row["pid"])


def _line(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    rest = " ".join(f"{key}={value}" for key, value in item.items() if key not in CONTEXT and value is not None)
    line = (
        f"{item.get('timestamp') or ''} {str(item.get('level') or '').upper()} {item.get('event', '')} {rest}".strip()
    )
    for error in item.get("error_detail") or []:
        line += f"\n    {error.get('exc_type')}: {error.get('exc_value')}"
    return line
