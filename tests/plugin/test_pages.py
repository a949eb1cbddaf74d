"""What the plugin adds to Airflow, its pages as they are sent, and the switch that takes them away."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import airflow
import pytest

from tests.plugin.conftest import Visitor
from topview_provider import compat, links
from topview_provider.catalog import FAMILIES
from topview_provider.plugins.topview import TopviewPlugin, servers, views

WWW = Path(links.__file__).parent / "www"
FILES = sorted(WWW.iterdir())
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def test_airflow_lists_the_plugin_with_a_tab_and_a_page(admin: Visitor) -> None:
    answer = admin.get("/api/v2/plugins").json()["plugins"]
    (plugin,) = (one for one in answer if one["name"] == "topview")
    assert [(view["name"], view["destination"]) for view in plugin["external_views"]] == [
        ("TopView", "task_instance"),
        ("TopView", "nav"),
    ]
    assert [app["url_prefix"] for app in plugin["fastapi_apps"]] == ["/topview"]
    for view in plugin["external_views"]:
        for address in (view["href"], view["icon"], view["icon_dark_mode"]):
            assert admin.get(address).status_code == 200, address
    assert admin.get("/api/v2/plugins/importErrors").json()["import_errors"] == []


@every_file
def test_every_file_is_sent_with_headers_that_let_nothing_foreign_run(path: Path, admin: Visitor) -> None:
    answer = admin.get(f"/topview/www/{path.name}")
    assert answer.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["connect-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["style-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'self'", "'self'", "'none'")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"


@every_file
def test_no_file_names_another_host_or_writes_text_as_markup(path: Path) -> None:
    text = path.read_text()
    foreign = {address for address in re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) if "www.w3.org" not in address}
    assert foreign == set()
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|style=", text) == []
    )


def test_a_page_uses_only_files_that_are_there() -> None:
    for page in WWW.glob("*.html"):
        used = re.findall(r'(?:src|href)="([^"]+)"', page.read_text())
        assert used
        assert [name for name in used if not (WWW / name).exists()] == []
    for script in WWW.glob("*.js"):
        assert [
            name for name in re.findall(r'from "\./([^"]+)"', script.read_text()) if not (WWW / name).exists()
        ] == []


def test_the_pages_ship() -> None:
    import configparser

    parser = configparser.ConfigParser()
    parser.read(Path(__file__).resolve().parents[2] / "setup.cfg")
    assert "www/*" in parser["options.package_data"]["topview_provider"].split()


def test_a_player_knows_every_kind_of_output() -> None:
    kinds = {output.kind for row in FAMILIES.values() for output in row.outputs}
    makers = (WWW / "media.js").read_text().partition("const MAKERS = {")[2].partition("};")[0]
    assert kinds == set(re.findall(r"^  (\w+):", makers, re.MULTILINE))


def test_no_page_promises_that_a_clear_costs_nothing_where_the_log_says_that_there_is_no_record() -> None:
    text = (WWW / "words.js").read_text()
    assert "without paying again if there is a record" in text
    assert not re.search(r"without paying again[.\"]", text)


@pytest.mark.parametrize("path", ["/notice/", f"/notice/{'s' * 40}", f"/notice/{'s' * 40}/scraper"])
def test_without_a_secret_there_is_no_way_for_callbacks(path: str, admin: Visitor) -> None:
    answers = [admin.session.post(f"{admin.url}/topview{place}", json={}, timeout=60) for place in (path, "/unknown")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(404, {"detail": "Not Found"})] * 2


@pytest.mark.parametrize(("line", "there"), [("2.11.2", False), ("3.0.6", False), ("3.1.0", True)])
def test_callbacks_need_no_pages_but_an_airflow_that_can_take_them(
    line: str, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airflow, "__version__", line)
    monkeypatch.setenv("AIRFLOW__TOPVIEW__PAGES", "False")
    monkeypatch.setenv("AIRFLOW__TOPVIEW__NOTICE_SECRET", "s" * 40)
    assert (bool(views()), bool(servers())) == (False, there)


@pytest.mark.parametrize("line", ["2.11.2", "3.0.6"])
def test_an_airflow_that_shows_no_pages_of_plugins_gets_nothing(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow, "__version__", line)
    assert (views(), servers()) == ([], [])


@pytest.mark.parametrize(("word", "there"), [("False", False), ("True", True)])
def test_a_switch_takes_the_pages_away(word: str, there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__TOPVIEW__PAGES", word)
    assert (bool(views()), bool(servers())) == (there, there)


def test_addresses_begin_with_the_path_under_which_airflow_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://flows.example/team/a/")
    assert all(view["href"].startswith("/team/a/topview/www/") for view in views())
    assert views()[0]["icon"].startswith("/team/a/topview/www/")


def test_no_process_of_airflow_loads_a_web_server_by_importing_the_plugin() -> None:
    program = (
        "import json, sys\n"
        "from airflow.providers.common.compat.sdk import AirflowPlugin, BaseOperatorLink, conf\n"
        "before = set(sys.modules)\n"
        "from topview_provider.plugins.topview import TopviewPlugin\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in set(sys.modules) - before})))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1]) == ["topview_provider"]


def test_the_plugin_is_what_this_airflow_can_show() -> None:
    assert compat.airflow_line() >= (3, 1)
    assert [view["destination"] for view in TopviewPlugin.external_views] == ["task_instance", "nav"]
