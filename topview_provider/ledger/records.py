"""What a ledger writes: one purchase, and how far it came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

HOST, ACCOUNT, CONTENT = "the host", "Topview-Uid", "the script"
MOST_EARLIER = 20


@dataclass(frozen=True, slots=True)
class Purchase:
    """
    Identify what is bought: equal fingerprints are the same job for the same account.

    :param fingerprint: Of everything that is bought.
    :param parts: A short digest of each part by name, so that a change can be named without keeping what was sent.
    """

    fingerprint: str
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """
    Remember one submit of a task instance; the key is dag, run, task and map index, never the try.

    :param fingerprint: What was bought.
    :param nonce: Who wrote the intent; read again right before the POST.
    :param intent_at: Unix time of the intent.
    :param topview_task_id: Id of the accepted task; empty while nobody knows whether the POST was taken.
    :param submitted_at: Unix time of the acceptance; 0 if nobody knows it.
    :param seen: The item that stood there before an export, see ``TaskFamily.judge``.
    :param judge: What decides when it is done; the inputs of a later attempt may say something else.
    :param outcome: ``success`` or ``failed`` once known.
    :param cost_credit: Charge in credits, where TopView tells it.
    :param kept: What a call answered, where the answer itself is what was bought.
    :param parts: Digests of the purchase's parts.
    :param round: In which round it was bought or gone on with, see :class:`topview_provider.ledger.rules.Attempt`;
        None if unknown.
    :param earlier: What was bought with other inputs before, as plain JSON, the latest first: who goes back to them
        gets it without paying again.
    :param made: The item that stood there at the end, where tasks of several purchases share one id: a later export
        takes its place.
    """

    fingerprint: str
    nonce: str = ""
    intent_at: float = 0.0
    topview_task_id: str = ""
    submitted_at: float = 0.0
    seen: str = ""
    outcome: str = ""
    cost_credit: float | None = None
    kept: Any = None
    parts: Mapping[str, str] = field(default_factory=dict)
    round: int | None = None
    earlier: Sequence[Mapping[str, Any]] = ()
    judge: Mapping[str, str] = field(default_factory=dict)
    made: str = ""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Record:
        """
        Return a record from its JSON; fields of a later release are ignored.

        :param found: What a store gave back.
        """
        return cls(**{name: value for name, value in found.items() if name in cls.__dataclass_fields__})

    def flat(self) -> dict[str, Any]:
        """Return it as plain JSON; Airflow's store takes lists and no tuples."""
        return {**asdict(self), "earlier": list(self.earlier)}

    def after(self, before: Record | None) -> Record:
        """
        Return this record with one that stood there before among the earlier ones.

        :param before: What stood there.
        """
        if before is None:
            return replace(self, earlier=())
        stood = {**before.flat(), "earlier": []}
        return replace(self, earlier=[stood, *before.earlier][:MOST_EARLIER])

    def alone(self) -> Record:
        """Return this record without earlier ones of the same inputs: it is bought now, and counts instead of them."""
        others = [one for one in self.earlier if one.get("fingerprint") != self.fingerprint]
        return replace(self, earlier=others)

    def recalled(self, fingerprint: str) -> Record | None:
        """
        Return the earlier record of these inputs, with this one among its earlier ones; None if there is none.

        :param fingerprint: Of the inputs.
        """
        found = next((one for one in self.earlier if one.get("fingerprint") == fingerprint), None)
        if found is None or fingerprint == self.fingerprint:
            return None
        return Record.of(found).after(self).alone()


def purchase(family: str, body: Mapping[str, Any], base_url: str, uid: str, content: Any = None) -> Purchase:
    """
    Return what identifies a purchase.

    The callback address is left out (it changes nothing that is bought), and so are path and connection name.

    :param family: Name of the task family.
    :param body: The submit body in wire names.
    :param base_url: Base URL of the service; only its scheme and host count.
    :param uid: The account.
    :param content: What else is bought: the script of an export.
    """
    bought = {key: value for key, value in body.items() if key != "noticeUrl"}
    host = "/".join(base_url.split("/")[:3]).lower()
    parts = {**bought, HOST: host, ACCOUNT: uid, CONTENT: content}
    return Purchase(
        _digest([family, bought, host, uid, content]),
        {name: _digest(value)[:12] for name, value in parts.items() if value is not None},
    )


def changed_parts(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """
    Name the parts in which two purchases differ, wire names and words.

    :param before: Digests of the earlier one.
    :param now: Digests of the later one.
    """
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
