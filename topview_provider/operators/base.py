"""The walk of every task operator: check, remember, submit once, wait, land."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NoReturn

from airflow.providers.common.compat.sdk import Context, conf

from topview_provider import compat, ledger, results
from topview_provider import exceptions as errors
from topview_provider.landing import raw_for_xcom
from topview_provider.operators.rows import TopviewRowOperator
from topview_provider.polling import Wait
from topview_provider.results import Phase
from topview_provider.waiting import TopviewWaiting, read_event, seconds

BUSY_PAUSE = 60.0
"""Seconds in the triggerer before a submit that found TopView busy is sent again."""


class TopviewTaskOperator(TopviewWaiting, TopviewRowOperator):
    """
    Base of every operator that submits a task; a subclass names its ``family``.

    :param notice_url: Address that TopView POSTs to when the task ends; a hint only. (templated)
    :param need_cloud_front_url: Ask for CloudFront result URLs instead of S3 ones.
    :param extra_payload: Wire names that are laid over the request last and unchecked, for choices this release does
        not know; a None removes a key. (templated)
    :param wait_for_completion: Wait for the result. Off: the task ends as soon as TopView accepted the job.
    :param deferrable: Wait in the triggerer instead of on a worker; by default what ``[operators]
        default_deferrable`` says.
    :param timeout: Deadline of one attempt in seconds or as timedelta; by default the family's. A retry resumes the
        same TopView task under a new deadline.
    :param poll_interval: Seconds between polls, or ``"adaptive"``.
    :param max_poll_outage: Seconds for which polls may fail in a row before the attempt gives up.
    :param busy_timeout: Seconds for which a deferrable operator waits in the triggerer for a busy TopView.
    :param resubmit_on_failure: Let a retry buy again what failed at TopView; failed tasks are not charged.
    :param allow_partial: Accept a charged success in which some items failed.
    :param result_path: Where to write TopView's raw answer, any URL that ``ObjectStoragePath`` knows. (templated)
    :param return_raw: Put TopView's raw answer into the XCom ``raw``, up to 48 KB.
    :raises TopviewInvalidRequest: A field is missing or wrong; nothing was sent.
    :raises TopviewSubmitUnknown: The submit was sent, and nobody knows whether it was taken.
    :raises TopviewTaskFailed: TopView ended the task in failure.
    :raises TopviewTaskTimeout: The deadline passed; a retry resumes.
    :raises TopviewPartialResult: Items of a charged task failed.
    """

    row_attribute = "family"
    shared_template_fields: ClassVar[tuple[str, ...]] = (
        "topview_conn_id",
        "notice_url",
        "extra_payload",
        "result_path",
    )

    def __init__(
        self,
        *,
        notice_url: str | None = None,
        need_cloud_front_url: bool = False,
        extra_payload: dict[str, Any] | None = None,
        wait_for_completion: bool = True,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        timeout: float | timedelta | None = None,
        poll_interval: float | str = "adaptive",
        max_poll_outage: float = 900,
        busy_timeout: float | timedelta = 3600,
        resubmit_on_failure: bool = True,
        allow_partial: bool = False,
        result_path: str | None = None,
        return_raw: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.notice_url = notice_url
        self.need_cloud_front_url = need_cloud_front_url
        self.extra_payload = extra_payload
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.timeout = timeout
        self.poll_interval = poll_interval
        self.max_poll_outage = max_poll_outage
        self.busy_timeout = busy_timeout
        self.resubmit_on_failure = resubmit_on_failure
        self.allow_partial = allow_partial
        self.result_path = result_path
        self.return_raw = return_raw

    def execute(self, context: Context) -> Any:
        """Submit the task, or go on with the one already paid for, and wait as asked."""
        return self.execute_submit(context)

    def execute_submit(self, context: Context, event: Any = None, busy_until: float | None = None) -> Any:
        """
        Start or resume; comes back here from the timer while TopView is busy.

        :param context: Airflow's context.
        :param event: The timer's event; means nothing.
        :param busy_until: Unix time until which to wait for a busy TopView.
        """
        end_time = self.deadline()
        body = self.request({"notice_url": self.notice_url}, self.extra())
        book = ledger.Ledger.of(context)
        record = self.known(book, body, context)
        if record is None:
            if busy_until is None:
                busy_until = time.time() + seconds("busy_timeout", self.busy_timeout)
            record = self.submit(book, body, end_time, busy_until)
        judge = self.judged(body, record.seen)
        return self.follow(context, body, Wait(record.topview_task_id, record.submitted_at, end_time, judge))

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """
        Land the result after the triggerer saw the task settle.

        :param context: Airflow's context.
        :param event: The trigger's event.
        """
        outcome, wait = read_event(event, self.family)
        return self.land(context, outcome, wait)

    def extra(self) -> dict[str, Any] | None:
        """
        Return ``extra_payload``, checked for what it must not do.

        :raises TopviewInvalidRequest: It is not a mapping, or sets the task id of a two-step family.
        """
        extra = self.extra_payload
        if not extra:
            return None
        if not isinstance(extra, Mapping):
            raise errors.TopviewInvalidRequest(f"extra_payload must be a mapping of wire names, not {extra!r}")
        if self.row.continues and self.row.task_id_key in extra:
            raise errors.TopviewInvalidRequest(
                f"extra_payload may not set {self.row.task_id_key!r}; use the argument topview_task_id"
            )
        named = {field.wire for field in self.row.body_fields if getattr(self, field.name, None) is not None}
        if both := sorted(named & set(extra)):
            self.log.warning("extra_payload replaces what arguments set: %s", ", ".join(both))
        return dict(extra)

    def fingerprint(self, body: Mapping[str, Any]) -> str:
        """Return what identifies the purchase."""
        return ledger.fingerprint(self.family, body, self.hook.settings.base_url, self.hook.uid, self.also_bought(body))

    def also_bought(self, body: Mapping[str, Any]) -> Any:
        """Return what is bought beside the body, as JSON: nothing, unless the family says otherwise."""
        return None

    def known(self, book: ledger.Ledger, body: Mapping[str, Any], context: Context) -> ledger.Record | None:
        """
        Return the record of the task this run already has, or None if there is one to buy.

        :raises TopviewSubmitUnknown: An earlier attempt died between the POST and the record.
        :raises TopviewInvalidRequest: The inputs changed while the earlier task is open, or in an automatic retry.
        """
        record = book.read()
        first = ledger.first_of_its_round(context, self.retries or 0)
        if not book.remembers and not first:
            raise ledger.forgotten(self.family)
        if record is None:
            return None
        if not record.topview_task_id:
            raise ledger.orphaned(record)
        if first and not record.outcome:
            record = self.looked_up(book, record, body)
        if record.fingerprint != self.fingerprint(body):
            if not (record.outcome and first):
                raise ledger.changed(self.family, record)
            self.log.info("The inputs changed since %s %s; buying anew", self.family, record.topview_task_id)
            return None
        if record.outcome == "failed" and self.resubmit_on_failure:
            self.log.info("%s %s failed at TopView, uncharged; buying anew", self.family, record.topview_task_id)
            return None
        self.log.info("Going on with %s %s, already paid for", self.family, record.topview_task_id)
        return record

    def looked_up(self, book: ledger.Ledger, record: ledger.Record, body: Mapping[str, Any]) -> ledger.Record:
        """Return the record of a cleared task with its outcome, where nobody waited for it: TopView knows."""
        try:
            _, state = self.fresh_answer(Wait(record.topview_task_id, 0.0, 0.0, self.judged(body, record.seen)))
        except errors.TopviewError as error:
            self.log.warning("Could not ask how %s %s ended: %s", self.family, record.topview_task_id, error)
            return record
        if not state.settled:
            return record
        book.settle(record.topview_task_id, state.phase.value)
        return replace(record, outcome=state.phase.value)

    def submit(self, book: ledger.Ledger, body: Mapping[str, Any], end_time: float, busy_until: float) -> ledger.Record:
        """Buy: announce in the ledger, send one POST, note the id."""
        seen = self.already_there(body)
        # What cannot travel to the triggerer must fail before money is spent.
        json.dumps(self.trigger(Wait("", 0.0, end_time, self.judged(body))).serialize())
        record = book.intend(self.fingerprint(body), seen=seen)
        try:
            topview_task_id = self.hook.submit(self.family, body)
        except errors.TopviewSubmitUnknown:
            raise
        except errors.TopviewBusy as busy:
            book.forget(record)
            self.come_back_later(busy, busy_until)
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
        return self.noted(book, record, topview_task_id)

    def noted(self, book: ledger.Ledger, record: ledger.Record, topview_task_id: str) -> ledger.Record:
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
        return results.seen_item(self.row, answer, self.judged(body))

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

    def follow(self, context: Context, body: Mapping[str, Any], wait: Wait) -> Any:
        """Show the id, then leave, stay or defer."""
        context["ti"].xcom_push(key="topview_task_id", value=wait.topview_task_id)
        self.push_card(context, wait, state="accepted", language=body.get("language"))
        if not self.wait_for_completion:
            return {**self.manifest({}, wait), "status": "accepted"}
        if self.deferrable:
            self.defer_until_settled(wait)
        return self.land(context, self.stay_until_settled(wait), wait)

    def land(self, context: Context, outcome: Any, wait: Wait) -> Any:
        """Turn an outcome into the result, or into the error it means."""
        book = ledger.Ledger.of(context)
        if outcome.word == "failed":
            book.settle(wait.topview_task_id, "failed")
        self.raise_unless_success(outcome, wait, resumes=book.remembers)
        answer, state = self.landing_answer(wait)
        if state.phase is not Phase.SUCCESS:
            return self.wait_again(context, state, wait)
        manifest = self.manifest(answer, wait)
        book.settle(wait.topview_task_id, "success", manifest["cost_credit"])
        self.push_result(context["ti"], manifest)
        self.push_card(context, wait, state="success", answer=answer, cost=manifest["cost_credit"])
        self.keep_raw(context, answer)
        self.refuse_partial(answer, wait)
        self.log.info("%s %s is done: %d outputs", self.family, wait.topview_task_id, len(manifest["outputs"]))
        return manifest

    def wait_again(self, context: Context, state: results.State, wait: Wait) -> Any:
        """Go on waiting under the same deadline: the fresh answer says that the task is not settled after all."""
        from topview_provider.polling import Outcome

        if state.phase is Phase.FAILED:
            return self.land(context, Outcome("failed", state.message or state.word), wait)
        if time.time() >= wait.end_time:
            return self.land(context, Outcome("timeout", f"state is {state.word!r} again"), wait)
        self.log.info("%s %s is %r again; waiting on", self.family, wait.topview_task_id, state.word)
        if self.deferrable:
            self.defer_until_settled(wait)
        return self.land(context, self.stay_until_settled(wait), wait)

    def push_card(
        self,
        context: Context,
        wait: Wait,
        *,
        state: str,
        answer: Mapping[str, Any] | None = None,
        language: Any = None,
        cost: float | None = None,
    ) -> None:
        """Push the flat XCom ``topview`` that the UI shows."""
        context["ti"].xcom_push(
            key="topview",
            value={
                "family": self.family,
                "topview_task_id": wait.topview_task_id,
                "topview_conn_id": self.topview_conn_id,
                "title": results.title_of(self.row, answer or {}, wait.judge),
                "language": language or getattr(self, "language", None),
                "state": state,
                "cost_credit": cost,
                "seconds": round(time.time() - wait.submitted_at, 1),
            },
        )

    def keep_raw(self, context: Context, answer: Mapping[str, Any]) -> None:
        """Write the raw answer where the user wants it."""
        if self.result_path:
            from topview_provider.hooks.topview import storage_path

            target = storage_path(self.result_path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
        if self.return_raw:
            context["ti"].xcom_push(key="raw", value=raw_for_xcom(answer))
