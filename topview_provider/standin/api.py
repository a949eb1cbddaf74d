"""What TopView does with a request that was let in."""

from __future__ import annotations

import json
import secrets
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from topview_provider.catalog import FAMILIES, Listing, TaskFamily
from topview_provider.catalog.check import check
from topview_provider.standin import answers, marketing, media, values
from topview_provider.standin.callbacks import Callbacks
from topview_provider.standin.clock import Clock
from topview_provider.standin.envelope import FORMAT, MISSING, NOT_FOUND, REFUSED, Refusal
from topview_provider.standin.faults import Facts, Fault, Faults
from topview_provider.standin.jobs import Job, Task
from topview_provider.standin.lists import Shelf
from topview_provider.standin.options import Options
from topview_provider.standin.routes import Route
from topview_provider.standin.shapes import status_key
from topview_provider.standin.signing import Signer
from topview_provider.standin.uploads import Uploads
from topview_provider.standin.world import World


@dataclass(slots=True)
class Call:
    """
    Hold one request of the API.

    :param route: What it is meant for.
    :param method: Its method.
    :param path: Its path without base path.
    :param origin: Scheme and host the client used, for the links in the answer.
    :param query: Its parameters.
    :param raw: Its body.
    :param body: Its body, once parsed.
    """

    route: Route
    method: str
    path: str
    origin: str
    query: Mapping[str, str]
    raw: bytes = b""
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Where the fields of the row stand."""
        return self.body if self.route.body else self.query

    def parse(self) -> None:
        """
        Read the body.

        :raises Refusal: 4001, it is not a JSON object.
        """
        if not self.route.body:
            return
        try:
            body = json.loads(self.raw or b"{}")
        except ValueError:
            raise Refusal(FORMAT, "the body is not JSON") from None
        if not isinstance(body, dict):
            raise Refusal(FORMAT, "the body is not a JSON object")
        self.body = body


class Api:
    """
    Answer requests out of the books.

    :param options: How this stand-in behaves.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = Clock()
        self.world = World(options, self.clock)
        self.uploads = Uploads(options.upload_seconds, options.any_file, self.clock)
        self.faults = Faults()
        self.signer = Signer(options.url_seconds, self.clock)
        self.callbacks = Callbacks(options, self.clock)
        self.shelf = Shelf(self.world)

    def answer(self, call: Call, state: Fault | None = None) -> Any:
        """
        Return the result of a request.

        :param call: The request.
        :param state: A fault that speaks for the state of the task.
        :raises Refusal: The request is refused.
        """
        row = call.route.row
        if call.route.sort == "query":
            return self._query(call, state)
        problems = check(row, call.arguments, lenient=self.options.lenient_enums)
        if problems:
            raise Refusal(problems[0].code, problems[0].text)
        if row.name != "upload_check":
            self.uploads.demand(row, call.arguments)
        if isinstance(row, TaskFamily):
            return self._submit(call, row)
        assert isinstance(row, Listing)
        return self._special(call, row) if row.action or row.name in OWN else self._list(call, row)

    def facts(self, call: Call) -> Facts:
        """
        Return what faults are compared with.

        :param call: The request.
        """
        task_id = str(call.arguments.get(_task_key(call.route), ""))
        names = tuple(call.route.rows)
        layers: list[Mapping[str, Any]] = [call.query, call.body]
        if task_id in self.world.tasks:
            families, bodies = self.world.facts_of(task_id)
            names = families if call.route.sort == "query" else names
            layers += bodies
        return Facts(call.method, call.path, call.route.sort, names, tuple(layers))

    def family_of(self, call: Call) -> str:
        """
        Return the family that a submit or query is counted for.

        :param call: The request.
        """
        task = self.world.tasks.get(str(call.query.get(_task_key(call.route), "")))
        job = task.job_of(call.route.families) if task and call.route.sort == "query" else None
        return job.row.name if job else call.route.row.name

    def _submit(self, call: Call, row: TaskFamily) -> dict[str, Any]:
        parent = self._parent(row, call.body)
        script, bought = -1, None
        if parent and parent.studio:
            script = marketing.demand(parent, call.body.get("scriptId"), self.world.settle())
            bought = parent.studio.text(script)
        job = self.world.accept(row, call.body, parent, bought)
        task = self.world.tasks[job.task_id]
        if script >= 0:
            marketing.export(task.studio, script, job, self.world.settle())
        elif row.preview_items_key:
            task.studio = marketing.open_studio(job, self.options)
        self._spoil(task, job, self.facts(call))
        return self._accepted(call, job, task)

    def _accepted(self, call: Call, job: Job, task: Task) -> dict[str, Any]:
        row, body = job.row, call.body
        result: dict[str, Any] = {row.task_id_key: job.task_id, "status": row.submit_status, "errorMsg": None}
        if row.name == "video_avatar":
            result["subTaskId"] = secrets.token_hex(16)
        if body.get("boardId"):
            result |= {"boardId": body["boardId"], "boardTaskIds": [values.board_task_id(task.id)]}
        if body.get("noticeUrl"):
            result["noticeUuid"] = job.notice = secrets.token_hex(16)
            self.callbacks.order(job, str(body["noticeUrl"]), lambda: self._state(call.origin, task, job, False))
        return result

    def _parent(self, row: TaskFamily, body: Mapping[str, Any]) -> Task | None:
        if not row.continues:
            return None
        task = self.world.tasks.get(str(body.get(row.task_id_key)))
        # A second step is named after its first: marketing_video_export goes on from marketing_video.
        first = max((name for name in FAMILIES if row.name.startswith(f"{name}_")), key=len, default="")
        if task is None or first not in task.jobs:
            raise Refusal(NOT_FOUND, f"task {body.get(row.task_id_key)} not found")
        if task.jobs[first].state(self.world.settle()) != "success":
            raise Refusal(REFUSED, f"task {task.id} is not finished")
        return task

    def _query(self, call: Call, state: Fault | None) -> Any:
        key = _task_key(call.route)
        task_id = call.query.get(key, "").strip()
        if not task_id:
            raise Refusal(MISSING, f"{key} is required")
        task = self.world.tasks.get(task_id)
        job = task.job_of(call.route.families) if task else None
        if task is None or job is None:
            raise Refusal(NOT_FOUND, f"task {task_id} not found")
        if self.faults.orders:
            self._spoil(task, job, self.facts(call))
        result = self._state(call.origin, task, job, _wants_cloudfront(call.query))
        if state is not None:
            spoken = status_key(job.row, self.options.second_shapes)
            result[spoken] = state.get("pondering")
        return result

    def _state(self, origin: str, task: Task, job: Job, cloudfront: bool) -> dict[str, Any]:
        now = self.world.settle()
        second = self.options.second_shapes
        state = job.state(now)
        if task.studio is None and state != "success":
            return answers.waiting(job, state, second)
        body = ChainMap(*[dict(item.body) for item in reversed(task.jobs.values())])
        link = self._linker(origin, cloudfront)
        scene = answers.Scene(job.row, task.id, link, self.uploads.produced.add, body, second=second)
        if task.studio is not None:
            return marketing.answer(scene, task, now, self.options)
        return answers.done(scene, job)

    def _linker(self, origin: str, cloudfront: bool) -> Callable[[str, str], str]:
        return lambda owner, name: origin + self.signer.sign(media.path_of(owner, name, cloudfront))

    def _list(self, call: Call, row: Listing) -> Any:
        return self.shelf.answer(row, self._scene(call, row))

    def _scene(self, call: Call, row: Listing) -> answers.Scene:
        link = self._linker(call.origin, _wants_cloudfront(call.query))
        second = self.options.second_shapes
        return answers.Scene(row, row.name, link, self.uploads.produced.add, call.arguments, second=second)

    def _special(self, call: Call, row: Listing) -> Any:
        arguments = call.arguments
        if row.name == "upload_credential":
            suffix = str(arguments["format"])
            file_id, path = self.uploads.announce(suffix)
            url = call.origin + self.signer.sign(path, "PUT")
            return {"fileId": file_id, "uploadUrl": url, "fileName": f"{file_id}.{suffix}", "format": suffix}
        if row.name == "upload_check":
            return self.uploads.check(str(arguments["fileId"]))
        task = self._named_task(arguments)
        if task and task.studio and row.name == "marketing_video_script_list":
            return marketing.scripts(task, self.world.settle(), self.options.second_shapes)
        if row.name in OWN:
            if task is None or task.studio is None:
                raise Refusal(NOT_FOUND, f"task {arguments.get('taskId')} not found")
            marketing.rewrite(task, arguments)
            return {"taskId": task.id, "status": "success", "errorMsg": None}
        self._delete(row, arguments)
        return answers.action(self._scene(call, row))

    def _named_task(self, arguments: Mapping[str, Any]) -> Task | None:
        task_id = arguments.get("taskId")
        if task_id and str(task_id) not in self.world.tasks:
            raise Refusal(NOT_FOUND, f"task {task_id} not found")
        return self.world.tasks.get(str(task_id))

    def _delete(self, row: Listing, arguments: Mapping[str, Any]) -> None:
        if row.method != "DELETE":
            return
        wanted = {str(arguments[item.wire]) for item in row.fields if item.wire in arguments}
        if wanted & self.shelf.deleted:
            raise Refusal(NOT_FOUND, f"{', '.join(sorted(wanted))} not found")
        self.shelf.deleted |= wanted

    def _spoil(self, task: Task, latest: Job, facts: Facts) -> None:
        had = {serial for job in task.jobs.values() for serial in job.had} if facts.sort == "query" else latest.had
        for fault in self.faults.spoil(facts, had):
            job = task.jobs.get(fault.match.get("family", ""), latest) if facts.sort == "query" else latest
            job.had.add(fault.serial)
            if fault.kind == "partial":
                job.failed_items = int(fault.get(1))
            elif fault.kind == "never-ends":
                self.world.spoil(job, never=True)
            else:
                self.world.spoil(job, error=str(fault.message or fault.get("generation failed")), word=fault.word)
            self.callbacks.look_again()


OWN = ("marketing_video_script_list", "marketing_video_script_update")
"""Calls that read or change the scripts of a marketing video."""


def _task_key(route: Route) -> str:
    return next((row.task_id_key for row in route.families.values()), "taskId")


def _wants_cloudfront(query: Mapping[str, str]) -> bool:
    return query.get("needCloudFrontUrl", "").strip().lower() in ("true", "1")
