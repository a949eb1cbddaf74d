"""The account: credits, space, callback address; and what can be deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import AirflowSkipException, Context

from topview_provider import late
from topview_provider.exceptions import TopviewInsufficientCredits
from topview_provider.operators.listing import TopviewActionOperator, TopviewListOperator


class TopviewCreditDetailOperator(TopviewActionOperator):
    """
    Read the balance of the account, and guard what stands behind this task; free.

    Returns ``uid``, ``remainCredit``, ``expiredTime``. The list of keys in TopView's answer is dropped. API credits and
    subscription credits are two balances, as users report; this is the first.

    :param min_credits: Fewest credits that must remain; by default there is no such limit. (templated)
    :param on_low: What a balance below that does: ``"fail"``, or ``"skip"`` this task and what stands behind it.
    :raises TopviewInsufficientCredits: Fewer credits remain, and ``on_low`` is ``"fail"``.
    :raises TopviewInvalidRequest: One of the two arguments is wrong; nothing was asked.

    Source: https://docs.topview.ai/reference/query_user_credit
    """

    listing = "credit_detail"
    own_arguments = ("min_credits", "on_low")
    shared_template_fields = ("topview_conn_id", "min_credits")

    def __init__(
        self,
        *,
        min_credits: float | str | None = None,
        on_low: str = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.min_credits = min_credits
        self.on_low = on_low

    def execute(self, context: Context) -> Any:
        """Return the account if its balance suffices."""
        least = late.budget.amount("min_credits", self.min_credits)
        late.budget.chosen("on_low", self.on_low, ("fail", "skip"))
        account = super().execute(context)
        if least is not None:
            self.refuse_below(least, account)
        return account

    def refuse_below(self, least: float, account: Any) -> None:
        """
        Fail or skip if the balance of an account is below a limit.

        :param least: Fewest credits that must remain.
        :param account: What TopView said of it.
        :raises TopviewInsufficientCredits: It is.
        :raises AirflowSkipException: It is, and the task shall be skipped then.
        """
        from topview_provider.hooks.requesting import balance_of

        balance = balance_of(account if isinstance(account, Mapping) else {})
        if balance >= least:
            return
        text = (
            f"{balance:g} credits remain at TopView ({self.topview_conn_id}), fewer than the {least:g} of min_credits"
        )
        if self.on_low == "skip":
            raise AirflowSkipException(text)
        raise TopviewInsufficientCredits(f"{text}. Top up at TopView, then clear this task")


class TopviewCreditLogsOperator(TopviewListOperator):
    """
    List charges; the way to learn what a marketing video cost.

    Returns ``uid``, ``date``, ``costCredit``, ``taskId``, ``taskType`` of each. The API key in TopView's answer is
    dropped.

    :param charge_type: Such as ``m2v`` (marketing video), ``video_avatar``, ``voice_clone``; other values pass.
        (templated)
    :param start_time: Datetime, or text in ISO 8601 or as ``yyyy-MM-dd HH:mm:ss``; sent in UTC, and one without a time
        zone is taken for UTC. (templated)
    :param end_time: The same. (templated)
    :param page_no: First page to read. (templated)
    :param page_size: Items per page. (templated)

    Source: https://docs.topview.ai/reference/query_credit_logs
    """

    listing = "credit_logs"

    def __init__(
        self,
        *,
        charge_type: str | None = None,
        start_time: datetime | str | None = None,
        end_time: datetime | str | None = None,
        page_no: int | str | None = None,
        page_size: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.charge_type = charge_type
        self.start_time = start_time
        self.end_time = end_time
        self.page_no = page_no
        self.page_size = page_size


class TopviewUserSpaceOperator(TopviewActionOperator):
    """
    Read how much disk space the account uses; free.

    Returns ``uid``, ``usedDiskSpace`` and ``maxDiskSpace``, each with ``size`` and ``unit``. TopView's page shows the
    fields outside ``result``, so both places are read.

    Source: https://docs.topview.ai/reference/get_new-endpoint-42
    """

    listing = "user_space"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


class TopviewNoticeUrlCheckOperator(TopviewActionOperator):
    """
    Ask TopView to check a callback address.

    Returns TopView's ``result`` as it came: its answer is not documented, and code 200 alone counts as success.

    :param notice_url: Address that TopView shall POST to. (templated)
    :raises TopviewInvalidRequest: TopView does not accept the address.

    Source: https://docs.topview.ai/reference/post_notice-notice-url-check
    """

    listing = "notice_url_check"

    def __init__(
        self,
        *,
        notice_url: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.notice_url = notice_url


class TopviewCustomAvatarDeleteOperator(TopviewActionOperator):
    """
    Delete an own photo avatar template.

    Returns None. Whether it also removes avatars that :class:`TopviewVideoAvatarOperator` saved is unknown: TopView's
    answer is shown.

    :param avatar_id: Id of the template; sent in the query string (``aiAvatarId``). (templated)
    :raises TopviewNotFound: TopView does not know the id.

    Source: https://docs.topview.ai/reference/delete_custom_avatar
    """

    listing = "custom_avatar_delete"

    def __init__(
        self,
        *,
        avatar_id: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.avatar_id = avatar_id


class TopviewCustomVoiceDeleteOperator(TopviewActionOperator):
    """
    Delete an own voice clone.

    Returns None.

    :param voice_id: The clone; sent in the query string. (templated)
    :raises TopviewNotFound: TopView does not know the id.

    Source: vendor client only
    """

    listing = "custom_voice_delete"

    def __init__(
        self,
        *,
        voice_id: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.voice_id = voice_id
