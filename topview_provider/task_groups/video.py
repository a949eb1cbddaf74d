"""From a product to the stored video, with or without a person who approves its script first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import TaskGroup

from topview_provider.operators.approval import TopviewScriptApprovalOperator
from topview_provider.operators.script import TopviewMarketingVideoScriptUpdateOperator
from topview_provider.operators.storage import TopviewDownloadOperator, TopviewUploadOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator
from topview_provider.sensors.approval import TopviewScriptApprovalSensor

APPROVALS = ("no", "form", "file")


def marketing_video(
    group_id: str = "marketing_video",
    *,
    path: str,
    approve: str = "no",
    approval_path: str | None = None,
    response_timeout: timedelta | None = None,
    on_reject: str = "fail",
    assigned_users: Any = None,
    sources: Any = None,
    product_link: Any = None,
    product_name: Any = None,
    product_description: Any = None,
    language: Any = None,
    aspect_ratio: Any = None,
    video_length_type: Any = None,
    avatar_id: Any = None,
    voice_id: Any = None,
    caption_id: Any = None,
    outlets: Sequence[Any] | None = None,
    default_args: dict[str, Any] | None = None,
) -> TaskGroup:
    """
    Return a task group that makes a marketing video and stores it.

    Its tasks are ``upload`` (with ``sources``), ``make_video`` and ``download``; with an approval ``upload``,
    ``preview``, ``approve``, ``write_script``, ``export`` and ``download``: the preview is free, the export is paid.
    Take a result by ``group.get_child_by_label("download").output``. Whatever may be a template or the output of a task
    for an operator may be one here. Every other argument of the operators (``deferrable``, ``topview_conn_id``,
    ``pool``, ``retries``, ``max_credits``) goes into ``default_args``; a form waits in Airflow's default pool.

    :param group_id: Name of the group, which Airflow puts before those of its tasks.
    :param path: Where to store the video, as ``path`` of ``TopviewDownloadOperator``.
    :param approve: ``"no"``; ``"form"``: a person approves or edits the script in Airflow's UI (Airflow 3.1 and later);
        ``"file"``: in a JSON file.
    :param approval_path: With ``"file"``: where to write it, as ``path`` of ``TopviewScriptApprovalSensor``.
    :param response_timeout: How long to wait for an answer; by default for ever with ``"form"``, and seven days with
        ``"file"``, as Airflow's sensors do.
    :param on_reject: What a rejection does: ``"fail"`` or ``"skip"``.
    :param assigned_users: With ``"form"``: who may answer, each as ``{"id": ..., "name": ...}``; by default whoever may
        edit the DAG's runs.
    :param sources: Pictures or videos to upload, any that ``ObjectStoragePath`` knows: a list of paths or URLs, or the
        output of a task that returns one.
    :param product_link: Page of the product; wins over ``sources``.
    :param product_name: Required without ``product_link``.
    :param product_description: Required without ``product_link``.
    :param language: Spoken language, such as ``en`` (TopView's default), ``de``, ``zh-CN``.
    :param aspect_ratio: ``9:16`` (TopView's default), ``3:4``, ``1:1``, ``4:3`` or ``16:9``.
    :param video_length_type: 1 = 30 to 50 s (TopView's default), 2 = 15 to 30 s, 3 = 30 to 45 s, 4 = 45 to 60 s.
    :param avatar_id: Avatar; ``TopviewChooseAvatarOperator`` finds one by name.
    :param voice_id: Voice; ``TopviewChooseVoiceOperator`` finds one by name.
    :param caption_id: Caption style, from ``TopviewCaptionListOperator``; a random one by default.
    :param outlets: Assets of the stored video.
    :param default_args: Arguments of every task of the group.
    :raises ValueError: ``approve`` is none of its choices, or ``"file"`` has no ``approval_path``.
    """
    if approve not in APPROVALS or (approve == "file" and not approval_path):
        raise ValueError(f"approve={approve!r}: give one of {', '.join(APPROVALS)}, and an approval_path with 'file'")
    product = {"product_link": product_link, "product_name": product_name, "product_description": product_description}
    looks = {"aspect_ratio": aspect_ratio, "video_length_type": video_length_type, "caption_id": caption_id}
    speech = {"language": language, "avatar_id": avatar_id, "voice_id": voice_id}
    with TaskGroup(group_id=group_id, default_args=default_args or {}) as group:  # type: ignore[arg-type]
        file_ids = None
        if sources is not None:
            file_ids = TopviewUploadOperator.partial(task_id="upload").expand(source=sources).output
        given = {"file_ids": file_ids, **product, **looks, **speech}
        if approve == "no":
            made: Any = TopviewMarketingVideoOperator(task_id="make_video", **given)
        else:
            preview: Any = TopviewMarketingVideoOperator(task_id="preview", preview=True, **given)
            asked = {"topview_task_id": preview.output["topview_task_id"], "on_reject": on_reject}
            if approve == "form":
                # Below Airflow 3.3 a form waits deferred: for days it would hold a slot of the pool that bounds videos.
                form = {"response_timeout": response_timeout, "assigned_users": assigned_users}
                asked |= {**form, "pool": "default_pool"}
            else:
                asked |= {"path": approval_path, **_seconds(response_timeout)}
            made = _export(asked, form=approve == "form")
        _stored(made, path, outlets)
    return group


def _seconds(timeout: timedelta | None) -> dict[str, float]:
    return {} if timeout is None else {"timeout": timeout.total_seconds()}


def _export(asked: dict[str, Any], *, form: bool) -> TopviewMarketingVideoExportOperator:
    kind: Any = TopviewScriptApprovalOperator if form else TopviewScriptApprovalSensor
    topview_task_id = asked["topview_task_id"]
    update = TopviewMarketingVideoScriptUpdateOperator(
        task_id="write_script",
        topview_task_id=topview_task_id,
        script_contents=kind(task_id="approve", **asked).output,
        missing_ok=True,
    )
    export = TopviewMarketingVideoExportOperator(task_id="export", topview_task_id=topview_task_id)
    update >> export
    return export


def _stored(made: Any, path: str, outlets: Sequence[Any] | None) -> None:
    TopviewDownloadOperator(
        task_id="download",
        family=made.family,
        topview_task_id=made.output["topview_task_id"],
        path=path,
        outlets=list(outlets or ()),
    )
