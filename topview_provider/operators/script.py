"""Marketing videos of the account, and the script of a preview: read it, edit it, then export."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import Context

from topview_provider import late
from topview_provider.operators.listing import TopviewActionOperator, TopviewListOperator

if TYPE_CHECKING:
    from topview_provider.hooks.topview import TopviewHook

SETTLE_SECONDS = 60.0


class TopviewMarketingVideoTaskListOperator(TopviewListOperator):
    """
    List the marketing videos of the account.

    Returns ``taskId``, ``status``, ``errorMsg``, ``productName``, ``gmtCreate`` of each. ``fields`` may name
    ``productDescription`` and ``diskSpace`` too. TopView does not say in which form the list comes: a page or a bare
    list is read.

    :param page_no: First page to read. (templated)
    :param page_size: Items per page. (templated)

    Source: https://docs.topview.ai/reference/avatar_marketing_video_list_task
    """

    listing = "marketing_video_task_list"

    def __init__(
        self,
        *,
        page_no: int | str | None = None,
        page_size: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.page_no = page_no
        self.page_size = page_size


class TopviewMarketingVideoScriptListOperator(TopviewListOperator):
    """
    Read the scripts of a preview.

    Returns one entry per script: ``scriptId`` and ``scriptContents``, a list of ``segId`` and ``segText``. A single
    object instead of a list, which TopView's page shows, becomes a list of one.

    :param topview_task_id: Task of the preview (``taskId``). (templated)

    Source: https://docs.topview.ai/reference/avatar_marketing_video_list_script_content
    """

    listing = "marketing_video_script_list"

    def __init__(self, *, topview_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.topview_task_id = topview_task_id


class TopviewMarketingVideoScriptUpdateOperator(TopviewActionOperator):
    """
    Replace the script of a preview before its export.

    A script that reads so already is left alone, and None is returned; otherwise TopView's answer. TopView may take the
    change in later (it has a callback type for it), so the script list is read until it shows the new text, for at
    most a minute.

    :param topview_task_id: Task of the preview (``taskId``). (templated)
    :param script_contents: The whole script: ``[{"segId": "0", "segText": "..."}, ...]``; segments may be added or
        dropped. The result of an approval will do. (templated)
    :param script_id: Which script; ``"0"`` is the first. Sent as text. (templated)
    :param missing_ok: Leave the script alone where ``script_contents`` is None, as an approval leaves it that somebody
        marked as success: it means "approved as it is".
    :raises TopviewInvalidRequest: A field is missing or wrong.
    :raises TopviewUnavailable: The script list does not show the new text after a minute.

    Source: https://docs.topview.ai/reference/avatar_marketing_video_update_script_content
    """

    listing = "marketing_video_script_update"
    own_arguments = ("missing_ok",)

    def __init__(
        self,
        *,
        topview_task_id: str,
        script_contents: list[dict[str, Any]] | dict[str, Any] | str | None,
        script_id: str | int = "0",
        missing_ok: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.topview_task_id = topview_task_id
        self.script_contents = script_contents
        self.script_id = script_id
        self.missing_ok = missing_ok

    def execute(self, context: Context) -> Any:
        """Replace the script unless it reads so already, and wait until TopView shows it."""
        if isinstance(self.script_contents, Mapping) and "script_contents" in self.script_contents:
            self.script_contents = self.script_contents["script_contents"]
        if self.script_contents is None and self.missing_ok:
            self.log.info("No script was given; that of %s stays as it is", self.topview_task_id)
            return None
        body = self.request({})
        wanted = [(str(segment["segId"]), str(segment["segText"])) for segment in body["scriptContents"]]
        if segments(self.hook, body["taskId"], body["scriptId"]) == wanted:
            self.log.info("The script of %s reads so already; nothing was written", self.topview_task_id)
            return None
        result = super().execute(context)
        self.settle(body, [text for _, text in wanted])
        return result

    def settle(self, body: Mapping[str, Any], wanted: list[str]) -> None:
        """
        Wait until TopView shows the new text.

        :param body: What was sent.
        :param wanted: The text of each segment.
        :raises TopviewUnavailable: It does not after a minute.
        """
        from topview_provider.exceptions import TopviewUnavailable

        end = time.monotonic() + SETTLE_SECONDS
        while [text for _, text in segments(self.hook, body["taskId"], body["scriptId"])] != wanted:
            if time.monotonic() > end:
                raise TopviewUnavailable(
                    f"TopView took the script of {self.topview_task_id} but does not show it after {SETTLE_SECONDS:g} s"
                )
            time.sleep(2)


def segments(hook: TopviewHook, topview_task_id: str, script_id: str) -> list[tuple[str, str]]:
    """
    Return ``segId`` and ``segText`` of a script as TopView shows it now, as text; none if there is no such script.

    :param hook: Hook of the connection.
    :param topview_task_id: Task of the preview.
    :param script_id: Which script.
    """
    scripts = hook.list("marketing_video_script_list", topview_task_id=topview_task_id)
    found = late.approval.script_of(scripts, script_id)
    return [(str(segment.get("segId")), str(segment.get("segText"))) for segment in found]
