"""What is different where Airflow 2 runs: its web server serves the API, an older one."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from tools.rest import AirflowApi, DagRun

OLDER = version("apache-airflow").startswith("2.")
"""Whether the Airflow of this environment is one of these."""
WEBSERVER_CONFIG = "AUTH_ROLE_PUBLIC = 'Admin'\n"
"""Every visitor is admin, as in a private Airflow 3."""


def older_settings(port: int) -> dict[str, str]:
    """
    Return what Airflow 2 calls otherwise.

    :param port: Port of the API.
    """
    return {
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
        "AIRFLOW__WEBSERVER__WORKERS": "1",
        "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.default",
        "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "10",
    }


class OlderApi(AirflowApi):
    """Talk to the web server of Airflow 2."""

    prefix = "/api/v1"
    health_path = "/health"

    def login(self) -> None:
        """Do nothing: every visitor is admin."""

    def text(self, path: str, **params: Any) -> str:
        """
        Read what is no JSON.

        :param path: Path from the base address on.
        :param params: Query string.
        """
        answer = self.session.get(
            self.url + path, params=params, headers={"Accept": "text/plain"}, timeout=self.timeout
        )
        answer.raise_for_status()
        return answer.text

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> DagRun:
        """
        Start a run.

        :param dag_id: Of which DAG.
        :param conf: Its params.
        """
        answer = self.request("POST", f"{self.prefix}/dags/{dag_id}/dagRuns", json={"conf": conf or {}})
        return OlderRun(self, dag_id, answer["dag_run_id"])


class OlderRun(DagRun):
    """Look at one run of Airflow 2."""

    api: OlderApi

    def xcom(self, task_id: str, key: str = "return_value", *, map_index: int = -1) -> Any:
        """
        Return one value that a task pushed.

        :param task_id: Which task.
        :param key: Which value.
        :param map_index: Index of a mapped task.
        """
        path = f"{self.path}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.api.get(path, map_index=map_index, stringify=False)["value"]

    def log(self, task_id: str, *, try_number: int = 1, map_index: int = -1) -> str:
        """
        Return the log of one try, a line per event, worker and triggerer together.

        :param task_id: Which task.
        :param try_number: Which try.
        :param map_index: Index of a mapped task.
        """
        path = f"{self.api.prefix}{self.path}/taskInstances/{task_id}/logs/{try_number}"
        return self.api.text(path, map_index=map_index, full_content="true")
