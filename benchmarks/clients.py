"""Ours, the peers and the bare clients: how each is built, and what its event says."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.answers import SECRET

CONN_ID = "bench"


@dataclass(frozen=True, slots=True)
class Job:
    """
    Say what one trigger waits for.

    :param number: The job.
    :param pace: Seconds between polls.
    :param url: Address of the service.
    :param seconds: Deadline, where a trigger takes one.
    :param limit: Seconds for one request, where a trigger or its connection takes them; None: its default.
    :param polls: Polls that find it running; who asks nobody must be told.
    """

    number: int
    pace: float
    url: str
    seconds: float = 100_000.0
    limit: float | None = None
    polls: int = 0

    def limited(self, name: str) -> dict[str, Any]:
        """Return the limit of a request under the name that a client has for it."""
        return {} if self.limit is None else {name: self.limit}

    def connection(self, kind: str, extra: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """Return an Airflow connection to the service."""
        return {"conn_type": kind, "host": self.url, "password": SECRET, "extra": extra or {}, **fields}

    def parted(self, kind: str, extra: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return an Airflow connection with scheme, host and port apart."""
        parts = urlsplit(self.url)
        return self.connection(kind, extra, host=parts.hostname, schema=parts.scheme, port=parts.port)


@dataclass(frozen=True, slots=True)
class Client:
    """
    Say how to build one client, and how to read its event.

    :param title: Name in tables.
    :param build: A job becomes a trigger.
    :param connection: A job becomes the Airflow connection that leads to it.
    :param done: Whether the payload of an event says that the job was done.
    :param extra: Polls that it sends after the one that says done.
    :param blocks: It blocks the event loop while it polls.
    :param package: Distribution that brings it.
    """

    title: str
    build: Callable[[Job], Any]
    connection: Callable[[Job], dict[str, Any]] = lambda job: {}
    done: Callable[[Any], bool] = lambda payload: bool(payload["status"] == "success")
    extra: int = 0
    blocks: bool = False
    package: str = ""

    def connect(self, job: Job) -> None:
        """Let Airflow of this process find the connection."""
        os.environ[f"AIRFLOW_CONN_{CONN_ID.upper()}"] = json.dumps(self.connection(job))


def _ours(job: Job) -> Any:
    from topview_provider.triggers.topview import TopviewTaskTrigger

    now = time.time()
    return TopviewTaskTrigger(
        family="video_avatar",
        topview_conn_id=CONN_ID,
        topview_task_id=str(job.number),
        submitted_at=now,
        end_time=now + job.seconds,
        pace=job.pace,
    )


def _http_sensor(job: Job) -> Any:
    from airflow.providers.http.triggers.http import HttpSensorTrigger

    return HttpSensorTrigger(endpoint=f"sensor/{job.number}", http_conn_id=CONN_ID, poke_interval=job.pace)


def _http_event(job: Job) -> Any:
    from airflow.providers.http.triggers.http import HttpEventTrigger

    return HttpEventTrigger(
        "benchmarks.checks.is_done", http_conn_id=CONN_ID, endpoint=f"event/{job.number}", poll_interval=job.pace
    )


def _dbt(job: Job) -> Any:
    from airflow.providers.dbt.cloud.hooks.dbt import DbtCloudHook
    from airflow.providers.dbt.cloud.triggers.dbt import DbtCloudRunJobTrigger

    if job.url.startswith("http:"):
        # It speaks https only; over plain HTTP the scheme is all that is changed.
        DbtCloudHook.get_request_url_params = staticmethod(_plain_dbt_url)
    return DbtCloudRunJobTrigger(
        conn_id=CONN_ID,
        run_id=job.number,
        end_time=time.time() + job.seconds,
        poll_interval=job.pace,
        account_id=1,
        hook_params=job.limited("timeout_seconds"),
    )


def _plain_dbt_url(tenant: str, endpoint: str, *_: Any, **__: Any) -> tuple[str, dict[str, Any]]:
    return f"http://{tenant}/api/v2/accounts/{endpoint}", {}


def _databricks(job: Job) -> Any:
    from airflow.providers.databricks.triggers.databricks import DatabricksExecutionTrigger

    return DatabricksExecutionTrigger(run_id=job.number, databricks_conn_id=CONN_ID, polling_period_seconds=job.pace)


def _airbyte(job: Job) -> Any:
    from airflow.providers.airbyte.triggers.airbyte import AirbyteSyncTrigger

    return AirbyteSyncTrigger(
        job_id=job.number, conn_id=CONN_ID, end_time=time.time() + job.seconds, poll_interval=job.pace
    )


def _openai(job: Job) -> Any:
    from airflow.providers.openai.triggers.openai import OpenAIBatchTrigger

    return OpenAIBatchTrigger(conn_id=CONN_ID, batch_id=str(job.number), poll_interval=job.pace, timeout=job.seconds)


def _bare(name: str) -> Callable[[Job], Any]:
    def build(job: Job) -> Any:
        from benchmarks import bare

        return getattr(bare, name)(job.url, job.number, job.pace, job.polls)

    return build


CLIENTS = {
    "ours": Client(
        "TopView `TopviewTaskTrigger`",
        _ours,
        lambda job: job.connection("topview", {"max_rps": 0, **job.limited("read_timeout")}, login="bench-uid"),
        lambda payload: bool(payload["outcome"] == "success"),
        package="airflow-provider-topview",
    ),
    "databricks": Client(
        "Databricks `DatabricksExecutionTrigger`",
        _databricks,
        lambda job: job.parted("databricks"),
        lambda payload: bool(json.loads(payload["run_state"])["result_state"] == "SUCCESS"),
        extra=1,
        package="apache-airflow-providers-databricks",
    ),
    "dbt": Client(
        "dbt Cloud `DbtCloudRunJobTrigger`",
        _dbt,
        lambda job: job.connection("dbt_cloud", host=urlsplit(job.url).netloc, login="1"),
        package="apache-airflow-providers-dbt-cloud",
    ),
    "http_sensor": Client(
        "http `HttpSensorTrigger`",
        _http_sensor,
        lambda job: job.parted("http", job.limited("timeout")),
        lambda payload: payload is True,
        package="apache-airflow-providers-http",
    ),
    "http_event": Client(
        "http `HttpEventTrigger`",
        _http_event,
        lambda job: job.parted("http", job.limited("timeout")),
        package="apache-airflow-providers-http",
    ),
    "openai": Client(
        "OpenAI `OpenAIBatchTrigger`",
        _openai,
        lambda job: job.connection("openai", {"openai_client_kwargs": job.limited("timeout")}, host=f"{job.url}/v1"),
        blocks=True,
        package="apache-airflow-providers-openai",
    ),
    "airbyte": Client(
        "Airbyte `AirbyteSyncTrigger`",
        _airbyte,
        lambda job: job.connection("airbyte", job.limited("timeout"), login="bench-id"),
        blocks=True,
        package="apache-airflow-providers-airbyte",
    ),
    "aiohttp": Client("one shared aiohttp session (bare)", _bare("SharedSession")),
    "raw": Client("raw asyncio socket (bare)", _bare("RawSocket")),
    "sleep": Client("a trigger that only sleeps", _bare("Sleeper")),
}
BARE = ("aiohttp", "raw", "sleep")
PEERS = tuple(name for name in CLIENTS if name not in ("ours", *BARE))
