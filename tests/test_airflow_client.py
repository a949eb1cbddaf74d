"""The client of Airflow's REST API that tests and demo use asks each line of Airflow where its API stands."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.older import OlderApi
from tools.rest import AirflowApi

ANSWER = {
    "pools": [{"name": "known"}],
    "dags": [{"dag_id": "one"}],
    "import_errors": [],
    "total_entries": 1,
    "dag_run_id": "a run",
    "state": "success",
}
"""What every question is answered with: of each the key that it looks for."""


class Door(BaseHTTPRequestHandler):
    """Answer everything, and keep what was asked for."""

    server: Doors

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path.partition("?")[0]))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *words: object) -> None:
        """Say nothing."""


class Doors(ThreadingHTTPServer):
    """A server that knows what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.asked: list[tuple[str, str]] = []


@pytest.fixture
def doors() -> Iterator[Doors]:
    with Doors() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(("kind", "prefix"), [(AirflowApi, "/api/v2"), (OlderApi, "/api/v1")])
def test_every_question_goes_to_the_api_of_this_line_of_airflow(
    doors: Doors, kind: type[AirflowApi], prefix: str
) -> None:
    api = kind(f"http://127.0.0.1:{doors.server_port}")
    api.set_pool("known", 1)
    api.set_pool("new", 1)
    api.unpause("one")
    api.wait_for_dag("one")
    run = api.trigger("one")
    run.clear()
    assert run.state() == "success"
    changes = [(method, path.removeprefix(prefix)) for method, path in doors.asked if method != "GET"]
    assert changes == [
        ("PATCH", "/pools/known"),
        ("POST", "/pools"),
        ("PATCH", "/dags/one"),
        ("POST", "/dags/one/dagRuns"),
        ("POST", "/dags/one/clearTaskInstances"),
    ]
    assert [path for _, path in doors.asked if not path.startswith(f"{prefix}/")] == []
