"""The walk of every task operator: check, remember, submit once, wait, land."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import Context, conf

from topview_provider import exceptions as errors
from topview_provider import late
from topview_provider.catalog.fields import is_empty
from topview_provider.landing import raw_for_xcom
from topview_provider.links import TopviewResultLink, TopviewTaskLink
from topview_provider.operators.buying import TopviewBuying
from topview_provider.operators.rows import TopviewRowOperator
from topview_provider.tracing import TopviewTraced
from topview_provider.waiting import read_event, seconds, switch

if TYPE_CHECKING:
    from topview_provider.ledger.book import Ledger
    from topview_provider.ledger.records import Record
    from topview_provider.polling import Outcome, Wait
    from topview_provider.results import State

SWITCHES = ("wait_for_completion", "deferrable", "allow_partial", "return_raw", "need_cloud_front_url")


class TopviewTaskOperator(TopviewTraced, TopviewBuying, TopviewRowOperator):
    """
    Base of every operator that submits a task; a subclass names its ``family``.

    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :param notice_url: Address that TopView POSTs to when the task ends; a hint only. (templated)
    :param need_cloud_front_url: Ask for CloudFront result URLs instead of S3 ones.
    :param extra_payload: Wire names that are laid over the request last and unchecked, for choices this release does
        not know; a None removes a key. (templated)
    :param wait_for_completion: Wait for the result. Off: the task ends as soon as TopView accepted the job.
    :param deferrable: Wait in the triggerer instead of on a worker; by default what ``[operators]
        default_deferrable`` says.
    :param timeout: Deadline of one attempt in seconds or as timedelta; by default the family's. A retry resumes the
        same TopView task under a new deadline.
    :param poll_interval: Seconds between polls, or ``"adaptive"``: when tasks of the kind finish, as far as known; by
        default what the connection says, and ``"adaptive"`` where that says nothing.
    :param max_poll_outage: Seconds for which polls may fail in a row before the attempt gives up.
    :param busy_timeout: Seconds for which a deferrable operator waits in the triggerer for a busy TopView.
    :param resubmit_on_failure: Let a retry buy again what failed at TopView; failed tasks are not charged.
    :param on_changed_input: What to do when the inputs differ from those of the task that this task instance bought:
        ``"fail"`` names what changed; ``"resubmit"`` buys anew; ``"auto"`` buys anew after a person's clear when the
        first one is finished, and fails otherwise.
    :param on_orphaned_intent: What to do when an attempt died between the POST and the note of its id, and no task at
        TopView shows beyond doubt that it is the one: ``"fail"`` lists those that may be, ``"resubmit"`` buys anew.
    :param on_missing_result: What to do when the task was done and TopView no longer knows it: ``"fail"`` or
        ``"resubmit"``.
    :param force_resubmit: Buy anew at each clear, whatever was bought; automatic retries still resume.
    :param resume_topview_task_id: Go on with this task instead of buying one. (templated)
    :param max_credits: Refuse to submit what may cost more credits, by the prices that TopView publishes. (templated)
    :param max_credits_unknown: What to do with ``max_credits`` where no upper bound follows from the published prices,
        as for the number of exports of a marketing video: ``"refuse"``, or ``"allow"``, which checks nothing then.
    :param allow_partial: Accept a charged success in which some items failed.
    :param result_path: Where to write TopView's raw answer, any URL that ``ObjectStoragePath`` knows. (templated)
    :param return_raw: Put TopView's raw answer into the XCom ``raw``, up to 48 KB.
    :raises TopviewInvalidRequest: A field is missing or wrong, or the inputs changed; nothing was sent.
    :raises TopviewBudgetExceeded: It may cost more than ``max_credits``; nothing was sent.
    :raises TopviewSubmitUnknown: The submit was sent, and nobody knows whether it was taken.
    :raises TopviewTaskFailed: TopView ended the task in failure.
    :raises TopviewTaskTimeout: The deadline passed; a retry resumes.
    :raises TopviewPartialResult: Items of a charged task failed.
    """

    row_attribute = "family"
    operator_extra_links = (TopviewTaskLink(), TopviewResultLink())
    shared_template_fields: ClassVar[tuple[str, ...]] = (
        "topview_conn_id",
        "notice_url",
        "extra_payload",
        "result_path",
        "resume_topview_task_id",
        "max_credits",
    )

    notice_url: str | None
    extra_payload: dict[str, Any] | None
    wait_for_completion: bool
    busy_timeout: float | timedelta
    result_path: str | None
    return_raw: bool

    def __init__(
        self,
        *,
        topview_conn_id: str = "topview_default",
        notice_url: str | None = None,
        need_cloud_front_url: bool = False,
        extra_payload: dict[str, Any] | None = None,
        wait_for_completion: bool = True,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        timeout: float | timedelta | None = None,
        poll_interval: float | str | None = None,
        max_poll_outage: float = 900,
        busy_timeout: float | timedelta = 3600,
        resubmit_on_failure: bool = True,
        on_changed_input: str = "auto",
        on_orphaned_intent: str = "fail",
        on_missing_result: str = "fail",
        force_resubmit: bool = False,
        resume_topview_task_id: str | None = None,
        max_credits: float | str | None = None,
        max_credits_unknown: str = "refuse",
        allow_partial: bool = False,
        result_path: str | None = None,
        return_raw: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.topview_conn_id = topview_conn_id
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
        self.on_changed_input = on_changed_input
        self.on_orphaned_intent = on_orphaned_intent
        self.on_missing_result = on_missing_result
        self.force_resubmit = force_resubmit
        self.resume_topview_task_id = resume_topview_task_id
        self.max_credits = max_credits
        self.max_credits_unknown = max_credits_unknown
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
        if busy_until is None and event is not None:
            busy_until = time.time()  # ``airflow dags test`` drops it: this is the last look then
        with self.telling(context):
            return self.begin(context, busy_until)

    def begin(self, context: Context, busy_until: float | None) -> Any:
        """
        Check, buy or find what was bought, and wait as asked.

        :param context: Airflow's context.
        :param busy_until: Unix time until which to wait for a busy TopView; None at the first look.
        """
        self._wanted, self._followed = "", self.told_to_resume()
        end_time = self.deadline()
        self.check_arguments()
        body = self.request({"notice_url": self.notice_url}, self.extra())
        book, bought = late.book.Ledger.of(context), self.purchase(body)
        self._wanted = bought.fingerprint
        record = self.known(book, bought, body, context)
        if record:
            try:
                return self.follow(context, body, record, end_time, resumed=True)
            except errors.TopviewPathNotFound:
                raise
            except errors.TopviewNotFound as error:
                if record.outcome != "success":
                    raise
                self.missed(book, record, error)
        if busy_until is None:
            busy_until = time.time() + seconds("busy_timeout", self.busy_timeout)
        try:
            record = self.submit(book, late.book.begun(bought, self.attempt(context)), body, end_time)
        except errors.TopviewBusy as busy:
            self.come_back_later(busy, busy_until)
        return self.follow(context, body, record, end_time)

    def check_arguments(self) -> None:
        """
        Check what is needed at the end before money is spent: the switches, and where the raw answer is to go.

        :raises TopviewInvalidRequest: A switch is neither true nor false, or the path is no place for a file.
        """
        for name in SWITCHES:
            setattr(self, name, switch(name, getattr(self, name)))
        if self.result_path:
            from topview_provider.hooks import transfer

            transfer.file_path(self.result_path, "result_path")

    def missed(self, book: Ledger, record: Record, error: errors.TopviewNotFound) -> None:
        """
        Let a finished task that TopView no longer knows be bought again, where the user wants that.

        :raises TopviewNotFound: The user does not.
        """
        if self.on_missing_result != "resubmit" or self.resume_topview_task_id:
            raise late.words.missing(self.family, record, book.forget_by_hand, error) from error
        self.log.warning("%s %s is gone at TopView; buying anew, as asked", self.family, record.topview_task_id)
        # What becomes of this attempt is no longer about that task.
        self._watch, self._followed, self._gone = None, "", record.topview_task_id

    def execute_complete(self, context: Context, event: Any = None) -> Any:
        """
        Land the result after the triggerer saw the task settle.

        :param context: Airflow's context.
        :param event: The trigger's event.
        """
        with self.telling(context):
            outcome, wait = read_event(event, self.family)
            self._followed = wait.topview_task_id
            self.check_arguments()
            return self.land(context, outcome, wait)

    def extra(self) -> dict[str, Any] | None:
        """
        Return ``extra_payload``, checked for what it must not do.

        :raises TopviewInvalidRequest: It is not a mapping, or sets the task id of a two-step family.
        """
        extra = self.extra_payload
        if not extra:
            return None
        if not isinstance(extra, Mapping) or not all(isinstance(name, str) for name in extra):
            raise errors.TopviewInvalidRequest(f"extra_payload must be a mapping of wire names, not {extra!r}")
        if self.row.continues and self.row.task_id_key in extra:
            raise errors.TopviewInvalidRequest(
                f"extra_payload may not set {self.row.task_id_key!r}; use the argument topview_task_id"
            )
        named = {field.wire for field in self.row.body_fields if not is_empty(getattr(self, field.name, None))}
        if both := sorted(named & set(extra)):
            self.log.warning("extra_payload replaces what arguments set: %s", ", ".join(both))
        return dict(extra)

    def follow(
        self, context: Context, body: Mapping[str, Any], record: Record, end_time: float, *, resumed: bool = False
    ) -> Any:
        """Show the id, then leave, stay or defer; what is known to be done, or is found so, is landed at once."""
        self._followed = record.topview_task_id
        begun_at, judge = record.submitted_at or time.time(), self.judged(body, record.seen)
        wait = late.polling.Wait(record.topview_task_id, begun_at, end_time, judge, dated=bool(record.submitted_at))
        context["ti"].xcom_push(key="topview_task_id", value=wait.topview_task_id)
        card = self.push_card(context, wait, state="accepted", language=body.get("language"))
        if not self.wait_for_completion:
            self.told(context, card)
            return {**self.manifest({}, wait), "status": "accepted"}
        if record.outcome == "success":
            return self.land(context, late.polling.Outcome("success"), wait, record.made)
        if not self.deferrable:
            return self.land(context, self.stay_until_settled(wait), wait)
        outcome = self.glance(wait) if resumed else None
        if outcome is None:
            self.defer_until_settled(wait)
        return self.land(context, outcome, wait)

    def glance(self, wait: Wait) -> Outcome | None:
        """
        Ask once whether a task of an earlier attempt has ended meanwhile: it needs no triggerer then.

        A deferral that ends at once costs two processes, and a busy Airflow may take it for a task that was killed.
        What cannot be asked now is the triggerer's to ask again: this worker has others to serve.

        :param wait: What is waited for.
        """
        self._watch = self.watch(replace(wait, end_time=time.time()))  # whoever waits until now asks once
        outcome = self.hook.wait(self._watch)
        return outcome if outcome.word in ("success", "failed") else None

    def land(self, context: Context, outcome: Outcome, wait: Wait, made: str = "") -> Any:
        """
        Turn an outcome into the result, or into the error it means.

        :param context: Airflow's context.
        :param outcome: How the waiting ended.
        :param wait: What was waited for.
        :param made: The item that stood there when an earlier attempt landed it.
        :raises TopviewNotFound: Another one took its place.
        """
        while True:
            self.refuse(context, outcome, wait)
            answer, state = self.landing_answer(wait)
            if made and made != self.made(answer, wait):
                raise errors.TopviewNotFound("another export of this script took its place")
            if state.phase is late.results.Phase.SUCCESS:
                return self.landed(context, answer, outcome, wait)
            outcome = self.wait_again(state, outcome, wait)

    def refuse(self, context: Context, outcome: Outcome, wait: Wait) -> None:
        """
        Raise what an outcome means, unless it is a success; a failure is noted first.

        :raises TopviewError: Its class says what to do.
        """
        if outcome.word == "success":
            return
        book = late.book.Ledger.of(context)
        self.log_end(outcome, wait, None)
        if outcome.word == "failed":
            book.settle(wait.topview_task_id, "failed")
            self.push_card(context, wait, state="failed", error=outcome.message)
        try:
            self.raise_unless_success(outcome, wait, resumes=book.remembers)
        except errors.TopviewNotFound as error:
            if not book.remembers or self.resume_topview_task_id:
                raise
            raise late.words.unknown(self.family, wait.topview_task_id, book.forget_by_hand, error) from error

    def landed(self, context: Context, answer: Mapping[str, Any], outcome: Outcome, wait: Wait) -> dict[str, Any]:
        """
        Note, show and return the result of a success.

        :raises TopviewPartialResult: Items of it failed.
        """
        manifest = self.manifest(answer, wait)
        cost = manifest["cost_credit"]
        late.book.Ledger.of(context).settle(wait.topview_task_id, "success", cost, self.made(answer, wait))
        self.push_result(context["ti"], manifest)
        card = self.push_card(context, wait, state="success", answer=answer)
        self.keep_raw(context, answer)
        self.log_end(outcome, wait, cost)
        self.refuse_partial(answer, wait)
        self.told(context, card)
        return manifest

    def told(self, context: Context, card: Mapping[str, Any]) -> None:
        """Tell outlets and OpenLineage what became of the task."""
        self.announce(context, card)
        lineage, host, name = late.lineage, self.hook.settings.base_url, str(card["topview_task_id"])
        made = lineage.at_topview(host, self.family, name)
        self._trace = lineage.Trace(host, name, (*lineage.given(self.arguments(), host),), (made,))

    def made(self, answer: Mapping[str, Any], wait: Wait) -> str:
        """Return the mark of the item that stands there, in families whose items a later step replaces."""
        return late.results.seen_item(self.row, answer, wait.judge) if self.row.item_id_key else ""

    def wait_again(self, state: State, outcome: Outcome, wait: Wait) -> Outcome:
        """Go on waiting under the same deadline: the fresh answer says that the task is not settled after all."""
        if state.phase is late.results.Phase.FAILED:
            return replace(outcome, word="failed", message=state.message or state.word)
        if time.time() >= wait.end_time:
            return replace(outcome, word="timeout", message=f"state is {state.word!r} again")
        self.log.info("%s %s is %r again; waiting on", self.family, wait.topview_task_id, state.word)
        if self.deferrable:
            self.defer_until_settled(wait, self.breath(wait))
        return self.stay_until_settled(wait, self.breath(wait))

    def keep_raw(self, context: Context, answer: Mapping[str, Any]) -> None:
        """Write the raw answer where the user wants it."""
        if self.result_path:
            from topview_provider.hooks import transfer

            with transfer.landing(transfer.file_path(self.result_path, "result_path")) as file:
                file.write(json.dumps(answer, ensure_ascii=False).encode())
        if self.return_raw:
            context["ti"].xcom_push(key="raw", value=raw_for_xcom(answer))
