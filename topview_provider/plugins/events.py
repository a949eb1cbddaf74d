"""
Write asset events, each once, whatever server or process a callback came to.

Airflow's public route needs a user, and a callback has none; so this does what that route does, in the same process and
with the same manager. That lets an event be looked for and written in one transaction, which no client of REST can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sql

from topview_provider import compat
from topview_provider.plugins.notice import log

TRIES = 6

_missed: set[str] = set()


def uri_of(family: str) -> str:
    """
    Return the asset of a family.

    :param family: For example ``marketing_video``.
    """
    return f"topview://task/{family}"


def write(family: str, extra: Mapping[str, Any]) -> bool:
    """
    Write the event of an end, and tell whether that was done: not where it stands already, or nobody wants it.

    :param family: Whose asset.
    :param extra: Flat; ``uuid``, or ``topview_task_id``, ``state``, ``items`` and ``made`` together, tell ends apart.
    """
    airflow = compat.asset_events()
    # SQLite has one writer, and every database may end one of two transactions that wait for each other.
    for attempt in airflow.tries(max_retries=TRIES):
        with attempt, airflow.session() as session:
            written = _write(airflow, session, uri_of(family), extra)
    return written


def _write(airflow: Any, session: Any, uri: str, extra: Mapping[str, Any]) -> bool:
    asset = session.scalar(sql.select(airflow.asset).where(airflow.asset.uri == uri, airflow.asset.active.has()))
    if asset is None:
        _miss(uri)
        return False
    # Changes nothing and locks the row in every database: servers that hear of the same end take turns.
    lock = sql.update(airflow.asset).where(airflow.asset.id == asset.id).values(updated_at=airflow.asset.updated_at)
    session.execute(lock, execution_options={"synchronize_session": False})
    if any(_same(known, extra) for known in _told(airflow, session, asset.id, extra["topview_task_id"])):
        log.info("The end of task %s was told before", extra["topview_task_id"])
        return False
    airflow.manager.register_asset_change(asset=asset, extra=dict(extra), session=session, source_is_api=True)
    return True


def _told(airflow: Any, session: Any, asset_id: int, topview_task_id: str) -> Any:
    """Return the extras of the events of an asset in which the id of a task occurs."""
    text = sql.cast(airflow.event.extra, sql.String)
    mine = airflow.event.asset_id == asset_id
    return session.scalars(sql.select(airflow.event.extra).where(mine, text.contains(topview_task_id, autoescape=True)))


def _same(known: Mapping[str, Any], extra: Mapping[str, Any]) -> bool:
    if extra["uuid"] and known.get("uuid") == extra["uuid"]:
        return True
    return all(known.get(name) == extra[name] for name in ("topview_task_id", "state", "items", "made"))


def _miss(uri: str) -> None:
    if uri not in _missed:
        _missed.add(uri)
        log.error("A task ended, but no DAG names Asset(%r): events of it are not written until one does", uri)
