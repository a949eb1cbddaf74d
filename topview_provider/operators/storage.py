"""Files in and out: local paths and everything that Airflow's ``ObjectStoragePath`` knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.providers.common.compat.sdk import BaseOperator, Context

from topview_provider import catalog, late
from topview_provider.tracing import TopviewTraced
from topview_provider.waiting import count, task_id_of

if TYPE_CHECKING:
    from topview_provider.hooks.topview import TopviewHook
    from topview_provider.ledger.records import Purchase
    from topview_provider.results import State


class TopviewUploadOperator(TopviewTraced, BaseOperator):
    """
    Upload a file to TopView and return its ``fileId``, the input of every other operator.

    The file is streamed. It is ready when the task ends: TopView's upload check has said so. An upload that is cut or
    refused begins anew with a fresh credential, three times in all. A retry or a clear returns the same ``fileId`` as
    long as the source has not changed and TopView still has the file, so that what is made of it is not bought again.
    Of the source its URL, length and ETag, or the time of its last change, are compared.

    :param source: Local path or URL of the file, any that ``ObjectStoragePath`` knows; not empty. (templated)
    :param file_format: ``mp4``, ``mov``, ``avi``, ``png``, ``jpg``, ``jpeg``, ``bmp``, ``webp``, ``mp3``, ``wav`` or
        ``m4a``; by default the extension of the source. (templated)
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :raises TopviewInvalidRequest: The file is missing, empty, or of a format TopView does not take.
    :raises TopviewUnavailable: The storage did not take it, or TopView does not see it.
    :raises TopviewError: The ledger cannot be read or written, nor the source be read, or its length changed meanwhile.

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
        """Upload the file, unless TopView still has what an earlier attempt sent, and return its ``fileId``."""
        from topview_provider.hooks.topview import TopviewHook

        hook, book = TopviewHook(self.topview_conn_id), late.book.Ledger.of(context)
        fresh = late.book.begun(self.identity(hook), late.rules.Attempt.of(context, self.retries or 0))
        record = book.read()
        if record and record.fingerprint == fresh.fingerprint and record.kept and hook.has_file(str(record.kept)):
            self.log.info("TopView has this file already, as fileId %s", record.kept)
            return self.uploaded(hook, str(record.kept))
        file_id = hook.upload(self.source, file_format=self.file_format or None)
        book.write(replace(fresh, outcome="success", kept=file_id))
        return self.uploaded(hook, file_id)

    def uploaded(self, hook: TopviewHook, file_id: str) -> str:
        """Note for OpenLineage what went where, and return the ``fileId``."""
        lineage, host = late.lineage, hook.settings.base_url
        read, made = lineage.dataset(str(self.source)), lineage.at_topview(host, "file", file_id)
        self._trace = lineage.Trace(host, "", (read,), (made,))
        return file_id

    def identity(self, hook: TopviewHook) -> Purchase:
        """
        Return what identifies the file at TopView: where it is from, its length and version, format and account.

        :param hook: Hook of the connection.
        """
        from topview_provider.hooks import transfer
        from topview_provider.hooks.topview import storage_path

        path = storage_path(self.source)
        given = {"source": str(path), "format": self.file_format, "size": transfer.upload_size(path)}
        version = {"version": transfer.version_of(path)}
        return late.records.purchase("upload_file", {**given, **version}, hook.settings.base_url, hook.uid)


