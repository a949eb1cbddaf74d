"""
The plugin that Airflow finds by its entry point: a tab on tasks, a gallery, and the server behind both and callbacks.

Every process of Airflow imports this, a worker for each task; what costs time is imported by the first request.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import AirflowPlugin, conf

from topview_provider import compat
from topview_provider.links import PREFIX, TAB, pages_shown, root

AIRFLOW = "topview.airflow"
"""Key in the scope of a request under which Airflow's own application stands."""


class TopviewServer:
    """Answer below ``/topview``; the application is made when the first request comes."""

    def __init__(self) -> None:
        self._application: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request as ASGI has it."""
        if self._application is None:
            from topview_provider.plugins.server import application

            self._application = application()
        # FastAPI puts itself here; the routes need the one around it.
        scope[AIRFLOW] = scope.get("app")
        await self._application(scope, receive, send)


def views() -> list[dict[str, Any]]:
    """Return the pages as Airflow takes them; it fills in the names in braces."""
    if not pages_shown():
        return []
    files = f"{root()}{PREFIX}/www"
    both = {"icon": f"{files}/icon.svg", "icon_dark_mode": f"{files}/icon-dark.svg"}
    names = "dag_id={DAG_ID}&run_id={RUN_ID}&task_id={TASK_ID}&map_index={MAP_INDEX}"
    tab = {"name": "TopView", "destination": "task_instance", "url_route": TAB, "href": f"{files}/task.html?{names}"}
    gallery = {"name": "TopView", "destination": "nav", "url_route": f"{TAB}-gallery", "href": f"{files}/gallery.html"}
    return [{**tab, **both}, {**gallery, **both}]


def servers() -> list[dict[str, Any]]:
    """Return what the API server mounts: nothing where neither page nor callback needs it."""
    wanted = pages_shown() or _receives()
    return [{"app": TopviewServer(), "url_prefix": PREFIX, "name": "TopView"}] if wanted else []


def _receives() -> bool:
    """Tell whether callbacks shall be received; asked last, for a secret may have to be fetched from somewhere."""
    return compat.airflow_line() >= (3, 1) and bool(conf.get("topview", "notice_secret", fallback=""))


class TopviewPlugin(AirflowPlugin):
    """Show TopView's tasks in Airflow's UI (3.1 and later); elsewhere it adds nothing."""

    name = "topview"
    external_views = views()
    fastapi_apps = servers()
