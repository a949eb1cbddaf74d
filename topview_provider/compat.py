"""The one door to what Airflow's versions do differently; everything else comes through common.compat.sdk."""

from __future__ import annotations

import logging
import os
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

log = logging.getLogger(__name__)

MASKERS = (
    "airflow.providers.common.compat.sdk",  # knows it from common.compat 1.22 on
    "airflow.sdk.log",  # Airflow 3
    "airflow.utils.log.secrets_masker",  # Airflow 2.11
)


def mask_secret(secret: str) -> None:
    """Tell Airflow's log masker about a secret that it cannot find in the connection by itself; never raises."""
    for name in MASKERS:
        try:
            mask = import_module(name).mask_secret
        except (ImportError, AttributeError):
            continue
        try:
            mask(secret)
        except Exception as error:  # noqa: BLE001 - the masker is a second net, no reason to fail a task
            log.debug("%s.mask_secret raised %s", name, type(error).__name__)
        return
    log.debug("This Airflow has no masker that could be told about a secret")


def stats() -> Any | None:
    """Return Airflow's metrics, or None where this Airflow shows none."""
    try:
        return import_module("airflow.providers.common.compat.sdk").Stats
    except (ImportError, AttributeError):
        return None


def retry_policies() -> Any | None:
    """Return the module of Airflow's retry policies (Airflow 3.3 and later), or None."""
    try:
        return import_module("airflow.sdk.definitions.retry_policy")
    except ImportError:
        return None


def openlineage() -> tuple[Any, Any] | None:
    """Return the module of OpenLineage's facets and the class that holds them, or None without its provider."""
    try:
        lineage = import_module("airflow.providers.openlineage.extractors").OperatorLineage
        return import_module("airflow.providers.common.compat.openlineage.facet"), lineage
    except ImportError:
        return None


def airflow_line() -> tuple[int, ...]:
    """Return major and minor version of Airflow."""
    return tuple(int(part) for part in import_module("airflow").__version__.split(".")[:2])


def push(ti: Any, key: str, value: Any) -> None:
    """Push an XCom; Airflow 3.0 refuses None and fails the task, and gives None for what was never pushed."""
    if value is not None or airflow_line() != (3, 0):
        ti.xcom_push(key=key, value=value)


def api_access() -> tuple[Any, Any]:
    """Return Airflow's own checks, as FastAPI takes them: may read a DAG's XComs, may read connections (Airflow 3)."""
    security = import_module("airflow.api_fastapi.core_api.security")
    entities = import_module("airflow.api_fastapi.auth.managers.models.resource_details").DagAccessEntity
    return security.requires_access_dag("GET", entities.XCOM), security.requires_access_connection("GET")


def timer(moment: datetime) -> BaseTrigger:
    """Return a trigger that fires at a moment and makes no request."""
    try:
        module = import_module("airflow.providers.standard.triggers.temporal")
    except ImportError:  # Airflow 2.11 keeps it in the core
        module = import_module("airflow.triggers.temporal")
    trigger: BaseTrigger = module.DateTimeTrigger(moment=moment)
    return trigger


def task_store(context: Any) -> Any | None:
    """Return the store that survives retries and clears (Airflow 3.3 and later), or None."""
    return context.get("task_state_store")


def human_operator() -> Any | None:
    """Return the operator with which Airflow asks a person (Airflow 3.1 and later), or None."""
    if airflow_line() < (3, 1):
        return None
    try:
        return import_module("airflow.providers.standard.operators.hitl").HITLOperator
    except ImportError:
        return None


def task_states(context: Any, task_id: str) -> dict[int, str | None]:
    """Return the states of the instances of a task of this run by their map index; -1 where it is not mapped yet."""
    ti = context["ti"]
    if hasattr(ti, "get_task_states"):  # Airflow 3
        asked = {"dag_id": ti.dag_id, "task_ids": [task_id], "run_ids": [ti.run_id]}
        found = ti.get_task_states(**asked).get(ti.run_id, {})
        return {int(name.removeprefix(f"{task_id}_")) if name != task_id else -1: found[name] for name in found}
    instances = context["dag_run"].get_task_instances()
    return {one.map_index: one.state for one in instances if one.task_id == task_id}


def commands() -> Any:
    """Return the module with which Airflow describes its own command line."""
    return import_module("airflow.cli.cli_config")


def become_command() -> None:
    """Let this process read connections from Airflow's database, as Airflow 3 lets its own commands only."""
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


def asset_events() -> SimpleNamespace:
    """Return what Airflow's own route writes an asset event with: session, retries, tables, manager (Airflow 3)."""
    tables = import_module("airflow.models.asset")
    return SimpleNamespace(
        session=import_module("airflow.utils.session").create_session,
        tries=import_module("airflow.utils.retries").run_with_db_retries,
        asset=tables.AssetModel,
        event=tables.AssetEvent,
        manager=import_module("airflow.assets.manager").asset_manager,
    )
