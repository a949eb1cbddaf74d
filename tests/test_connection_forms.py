"""The connection form, on Airflow 3 and on 2.11, and Airflow's own commands that show it and test a connection."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow.cli import cli_parser
from airflow.providers.common.compat.sdk import Connection

from tests.lines import LINE, since
from topview_provider import provider_info
from topview_provider.hooks.settings import Settings
from topview_provider.hooks.topview import TopviewHook
from topview_provider.provider_info import EXTRA
from topview_provider.standin.server import StandIn

needs_widgets = pytest.mark.skipif(
    LINE < (3, 2) and not find_spec("flask_appbuilder"), reason="before 3.2 Airflow has no form without its web server"
)

KNOWN_TO_2_11 = ("PasswordField", "StringField")
"""Airflow 2.11 knows two more, IntegerField and BooleanField, and drops a connection type with any other field."""


class Part(SimpleNamespace):
    """Stands for a field, widget or check of wtforms, which comes with Airflow 2's web server only."""

    def __init__(self, *given: Any, **words: Any) -> None:
        super().__init__(given=given, **words)

    @property
    def kind(self) -> str:
        return type(self).__name__


def parts(*names: str) -> dict[str, Any]:
    return {name: type(name, (Part,), {}) for name in names}


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages of Airflow 2.11's web server, as far as a form may use them."""
    modules: dict[str, dict[str, Any]] = {
        "wtforms": parts(*KNOWN_TO_2_11),
        "wtforms.validators": parts("AnyOf", "Optional", "Regexp"),
        "flask_appbuilder": {},
        "flask_appbuilder.fieldwidgets": {
            name: type(name, (), {"kind": name}) for name in ("BS3PasswordFieldWidget", "BS3TextFieldWidget")
        },
    }
    for name, members in modules.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
        above, _, last = name.rpartition(".")
        if above:
            setattr(sys.modules[above], last, module)


@pytest.fixture
def more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fields of types that the form does not have yet."""
    words = {"label": "New", "description": "What it does."}
    for name, schema in {
        "whole": {"type": ["integer", "null"]},
        "chosen": {"type": ["string", "null"], "enum": ["first", "second", None]},
        "text": {"type": ["string", "null"]},
    }.items():
        monkeypatch.setitem(EXTRA, name, {**words, "schema": schema})


@pytest.mark.usefixtures("old", "more")
def test_the_form_of_2_11_has_a_field_for_each_entry() -> None:
    widgets = TopviewHook.get_connection_form_widgets()
    assert list(widgets) == list(EXTRA)
    for name, field in EXTRA.items():
        assert widgets[name].kind in KNOWN_TO_2_11
        assert widgets[name].label == field["label"]
        assert widgets[name].description.startswith(field["description"])
        assert widgets[name].validators[0].kind == "Optional"


def form_of_3() -> Any:
    """Return the form as the API server of Airflow 3 sends it."""
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    (form,) = (form for form in HookMetaService.hook_meta_data() if form.connection_type == "topview")
    return form


@since((3, 0), "the form of a page of its own")
@needs_widgets
def test_the_form_of_3_has_a_field_for_each_entry() -> None:
    form = form_of_3()
    assert form.hook_name == "TopView"
    assert form.hook_class_name == provider_info.HOOK
    shown = form.model_dump()["extra_fields"]
    assert {name: field["schema"]["title"] for name, field in shown.items()} == {
        name: field["label"] for name, field in EXTRA.items()
    }
    assert [
        name for name, field in EXTRA.items() if not shown[name]["description"].startswith(field["description"])
    ] == []


@since((3, 0), "the form of a page of its own")
@needs_widgets
def test_the_standard_fields_say_what_belongs_in_them() -> None:
    form = form_of_3()
    fields = form.model_dump()["standard_fields"]
    assert [fields[name]["title"] for name in ("login", "password", "host")] == ["Topview-Uid", "API key", "Base URL"]
    assert all(fields[name]["placeholder"] for name in ("login", "password", "host", "port"))
    assert not fields["port"]["hidden"], "3.3.1 and 3.3.2 test no connection without a port"
    assert fields["url_schema"]["hidden"]


def refused(widget: Any, text: str) -> bool:
    """Tell whether the checks of a field of 2.11 refuse a text."""
    for check in widget.validators:
        if check.kind == "Regexp" and not re.match(check.given[0], text):
            return True
        if check.kind == "AnyOf" and text not in check.given[0]:
            return True
    return False


@pytest.mark.usefixtures("old", "more")
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("trust_env", ["true", "False"], ["maybe", "truely"]),
        ("read_timeout", ["3", "0.5"], ["soon", "3 s", "-1"]),
        ("whole", ["3"], ["0.5"]),
        ("chosen", ["first"], ["third"]),
        ("verify", ["/etc/ca.pem", "false"], []),
    ],
)
def test_the_form_of_2_11_refuses_what_has_another_type(name: str, right: list[str], wrong: list[str]) -> None:
    widget = TopviewHook.get_connection_form_widgets()[name]
    assert [text for text in right if refused(widget, text)] == []
    assert [text for text in wrong if not refused(widget, text)] == []


@pytest.mark.usefixtures("old")
def test_a_secret_of_the_form_of_2_11_survives_that_another_field_is_saved() -> None:
    proxy = TopviewHook.get_connection_form_widgets()["proxy"]
    assert (proxy.kind, proxy.widget.kind) == ("PasswordField", "BS3PasswordFieldWidget")
    assert proxy.widget.hide_value is False


def settings(**extra: Any) -> Settings:
    words = {"conn_id": "c", "conn_type": "topview", "login": "me", "password": "key-of-mine"}
    return Settings.from_connection(Connection(**words, extra=json.dumps(extra)))


def test_the_texts_that_2_11_stores_mean_what_the_values_of_3_mean() -> None:
    texts = settings(trust_env="False", read_timeout="4.5", poll_interval="3", verify="false")
    assert texts == settings(trust_env=False, read_timeout=4.5, poll_interval=3, verify=False)


@pytest.fixture
def airflow(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command of Airflow and return what it prints."""

    def run(*words: str) -> str:
        arguments = cli_parser.get_parser().parse_args(words)
        arguments.func(arguments)
        return capsys.readouterr().out

    return run


