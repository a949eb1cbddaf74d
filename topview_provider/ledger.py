"""Which TopView task this run has already paid for: a record that survives retries, kills and clears."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from topview_provider import compat
from topview_provider.exceptions import TopviewError, TopviewInvalidRequest, TopviewSubmitUnknown

KEY = "topview"


class Store(Protocol):
    """What a ledger needs of a store; Airflow's ``task_state_store`` is one."""

    def get(self, key: str) -> Any:
        """Return the value, or None."""

    def set(self, key: str, value: Any) -> None:
        """Write the value."""

    def delete(self, key: str) -> None:
        """Forget the value."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    Remember one submit of this task instance; the key is dag, run, task and map index, never the try.

    :param fingerprint: What was bought: family, body, base host and uid.
    :param nonce: Who wrote the intent; read again right before the POST.
    :param intent_at: Unix time of the intent.
    :param topview_task_id: Id of the accepted task; empty while nobody knows whether the POST was taken.
    :param submitted_at: Unix time of the acceptance.
    :param seen: The item that stood there before an export, see ``TaskFamily.judge``.
    :param outcome: ``success`` or ``failed`` once known.
    :param cost_credit: Charge in credits, where TopView tells it.
    :param kept: What a paid call answered, where the answer itself is what was bought.
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


def fingerprint(family: str, body: Mapping[str, Any], base_url: str, uid: str, content: Any = None) -> str:
    """
    Return what identifies a purchase: equal fingerprints are the same job for the same account.

    The callback address is left out (it changes nothing that is bought), and so are path and connection name.

    :param family: Name of the task family.
    :param body: The submit body in wire names.
    :param base_url: Base URL of the service; only its scheme and host count.
    :param uid: The account.
    :param content: What else is bought: the script of an export.
    """
    bought = {key: value for key, value in body.items() if key != "noticeUrl"}
    host = "/".join(base_url.split("/")[:3]).lower()
    text = json.dumps([family, bought, host, uid, content], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Ledger:
    """
    Keep the record of one task instance.

    :param store: Where it stands; None where Airflow has no such store (before 3.3): nothing is remembered then.
    """

    def __init__(self, store: Store | None) -> None:
        self._store = store

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> Ledger:
        """Return the ledger of the task instance of this context."""
        return cls(compat.task_store(context))

    @property
    def remembers(self) -> bool:
        """Whether there is a store at all."""
        return self._store is not None

    def read(self) -> Record | None:
        """
        Return the record, or None if nothing was submitted.

        :raises TopviewError: The store cannot be read. That is never "no record": a blip must not cost money.
        """
        if self._store is None:
            return None
        try:
            found = self._store.get(KEY)
        except Exception as error:
            raise TopviewError(f"The task state store cannot be read, so nothing is submitted: {error}") from error
        if found is None:
            return None
        known = Record.__dataclass_fields__
        if not isinstance(found, Mapping) or not isinstance(found.get("fingerprint"), str):
            raise TopviewError(f"The task state store holds something else under {KEY!r}: {type(found).__name__}")
        return Record(**{name: value for name, value in found.items() if name in known})

    def intend(self, fingerprint: str, *, seen: str = "") -> Record:
        """
        Write the intent to submit, and read it again: of two attempts that run at once, the later writer goes on.

        :param fingerprint: What is about to be bought.
        :param seen: The item that stands there before an export.
        :raises TopviewError: Another attempt wrote in between, or the store cannot be written.
        """
        record = Record(fingerprint, nonce=uuid.uuid4().hex, intent_at=time.time(), seen=seen)
        self.write(record)
        now = self.read() if self.remembers else record
        if now is None or now.nonce != record.nonce:
            raise TopviewError("Another attempt of this task is submitting right now; this one stands back")
        return record

    def accept(self, record: Record, topview_task_id: str) -> Record:
        """Write the id of the accepted task."""
        return self.write(replace(record, topview_task_id=topview_task_id, submitted_at=time.time()))

    def settle(self, topview_task_id: str, outcome: str, cost_credit: float | None = None) -> None:
        """
        Write how the task ended, unless the record is another task's by now.

        :param topview_task_id: The task that ended.
        :param outcome: ``success`` or ``failed``.
        :param cost_credit: Charge in credits.
        """
        record = self.read()
        if record and record.topview_task_id in ("", topview_task_id):
            self.write(replace(record, topview_task_id=topview_task_id, outcome=outcome, cost_credit=cost_credit))

    def forget(self, record: Record) -> None:
        """
        Remove an intent of which nothing was accepted, unless another attempt has written meanwhile.

        :param record: The intent.
        """
        now = self.read()
        if self._store is not None and now is not None and now.nonce == record.nonce:
            self._store.delete(KEY)

    def write(self, record: Record) -> Record:
        """
        Write a record and return it.

        :raises TopviewError: The store cannot be written.
        """
        if self._store is None:
            return record
        try:
            self._store.set(KEY, asdict(record))
        except Exception as error:
            topview_task_id = record.topview_task_id or None
            about = f"; TopView accepted {topview_task_id}" if topview_task_id else ""
            text = f"The task state store cannot be written{about}: {error}"
            raise TopviewError(text, topview_task_id=topview_task_id) from error
        return record


def orphaned(record: Record) -> TopviewSubmitUnknown:
    """Return the error for an intent without an id: the attempt died between the POST and the record."""
    age = round(max(0.0, time.time() - record.intent_at))
    return TopviewSubmitUnknown(
        f"An earlier attempt announced a submit {age} s ago and died before it could note TopView's answer, so TopView "
        "may have accepted and may charge it. It is not sent again by itself. Look at the account's task list or "
        f"credit log first. If nothing is there, delete the key {KEY!r} under Task State Store in the task's Storage "
        "tab and clear the task"
    )


def forgotten(family: str) -> TopviewSubmitUnknown:
    """Return the error for a retry where Airflow has no store: it cannot know what an earlier attempt bought."""
    return TopviewSubmitUnknown(
        "This Airflow has no task state store (it came with 3.3), so a retry cannot know whether an earlier attempt "
        f"already bought this {family}; it does not buy another by itself. Look at the log of the first attempt for a "
        "topview_task_id and wait for it with the family's sensor, or clear this task to buy anew"
    )


def changed(family: str, record: Record) -> TopviewInvalidRequest:
    """Return the error for inputs that changed since a task was bought, where nobody asked for another one."""
    return TopviewInvalidRequest(
        f"The inputs of this task changed since {family} {record.topview_task_id} was bought, and it does not buy a "
        "second one by itself: is there a time or a random value in a template, or was a script edited? To buy anew, "
        f"delete the key {KEY!r} under Task State Store in the task's Storage tab and clear the task",
        topview_task_id=record.topview_task_id,
    )


def first_of_its_round(context: Mapping[str, Any], retries: int) -> bool:
    """
    Tell whether this is the first attempt since the run began or a person cleared the task, not an automatic retry.

    :param context: Airflow's context.
    :param retries: Retries of the task.
    """
    ti = context["ti"]
    try:
        return int(ti.try_number) - 1 <= int(ti.max_tries) - retries
    except (AttributeError, TypeError, ValueError):
        return False


def buy_once(book: Ledger, bought: str, name: str, first: bool, call: Callable[[], Any]) -> Any:
    """
    Make a call that costs and whose answer is what was bought; a retry or a clear gets the answer that was kept.

    :param book: Ledger of the task instance.
    :param bought: Fingerprint of the purchase.
    :param name: Name of the call, for messages.
    :param first: Whether this is the first attempt of its round.
    :param call: Sends it, once.
    :raises TopviewSubmitUnknown: An earlier attempt may have paid, and its answer is lost.
    """
    record = book.read()
    if record and record.outcome == "success" and record.fingerprint == bought:
        return record.kept
    if record and record.outcome != "success":
        raise orphaned(record)
    if not book.remembers and not first:
        raise forgotten(name)
    record = book.intend(bought)
    try:
        result = call()
    except TopviewSubmitUnknown:
        raise
    except TopviewError:
        book.forget(record)
        raise
    book.write(replace(record, outcome="success", kept=result))
    return result
