"""What a record means for the next attempt: a decision without clock, store or network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from topview_provider.exceptions import TopviewInvalidRequest
from topview_provider.ledger.records import Purchase, Record

CHOICES: Mapping[str, tuple[str, ...]] = {
    "on_changed_input": ("auto", "resubmit", "fail"),
    "on_orphaned_intent": ("fail", "resubmit"),
    "on_missing_result": ("fail", "resubmit"),
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    Say which attempt of a task instance this is.

    A round begins when the run does, and anew whenever a person clears the task; automatic retries belong to the round
    of their first attempt.

    :param number: Airflow's try number, from 1.
    :param round: Airflow's ``max_tries``, which grows at each clear and at nothing else.
    :param retries: Retries of the task, as the DAG has them now.
    """

    number: int
    round: int
    retries: int = 0

    @classmethod
    def of(cls, context: Mapping[str, Any], retries: int) -> Attempt:
        """
        Return the attempt of a context; where Airflow does not tell, one that no person asked for.

        :param context: Airflow's context.
        :param retries: Retries of the task; Airflow adds them to the try number when a person clears it.
        """
        ti = context["ti"]
        try:
            return cls(int(ti.try_number), int(ti.max_tries), retries)
        except (AttributeError, TypeError, ValueError):
            return cls(2, 0)

    @property
    def before(self) -> int:
        """How many tries came before this round."""
        return self.round - self.retries

    @property
    def first(self) -> bool:
        """Whether no attempt of this round came before."""
        return self.number - 1 <= self.before

    def cleared_since(self, record: Record) -> bool:
        """Tell whether a person cleared the task after this record was made."""
        return self.first if record.round is None else self.round > record.round


@dataclass(frozen=True, slots=True)
class Rules:
    """
    Hold what the user wants done; see the arguments of the same names of the task operators.

    :param on_changed_input: ``auto``, ``resubmit`` or ``fail``.
    :param on_orphaned_intent: ``fail`` or ``resubmit``.
    :param on_missing_result: ``fail`` or ``resubmit``.
    :param resubmit_on_failure: Whether what failed at TopView may be bought again.
    :param force_resubmit: Whether a clear buys anew in any case.
    """

    on_changed_input: str = "auto"
    on_orphaned_intent: str = "fail"
    on_missing_result: str = "fail"
    resubmit_on_failure: bool = True
    force_resubmit: bool = False

    def checked(self) -> Rules:
        """
        Return the rules.

        :raises TopviewInvalidRequest: One of them is none of its choices.
        """
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise TopviewInvalidRequest(f"{name}: {getattr(self, name)!r} is none of {', '.join(choices)}")
        return self


class Action(Enum):
    """What to do about a record."""

    BUY = "buy"
    GO_ON = "go on"
    ASK = "ask TopView how the task stands, then decide again"
    SEARCH = "look for the task of an intent"
    REFUSE = "refuse: the inputs changed"


@dataclass(frozen=True, slots=True)
class Decision:
    """
    Say what to do, and why.

    :param action: What.
    :param why: A clause for the log.
    """

    action: Action
    why: str = ""


def decide(record: Record | None, bought: Purchase, attempt: Attempt, rules: Rules, *, asked: bool = False) -> Decision:
    """
    Decide what an attempt does.

    :param record: What an earlier attempt left; None if nothing.
    :param bought: What this attempt wants.
    :param attempt: Which attempt it is.
    :param rules: What the user wants.
    :param asked: TopView was asked how the recorded task stands; the record tells what it said.
    """
    if record is None:
        return Decision(Action.BUY)
    cleared = attempt.cleared_since(record)
    if cleared and rules.force_resubmit:
        return Decision(Action.BUY, "force_resubmit is set and the task was cleared")
    if not record.topview_task_id:
        return Decision(Action.SEARCH, "an earlier attempt died before it could note TopView's answer")
    if cleared and not record.outcome and not asked:
        return Decision(Action.ASK, "nobody waited for its end")
    if record.fingerprint != bought.fingerprint:
        return _other(record, cleared, rules, asked)
    if record.outcome == "failed" and rules.resubmit_on_failure:
        return Decision(Action.BUY, "it failed at TopView, uncharged")
    return Decision(Action.GO_ON, "it is paid for" if record.outcome == "success" else "it is under way")


def _other(record: Record, cleared: bool, rules: Rules, asked: bool) -> Decision:
    if rules.on_changed_input == "resubmit":
        return Decision(Action.BUY, "the inputs changed and on_changed_input is 'resubmit'")
    if rules.on_changed_input == "auto" and cleared and record.outcome:
        return Decision(Action.BUY, "the inputs changed and the task was cleared")
    return Decision(Action.REFUSE, "the inputs changed")
