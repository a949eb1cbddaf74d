"""Which TopView task an attempt goes on with, or the one POST that buys it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import Context

from topview_provider import compat, late
from topview_provider import exceptions as errors
from topview_provider.card import LONGEST
from topview_provider.waiting import TopviewWaiting, switch, task_id_of

if TYPE_CHECKING:
    from topview_provider.ledger.book import Ledger
    from topview_provider.ledger.orphans import Candidate
    from topview_provider.ledger.records import Purchase, Record
    from topview_provider.ledger.rules import Attempt, Rules

BUSY_PAUSE = 60.0
"""Seconds in the triggerer before a submit that found TopView busy is sent again."""


class TopviewBuying(TopviewWaiting):
    """Mix buying into a task operator; has no constructor, expects the attributes declared here."""

    task_id: str
    retries: int | None
    deferrable: bool
    resubmit_on_failure: bool
    on_changed_input: str
    on_orphaned_intent: str
    on_missing_result: str
    force_resubmit: bool
    resume_topview_task_id: str | None
    max_credits: float | str | None
    max_credits_unknown: str
    _wanted: str = ""
    _gone: str = ""
    """TopView's id of a finished task that TopView no longer knows, where it may be bought again."""

    @contextmanager
    def telling(self, context: Context) -> Iterator[None]:
        """
        Leave what went wrong in the XCom ``topview_error``: where TopView took nothing there is no card that says it.

        :param context: Airflow's context.
        """
        try:
            yield
        except errors.TopviewError as error:
            book = late.book.Ledger.of(context)
            rerun, topview_task_id = book.prospect(error, self._wanted, self._followed, gone=self._gone)
            here = {"map_index": getattr(context["ti"], "map_index", -1), "error": str(error)[:LONGEST]}
            facts = {**here, "rerun": rerun, "topview_task_id": topview_task_id or None}
            context["ti"].xcom_push(key="topview_error", value=facts)
            raise

    def told_to_resume(self) -> str:
        """Return the id that the user named to go on with; empty where none is named."""
        named = self.resume_topview_task_id
        return "" if named in (None, "") else task_id_of(named, "resume_topview_task_id")

    @property
    def rules(self) -> Rules:
        """
        What the user wants done about a record.

        :raises TopviewInvalidRequest: An argument is none of its choices.
        """
        return late.rules.Rules(
            self.on_changed_input,
            self.on_orphaned_intent,
            self.on_missing_result,
            switch("resubmit_on_failure", self.resubmit_on_failure),
            switch("force_resubmit", self.force_resubmit),
        ).checked()

    def attempt(self, context: Context) -> Attempt:
        """Return which attempt this is."""
        return late.rules.Attempt.of(context, self.retries or 0)

    def purchase(self, body: Mapping[str, Any]) -> Purchase:
        """Return what identifies the purchase."""
        base_url = self.hook.settings.base_url
        return late.records.purchase(self.family, body, base_url, self.hook.uid, self.also_bought(body))

    def also_bought(self, body: Mapping[str, Any]) -> Any:
        """Return what is bought beside the body, as JSON: nothing, unless the family says otherwise."""
        return None

    def known(self, book: Ledger, bought: Purchase, body: Mapping[str, Any], context: Context) -> Record | None:
        """
        Return the record of the task this run already has, or None if there is one to buy.

        :param book: Ledger of the task instance.
        :param bought: What this attempt wants.
        :param body: The same as a submit body.
        :param context: Airflow's context.
        :raises TopviewSubmitUnknown: An earlier attempt died between the POST and the record, or left no record.
        :raises TopviewInvalidRequest: The inputs changed while the earlier task is open, or in an automatic retry.
        """
        rules, attempt = self.rules, self.attempt(context)
        record = book.recall(bought)
        if resumed := self.resumed(book, record, late.book.begun(bought, attempt).after(record), body):
            return resumed
        if not book.remembers and (warning := late.book.blind(self.family, attempt, rules)):
            self.log.warning(warning)
        decision = late.rules.decide(record, bought, attempt, rules)
        if record and decision.action is late.rules.Action.ASK:
            record = self.looked_up(book, record, body)
            decision = late.rules.decide(record, bought, attempt, rules, asked=True)
        if record is None:
            return None
        if decision.action is late.rules.Action.SEARCH:
            return self.found(book, record, body, context, bought)
        if decision.action is late.rules.Action.REFUSE:
            raise late.words.changed(self.family, record, bought, book.forget_by_hand)
        about = f"{self.family} {record.topview_task_id or 'without an id'}: {decision.why}"
        if decision.action is late.rules.Action.BUY:
            self.log.info("%s; buying anew", about)
            return None
        self.log.info("%s; going on with it", about)
        return record if record.round == attempt.round else book.write(replace(record, round=attempt.round))

    def resumed(self, book: Ledger, record: Record | None, fresh: Record, body: Mapping[str, Any]) -> Record | None:
        """Return the record of the task that the user named; it replaces whatever stood there."""
        if not (topview_task_id := self.told_to_resume()):
            return None
        if record and record.topview_task_id == topview_task_id:
            return record
        intent = record if record and not record.topview_task_id else replace(fresh, judge=self.judged(body))
        self.log.info("Going on with %s %s, as resume_topview_task_id says", self.family, topview_task_id)
        return book.accept(intent, topview_task_id, submitted_at=intent.intent_at)

    def looked_up(self, book: Ledger, record: Record, body: Mapping[str, Any]) -> Record:
        """Return the record of a cleared task with its outcome, where nobody waited for it: TopView knows."""
        try:
            judge = {**(record.judge or self.judged(body)), **({"seen": record.seen} if record.seen else {})}
            _, state = self.fresh_answer(late.polling.Wait(record.topview_task_id, 0.0, 0.0, judge))
        except errors.TopviewError as error:
            self.log.warning("Could not ask how %s %s ended: %s", self.family, record.topview_task_id, error)
            return record
        if not state.settled:
            return record
        book.settle(record.topview_task_id, state.phase.value)
        return replace(record, outcome=state.phase.value)

    def found(
        self, book: Ledger, record: Record, body: Mapping[str, Any], context: Context, bought: Purchase
    ) -> Record | None:
        """
        Return the record of the task that an intent without an id led to, or None where the user wants another one.

        :raises TopviewSubmitUnknown: No task shows beyond doubt that it is the one.
        """
        candidates, reason = self.candidates(book, record, body, context)
        fitting = [one for one in candidates if one.fits]
        same = record.fingerprint == bought.fingerprint
        if len(fitting) == 1 and not reason and same:
            self.log.warning("Adopting %s %s, which an attempt that died has bought", self.family, fitting[0])
            record = replace(record, round=self.attempt(context).round)
            return book.accept(record, fitting[0].topview_task_id, submitted_at=record.intent_at)
        if self.on_orphaned_intent == "resubmit":
            self.log.warning("An earlier submit of %s may have been taken; buying anew, as asked", self.family)
            return None
        reason = reason or ("the inputs changed since" if not same else f"{len(fitting)} of its tasks fit")
        searched = f"Looked for it at TopView: {reason}"
        raise late.words.orphaned(self.family, record, book.forget_by_hand, candidates, searched=searched)

    def candidates(
        self, book: Ledger, record: Record, body: Mapping[str, Any], context: Context
    ) -> tuple[list[Candidate], str]:
        """Return the tasks that may be the one of an intent, and a reason not to adopt any of them."""
        try:
            if self.row.continues:
                return self.second_step(record, body), ""
            if self.row.echo is None:
                return [], "it has no list that shows what this family was given"
            search = late.orphans.Search(self.row, body, record.intent_at, self.hook.settings.read_timeout)
            found, all_seen = search.candidates(self.hook)
        except errors.TopviewError as error:
            return [], f"it could not be asked ({error})"
        held, alone = self.held_by_others(book, context)
        held |= {str(one.get("topview_task_id")) for one in record.earlier}
        found = [one for one in found if one.topview_task_id not in held]
        if not all_seen:
            return found, "there are too many tasks to look at all"
        return found, "" if alone else "another task of this run may have bought the same without noting it"

    def second_step(self, record: Record, body: Mapping[str, Any]) -> list[Candidate]:
        """Return the task of a second step, whose id is known; it fits where what was asked for is being made."""
        topview_task_id, judge = str(body[self.row.task_id_key]), self.judged(body, record.seen)
        answer, state = self.fresh_answer(late.polling.Wait(topview_task_id, 0.0, 0.0, judge))
        made = bool(self.row.item_id_key) and (state.settled or late.results.under_way(self.row, answer, judge))
        return [late.orphans.Candidate(topview_task_id, None, "", fits=made)]

    def held_by_others(self, book: Ledger, context: Context) -> tuple[set[str], bool]:
        """
        Return the ids that other tasks of this run hold, and whether none of them can have lost one.

        Airflow's own store shows a task nothing of its neighbours. There a task is sure only where it is the one task
        that buys of its family in the DAG.
        """
        records = book.others()
        if records is not None:
            return late.book.ids_held(records), not late.book.lost_one(records)
        tasks = getattr(context.get("dag"), "tasks", None)
        if tasks is None or getattr(context["ti"], "map_index", -1) not in (-1, None):
            return set(), False
        kinds = [kind for task in tasks if isinstance(kind := getattr(task, "operator_class", type(task)), type)]
        rivals = [kind for kind in kinds if issubclass(kind, TopviewBuying) and kind.family == self.family]
        return set(), len(rivals) <= 1

    def submit(self, book: Ledger, fresh: Record, body: Mapping[str, Any], end_time: float) -> Record:
        """
        Buy: announce in the ledger, send one POST, note the id.

        :param book: Ledger of the task instance.
        :param fresh: The purchase, of which nothing is known yet.
        :param body: The submit body.
        :param end_time: Unix time of the deadline.
        :raises TopviewBudgetExceeded: It may cost too much.
        :raises TopviewBusy: TopView is busy; nothing was accepted.
        :raises TopviewError: As :meth:`TopviewHook.submit` says.
        """
        late.budget.refuse_if_too_dear(self.row, body, self.max_credits, self.max_credits_unknown)
        # What cannot travel to the triggerer must fail before money is spent.
        json.dumps(self.trigger(late.polling.Wait("", 0.0, end_time, self.judged(body))).serialize())
        record = book.intend(replace(fresh, seen=self.already_there(body), judge=self.judged(body)))
        try:
            self._followed = topview_task_id = self.hook.submit(self.family, body)
        except errors.TopviewSubmitUnknown:
            raise
        except errors.TopviewError:
            book.forget(record)
            raise
        self.log.info(
            "TopView accepted %s %s (%s); usually done in about %.0f s, price: %s",
            self.family,
            topview_task_id,
            self.hook.settings.base_url,
            self.row.expected_seconds,
            self.row.price or "unknown",
        )
        late.metrics.submitted(self.family)
        return self.noted(book, record, topview_task_id)

    def noted(self, book: Ledger, record: Record, topview_task_id: str) -> Record:
        """Write the id down; where the store refuses, go on: the video is paid for, and the intent still guards it."""
        try:
            return book.accept(record, topview_task_id)
        except errors.TopviewError as error:
            self.log.error("%s; going on without a record, note the id", error)
            return replace(record, topview_task_id=topview_task_id, submitted_at=time.time())

    def already_there(self, body: Mapping[str, Any]) -> str:
        """Return the mark of the item that stands there before a second step, so that the old one is not taken."""
        if not (self.row.continues and self.row.item_id_key):
            return ""
        answer = self.hook.query(self.family, str(body[self.row.task_id_key]))
        return late.results.seen_item(self.row, answer, self.judged(body))

    def come_back_later(self, busy: errors.TopviewBusy, busy_until: float) -> NoReturn:
        """Wait for a busy TopView in the triggerer, with a timer that asks nothing; without it, let Airflow retry."""
        pause = max(BUSY_PAUSE, busy.retry_after or 0.0)
        if not self.deferrable or time.time() + pause > busy_until:
            raise busy
        self.log.info("TopView is busy, nothing was accepted; sending again in %.0f s: %s", pause, busy)
        moment = datetime.now(UTC) + timedelta(seconds=pause)
        self.defer(
            trigger=compat.timer(moment),
            method_name="execute_submit",
            kwargs={"busy_until": busy_until},
            timeout=timedelta(seconds=pause) + timedelta(minutes=10),
        )
        raise AssertionError("defer always raises")
