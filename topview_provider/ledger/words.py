"""What a ledger says to people: what happened, which task it is about, what to do."""

from __future__ import annotations

import time
from collections.abc import Sequence

from topview_provider.exceptions import TopviewError, TopviewInvalidRequest, TopviewNotFound, TopviewSubmitUnknown
from topview_provider.ledger.orphans import Candidate
from topview_provider.ledger.records import Purchase, Record, changed_parts

SHOWN = 5


def orphaned(
    family: str,
    record: Record,
    forget: str,
    found: Sequence[Candidate] = (),
    *,
    searched: str = "",
    resumable: bool = True,
) -> TopviewSubmitUnknown:
    """
    Return the error for an intent without an id: the attempt died between the POST and the record.

    :param family: What was to be bought.
    :param record: The intent.
    :param forget: How to delete the record.
    :param found: Tasks of the account that may be the one.
    :param searched: What was looked through, and why nothing was adopted.
    :param resumable: Whether the caller takes an id to go on with.
    """
    age = round(max(0.0, time.time() - record.intent_at))
    seen = f" {searched}." if searched else ""
    if found:
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        seen += f" It may be one of these: {'; '.join(map(str, found[:SHOWN]))}{more}."
    resume = "set resume_topview_task_id to its id and clear this task; if not, " if resumable else "you have paid; "
    again = ". on_orphaned_intent='resubmit' buys anew instead of asking" if resumable else ""
    return TopviewSubmitUnknown(
        f"An earlier attempt announced a submit of {family} {age} s ago and has no id for it: it died, or TopView's "
        f"answer was lost. TopView may have accepted and may charge it. It is not sent again by itself.{seen} What to "
        "do: look at the account's task list, or at the credit log some minutes after the task must be done, for a "
        f"charge shows there no sooner. If it is there, {resume}{forget} and clear this task{again}"
    )


def forgotten(family: str, *, resumable: bool = True) -> TopviewSubmitUnknown:
    """
    Return the error for a later try where there is no store: it cannot know what an earlier one bought.

    :param family: What is to be bought.
    :param resumable: Whether the caller takes an id to go on with.
    """
    resume = (
        "look at the log of the first try for a topview_task_id and set resume_topview_task_id to it, or set "
        "force_resubmit=True and clear the task to buy anew. "
    )
    return TopviewSubmitUnknown(
        f"This is not the first try, and there is no record of what an earlier one bought: another {family} is not "
        f"bought by itself. What to do: {resume if resumable else ''}To have records, set "
        "[topview] ledger_path in Airflow's configuration to a folder that all workers share, or use Airflow 3.3 or "
        "later; without_ledger = warn lets every try buy"
    )


def changed(
    family: str, record: Record, bought: Purchase, forget: str, *, resumable: bool = True
) -> TopviewInvalidRequest:
    """
    Return the error for inputs that changed since a task was bought, where nobody asked for another one.

    :param family: What was bought.
    :param record: The purchase that stands.
    :param bought: The purchase that is wanted now.
    :param forget: How to delete the record.
    :param resumable: Whether the caller has the argument ``on_changed_input``.
    """
    what = f"{family} {record.topview_task_id}".strip()
    rule = "set on_changed_input='resubmit', or " if resumable else ""
    names = ", ".join(changed_parts(record.parts, bought.parts)) or "something that was not noted"
    state = {"success": "is done and paid for", "failed": "failed, uncharged"}.get(record.outcome, "is not finished")
    return TopviewInvalidRequest(
        f"The inputs of this task changed since {what} was bought, which {state}: "
        f"{names}. It does not buy a second one by itself. What to do: if a template holds a time or a random value, "
        "take it out; if the change is meant, clear this task when the first one is finished, or "
        f"{rule}{forget} and clear it",
        topview_task_id=record.topview_task_id or None,
    )


def spoilt(reason: str, forget: str) -> TopviewError:
    """
    Return the error for a record that can be reached and makes no sense.

    :param reason: What is wrong with it.
    :param forget: How to delete the record.
    """
    return TopviewError(
        f"The ledger cannot be read, so nothing is submitted: {reason}. What to do: look at the account's task list or "
        f"credit log for what this task bought, then {forget} and clear this task"
    )


def unknown(family: str, topview_task_id: str, forget: str, reason: object) -> TopviewNotFound:
    """
    Return the error for a paid task that TopView does not know although nobody saw its end.

    :param family: What was bought.
    :param topview_task_id: The task.
    :param forget: How to delete the record.
    :param reason: What TopView says.
    """
    return TopviewNotFound(
        f"{reason}. It was accepted, and nobody saw its end. What to do: look at the account's task list; if "
        f"{family} {topview_task_id} is really gone, set force_resubmit=True, or {forget}, and clear this task",
        topview_task_id=topview_task_id,
    )


def missing(family: str, record: Record, forget: str, reason: object) -> TopviewNotFound:
    """
    Return the error for a task that was done and that TopView no longer knows.

    :param family: What was bought.
    :param record: The purchase.
    :param forget: How to delete the record.
    :param reason: What TopView says.
    """
    return TopviewNotFound(
        f"{family} {record.topview_task_id} was finished and paid for, but TopView no longer knows it: {reason}. What "
        "to do: use the files that an earlier run stored; on_missing_result='resubmit' buys it again, and so does a "
        f"clear after you {forget}",
        topview_task_id=record.topview_task_id,
    )
