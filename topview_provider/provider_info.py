"""What Airflow's registry reads, and the connection form, described once for Airflow 2.11 and 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PACKAGE = "airflow-provider-topview"
HOOK = "topview_provider.hooks.topview.TopviewHook"

LABELS = {"login": "Topview-Uid", "password": "API key", "host": "Base URL"}
PLACEHOLDERS = {
    "login": "uid, beside the key under API Settings; if empty, TopView is asked for it",
    "password": "key, under API Settings of your TopView account",
    "host": "https://api.topview.ai",
    "port": "443; Airflow 3.3.1 and 3.3.2 test no connection without a port",
}
HIDDEN = ["schema"]

EXTRA: dict[str, dict[str, Any]] = {
    "connect_timeout": {
        "label": "Connect time-out (s)",
        "description": "Seconds to establish a connection; 10 by default.",
        "schema": {"type": ["number", "null"], "minimum": 1},
    },
    "read_timeout": {
        "label": "Read time-out (s)",
        "description": "Seconds to wait for an answer; 60 by default.",
        "schema": {"type": ["number", "null"], "minimum": 1},
    },
    "poll_interval": {
        "label": "Poll interval (s)",
        "description": "Seconds between polls for tasks that name none; empty or 0: when tasks of the kind end.",
        "schema": {"type": ["number", "null"], "minimum": 0},
    },
    "max_rps": {
        "label": "Requests per second",
        "description": "At most so many from one triggerer; 10 by default, 0 for no limit.",
        "schema": {"type": ["number", "null"], "minimum": 0},
    },
    "list_polling": {
        "label": "Poll by list",
        "description": "Ask TopView's lists for many waiting marketing videos, or talking photos of a board, at once.",
        "schema": {"type": ["boolean", "null"], "default": False},
    },
    "proxy": {
        "label": "Proxy",
        "description": "http:// or https:// URL; by default the environment's, unless trust_env is false.",
        "schema": {"type": ["string", "null"], "format": "password"},
    },
    "verify": {
        "label": "Verify TLS",
        "description": "true, false, or the path of a CA bundle; true by default.",
        "schema": {"type": ["string", "null"]},
    },
    "trust_env": {
        "label": "Trust environment",
        "description": "Proxies, NO_PROXY and CA bundle of the environment count; nothing else of it does.",
        "schema": {"type": ["boolean", "null"], "default": True},
    },
    "allow_http": {
        "label": "Allow plain http",
        "description": "Send the API key in clear to a host that is not this machine.",
        "schema": {"type": ["boolean", "null"], "default": False},
    },
}

PATTERNS = {
    "boolean": ("(?i)(true|false)$", "true or false"),
    "number": (r"\d+(\.\d+)?$", "a number"),
    "integer": (r"\d+$", "a whole number"),
}
"""What the form of Airflow 2.11 takes for a type: a pattern, and the words for it."""

CONNECTION: dict[str, Any] = {
    "connection-type": "topview",
    "hook-class-name": HOOK,
    "hook-name": "TopView",
    "ui-field-behaviour": {"hidden-fields": HIDDEN, "relabeling": LABELS, "placeholders": PLACEHOLDERS},
    "conn-fields": EXTRA,
}


CONFIG: dict[str, Any] = {
    "topview": {
        "description": "How the TopView provider remembers what a run has paid for, and what it shows in Airflow's UI.",
        "options": {
            "pages": {
                "description": "Show the tab of a task, the gallery and the links that lead there (Airflow 3.1 and "
                "later). Set it alike for the API server and the workers.",
                "version_added": "0.1.0",
                "type": "boolean",
                "example": None,
                "default": "True",
            },
            "notice_secret": {
                "description": "Receive TopView's callbacks below /topview/notice/<secret> of the API server (Airflow "
                "3.1 and later). At least 32 characters: letters, digits, - and _. Several with commas between them "
                "all open, so that one can be replaced by the next. Empty: nothing is received.",
                "version_added": "0.1.0",
                "type": "string",
                "example": None,
                "default": "",
                "sensitive": True,
            },
            "notice_conn_id": {
                "description": "Connection by which TopView is asked whether a callback is true.",
                "version_added": "0.1.0",
                "type": "string",
                "example": None,
                "default": "topview_default",
            },
            "ledger_path": {
                "description": "Folder in which paying operators keep a JSON record per task instance on Airflow "
                "before 3.3, which has no task state store: any URL that ObjectStoragePath knows, shared by workers.",
                "version_added": "0.1.0",
                "type": "string",
                "example": "s3://my-bucket/topview-ledger",
                "default": "",
            },
            "without_ledger": {
                "description": "What a paying operator does from its second try on where there is no record of the "
                "first: fail (it does not submit) or warn (it may buy again).",
                "version_added": "0.1.0",
                "type": "string",
                "example": None,
                "default": "fail",
            },
        },
    }
}

ROOMS = (
    "video", "avatar", "product", "anyshoot", "image", "voice", "script", "approval", "lookup", "storage", "account",
    "board", "spending", "batch",
)  # fmt: skip
"""Modules of operators, in the order of the reference."""


LINKS = ("TopviewTaskLink", "TopviewResultLink")
"""Airflow 2.11 shows the links of operators that are named here only."""


def get_provider_info() -> dict[str, Any]:
    """Return what ``airflow providers`` shows; the entry point ``apache_airflow_provider`` names this function."""
    return {
        "package-name": PACKAGE,
        "name": "TopView",
        "description": "Make marketing videos, talking avatars and product pictures with TopView.ai.",
        "integrations": [
            {"integration-name": "TopView", "external-doc-url": "https://docs.topview.ai", "tags": ["service"]}
        ],
        "operators": [_modules(f"topview_provider.operators.{module}" for module in ROOMS)],
        "sensors": [_modules(["topview_provider.sensors.topview", "topview_provider.sensors.approval"])],
        "hooks": [_modules(["topview_provider.hooks.topview"])],
        "triggers": [_modules(["topview_provider.triggers.topview"])],
        "connection-types": [CONNECTION],
        "cli": ["topview_provider.cli.definition.airflow_commands"],
        "extra-links": [f"topview_provider.links.{name}" for name in LINKS],
        "config": CONFIG,
    }


def ui_field_behaviour() -> dict[str, Any]:
    """Return the form's labels as Airflow 2.11 asks for them."""
    return {"hidden_fields": HIDDEN, "relabeling": LABELS, "placeholders": PLACEHOLDERS}


