"""What Airflow's registry reads: provider info, entry points, and the connection form of both lines."""

from __future__ import annotations

import configparser
import importlib
import inspect
import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import airflow
import jsonschema
import pytest
from airflow.providers.common.compat.sdk import BaseHook, BaseOperator, BaseSensorOperator, Connection
from airflow.triggers.base import BaseTrigger

import topview_provider
from tests.contract.running import rooms
from topview_provider.hooks.settings import Settings
from topview_provider.hooks.topview import TopviewHook
from topview_provider.provider_info import get_provider_info

ROOT = Path(__file__).resolve().parent.parent
INFO = get_provider_info()
(FORM,) = INFO["connection-types"]


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def entry_points() -> list[tuple[str, str, str]]:
    """Return group, name and target of every entry point that ships."""
    found = []
    for group, lines in setup()["options.entry_points"].items():
        for line in lines.strip().splitlines():
            name, _, target = line.partition("=")
            found.append((group, name.strip(), target.strip()))
    return found


def load(path: str) -> Any:
    module, _, name = path.replace(":", ".").rpartition(".")
    return getattr(importlib.import_module(module), name)


def schema(name: str) -> Any:
    found = [Path(folder) / name for folder in airflow.__path__ if (Path(folder) / name).exists()]
    return json.loads(found[0].read_text())


def test_the_package_name_is_the_canonical_name_of_the_distribution() -> None:
    """Airflow compares the two and refuses every command where they differ."""
    written = setup()["metadata"]["name"]
    assert INFO["package-name"] == re.sub(r"[-_.]+", "-", written).lower() == written
    try:
        installed = distribution(written)
    except PackageNotFoundError:
        return
    assert installed.metadata["Name"] == written


def test_the_version_is_written_once() -> None:
    assert setup()["metadata"]["version"] == "attr: topview_provider.__version__"
    assert re.fullmatch(r"\d+\.\d+\.\d+([a-z.]+\d+)?", topview_provider.__version__)


def test_provider_info_is_what_airflow_validates() -> None:
    jsonschema.validate(INFO, schema("provider_info.schema.json"))
    assert json.loads(json.dumps(INFO)) == INFO


def test_the_connection_form_is_what_airflow_validates_for_its_own_providers() -> None:
    strict = schema("provider.yaml.schema.json")
    part = {**strict["properties"]["connection-types"], "definitions": strict.get("definitions", {})}
    assert list(jsonschema.Draft7Validator(part).iter_errors(INFO["connection-types"])) == []


def test_every_entry_point_points_at_something_that_can_be_called() -> None:
    groups = {group for group, _, _ in entry_points()}
    assert {"apache_airflow_provider", "console_scripts"} <= groups
    for group, name, target in entry_points():
        assert callable(load(target)), f"{group}: {name} = {target}"


def test_the_provider_entry_point_returns_the_provider_info() -> None:
    (target,) = (target for group, _, target in entry_points() if group == "apache_airflow_provider")
    assert load(target)() == INFO


@pytest.mark.parametrize(("name", "room"), [("topview", "cli"), ("topview-standin", "standin")])
def test_the_command_line_and_the_stand_in_have_a_command_of_their_own(name: str, room: str) -> None:
    assert ("console_scripts", name, f"topview_provider.{room}.__main__:main") in entry_points()


def test_the_function_that_names_our_commands_to_airflow_exists() -> None:
    (target,) = INFO["cli"]
    assert [group.name for group in load(target)()] == ["topview"]


def test_a_plugin_is_declared_exactly_where_there_is_one() -> None:
    declared = [target for group, _, target in entry_points() if group == "airflow.plugins"]
    there = (Path(topview_provider.__path__[0]) / "plugins").exists()
    assert bool(declared) == there
    assert "plugins" not in INFO


def test_every_module_that_is_named_exists_and_holds_what_it_says() -> None:
    kinds = {"operators": BaseOperator, "sensors": BaseSensorOperator, "hooks": BaseHook, "triggers": BaseTrigger}
    for kind, base in kinds.items():
        for entry in INFO[kind]:
            assert entry["integration-name"] == INFO["integrations"][0]["integration-name"]
            for name in entry["python-modules"]:
                found = [item for item in vars(importlib.import_module(name)).values() if inspect.isclass(item)]
                assert any(issubclass(item, base) and item.__module__.startswith(name) for item in found), name


def test_every_room_with_an_operator_is_named() -> None:
    named = {name for entry in INFO["operators"] for name in entry["python-modules"]}
    with_operators = {
        room.__name__
        for room in rooms()
        for name, item in vars(room).items()
        if re.fullmatch(r"Topview\w+Operator", name)
        and getattr(item, "__module__", "") == room.__name__
        and room.__name__.rpartition(".")[2] not in ("base", "rows", "listing")
    }
    assert named == with_operators


def test_the_hook_of_the_connection_type_is_ours_and_says_the_same() -> None:
    assert load(FORM["hook-class-name"]) is TopviewHook
    assert TopviewHook.conn_type == FORM["connection-type"] == "topview"
    assert TopviewHook.hook_name == FORM["hook-name"]
    assert TopviewHook.default_conn_name == "topview_default"
    hook = TopviewHook(**{TopviewHook.conn_name_attr: "ours"})
    assert getattr(hook, TopviewHook.conn_name_attr) == "ours"


def test_both_airflow_lines_show_the_same_labels() -> None:
    new, old = FORM["ui-field-behaviour"], TopviewHook.get_ui_field_behaviour()
    assert {key.replace("-", "_"): value for key, value in new.items()} == old
    assert old["relabeling"] == {"login": "Topview-Uid", "password": "API key", "host": "Base URL"}
    forms = schema("customized_form_field_behaviours.schema.json")
    jsonschema.validate(old, forms)


def test_no_field_of_the_form_must_be_filled_in() -> None:
    for name, field in FORM["conn-fields"].items():
        assert "null" in field["schema"]["type"], name
        assert field["label"], name
        assert field["description"], name


@pytest.mark.parametrize("untouched", [None, ""])
def test_a_form_that_nobody_touched_means_the_same_as_no_extra(untouched: Any) -> None:
    """The form saves every field of it, with its default or empty."""
    saved = {name: field["schema"].get("default", untouched) for name, field in FORM["conn-fields"].items()}
    words = {"conn_id": "c", "conn_type": "topview", "login": "me", "password": "key-of-mine"}
    assert Settings.from_connection(Connection(**words, extra=json.dumps(saved))) == Settings.from_connection(
        Connection(**words)
    )


def test_every_field_of_the_form_counts() -> None:
    words = {"conn_id": "c", "conn_type": "topview", "login": "me", "password": "key-of-mine"}
    plain = Settings.from_connection(Connection(**words))
    filled = {
        "connect_timeout": 3,
        "read_timeout": 4,
        "poll_interval": 5,
        "max_rps": 2,
        "proxy": "http://proxy.example:3128",
        "verify": "false",
        "trust_env": False,
        "list_polling": True,
    }
    for name, value in filled.items():
        assert Settings.from_connection(Connection(**words, extra=json.dumps({name: value}))) != plain, name
    allowed = Connection(**words, host="http://far.example", extra=json.dumps({"allow_http": True}))
    assert Settings.from_connection(allowed).base_url == "http://far.example"
    assert set(FORM["conn-fields"]) == {*filled, "allow_http"}
