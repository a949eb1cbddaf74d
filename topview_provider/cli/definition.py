"""What the command line offers, described once for ``topview`` and for ``airflow topview``."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from topview_provider import catalog, compat

Argument = tuple[tuple[str, ...], dict[str, Any]]
"""Names and words of ``ArgumentParser.add_argument``; Airflow's own commands take the same."""

LISTS = {"voices": ("voice_list", "voiceName"), "avatars": ("avatar_list", "aiavatarName")}
"""Command to name of the list and the wire name by which ``--name`` picks."""

LEFT_OUT = ("pageNo", "pageSize", "voiceName")
"""Fields of a list that are no options: all pages are read, and TopView's own filter by name is unproven."""


def amount(text: str) -> float:
    """
    Return a number above 0.

    :param text: What was given.
    :raises ArgumentTypeError: It is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return number


def count(text: str) -> int:
    """
    Return a whole number above 0.

    :param text: What was given.
    :raises ArgumentTypeError: It is none.
    """
    if not amount(text).is_integer():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number")
    return int(float(text))


SHARED: tuple[Argument, ...] = (
    (("--conn-id",), {"default": "topview_default", "help": "Airflow connection (default: topview_default)"}),
    (
        ("-o", "--output"),
        {
            "choices": ("table", "json", "yaml", "plain"),
            "default": "table",
            "help": "output format: table, json, yaml, plain (default: table)",
            "metavar": "(table, json, yaml, plain)",
        },
    ),
    (("-v", "--verbose"), {"action": "store_true", "help": "say on stderr what is done"}),
)

TASK: tuple[Argument, ...] = (
    (
        ("family",),
        {
            "choices": tuple(catalog.FAMILIES),
            "metavar": "family",
            "help": f"family of the task: {', '.join(catalog.FAMILIES)}",
        },
    ),
    (("topview_task_id",), {"metavar": "id", "help": "TopView's id of the task, in XCom topview_task_id"}),
    (("--preview",), {"action": "store_true", "help": "of a marketing video, the preview instead of the export"}),
    (("--script-id",), {"help": "of a marketing video, the video of this script only"}),
)

CODES = (
    "exit codes: 0 done, 1 failed at TopView, 2 wrong usage, 3 not finished, 4 could not be told or done, 130 Ctrl-C"
)


@dataclass(frozen=True, slots=True)
class Command:
    """
    Describe one command.

    :param name: Its word on the command line, and the function of ``commands`` that does it.
    :param title: One line for the help.
    :param arguments: Its own arguments.
    """

    name: str
    title: str
    arguments: tuple[Argument, ...] = ()


def picking(name: str) -> tuple[Argument, ...]:
    """
    Return the options of a list: TopView's filters, and two of our own.

    :param name: Name of the command.
    """
    found: list[Argument] = [
        (("--name",), {"metavar": "TEXT", "help": "only those with this text in their name"}),
        (("--limit",), {"type": count, "metavar": "N", "help": "at most so many (default: all)"}),
    ]
    for field in catalog.listing(LISTS[name][0]).fields:
        if field.wire in LEFT_OUT:
            continue
        words: dict[str, Any] = {"dest": field.name, "help": ", ".join(map(str, field.choices)) or "TopView's filter"}
        if field.wire == "isCustom":
            words = {"dest": field.name, "action": "store_true", "help": "only the account's own"}
        elif field.choices:
            words["metavar"] = field.name.upper()
        found.append(((f"--{field.name.replace('_', '-')}",), words))
    return tuple(found)


COMMANDS: tuple[Command, ...] = (
    Command("credits", "show the remaining credits, uid and expiry of the account"),
    Command("voices", "list voices", picking("voices")),
    Command("avatars", "list avatars", picking("avatars")),
    Command(
        "task",
        "show how a task stands: state, age, cost, outputs with fresh URLs",
        (*TASK, (("--wait",), {"type": amount, "metavar": "SECONDS", "help": "wait for its end, for so long at most"})),
    ),
    Command(
        "download",
        "fetch the files of a finished task",
        (
            *TASK,
            (
                ("path",),
                {"help": "where to: a file or URL of any storage; {topview_task_id}, {index} and {ext} are filled in"},
            ),
            (("--file",), {"default": "video", "help": "which output: video, cover, image, ... (default: video)"}),
            (("--index",), {"default": "0", "help": "which of several, from 0, or all (default: 0)"}),
        ),
    ),
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``topview``."""
    made = argparse.ArgumentParser(
        prog="topview",
        description="Ask TopView over an Airflow connection. Nothing here costs credits.",
        epilog=CODES,
    )
    words = made.add_subparsers(dest="subcommand", metavar="command", required=True)
    for command in COMMANDS:
        below = words.add_parser(command.name, help=command.title, description=command.title, epilog=CODES)
        for flags, rest in (*command.arguments, *SHARED):
            below.add_argument(*flags, **rest)
    return made


def airflow_commands() -> Sequence[Any]:
    """Return the group ``airflow topview``; the provider's metadata names this function to Airflow 3.2 and later."""
    kinds = compat.commands()
    group = [
        kinds.ActionCommand(
            name=command.name,
            help=command.title,
            epilog=CODES,
            func=_run,
            args=[kinds.Arg(flags=flags, **rest) for flags, rest in (*command.arguments, *SHARED)],
        )
        for command in COMMANDS
    ]
    return [kinds.GroupCommand(name="topview", help="Ask TopView; nothing here costs credits", subcommands=group)]


def _run(arguments: argparse.Namespace) -> None:
    from topview_provider.cli.running import run

    sys.exit(run(arguments))