class TopviewDownloadOperator(TopviewTraced, BaseOperator):
    """
    Fetch the files of a finished task to storage.

    TopView's result URLs expire, so this asks for a fresh one first, whatever the age of the task, and again when one
    expires on the way. The file is streamed under a temporary name and moved when it is complete; where the storage
    sends a checksum (``Content-MD5``, or S3's SHA-256, SHA-1 or CRC-32 of the whole file), it is proven, too. A cut
    download goes on where it was cut, as long as the storage says that it is the same file. A line may be slow, but no
    byte for the connection's ``read_timeout`` is a cut; ``execution_timeout`` bounds the whole.

    A complete target is not fetched again when the storage proves that it is the same file: by its length and a
    checksum. The result is the path, or the list of paths with ``index="all"``; then the first error ends the task when
    the files under way are there, no other is begun, and what has landed stays. Each outlet gets an asset event with
    ``uri`` (of the first file), ``topview_task_id``, ``family``, ``state``, ``language``, ``cost_credit`` and, with
    ``index="all"``, ``count``; an outlet that is an alias gets an asset for each file.

    :param family: Family of the task, such as ``marketing_video``. (templated)
    :param topview_task_id: The task; the manifest that its operator returns will do. (templated)
    :param path: Where to: local path or URL of a file, any that ``ObjectStoragePath`` knows. ``{topview_task_id}``,
        ``{index}``, ``{item_id}``, ``{language}`` and ``{ext}`` (of the file at TopView, ``bin`` where it has none) are
        filled in; other braces stay. (templated)
    :param output: Which output of the family: ``video``, ``cover``, ``image``, ... The result of another task may be
        given here or in ``.expand``; in ``.partial`` Airflow would not wait for that task, so put it upstream there.
        (templated)
    :param index: Which of several, from 0, or ``"all"``. (templated)
    :param preview: For marketing videos: the preview instead of the export. (templated)
    :param script_id: For marketing videos: only the video of this script. (templated)
    :param need_cloud_front_url: Fetch from CloudFront instead of S3.
    :param parallel: With ``index="all"``: how many files are fetched at once, from 1. (templated)
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :raises TopviewInvalidRequest: The family has no such output, ``path`` is a folder, empty, or would be written
        twice, or ``parallel`` is no whole number from 1.
    :raises TopviewTaskFailed: The task failed at TopView.
    :raises TopviewUnavailable: The task is not finished, or a file was cut again and again.
    :raises TopviewNotFound: TopView no longer has the task, or a fresh URL of it is refused.
    :raises TopviewError: The target cannot be written.
    """

    template_fields: Sequence[str] = (
        "family",
        "topview_task_id",
        "path",
        "output_name",
        "index",
        "preview",
        "script_id",
        "parallel",
        "topview_conn_id",
    )
    ui_color = "#e6e0ff"
    _stop: Event | None = None
    _cost: float | None = None

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
        parallel: int | str = 4,
        topview_conn_id: str = "topview_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.family = family
        self.topview_task_id = topview_task_id
        self.path = path
        # BaseOperator has a read-only property "output". Airflow finds upstreams by attribute, so .partial misses one.
        self.output_name = output
        self.index = index
        self.preview = preview
        self.script_id = script_id
        self.need_cloud_front_url = need_cloud_front_url
        self.parallel = parallel
        self.topview_conn_id = topview_conn_id

    def execute(self, context: Context) -> str | list[str]:
        """Fetch the files and return where they are."""
        self.topview_task_id = task_id_of(self.topview_task_id)
        from topview_provider.hooks import transfer
        from topview_provider.hooks.topview import TopviewHook

        transfer.file_path(self.path, "path")  # what is wrong before anything is filled in need not be asked for
        self.parallel = count("parallel", self.parallel)
        hook = TopviewHook(self.topview_conn_id)
        chosen = self.outputs(hook)
        targets = self.targets(chosen)
        stored = self.fetch_all(hook, chosen, targets)
        self.landed(context, hook, chosen, stored)
        return stored if str(self.index) == "all" else stored[0]

    def landed(self, context: Context, hook: TopviewHook, chosen: list[dict[str, Any]], stored: list[str]) -> None:
        """Tell outlets and OpenLineage what is where."""
        lineage, host, name = late.lineage, hook.settings.base_url, str(self.topview_task_id)
        read, made = lineage.at_topview(host, self.family, name), (lineage.dataset(path) for path in stored)
        self._trace = lineage.Trace(host, name, (read,), (*made,))
        if self.outlets:
            late.assets.emit(context, self.outlets, self.about(context, chosen, stored), stored)

    def about(self, context: Context, chosen: list[dict[str, Any]], stored: list[str]) -> dict[str, Any]:
        """Return what an asset event says; what TopView's answer does not tell, the card of the task upstream does."""
        count = {"count": len(stored)} if str(self.index) == "all" else {}
        told = {"language": chosen[0]["language"], "cost_credit": self._cost}
        known = {name: value for name, value in told.items() if value is not None}
        own = {"topview_task_id": str(self.topview_task_id), "family": self.family, "state": "success"}
        return {**late.assets.about({**self.card(context), **known, **own}, stored[0]), **count}

    def card(self, context: Context) -> Mapping[str, Any]:
        """Return the card that a task upstream left about this TopView task; empty where there is none."""
        found = context["ti"].xcom_pull(task_ids=sorted(self.upstream_task_ids), key="topview") or ()
        cards = (card for card in found if isinstance(card, Mapping))
        return next((card for card in cards if card.get("topview_task_id") == self.topview_task_id), {})

    def outputs(self, hook: TopviewHook) -> list[dict[str, Any]]:
        """
        Ask for fresh URLs and return the chosen outputs.

        :raises TopviewTaskFailed: The task failed at TopView.
        :raises TopviewUnavailable: The task is not finished.
        :raises TopviewInvalidRequest: There is no such output.
        """
        from topview_provider.exceptions import TopviewInvalidRequest

        found = self.named(hook)
        wanted = [entry for entry in found if str(self.index) in ("all", str(entry["index"]))]
        if not wanted:
            raise TopviewInvalidRequest(
                f"{self.family} {self.topview_task_id} has {len(found)} {self.output_name!r} outputs, none with index "
                f"{self.index!r}"
            )
        return wanted

    def named(self, hook: TopviewHook) -> list[dict[str, Any]]:
        """
        Ask for fresh URLs and return the outputs of the chosen name.

        :raises TopviewTaskFailed: The task failed at TopView.
        :raises TopviewUnavailable: The task is not finished.
        """
        from topview_provider.hooks import requesting

        row = self.row()
        judge = requesting.judge(row, {"preview": self.preview, row.item_id_key: self.script_id})
        answer = hook.query(self.family, str(self.topview_task_id), cloud_front=bool(self.need_cloud_front_url))
        self.refuse_unless_finished(late.results.state_of(row, answer, judge))
        self._cost = late.results.cost_of(row, answer)
        return [entry for entry in late.results.outputs_of(row, answer, judge) if entry["name"] == self.output_name]

    def refuse_unless_finished(self, state: State) -> None:
        """
        Raise if there is nothing to fetch.

        :raises TopviewTaskFailed: The task failed at TopView.
        :raises TopviewUnavailable: The task is not finished.
        """
        from topview_provider.exceptions import TopviewTaskFailed, TopviewUnavailable

        about, topview_task_id = f"{self.family} {self.topview_task_id}", str(self.topview_task_id)
        if state.phase is late.results.Phase.FAILED:
            reason = state.message or state.word
            raise TopviewTaskFailed(
                f"{about} failed at TopView: {reason}; there is nothing to fetch", topview_task_id=topview_task_id
            )
        if state.phase is not late.results.Phase.SUCCESS:
            raise TopviewUnavailable(
                f"{about} is not finished: {state.word or 'no state'}", topview_task_id=topview_task_id
            )

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

        :raises TopviewInvalidRequest: One of them is a folder, or two would be the same.
        """
        from topview_provider.exceptions import TopviewInvalidRequest
        from topview_provider.hooks import transfer

        targets = [self.filled_in(entry) for entry in chosen]
        if len(set(targets)) < len(targets):
            raise TopviewInvalidRequest(f"path: {self.path!r} is the same for several files; use {{index}} in it")
        for target in targets:
            transfer.file_path(target, "path")
        return targets

    def filled_in(self, entry: Mapping[str, Any]) -> str:
        """Return the path of one output; what an output says may hold braces too, so all are filled in at once."""
        suffix = urlsplit(entry["url"]).path.rpartition("/")[2].rpartition(".")
        known = {name: entry[name] for name in ("index", "item_id", "language")}
        known |= {"topview_task_id": self.topview_task_id, "ext": (suffix[1] and suffix[2]) or "bin"}
        texts = {name: "" if value is None else str(value) for name, value in known.items()}
        return re.sub(f"{{({'|'.join(texts)})}}", lambda place: texts[place[1]], str(self.path))

    def fetch_all(self, hook: TopviewHook, chosen: list[dict[str, Any]], targets: list[str]) -> list[str]:
        """
        Fetch the chosen outputs, several at once, and return where they are.

        :param hook: Hook of the connection.
        :param chosen: What to fetch.
        :param targets: Where to, one for each.
        """
        from topview_provider.hooks.abreast import abreast

        self._stop, asking = Event(), Lock()
        works = [partial(self.fetch, hook, *job, asking) for job in zip(chosen, targets, strict=True)]
        return abreast(works, min(int(self.parallel), len(works)), self._stop) if len(works) > 1 else [works[0]()]

    def fetch(self, hook: TopviewHook, entry: dict[str, Any], target: str, asking: Lock) -> str:
        """
        Fetch one output and return where it is; a URL that has expired is asked for anew.

        :param hook: Hook of the connection.
        :param entry: The output.
        :param target: Where to.
        :param asking: Held while TopView is asked: the hook has one session.
        :raises TopviewNotFound: A fresh URL is refused, or the task no longer has this output.
        :raises TopviewError: It cannot be had or written; the text names the task and its output.
        """
        from topview_provider.exceptions import TopviewError, TopviewNotFound
        from topview_provider.hooks.topview import storage_path

        about, topview_task_id = f"{self.family} {self.topview_task_id}", str(self.topview_task_id)

        def renew() -> str:
            with asking:
                fresh = same(entry, self.named(hook))
            if fresh is None:
                raise TopviewNotFound(f"it no longer has output {entry['index']}")
            return str(fresh["url"])

        where = storage_path(target)
        try:
            size = hook.download(entry["url"], where, renew=renew, stop=self._stop)
        except TopviewError as error:
            said = f"{about}, {self.output_name} {entry['index']}: {error}"
            raise type(error)(
                said, code=error.code, topview_task_id=topview_task_id, retry_after=error.retry_after
            ) from error
        self.log.info("%s %s is at %s (%d bytes)", self.family, self.output_name, where, size)
        return target

    def on_kill(self) -> None:
        """
        End the downloads at their next bytes; what they wrote is removed then.

        Where a storage is silent, that is after ``read_timeout``; of several the task does not wait for such a one.
        """
        if self._stop:
            self._stop.set()


def same(entry: Mapping[str, Any], answer: list[dict[str, Any]]) -> dict[str, Any] | None:
    """
    Return an output as a fresh answer has it; None where that has it no more.

    Another answer may list the items in another order, so the place counts only where nothing tells them apart.

    :param entry: The output.
    :param answer: Outputs of this name in the fresh answer.
    """
    alike = [one for one in answer if all(one[mark] == entry[mark] for mark in ("item_id", "language"))]
    if len(alike) == 1 and entry["item_id"] is not None:
        return alike[0]
    return next((one for one in alike if one["index"] == entry["index"]), None)
