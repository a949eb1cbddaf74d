"""The environment in which a private Airflow runs."""

from __future__ import annotations

import base64
import os
import secrets
import socket
from pathlib import Path

KEYS = ("TOPVIEW_UID", "TOPVIEW_API_KEY")
QUICK_FAILOVER = {
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5",
}
"""For ``AirflowStack(env=...)``: a new triggerer takes over the triggers of a killed one after 10 s instead of 25 s."""


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """Return our environment without Airflow's settings and TopView's keys: an exported key never buys a video."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.lstrip("_").startswith("AIRFLOW") and name not in KEYS
    }
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, [env.get(name), "127.0.0.1,localhost"]))
    return env


def airflow_settings(home: Path, dags: Path, port: int, database: str) -> dict[str, str]:
    """
    Return the environment that makes an Airflow private, quick and quiet.

    :param home: AIRFLOW_HOME.
    :param dags: Folder of DAG files.
    :param port: Port of the API server.
    :param database: SQLAlchemy address of the metadata database.
    """
    url, logs = f"http://127.0.0.1:{port}", home / "logs" / "tasks"
    options = {
        "core": {
            "dags_folder": str(dags),
            "load_examples": "False",
            "executor": "LocalExecutor",
            "parallelism": "4",
            "simple_auth_manager_all_admins": "True",
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "execution_api_server_url": f"{url}/execution/",
            "hostname_callable": "socket.gethostname",
        },
        "database": {"sql_alchemy_conn": database},
        "logging": {
            "base_log_folder": str(logs),
            "worker_log_server_port": str(free_port()),
            "trigger_log_server_port": str(free_port()),
        },
        "api": {
            "host": "127.0.0.1",
            "port": str(port),
            "base_url": url,
            "secret_key": secrets.token_hex(16),
        },
        "api_auth": {"jwt_secret": secrets.token_hex(32)},
        "scheduler": {"scheduler_idle_sleep_time": "0.2"},
        "dag_processor": {
            "dag_bundle_storage_path": str(home / "bundles"),
            "refresh_interval": "10",
            "min_file_process_interval": "10",
        },
    }
    variables = {
        f"AIRFLOW__{section}__{name}".upper(): value
        for section, values in options.items()
        for name, value in values.items()
    }
    return {"AIRFLOW_HOME": str(home), **variables}
