"""The one door to what Airflow's versions do differently; everything else comes through common.compat.sdk."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger


def mask_secret(secret: str) -> None:
    """Tell Airflow's log masker about a secret that it cannot find in the connection by itself."""
    try:
        from airflow.providers.common.compat import sdk

        mask = sdk.mask_secret
    except AttributeError:  # common.compat before 1.22
        mask = import_module("airflow.utils.log.secrets_masker").mask_secret
    mask(secret)


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
