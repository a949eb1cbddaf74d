"""When a record is written: the intent before the POST, the id after it, the outcome at the end."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from topview_provider.exceptions import TopviewError, TopviewSubmitUnknown, TopviewTaskFailed
from topview_provider.ledger import words
from topview_provider.ledger.records import Purchase, Record
from topview_provider.ledger.rules import Action, Attempt, Rules, decide
from topview_provider.ledger.stores import KEY, FileStore, Spoilt, Store, UpgradedStore, store_of, without_ledger

log = logging.getLogger(__name__)


class Ledger:
    """
    Keep the record of one task instance.

    :param store: Where it stands; None where there is no store: nothing is remembered then.
    """

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._files = store if isinstance(store, FileStore) else None

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> Ledger:
        """Return the ledger of the task instance of this context."""
        return cls(store_of(context))

    @property
    def remembers(self) -> bool:
        """Whether there is a store at all."""
        return self._store is not None

    @property
    def forget_by_hand(self) -> str:
        """How a person deletes the record, as a clause."""
        if self._files is not None:
            return f"delete the file {self._files.where(KEY)}"
        if isinstance(self._store, UpgradedStore):
            tab = f"the key {KEY!r} under Task State Store in the task's Storage tab"
            return f"delete {tab} and the file {self._store.files.where(KEY)}"
        return f"delete the key {KEY!r} under Task State Store in the task's Storage tab"

    def read(self) -> Record | None:
        """
        Return the record, or None if nothing was submitted.

        :raises TopviewError: The store cannot be read. That is never "no record": a blip must not cost money.
        """
        if self._store is None:
            return None
        try:
            found = self._store.get(KEY)
            return None if found is None else _record(found)
        except Spoilt as error:
            raise words.spoilt(str(error), self.forget_by_hand) from error
        except Exception as error:
            raise TopviewError(f"The ledger cannot be read, so nothing is submitted: {error}") from error

    def recall(self, bought: Purchase) -> Record | None:
        """
        Return the record, or that of an earlier purchase of the same inputs, which then takes its place.

        :param bought: What is wanted now.
        :raises TopviewError: The store cannot be read or written.
        """
        record = self.read()
        earlier = record.recalled(bought.fingerprint) if record else None
        return self.write(earlier) if earlier else record

    def others(self) -> list[Record] | None:
        """
        Return the records of the other task instances of the run; None where the store does not show them.

        :raises TopviewError: The store cannot be read.
        """
        if self._files is None:
            return None
        try:
            return [_record(found) for found in self._files.others(KEY)]
        except Exception as error:
            raise TopviewError(f"The ledger of this run cannot be read: {error}") from error

    def intend(self, fresh: Record) -> Record:
        """
        Write the intent to submit, and read it again: of two attempts that run at once, the later writer goes on.

        :param fresh: What is about to be bought, see :func:`begun`.
        :raises TopviewError: Another attempt wrote in between, or the store cannot be written.
        """
        fresh = replace(fresh, nonce=uuid.uuid4().hex, intent_at=time.time())
        record = self.write(fresh.after(self.read()))
        now = self.read() if self.remembers else record
        if now is None or now.nonce != record.nonce:
            raise TopviewError("Another attempt of this task is submitting right now; this one stands back")
        return record

    def accept(self, record: Record, topview_task_id: str, *, submitted_at: float | None = None) -> Record:
        """
        Write the id of the accepted task.

        :param record: The intent.
        :param topview_task_id: TopView's id.
        :param submitted_at: Unix time of the acceptance: now if None, unknown if 0.
        """
        at = time.time() if submitted_at is None else submitted_at
        return self.write(replace(record.alone(), topview_task_id=topview_task_id, submitted_at=at, outcome=""))

    def settle(self, topview_task_id: str, outcome: str, cost_credit: float | None = None, made: str = "") -> None:
        """
        Write how the task ended, unless the record is another task's by now.

        A store that is away must not cost a result that is paid for: that is logged, and the next attempt asks again.

        :param topview_task_id: The task that ended.
        :param outcome: ``success`` or ``failed``.
        :param cost_credit: Charge in credits.
        :param made: The item that stands there now, see :class:`Record`.
        """
        try:
            record = self.read()
            if record and record.topview_task_id in ("", topview_task_id):
                record = replace(record, topview_task_id=topview_task_id, outcome=outcome)
                self.write(replace(record, cost_credit=cost_credit, made=made))
        except TopviewError as error:
            log.error("%s ended with %s, which could not be noted: %s", topview_task_id, outcome, error)

    def prospect(self, error: TopviewError, wanted: str, followed: str, *, gone: str = "") -> tuple[str, str]:
        """
        Say what a later run may do about a purchase that ended in an error, and the id that was bought.

        :param error: How it ended.
        :param wanted: Fingerprint of what this attempt wants; empty where it ended before that was known.
        :param followed: TopView's id of the task that it waited for, or was told to; empty where it came to none.
        :param gone: TopView's id of a task that TopView no longer knows, and that may be bought again.
        :return: ``submit`` (nothing was bought, or it failed), ``resume`` or ``look first``; the id, if there is one.
        """
        if followed:
            return ("submit" if isinstance(error, TopviewTaskFailed) else "resume"), followed
        try:
            record = self.read()
        except TopviewError:
            return "look first", ""
        if record is None:  # every other error of a submit says that nothing was accepted
            return ("look first" if isinstance(error, TopviewSubmitUnknown) else "submit"), ""
        if gone and record.topview_task_id == gone:
            return "submit", ""
        if record.outcome == "failed" or (record.outcome and wanted and record.fingerprint != wanted):
            return "submit", ""
        # What other inputs bought is not what this one wants.
        same = record.topview_task_id and record.fingerprint == wanted
        return ("resume" if same else "look first"), record.topview_task_id

    def forget(self, record: Record) -> None:
        """
        Remove an intent of which nothing was accepted, unless another attempt has written meanwhile.

        :param record: The intent; what was bought before it, with other inputs, takes its place again.
        :raises TopviewError: The store cannot be written.
        """
        now = self.read()
        if self._store is None or now is None or now.nonce != record.nonce:
            return
        if now.earlier:
            self.write(Record.of({**now.earlier[0], "earlier": now.earlier[1:]}))
            return
        try:
            self._store.delete(KEY)
        except Exception as error:
            raise TopviewError(f"The ledger cannot be written: {error}") from error

    def write(self, record: Record) -> Record:
        """
        Write a record and return it.

        :raises TopviewError: The store cannot be written.
        """
        if self._store is None:
            return record
        try:
            self._store.set(KEY, record.flat())
        except Exception as error:
            topview_task_id = record.topview_task_id or None
            about = f"; TopView accepted {topview_task_id}" if topview_task_id else ""
            text = f"The ledger cannot be written{about}: {error}"
            raise TopviewError(text, topview_task_id=topview_task_id) from error
        return record


def begun(bought: Purchase, attempt: Attempt) -> Record:
    """
    Return a record of a purchase of which nothing is known yet.

    :param bought: The purchase.
    :param attempt: Which attempt makes it.
    """
    return Record(bought.fingerprint, parts=dict(bought.parts), round=attempt.round)


def blind(family: str, attempt: Attempt, rules: Rules, *, resumable: bool = True) -> str:
    """
    Say what a try does that has no store: nothing on the first one, later ones refuse or return a warning.

    :param family: What is to be bought.
    :param attempt: Which attempt it is.
    :param rules: What the user wants.
    :param resumable: Whether the caller takes an id to go on with.
    :raises TopviewSubmitUnknown: An earlier try may have bought it.
    """
    if attempt.number <= 1 or (rules.force_resubmit and attempt.first):
        return ""
    if without_ledger() == "fail":
        raise words.forgotten(family, resumable=resumable)
    return f"No record of what an earlier try bought ([topview] without_ledger = warn): buying a {family}, maybe again"


def buy_once(book: Ledger, bought: Purchase, name: str, attempt: Attempt, call: Callable[[], Any]) -> Any:
    """
    Make a call that costs and whose answer is what was bought; a retry or a clear gets the answer that was kept.

    :param book: Ledger of the task instance.
    :param bought: The purchase.
    :param name: Name of the call, for messages.
    :param attempt: Which attempt it is.
    :param call: Sends it, once.
    :raises TopviewSubmitUnknown: An earlier attempt may have paid, and its answer is lost.
    :raises TopviewInvalidRequest: The inputs changed in an automatic retry.
    """
    if not book.remembers:
        if warning := blind(name, attempt, Rules(), resumable=False):
            log.warning(warning)
        return call()
    record = book.recall(bought)
    if record and not record.outcome:
        raise words.orphaned(name, record, book.forget_by_hand, resumable=False)
    action = decide(record and replace(record, topview_task_id="kept"), bought, attempt, Rules()).action
    if record and action is Action.REFUSE:
        raise words.changed(name, record, bought, book.forget_by_hand, resumable=False)
    if record and action is Action.GO_ON:
        return record.kept
    record = book.intend(begun(bought, attempt))
    try:
        result = call()
    except TopviewSubmitUnknown:
        raise
    except TopviewError:
        book.forget(record)
        raise
    try:
        book.write(replace(record, outcome="success", kept=result))
    except TopviewError as error:
        log.error("%s is paid for, and its answer could not be noted: %s", name, error)
    return result


def ids_held(records: Iterable[Record]) -> set[str]:
    """Return the ids that these records hold, those of earlier purchases too."""
    flat = [one for record in records for one in (record.flat(), *record.earlier)]
    return {str(one["topview_task_id"]) for one in flat if one.get("topview_task_id")}


def lost_one(records: Iterable[Record]) -> bool:
    """Tell whether one of these records is an intent whose id nobody knows."""
    flat = [one for record in records for one in (record.flat(), *record.earlier)]
    return any(not one.get("topview_task_id") and not one.get("outcome") for one in flat)


def _record(found: Any) -> Record:
    if not isinstance(found, Mapping) or not isinstance(found.get("fingerprint"), str):
        raise Spoilt(f"it holds something else under {KEY!r}: {type(found).__name__}")
    return Record.of(found)
