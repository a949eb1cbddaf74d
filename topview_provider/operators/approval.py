"""Ask a person about the script of a preview, in Airflow's UI, before the paid export."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator, Context, Param

from topview_provider import compat, late
from topview_provider.card import TopviewCard
from topview_provider.exceptions import TopviewInvalidRequest, TopviewNotApproved
from topview_provider.landing import TopviewLanding
from topview_provider.links import TopviewResultLink, TopviewTaskLink, pages_shown, result_path
from topview_provider.waiting import TopviewConnected, task_id_of

APPROVE, REJECT = "Approve", "Reject"

SHOWN = "script_shown"
"""XCom that holds what the person saw; it outlives the wait, as nothing on the operator does."""


class _Formless(BaseOperator):
    """
    Stand for Airflow's own operator where there is none, so that a DAG file can be read there too.

    :param subject: As Airflow's operator takes it, like all that follow.
    :param options: Taken and kept.
    :param defaults: Taken.
    :param assigned_users: Taken.
    :param response_timeout: Taken and kept.
    :param notifiers: Taken.
    :raises TopviewInvalidRequest: It was executed.
    """

    def __init__(
        self,
        *,
        subject: str,
        options: list[str],
        defaults: Any = None,
        assigned_users: Any = None,
        response_timeout: Any = None,
        notifiers: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.subject = subject
        self.options = options
        self.response_timeout = response_timeout

    def execute(self, context: Context) -> Any:
        raise TopviewInvalidRequest(
            "A form in Airflow's UI needs Airflow 3.1 or later with its standard provider, and this is Airflow "
            f"{'.'.join(map(str, compat.airflow_line()))}. TopviewScriptApprovalSensor asks by a file instead"
        )


_Form: Any = compat.human_operator() or _Formless


class TopviewScriptApprovalOperator(TopviewConnected, TopviewLanding, TopviewCard, _Form):  # type: ignore[misc]
    """
    Ask a person in Airflow's UI to approve, edit or reject the script of a preview; needs Airflow 3.1.

    The task shows a form under *Required Actions*: one field per segment of the script, the cover and a link to the
    preview above it. Meanwhile it holds no worker. Nothing is written at TopView: give the result to
    :class:`TopviewMarketingVideoScriptUpdateOperator`. Each attempt asks anew; an answer is never retried away, for
    what is wrong with it ends the task at once. Below Airflow 3.1, and in ``airflow dags test``, use
    ``TopviewScriptApprovalSensor``.

    Returns ``topview_task_id``, ``script_id``, ``script_contents`` (with the person's words), ``changed``,
    ``approved_by`` (None for a default) and ``approved_at``. The XCom ``script_shown`` keeps what the person saw.

    :param topview_task_id: Task of the finished preview; the manifest that its operator returns will do. (templated)
    :param script_id: Which script; ``"0"`` is the first. (templated)
    :param subject: Headline of the request. (templated)
    :param body: Words above the preview, as Markdown. (templated)
    :param on_reject: What a rejection does: ``"fail"`` the task, or ``"skip"`` it and what stands behind it.
    :param defaults: ``"Approve"`` or ``"Reject"``: what counts when nobody answers within ``response_timeout``; without
        it the task fails then.
    :param assigned_users: Who may answer, each as ``{"id": ..., "name": ...}``; by default whoever may edit the DAG's
        runs.
    :param response_timeout: How long to wait for an answer, as timedelta; by default for ever.
    :param notifiers: Airflow's notifiers, called when the form is there.
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :raises TopviewNotApproved: Somebody rejected it, or nobody answered in time; nothing was exported.
    :raises TopviewInvalidRequest: The answer lacks a segment or its words, there is no such script, or this Airflow has
        no forms.
    :raises TopviewUnavailable: TopView shows no script yet.

    Source: https://docs.topview.ai/reference/avatar_marketing_video_list_script_content
    """

    template_fields: Sequence[str] = ("topview_task_id", "script_id", "subject", "body", "topview_conn_id")
    operator_extra_links = (TopviewTaskLink(), TopviewResultLink())
    ui_color = "#e6e0ff"
    family: ClassVar[str] = "marketing_video"
    bought: ClassVar[bool] = False
    need_cloud_front_url = False
    params: Any

    def __init__(
        self,
        *,
        topview_task_id: str,
        script_id: str | int = "0",
        subject: str = "Approve the script",
        body: str = "",
        on_reject: str = "fail",
        defaults: str | None = None,
        assigned_users: Any = None,
        response_timeout: timedelta | None = None,
        notifiers: Any = None,
        topview_conn_id: str = "topview_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            subject=subject,
            options=[APPROVE, REJECT],
            defaults=defaults,
            assigned_users=assigned_users,
            response_timeout=response_timeout,
            notifiers=notifiers,
            **kwargs,
        )
        self.body = body
        self.topview_task_id = topview_task_id
        self.script_id = script_id
        self.on_reject = on_reject
        self.topview_conn_id = topview_conn_id

    def execute(self, context: Context) -> Any:
        """Show the script in a form, and leave the worker until somebody answers."""
        if _Form is _Formless:
            return super().execute(context)
        late.approval.refuse_wrong_choice(self.on_reject)
        self.topview_task_id = task_id_of(self.topview_task_id)
        shown = late.approval.read(self.hook, self.topview_task_id, str(self.script_id))
        context["ti"].xcom_push(key=SHOWN, value=shown)
        self.body = "\n\n".join(filter(None, [self.body, self.preview(context)]))
        self.params = type(self.params)(form(shown))
        return super().execute(context)

    def preview(self, context: Context) -> str:
        """Return what the form shows of the preview, and leave the card by which the TopView tab plays it."""
        from topview_provider.hooks import requesting

        judge = requesting.judge(self.row, {"preview": True, self.row.item_id_key: self.script_id})
        answer = self.hook.query(self.family, self.topview_task_id)
        now = time.time()
        self.push_card(
            context,
            late.polling.Wait(self.topview_task_id, now, now, judge, dated=False),
            state="success",
            answer=answer,
        )
        found = late.results.outputs_of(self.row, answer, judge)
        films = {entry["name"]: entry["url"] for entry in reversed(found)}
        if pages_shown():  # TopView's own addresses expire, and an answer may take days
            films = {name: result_path(context["ti"], name) for name in films}
        title = late.results.title_of(self.row, answer, judge)
        product = late.results.values_of(self.row, answer, judge).get("product_name")
        return late.approval.page(title, product, films)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """
        Turn the answer into the result, or into the error it means.

        :param context: Airflow's context.
        :param event: The answer, as Airflow hands it over.
        """
        answer = super().execute_complete(context, event)
        ti, topview_task_id = context["ti"], task_id_of(self.topview_task_id)
        user = answer["responded_by_user"] or {}
        by = user.get("name") or user.get("id")
        if answer["chosen_options"] != [APPROVE]:
            late.approval.rejected(topview_task_id, by or "The default, as nobody answered,", self.on_reject)
        shown = ti.xcom_pull(task_ids=self.task_id, key=SHOWN, map_indexes=ti.map_index)
        shown = shown or late.approval.read(self.hook, topview_task_id, str(self.script_id))
        words = late.approval.words_of_form(shown, answer["params_input"])
        contents = late.approval.edited(shown, words)
        self.log.info("%s approved the script of %s", by or "The default", topview_task_id)
        at = answer["responded_at"].isoformat()
        return late.approval.result(topview_task_id, str(self.script_id), shown, contents, by=by, at=at)

    def validate_params_input(self, params_input: Mapping[str, Any]) -> None:
        """
        Take the fields as they came: they are held against what was shown, in words for people.

        :param params_input: The fields.
        """

    def process_trigger_event_error(self, event: Mapping[str, Any]) -> None:
        """
        Raise what it means that there is no answer.

        :param event: What Airflow says about it.
        :raises TopviewNotApproved: Nobody answered in time.
        :raises TopviewInvalidRequest: Airflow refused the answer.
        """
        topview_task_id = task_id_of(self.topview_task_id)
        if event.get("error_type") == "timeout":
            text = late.approval.unanswered(topview_task_id, str(self.response_timeout))
            raise TopviewNotApproved(text, topview_task_id=topview_task_id)
        reason = str(event.get("error")).strip().partition("\n")[0]
        raise TopviewInvalidRequest(
            f"Airflow refused the answer about the script of marketing_video {topview_task_id}: {reason}. Nothing was "
            "exported; clear this task to ask again",
            topview_task_id=topview_task_id,
        )


def form(shown: Sequence[Mapping[str, Any]]) -> dict[str, Param]:
    """
    Return one field per segment of a script.

    :param shown: The segments.
    """
    fields = {}
    for number, segment in enumerate(shown, 1):
        text = late.approval.text_of(segment)
        # Airflow's form sends null for a field that is emptied, and takes it only where the type says so.
        rules: dict[str, Any] = {"type": "string", "minLength": 1} if text.strip() else {"type": ["null", "string"]}
        title = f"Segment {number} of {len(shown)}"
        fields[late.approval.field(number)] = Param(text, format="multiline", title=title, **rules)
    return fields
