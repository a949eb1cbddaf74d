"""What a docstring says, as Markdown: its text, its arguments, its result, its errors, its source."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from topview_provider.hooks import requesting

PART = r"(.*?)(?=^:|\n\n|\Z)"
"""The words behind ``:param x:`` and the like."""

BLOCK = re.compile(r"^(?:\.\. code-block:: (\w+)|::)\n\n((?:    .*\n|\n)*    .*)", re.MULTILINE)


def text(thing: Any) -> str:
    """
    Return the words before the arguments.

    :param thing: A module, a class or a function.
    """
    words = re.split(r"^:(?:param|returns|raises)\b|^Source:", _doc(thing), maxsplit=1, flags=re.MULTILINE)[0]
    return BLOCK.sub(lambda block: f"```{block[1] or ''}\n{textwrap.dedent(block[2])}\n```", plain(words.strip()))


def table(thing: Any, *, typed: bool = False) -> Iterator[str]:
    """
    Yield a table of the arguments; nothing where there are none.

    :param thing: A function, or a class and so its constructor.
    :param typed: Name their types, too.
    """
    parameters = inspect.signature(thing.__init__ if inspect.isclass(thing) else thing).parameters
    described = _all(r"param (\w+)", thing)
    if described:
        yield "| argument | type | default | meaning |" if typed else "| argument | default | meaning |"
        yield "|---|---|---|---|" if typed else "|---|---|---|"
    for name, words in described:
        one = parameters[name]
        kind = f" `{cell(type_name(one.annotation))}` |" if typed else ""
        yield f"| `{str(one).partition(':')[0].partition('=')[0]}` |{kind} {_default(one)} | {cell(words)} |"


def returned(function: Any) -> Iterator[str]:
    """
    Yield a line about what a function returns.

    :param function: The function.
    """
    kind = inspect.signature(function).return_annotation
    words = "".join(f": {cell(said)}" for said in re.findall(rf"^:returns: {PART}", _doc(function), re.DOTALL | re.M))
    if kind not in (inspect.Signature.empty, None, "None"):
        yield f"- Returns `{type_name(kind)}`{words}"


def raised(thing: Any) -> Iterator[str]:
    """
    Yield a line for each error.

    :param thing: A class or a function.
    """
    yield from (f"- `{name}`: {cell(words)}" for name, words in _all(r"raises (\w+)", thing))


def source(thing: Any) -> Iterator[str]:
    """
    Yield a line that names TopView's page.

    :param thing: A class or a function.
    """
    yield from (f"- Source: {page}" for page in re.findall(r"^Source: (.*)", _doc(thing), re.MULTILINE))


def type_name(annotation: Any) -> str:
    """
    Return a type as a reader knows it.

    :param annotation: As the code has it.
    """
    known = {"Items": requesting.Items, "Item": requesting.Item}
    name = inspect.formatannotation(annotation) if not isinstance(annotation, str) else annotation
    return re.sub(r"(?:requesting\.)?\b(Items?)\b", lambda alias: str(known[alias[1]]).replace("typing.", ""), name)


def cell(words: str) -> str:
    """
    Return words for a cell of a table, or for a line.

    :param words: Some lines of a docstring.
    """
    return plain(" ".join(words.split())).replace("|", "\\|")


def plain(words: str) -> str:
    """
    Return words without the marks of reST.

    :param words: A piece of a docstring.
    """
    return re.sub(r":(?:class|func|meth|mod):`([\w.]+)`", r"`\1`", words).replace("``", "`")


def _doc(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


def _all(role: str, thing: Any) -> list[tuple[str, str]]:
    return re.findall(rf"^:{role}: {PART}", _doc(thing), re.DOTALL | re.MULTILINE)


def _default(one: inspect.Parameter) -> str:
    if one.name == "deferrable":
        return "from the config"
    if one.kind in (one.VAR_KEYWORD, one.VAR_POSITIONAL):
        return "none"
    if one.default is one.empty:
        return "required"
    shown = getattr(one.default, "__name__", None) or repr(one.default)
    return "empty" if shown == "<factory>" else f"`{shown}`"
