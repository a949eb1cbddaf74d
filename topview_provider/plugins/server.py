"""The application that Airflow's API server mounts below ``/topview``: static pages and the routes they ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from topview_provider.links import pages_shown
from topview_provider.plugins import notice, routes
from topview_provider.plugins.confirming import Confirmer

WWW = Path(__file__).resolve().parent.parent / "www"

HEADERS = {
    # Pictures and films stand at TopView's storage, whose hosts are unknown; everything else comes from here.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https: http:; media-src 'self' https: http:; frame-ancestors 'self'; base-uri 'none'; "
    "form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def application() -> FastAPI:
    """Return the application; another room joins it with a router of its own."""
    app = FastAPI(title="TopView", docs_url=None, redoc_url=None, openapi_url=None)
    if secrets := notice.secrets_set():
        app.include_router(notice.Door(secrets, Confirmer(notice.conn_id()).take).router())
    if pages_shown():
        app.include_router(routes.router)
        app.mount("/www", StaticFiles(directory=WWW))
    app.middleware("http")(_guarded)
    return app


async def _guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    try:
        response = await call_next(request)
    finally:
        notice.hide(request.scope)
    response.headers.update(HEADERS)
    # A page that was kept from an older release would not fit the routes.
    response.headers.setdefault("Cache-Control", "no-cache")
    return response