def form_widgets() -> dict[str, Any]:
    """Return the form's extra fields as Airflow before 3.2 asks for them; needs the packages of 2.11's web server."""
    return {name: _widget(field) for name, field in EXTRA.items()}


def _widget(field: Mapping[str, Any]) -> Any:
    """
    Return one field of Airflow 2.11, which drops the whole connection type for any class of fields but four.

    A box to tick is none for us: every one that is not ticked is stored as false, whatever its default is.
    """
    import wtforms
    from flask_appbuilder import fieldwidgets
    from wtforms.validators import AnyOf, Optional, Regexp

    schema = field["schema"]
    checks, hint = [Optional()], ""
    if pattern := PATTERNS.get(schema["type"][0]):
        hint = f" Give {pattern[1]}."
        checks.append(Regexp(pattern[0], message=f"{field['label']} must be {pattern[1]}"))
    elif known := [choice for choice in schema.get("enum", ()) if choice is not None]:
        hint = f" Give one of {', '.join(known)}."
        checks.append(AnyOf(known))
    words = {"label": field["label"], "description": field["description"] + hint, "validators": checks}
    if schema.get("format") == "password":
        widget = fieldwidgets.BS3PasswordFieldWidget()  # what Airflow 3.0 and 3.1 put in its place takes no argument
        widget.hide_value = False  # or saving any other field would remove what is in it
        return wtforms.PasswordField(**words, widget=widget)
    return wtforms.StringField(**words, widget=fieldwidgets.BS3TextFieldWidget())


def _modules(names: Any) -> dict[str, Any]:
    return {"integration-name": "TopView", "python-modules": list(names)}