def rows(text: str, **wanted: str) -> list[dict[str, str]]:
    return [row for row in json.loads(text) if wanted.items() <= row.items()]


def test_airflow_shows_the_provider(airflow: Callable[..., str]) -> None:
    said = airflow("providers", "get", provider_info.PACKAGE, "--full", "--output", "json")
    (shown,) = json.loads(said)
    assert "TopView" in json.dumps(shown)
    assert rows(airflow("providers", "list", "--output", "json"), package_name=provider_info.PACKAGE)


def test_airflow_shows_the_hook(airflow: Callable[..., str]) -> None:
    (hook,) = rows(airflow("providers", "hooks", "--output", "json"), connection_type="topview")
    assert hook["class"] == provider_info.HOOK
    assert hook["conn_id_attribute_name"] == TopviewHook.conn_name_attr


@needs_widgets
def test_airflow_shows_that_the_form_has_labels_of_its_own(airflow: Callable[..., str]) -> None:
    assert rows(airflow("providers", "behaviours", "--output", "json"), field_behaviours="topview")


@needs_widgets
def test_airflow_shows_each_field_of_the_form(airflow: Callable[..., str]) -> None:
    said = airflow("providers", "widgets", "--output", "json")
    shown = {row["connection_parameter_name"] for row in json.loads(said)}
    assert {f"extra__topview__{name}" for name in EXTRA} <= shown


def test_the_connection_test_of_airflow_asks_topview(
    airflow: Callable[..., str], service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__TEST_CONNECTION", "Enabled")
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    assert "Connection success" in airflow("connections", "test", "topview_default")
    assert [request["path"] for request in service.requests()] == ["/user/credit/detail"]


def test_the_connection_test_of_airflow_says_what_is_wrong(
    service: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__TEST_CONNECTION", "Enabled")
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    service.rotate("another-key")
    arguments = cli_parser.get_parser().parse_args(["connections", "test", "topview_default"])
    with pytest.raises(SystemExit) if LINE >= (3, 3) else nullcontext():
        arguments.func(arguments)
    said = capsys.readouterr().out
    assert "Connection failed" in said
    assert "401" in said
    assert "key-one-two-three" not in said
