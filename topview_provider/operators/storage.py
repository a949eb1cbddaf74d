"""Files in and out: local paths and everything that Airflow's ``ObjectStoragePath`` knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator, Context

from topview_provider import catalog, results

if TYPE_CHECKING:
    from topview_provider.hooks.topview import TopviewHook


class TopviewUploadOperator(BaseOperator):
    """
    Upload a file to TopView and return its ``fileId``, the input of every other operator.

    The file is streamed. It is ready when the task ends: TopView's upload check has said so.

    :param source: Local path or URL of the file, any that ``ObjectStoragePath`` knows; not empty. (templated)
    :param file_format: ``mp4``, ``mov``, ``avi``, ``png``, ``jpg``, ``jpeg``, ``bmp``, ``webp``, ``mp3``, ``wav`` or
        ``m4a``; by default the extension of the source. (templated)
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :raises TopviewInvalidRequest: The file is missing, empty, or of a format TopView does not take.
    :raises TopviewUnavailable: The storage did not take it, or TopView does not see it.

    Source: https://docs.topview.ai/reference/upload-api-usage
    """

    template_fields: Sequence[str] = ("source", "file_format", "topview_conn_id")
    ui_color = "#e6e0ff"

    def __init__(
        self,
        *,
        source: str,
        file_format: str | None = None,
        topview_conn_id: str = "topview_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.file_format = file_format
        self.topview_conn_id = topview_conn_id

    def execute(self, context: Context) -> str:
        """Upload the file and return its ``fileId``."""
        from topview_provider.hooks.topview import TopviewHook

        return TopviewHook(self.topview_conn_id).upload(self.source, file_format=self.file_format or None)


class TopviewDownloadOperator(BaseOperator):
    """
    Fetch the files of a finished task to storage.

    TopView's result URLs expire, so this asks for a fresh one first, whatever the age of the task. The file is streamed
    under a temporary name and moved when it is complete; a target that already has the right length is not fetched
    again. The result is the path, or the list of paths with ``index="all"``; each outlet gets an asset event with
    ``uri``, ``topview_task_id`` and ``family``.

    :param family: Family of the task, such as ``marketing_video``. (templated)
    :param topview_task_id: The task. (templated)
    :param path: Where to: local path or URL, any that ``ObjectStoragePath`` knows. ``{topview_task_id}``, ``{index}``,
        ``{item_id}``, ``{language}`` and ``{ext}`` (of the file at TopView) are filled in. (templated)
    :param output: Which output of the family: ``video``, ``cover``, ``image``, ... (templated)
    :param index: Which of several, from 0, or ``"all"``. (templated)
    :param preview: For marketing videos: the preview instead of the export. (templated)
    :param script_id: For marketing videos: only the video of this script. (templated)
    :param need_cloud_front_url: Fetch from CloudFront instead of S3.
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :raises TopviewInvalidRequest: The family has no such output, or ``path`` would be written twice.
    :raises TopviewUnavailable: The task is not finished, or the file was cut short.
    :raises TopviewNotFound: TopView no longer has the task, or a fresh URL of it is refused twice.
    """

    template_fields: Sequence[str] = (
        "family",
        "topview_task_id",
        "path",
        "output_name",
        "index",
        "preview",
        "script_id",
        "topview_conn_id",
    )
    ui_color = "#e6e0ff"

    def __init__(
        self,
        *,
        family: str,
        topview_task_id: str,
        path: str,
        output: str = "video",
        index: int | str = 0,
        preview: bool | str = False,
        script_id: str | int | None = None,
        need_cloud_front_url: bool = False,
        topview_conn_id: str = "topview_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.family = family
        self.topview_task_id = topview_task_id
        self.path = path
        # BaseOperator has a property of the name "output" already
        self.output_name = output
        self.index = index
        self.preview = preview
        self.script_id = script_id
        self.need_cloud_front_url = need_cloud_front_url
        self.topview_conn_id = topview_conn_id

    def execute(self, context: Context) -> str | list[str]:
        """Fetch the files and return where they are."""
        from topview_provider.hooks.topview import TopviewHook

        hook = TopviewHook(self.topview_conn_id)
        chosen = self.outputs(hook)
        targets = self.targets(chosen)
        stored = [self.fetch(hook, entry, target) for entry, target in zip(chosen, targets, strict=True)]
        for outlet in self.outlets or ():
            about: dict[str, Any] = {
                "uri": stored[0],
                "topview_task_id": str(self.topview_task_id),
                "family": self.family,
            }
            context["outlet_events"][outlet].extra = about
        return stored if str(self.index) == "all" else stored[0]

    def outputs(self, hook: TopviewHook) -> list[dict[str, Any]]:
        """
        Ask for fresh URLs and return the chosen outputs.

        :raises TopviewUnavailable: The task is not finished.
        :raises TopviewInvalidRequest: There is no such output.
        """
        from topview_provider.exceptions import TopviewInvalidRequest, TopviewUnavailable

        row = self.row()
        judge = row.judge({"preview": self.preview, row.item_id_key: self.script_id})
        answer = hook.query(self.family, str(self.topview_task_id), cloud_front=bool(self.need_cloud_front_url))
        state = results.state_of(row, answer, judge)
        if state.phase is not results.Phase.SUCCESS:
            raise TopviewUnavailable(
                f"{self.family} {self.topview_task_id} is not finished: {state.word or 'no state'}"
            )
        found = [entry for entry in results.outputs_of(row, answer, judge) if entry["name"] == self.output_name]
        wanted = [entry for entry in found if str(self.index) in ("all", str(entry["index"]))]
        if not wanted:
            raise TopviewInvalidRequest(
                f"{self.family} {self.topview_task_id} has {len(found)} {self.output_name!r} outputs, none with index "
                f"{self.index!r}"
            )
        return wanted

    def row(self) -> catalog.TaskFamily:
        """
        Return the row of the family.

        :raises TopviewInvalidRequest: There is no such family, or it has no such output.
        """
        from topview_provider.exceptions import TopviewInvalidRequest

        try:
            row = catalog.family(self.family)
        except KeyError as error:
            raise TopviewInvalidRequest(f"family: {error.args[0]}") from None
        names = [output.name for output in row.outputs]
        if self.output_name not in names:
            raise TopviewInvalidRequest(f"output: {self.output_name!r} is not among those of {self.family}: {names}")
        return row

    def targets(self, chosen: list[dict[str, Any]]) -> list[str]:
        """
        Return the path of each chosen output.

        :raises TopviewInvalidRequest: Two of them would be the same.
        """
        from topview_provider.exceptions import TopviewInvalidRequest

        targets = []
        for entry in chosen:
            target = str(self.path)
            suffix = entry["url"].split("?")[0].rpartition("/")[2].rpartition(".")[2]
            for name, value in {**entry, "ext": suffix, "topview_task_id": self.topview_task_id}.items():
                target = target.replace("{" + name + "}", "" if value is None else str(value))
            targets.append(target)
        if len(set(targets)) < len(targets):
            raise TopviewInvalidRequest(f"path: {self.path!r} is the same for several files; use {{index}} in it")
        return targets

    def fetch(self, hook: TopviewHook, entry: dict[str, Any], target: str) -> str:
        """Fetch one output; a URL that is refused is asked for anew once."""
        from topview_provider.exceptions import TopviewNotFound
        from topview_provider.hooks.topview import storage_path

        where = storage_path(target)
        try:
            size = hook.download(entry["url"], where)
        except TopviewNotFound:
            self.log.info("The result URL is refused; asking TopView for a fresh one")
            fresh = next(one for one in self.outputs(hook) if one["index"] == entry["index"])
            size = hook.download(fresh["url"], where)
        self.log.info("%s %s is at %s (%d bytes)", self.family, self.output_name, where, size)
        return target
