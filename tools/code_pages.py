"""Reference pages of what DAGs, operators and tests use in code: hook, task groups, trigger, errors and so on."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Iterator
from functools import cached_property
from types import ModuleType
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException

from tools import docstrings
from topview_provider import exceptions
from topview_provider.exceptions import TopviewError

PAGES: dict[str, tuple[str, ...]] = {
    "hook": (
        *("hooks.topview:TopviewHook", "hooks.topview:TopviewAsyncHook", "hooks.topview:storage_path"),
        *("polling:Watch", "polling:Outcome", "hooks.settings:Settings"),
    ),
    "task_groups": ("task_groups:marketing_video",),
    "trigger": ("triggers.topview:TopviewTaskTrigger",),
    "errors": tuple(f"exceptions:{name}" for name in vars(exceptions) if name.startswith("Topview")),
    "retry_policy": ("retry_policy:TopviewRetryPolicy", "retry_policy:retry_arguments"),
    "assets": ("assets:events",),
    "standin": ("standin.server:StandIn",),
}
"""What stands on each page, by module below ``topview_provider``; the first one's module gives the page its words."""


def module_of(name: str) -> ModuleType:
    """
    Return the module from which a page begins.

    :param name: Name of the page.
    """
    return importlib.import_module(f"topview_provider.{PAGES[name][0].partition(':')[0]}")


def page(name: str) -> str:
    """
    Return one page.

    :param name: Its name.
    """
    home = module_of(name)
    lines = [f"# {name}", "", docstrings.text(home), "", f"Module `{home.__name__}`."]
    for place in PAGES[name]:
        module, _, thing = place.partition(":")
        lines += ["", f"## {thing}", ""]
        lines += _thing(getattr(importlib.import_module(f"topview_provider.{module}"), thing))
        if (where := f"topview_provider.{module}") != home.__name__:
            lines += ["", f"- Module `{where}`"]
    return "\n".join(lines) + "\n"


def _thing(thing: Any) -> Iterator[str]:
    if not inspect.isclass(thing):
        yield from _function(thing)
        return
    yield docstrings.text(thing)
    for part in (list(docstrings.table(thing, typed=True)), list(docstrings.raised(thing))):
        if part:
            yield from ("", *part)
    if issubclass(thing, TopviewError):
        yield from ("", f"- Airflow retries it: {'no' if issubclass(thing, AirflowFailException) else 'yes'}")
    elif not dataclasses.is_dataclass(thing):
        for name, member in _members(thing):
            yield from ("", f"### {name}", "", *_member(name, member))


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield what a class of ours offers; what it fills in for Airflow or Python is for them to call."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("topview_provider")]
    theirs = {name for base in cls.__mro__ if base not in ours for name in vars(base)}
    for base in ours:
        for name, member in vars(base).items():
            offered = inspect.isfunction(member) or isinstance(member, property | cached_property)
            if offered and not name.startswith("_") and name not in theirs:
                yield name, member


def _member(name: str, member: Any) -> Iterator[str]:
    if inspect.isfunction(member):
        yield from _function(member)
        return
    getter = member.func if isinstance(member, cached_property) else member.fget
    kind = docstrings.type_name(inspect.signature(getter).return_annotation)
    yield from (docstrings.text(member), "", f"- Attribute `{name}: {kind}`")


def _function(function: Any) -> Iterator[str]:
    yield f"`{'await ' if inspect.iscoroutinefunction(function) else ''}{function.__name__}{_call(function)}`"
    yield from ("", docstrings.text(function))
    table = list(docstrings.table(function, typed=True))
    rest = [*docstrings.returned(function), *docstrings.raised(function), *docstrings.source(function)]
    for part in (table, rest):
        if part:
            yield from ("", *part)


def _call(function: Any) -> str:
    given = [one for name, one in inspect.signature(function).parameters.items() if name != "self"]
    return str(inspect.Signature([one.replace(annotation=one.empty) for one in given]))
