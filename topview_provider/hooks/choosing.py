"""Choose one item of a list by what people call it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from topview_provider.exceptions import TopviewInvalidRequest


def choose(kind: str, items: Iterable[Mapping[str, Any]], id_key: str, name_key: str, wanted: str) -> str:
    """
    Return the id of the item with a name, or with an id, that a person gave.

    Names are compared without regard to case and outer blanks.

    :param kind: What it is, for messages: ``voice``, ``avatar``.
    :param items: The items to choose from, already filtered by language, gender and the like.
    :param id_key: Wire name of the id.
    :param name_key: Wire name of the name.
    :param wanted: Name or id; the first item where it is empty.
    :raises TopviewInvalidRequest: There is none, or more than one; the text lists near matches.
    """
    found = [(str(item.get(id_key)), str(item.get(name_key) or "").strip()) for item in items if item.get(id_key)]
    if not found:
        raise TopviewInvalidRequest(f"no {kind} fits these filters")
    target = wanted.strip().lower()
    if not target:
        return found[0][0]
    hits = {item_id for item_id, name in found if target in (name.lower(), item_id.lower())}
    if len(hits) == 1:
        return hits.pop()
    if hits:
        raise TopviewInvalidRequest(f"{len(hits)} {kind}s are called {wanted!r}; give an id: {', '.join(sorted(hits))}")
    by_name = {name.lower(): name for _, name in found}
    near = [by_name[name] for name in get_close_matches(target, by_name, n=5, cutoff=0.5)]
    near += [name for lower, name in by_name.items() if target in lower and name not in near][: 5 - len(near)]
    hint = f"; near matches: {', '.join(near)}" if near else f"; there are, for example: {_some(by_name.values())}"
    raise TopviewInvalidRequest(f"no {kind} {wanted!r} among {len(found)}{hint}")


def _some(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:5])
