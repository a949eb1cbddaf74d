"""Ask a person about the script of a preview by a file, where Airflow has no forms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import AirflowSensorTimeout, BaseSensorOperator, Context, PokeReturnValue

from topview_provider import late
from topview_provider.exceptions import TopviewError, TopviewInvalidRequest
from topview_provider.waiting import TopviewConnected, switch, task_id_of

INSTRUCTIONS = (
    'Change the words of "text" where you like, then set "approve" to true, or to false to reject the script, and '
    'save. Keep the segments and their "id". "approved_by" may hold your name.'
)


class TopviewScriptApprovalSensor(TopviewConnected, BaseSensorOperator):
    """
    Wait until a person approved, edited or rejected the script of a preview in a JSON file.

    The file is written once and never again: ``{"instructions", "approve": null, "approved_by": "",
    "topview_task_id", "script_id", "segments": [{"id", "text"}]}``. Somebody edits ``text``, sets ``approve`` to true
    or false and saves. A file that cannot be read as JSON is not finished yet. A retry or a clear reads the same file,
    edits included. Works on every Airflow, and in ``airflow dags test``. To mark the task as success in the UI approves
    the script as it is at TopView; let the script update take that (``missing_ok=True``).

    Returns what ``TopviewScriptApprovalOperator`` does; ``approved_by`` is what the file says, or None, and
    ``approved_at`` when the answer was seen.

    :param topview_task_id: Task of the finished preview; the manifest that its operator returns will do. (templated)
    :param path: Where to write the file: local path or URL, any that ``ObjectStoragePath`` knows and the worker can
        read and write. ``{topview_task_id}`` and ``{script_id}`` are filled in. (templated)
    :param script_id: Which script; ``"0"`` is the first. (templated)
    :param on_reject: What a rejection does: ``"fail"`` the task, or ``"skip"`` it and what stands behind it.
    :param mode: ``"reschedule"``, which holds no worker between two looks, or ``"poke"``.
    :param topview_conn_id: Airflow connection of type TopView. (templated)
    :raises TopviewNotApproved: Somebody rejected it; nothing was exported.
    :raises TopviewInvalidRequest: A segment or its words are missing, the file is that of another task, or there is no
        such script.
    :raises TopviewUnavailable: TopView shows no script yet.
    :raises AirflowSensorTimeout: Nobody answered within ``timeout``; nothing was exported.
    """

    template_fields: Sequence[str] = ("topview_task_id", "path", "script_id", "topview_conn_id")
    ui_color = "#d9f0ff"

    def __init__(
        self,
        *,
        topview_task_id: str,
        path: str,
        script_id: str | int = "0",
        on_reject: str = "fail",
        mode: str = "reschedule",
        topview_conn_id: str = "topview_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(mode=mode, **kwargs)
        self.topview_task_id = topview_task_id
        self.path = path
        self.script_id = script_id
        self.on_reject = on_reject
        self.topview_conn_id = topview_conn_id

    def execute(self, context: Context) -> Any:
        """Look for an answer as the mode says; Airflow's own deadline does not say what was waited for."""
        try:
            return super().execute(context)
        except AirflowSensorTimeout as error:
            text = late.approval.unanswered(task_id_of(self.topview_task_id), f"{self.timeout:g} s")
            raise AirflowSensorTimeout(f"{self.filled_in()}: {text}") from error

    def poke(self, context: Context) -> PokeReturnValue:
        """Write the file where there is none, and look whether it holds an answer."""
        from topview_provider.hooks import transfer

        late.approval.refuse_wrong_choice(self.on_reject)
        self.topview_task_id, self.script_id = task_id_of(self.topview_task_id), str(self.script_id)
        target = transfer.file_path(self.filled_in(), "path")
        found = self.found(target)
        if found is None:
            self.ask(target)
        elif (answer := self.decision(found, target)) is not None:
            return PokeReturnValue(is_done=True, xcom_value=self.result(found, answer, target))
        return PokeReturnValue(is_done=False)

    def filled_in(self) -> str:
        """Return the path of this script's file."""
        known = {"{topview_task_id}": self.topview_task_id, "{script_id}": str(self.script_id)}
        path = str(self.path)
        for place, text in known.items():
            path = path.replace(place, text)
        return path

    def found(self, target: Any) -> Any:
        """
        Return what the file holds: None where there is none, nothing sensible where it is half written.

        :param target: ``ObjectStoragePath`` of the file.
        :raises TopviewError: It cannot be read.
        """
        from topview_provider.hooks import transfer

        # A client of an object store remembers its listings, and would not see that the file has changed.
        target.fs.invalidate_cache()
        try:
            return json.loads(target.read_bytes()) or {}
        except FileNotFoundError:
            return None
        except ValueError:
            return {}
        except OSError as error:
            raise TopviewError(f"cannot read {str(target)!r}: {transfer.reason(error)}") from error

    def ask(self, target: Any) -> None:
        """
        Write the script for a person to read.

        :param target: ``ObjectStoragePath`` of the file.
        """
        from topview_provider.hooks import transfer

        shown = late.approval.read(self.hook, self.topview_task_id, str(self.script_id))
        question = {
            "instructions": INSTRUCTIONS,
            "approve": None,
            "approved_by": "",
            "topview_task_id": self.topview_task_id,
            "script_id": self.script_id,
            "segments": [{"id": str(one.get("segId")), "text": late.approval.text_of(one)} for one in shown],
        }
        with transfer.landing(target) as file:
            file.write(json.dumps(question, ensure_ascii=False, indent=2).encode() + b"\n")
        self.log.info("The script waits for approval in %s", target)

    def decision(self, found: Any, target: Any) -> bool | None:
        """
        Return what a person decided; None while nobody has, or what stands there cannot be understood.

        :param found: What the file holds.
        :param target: Where it is.
        :raises TopviewInvalidRequest: It is about another script.
        """
        approve = found.get("approve") if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping) or "approve" not in found:
            self.log.warning("%s is not finished, or no such file as was written there; waiting on", target)
            return None
        whose = (str(found.get("topview_task_id")), str(found.get("script_id")))
        if whose != (self.topview_task_id, self.script_id):
            raise TopviewInvalidRequest(
                f"path: {str(target)!r} holds script {whose[1]} of marketing_video {whose[0]}, not script "
                f"{self.script_id} of {self.topview_task_id}. Put {{topview_task_id}} into the path, or remove the file"
            )
        if approve is None or approve == "":
            return None
        try:
            return switch("approve", approve)
        except TopviewInvalidRequest as error:
            self.log.warning("%s: %s; waiting on", target, error)
            return None

    def result(self, found: Mapping[str, Any], approve: bool, target: Any) -> dict[str, Any]:
        """
        Return what the person approved.

        :param found: What the file holds.
        :param approve: Whether it was approved.
        :param target: Where it is.
        :raises TopviewNotApproved: It was rejected.
        :raises TopviewInvalidRequest: Segments or words are missing.
        """
        by = str(found.get("approved_by") or "").strip() or None
        if not approve:
            again = f'Set "approve" in {str(target)!r} to null or true, then clear this task'
            late.approval.rejected(self.topview_task_id, by or "Somebody", self.on_reject, again)
        shown = late.approval.read(self.hook, self.topview_task_id, str(self.script_id))
        segments = found.get("segments")
        listed = segments if isinstance(segments, list) else []
        given = [one if isinstance(one, Mapping) else {} for one in listed]
        wanted, there = ([str(one.get(key)) for one in part] for part, key in ((shown, "segId"), (given, "id")))
        late.approval.refuse_other_segments(repr(str(target)), wanted, there)
        contents = late.approval.edited(shown, [one.get("text") for one in given])
        at = datetime.now(UTC).isoformat()
        return late.approval.result(self.topview_task_id, str(self.script_id), shown, contents, by=by, at=at)
