"""Lists that follow what was done: marketing videos, boards and their tasks, charges. The newest stand first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from topview_provider.catalog import TaskFamily
from topview_provider.standin import values
from topview_provider.standin.answers import Scene
from topview_provider.standin.envelope import NOT_FOUND, Refusal
from topview_provider.standin.jobs import Job
from topview_provider.standin.shapes import shape_of
from topview_provider.standin.world import World, number

DATE, ISO = "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"
OWNER = "Rehearsal"

UNTOUCHED: Mapping[str, Any] = {
    "sortWeight": 0,
    "rating": 0,
    "result": {},
    "errorCode": None,
    "creditsCost": 0,  # TopView often says 0 whatever it took; no client may rely on it
    "isPinned": False,
    "pinnedOriginalSortWeight": None,
    "groupIds": [],
    "unresolvedCount": 0,
    "useUnlimitMode": False,
    "estimateInfo": {"queueCount": 0, "estimatedWaitSeconds": 0, "estimatedProcessSeconds": 0},
}
"""What only people at TopView's site would change on a task of a board."""

LOG_TYPES = {
    "marketing_video": "m2v",
    "marketing_video_export": "m2v",
    "image_to_video_v1": "common_task_image2video",
    "image_to_video_v2": "common_task_image2video",
    "product_avatar_v1_video": "product_avatar_image2video",
    "product_avatar_v1_download": "pa_download_without_watermark",
    "anyshoot_v1": "product_anyfit",
    "product_avatar_v2_replace_image": "pa2_replace_product_image",
    "product_avatar_v2_video": "pa2_image2video",
    "anyshoot_v2_product_model": "product_anyfit_v2_product_model",
}
"""What the credit log calls a family, where that is not its name."""


class Records:
    """
    Read the books of one stand-in as TopView shows them.

    :param world: The books.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.uid = world.options.uid
        self.opened = world.clock.date()
        self.lists: Mapping[str, Callable[[Scene], list[dict[str, Any]]]] = {
            "credit_logs": self._charges,
            "marketing_video_task_list": self._videos,
            "board_list": self._boards,
            "board_task_list": self._board_tasks,
        }
        self.objects: Mapping[str, Callable[[Scene], dict[str, Any]]] = {
            "credit_detail": self._credit,
            "board_task_detail": self._board_task_of,
        }

    def _credit(self, scene: Scene) -> dict[str, Any]:
        self.world.settle()
        known = {"uid": self.uid, "remainCredit": number(self.world.balance), "apiKeyMap": {}}
        return {**scene.fill({key: kind for key, kind in shape_of(scene.row).items() if key not in known}), **known}

    def _charges(self, scene: Scene) -> list[dict[str, Any]]:
        shown = self.world.settle() - self.world.options.log_seconds
        begin, end = (_moment(scene, name) for name in ("startTime", "endTime"))
        booked = ((job, job.date(job.ends)) for job in self.world.charges if job.paid and job.ends <= shown)
        return [
            {
                "uid": self.uid,
                "apiKey": "***",
                "date": _text(date, ISO),
                "costCredit": number(job.charge),
                "taskId": job.task_id,
                "taskType": LOG_TYPES.get(job.row.name, job.row.name),
            }
            for job, date in booked
            if begin <= _text(date) and (not end or _text(date) <= end)
        ]

    def _videos(self, scene: Scene) -> list[dict[str, Any]]:
        now = self.world.settle()
        made = ((job, self.world.tasks[job.task_id].studio) for job in reversed(self.world.jobs))
        return [
            {
                "taskId": job.task_id,
                "status": job.state(now),
                "errorMsg": job.error_at(now),
                "productName": studio.name,
                "productDescription": studio.description,
                "gmtCreate": _text(job.created),
                "diskSpace": {"size": "1024" if now >= job.ends else "0", "unit": "byte"},
            }
            for job, studio in made
            if studio is not None and studio.job is job
        ]

    def _boards(self, scene: Scene) -> list[dict[str, Any]]:
        # The board that every account has was there before any task.
        boards: dict[str, list[Job]] = {values.mark(self.uid, "board"): []}
        for job in self._on_boards():
            boards.setdefault(_board_of(job), []).append(job)
        first = next(iter(boards))
        return [self._board(board, jobs, board == first) for board, jobs in reversed(boards.items())]

    def _board(self, board: str, jobs: list[Job], default: bool) -> dict[str, Any]:
        dates = [job.created for job in jobs]
        return {
            "boardId": board,
            "name": "Default" if default else board,
            "uid": self.uid,
            "ownerName": OWNER,
            "taskCount": len(jobs),
            "recentThumbnails": [],
            "members": [],
            "shareTokens": [],
            "isSystemDefault": default,
            "syncFlag": False,
            "gmtCreate": _text(self.opened if default else dates[0]),
            "gmtModify": _text([self.opened, *dates][-1]),
            "isOwner": True,
        }

    def _board_tasks(self, scene: Scene) -> list[dict[str, Any]]:
        key = str(scene.body.get("sortField") or "gmtCreate")
        tasks = [self._board_task(job) for job in self._on_boards()]
        # Dates hold whole seconds: the order of the submits decides between equal ones.
        order = sorted(range(len(tasks)), key=lambda place: (tasks[place][key] or "", place))
        return [tasks[place] for place in (order if scene.body.get("sortOrder") == "asc" else reversed(order))]

    def _board_task_of(self, scene: Scene) -> dict[str, Any]:
        wanted = str(scene.body["taskId"])
        found = [job for job in self._on_boards() if job.task_id == wanted]
        if not found:
            raise Refusal(NOT_FOUND, f"task {wanted} not found on any board")
        return self._board_task(found[-1])

    def _board_task(self, job: Job) -> dict[str, Any]:
        kind = _media_of(job.row)
        category = "avatar" if "avatar" in job.row.name else "voice" if kind == "audio" else kind
        return {
            **UNTOUCHED,
            "taskId": job.task_id,
            "boardTaskId": values.board_task_id(job.task_id),
            "boardId": _board_of(job),
            "uid": self.uid,
            "userName": OWNER,
            "toolType": job.row.name,
            "toolCategory": category,
            "mediaType": kind,
            "parameters": {name: value for name, value in job.body.items() if name != "noticeUrl"},
            "creditsPayerUid": self.uid,
            "creditsPayerName": OWNER,
            **self._progress(job),
        }

    def _progress(self, job: Job) -> dict[str, Any]:
        now = self.world.settle()
        reached = max(moment for moment in (job.accepted, job.starts, job.ends) if moment <= now)
        return {
            "status": job.state(now),
            "errorMessage": job.error_at(now),
            "gmtCreate": _text(job.created),
            "gmtModify": _text(job.date(reached)),
            "completedAt": _text(job.date(job.ends)) if now >= job.ends else None,
        }

    def _on_boards(self) -> Iterable[Job]:
        return (job for job in self.world.jobs if job.body.get("boardId"))


def _board_of(job: Job) -> str:
    return str(job.body["boardId"])


def _media_of(row: TaskFamily) -> str:
    return values.media_of(values.suffix_of(row, row.outputs[0].path if row.outputs else ""))


def _text(date: float, form: str = DATE) -> str:
    return time.strftime(form, time.gmtime(date))


def _moment(scene: Scene, name: str) -> str:
    field, given = scene.row.field_of(name), scene.body.get(name)
    return str(field.to_wire(given)) if field and given else ""
