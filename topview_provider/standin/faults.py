"""What can be made to go wrong, and for whom."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from topview_provider.standin.envelope import WRONG, Refusal

ANY = "submit query list action upload media"
KINDS = {
    "status": ANY,
    "code": "submit query list action",
    "reset": ANY,
    "reset-mid-body": ANY,
    "delay": ANY,
    "never-answer": ANY,
    "html": ANY,
    "truncated-json": "submit query list action",
    "wrong-type": "submit query list action",
    "wrong-content-type": "submit query list action",
    "answer-lost-after-accept": "submit action upload",
    "unknown-status": "query",
    "expired-url": "media upload",
    "cut-download": "media",
    "cut-upload": "upload",
    "fail": "submit query",
    "never-ends": "submit query",
    "partial": "submit query",
}
"""Kind of fault to the kinds of requests it can hit."""

ON_TASKS = ("fail", "never-ends", "partial")
AFTER = ("answer-lost-after-accept", "truncated-json", "wrong-type", "wrong-content-type", "reset-mid-body")
"""Kinds that hit a request after it was carried out: a submit is accepted, and its client does not hear of it."""

WITHIN = ("expired-url", "cut-download", "cut-upload")
"""Kinds that hit a file while it comes or goes."""

UNSET: Any = object()


@dataclass(frozen=True, slots=True)
class Facts:
    """
    Hold what a fault is compared with.

    :param method: Method of the request.
    :param path: Its path without base path.
    :param sort: submit, query, list, action, upload or media.
    :param families: Names of the rows it concerns; for a task, of all its steps.
    :param layers: Parameters and body of the request, then the submit bodies of the task it concerns.
    """

    method: str
    path: str
    sort: str
    families: tuple[str, ...] = ()
    layers: tuple[Mapping[str, Any], ...] = ()

    def has(self, name: str, value: Any) -> bool:
        """
        Tell whether the family, or a field of that name in any layer, has a value, compared as text if need be.

        :param name: ``family`` or the name of a field.
        :param value: What it must be.
        """
        if name == "family":
            return value in self.families
        return any(name in layer and _same(layer[name], value) for layer in self.layers)


@dataclass(slots=True)
class Fault:
    """
    Hold one order to fail.

    :param kind: One of ``KINDS``.
    :param method: Method it is meant for; ``*`` for any.
    :param path: Glob of paths.
    :param match: Family and fields that must hold.
    :param times: How often; -1 for ever.
    :param value: What the kind needs: HTTP status, code, seconds, word, bytes, type.
    :param retry_after: Header of a ``status``: seconds, or a text that is sent as it is.
    :param message: Words of a ``code``, of a ``status`` or of a failed task.
    :param word: State of a task that fails.
    :param accepted: Carry the request out first; None leaves it to the kind.
    :param serial: Number of the order.
    :param hits: How often it struck.
    """

    kind: str
    method: str = "*"
    path: str = "*"
    match: dict[str, Any] = field(default_factory=dict)
    times: int = 1
    value: Any = UNSET
    retry_after: float | str | None = None
    message: str = ""
    word: str = "fail"
    accepted: bool | None = None
    serial: int = 0
    hits: int = 0

    @property
    def after(self) -> bool:
        """Whether the request is carried out before the fault strikes."""
        return self.kind in AFTER if self.accepted is None else self.accepted

    def within(self, sort: str) -> bool:
        """
        Tell whether it strikes while a file comes or goes, not before or after.

        :param sort: Kind of the request.
        """
        return self.kind in WITHIN or (self.kind == "reset-mid-body" and sort == "media" and self.after)

    def get(self, default: Any) -> Any:
        """
        Return the value, or this where none was given.

        :param default: What it then is.
        """
        return default if self.value is UNSET else self.value

    def strikes(self, facts: Facts) -> bool:
        """
        Tell whether a request is meant; the path ``*`` means any.

        :param facts: The request.
        """
        return (
            self.times != 0
            and facts.sort in KINDS[self.kind]
            and self.method in ("*", facts.method)
            and fnmatchcase(facts.path, self.path)
            and all(facts.has(name, value) for name, value in self.match.items())
        )

    def use(self) -> None:
        """Note that it struck."""
        self.hits += 1
        self.times -= self.times > 0

    def shown(self) -> dict[str, Any]:
        """Return it for the control plane."""
        shown = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**shown, "value": self.get(None)}


@dataclass(slots=True)
class Strike:
    """
    Hold what strikes one request.

    :param delay: Seconds to wait first.
    :param fault: What happens to the request.
    :param status: What its task is said to be.
    """

    delay: float = 0.0
    fault: Fault | None = None
    status: Fault | None = None


NOTHING = Strike()


class Faults:
    """Keep the orders, in the order they came."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []
        self.taken = 0

    def add(self, order: Mapping[str, Any]) -> Fault:
        """
        Take an order.

        :param order: Fields of ``Fault``; ``kind`` is needed.
        :raises Refusal: 4000, it cannot be understood.
        """
        names = {item.name for item in fields(Fault)} - {"serial", "hits"}
        if unknown := set(order) - names:
            raise Refusal(WRONG, f"unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(names))}")
        if order.get("kind") not in KINDS:
            raise Refusal(WRONG, f"kind {order.get('kind')!r} is not known; known: {', '.join(KINDS)}")
        fault = Fault(**{name: value for name, value in order.items() if name == "value" or value is not None})
        self.taken += 1
        fault.method, fault.serial = fault.method.upper(), self.taken
        self.orders.append(fault)
        return fault

    def take(self, facts: Facts) -> Strike:
        """
        Return what strikes a request and count it; what befalls tasks is left to ``spoil``.

        :param facts: The request.
        """
        if not self.orders:
            return NOTHING
        strike = Strike()
        for order in self.orders:
            if order.kind not in ON_TASKS and order.strikes(facts) and _assign(strike, order):
                order.use()
        return strike

    def spoil(self, facts: Facts, had: Container[int]) -> list[Fault]:
        """
        Return what befalls the task of a request, each fault once per task.

        :param facts: The accepted submit, or the query.
        :param had: Numbers of the faults that the task has had.
        """
        fresh = (order for order in self.orders if order.kind in ON_TASKS and order.serial not in had)
        struck = [order for order in fresh if order.strikes(facts)]
        for order in struck:
            order.use()
        return struck


def _assign(strike: Strike, order: Fault) -> bool:
    if order.kind == "delay":
        strike.delay += float(order.get(1.0))
    elif order.kind == "unknown-status" and strike.status is None:
        strike.status = order
    elif order.kind != "unknown-status" and strike.fault is None:
        strike.fault = order
    else:
        return False
    return True


def _same(found: Any, wanted: Any) -> bool:
    return found == wanted or _text(found) == _text(wanted)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
