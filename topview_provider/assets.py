"""What an asset event says of a task: flat and scalar, so that a DAG that it starts can read it in a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from topview_provider import lineage


def about(card: Mapping[str, Any], uri: str | None = None) -> dict[str, Any]:
    """
    Return the extra of an asset event.

    :param card: The card of the task, or as much of it as is known.
    :param uri: Where its file is stored; None where it only stands at TopView, whose signed URLs expire.
    """
    names = ("topview_task_id", "family", "state", "language", "cost_credit")
    return {"uri": uri, **{name: card.get(name) for name in names}}


def emit(context: Any, outlets: Iterable[Any] | None, extra: Mapping[str, Any], uris: Iterable[str]) -> None:
    """
    Let each outlet say it: an asset as itself, an alias as the assets that it stands for in this run, others none.

    :param context: Airflow's context.
    :param outlets: Outlets of the task.
    :param extra: What their events hold.
    :param uris: Assets for an alias; where the extra has a ``uri``, each event holds its own.
    """
    from airflow.providers.common.compat.sdk import Asset, AssetAlias

    for outlet in outlets or ():
        try:
            accessor = context["outlet_events"][outlet]
        except TypeError:  # no asset: what a user tells OpenLineage by hand is an outlet, too
            continue
        if not isinstance(outlet, AssetAlias):
            accessor.extra = dict(extra)
            continue
        for uri in uris:
            own = {"uri": uri} if extra.get("uri") else {}
            accessor.add(Asset(lineage.dataset(uri).uri), extra={**extra, **own})


def events(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Return the extras of the asset events that started this run; none if a person did.

    Those of this provider have ``uri``, ``topview_task_id``, ``family``, ``state``, ``language`` and ``cost_credit``.

    :param context: Airflow's context; Airflow 2.11 has another name in it.
    """
    found = context.get("triggering_asset_events") or context.get("triggering_dataset_events") or {}
    return [dict(event.extra or {}) for asset_events in found.values() for event in asset_events]
