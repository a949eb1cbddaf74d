"""The results of queries and actions, filled in from the rows of the catalog."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from topview_provider.catalog import Row, TaskFamily
from topview_provider.standin import media, values
from topview_provider.standin.jobs import Job
from topview_provider.standin.shapes import Shape, shape_of, status_key
from topview_provider.standin.uploads import FILE_KEY
from topview_provider.standin.world import number

LOUD = ("text_to_image", "image_edit")
"""Families whose items spell their state in capitals."""

LENGTHS = {"productImages": 3, "translationList": 3, "ethnicities": 1, "scriptContents": 2}
"""Items of lists whose number nothing in the request decides."""

_blanks: dict[tuple[str, bool], dict[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Scene:
    """
    Hold what one answer is made of.

    :param row: The row that is answered.
    :param owner: Whose files are linked: a task's id or a list's name.
    :param link: Turns the name of a file into a signed URL.
    :param keep: Takes note of a file id that the client may use from now on.
    :param body: What was asked for, earlier steps of the task included.
    :param known: Answer paths (or bare keys) whose value is decided.
    :param second: Answer the second form.
    :param index: Number of the item.
    :param place: Number of the item and of those around it, for names.
    """

    row: Row
    owner: str
    link: Callable[[str, str], str]
    keep: Callable[[str], None]
    body: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)
    second: bool = False
    index: int = 0
    place: str = "0"

    def fill(self, shape: Shape, path: str = "") -> Any:
        """
        Return a shape with values in it.

        :param shape: What to fill.
        :param path: Where in the answer it stands.
        """
        if isinstance(shape, dict):
            return {key: self.fill(inner, f"{path}.{key}" if path else key) for key, inner in shape.items()}
        if isinstance(shape, list):
            return [self.item(number).fill(shape[0], f"{path}[]") for number in range(self.count(path))]
        return self.leaf(path, shape)

    def item(self, index: int) -> Scene:
        """
        Return the scene of one item.

        :param index: Its number in the list.
        """
        return replace(
            self, index=self.index + index, place=f"{self.place}-{index}" if self.place != "0" else str(index)
        )

    def leaf(self, path: str, kind: str) -> Any:
        """
        Return the value of one field.

        :param path: Where in the answer it stands.
        :param kind: Its type in the row.
        """
        key = path.rpartition(".")[2]
        for name in (path, key):
            if name in self.known:
                return self.known[name]
        if key in self.body and self.body[key] is not None and not FILE_KEY.search(key) and kind.startswith("string"):
            return str(self.body[key])
        suffix = values.suffix_of(self.row, path)
        if values.is_url(path, kind):
            return self.link(self.owner, f"{_name(path)}-{self.place}.{suffix}")
        if (language := self._language(path)) is not None:
            return language
        value = values.invent(path, kind, f"{self.owner}/{self.place}", self.index, suffix)
        if FILE_KEY.search(key) and isinstance(value, str):
            self.keep(value)
        return value

    def count(self, path: str) -> int:
        """
        Return how many items the list at a path has.

        :param path: Where in the answer it stands.
        """
        if path in LENGTHS:
            return LENGTHS[path]
        if path.rpartition(".")[2] in LENGTHS:
            return LENGTHS[path.rpartition(".")[2]]
        if "." in path or "[" in path:
            return 1
        languages, files = self.body.get("languages"), self.body.get("fileIds")
        if isinstance(languages, list):
            return len(languages) * max(1, len(files) if isinstance(files, list) else 1)
        counted = (item.wire for item in self.row.fields if item.name == "count")
        wanted = str(next((self.body[wire] for wire in counted if self.body.get(wire)), 1))
        return min(int(wanted), 16) if wanted.isdigit() else 1

    def _language(self, path: str) -> str | None:
        languages = self.body.get("languages")
        if not isinstance(languages, list) or not languages or path.rpartition(".")[2] not in ("language", "type"):
            return None
        return str(languages[self.index % len(languages)])


def waiting(job: Job, state: str, second: bool = False) -> dict[str, Any]:
    """
    Return the answer to a query of a task that is not done, or has failed: everything empty but its board.

    :param job: The job.
    :param state: Its state.
    :param second: Answer the second form.
    """
    key = (job.row.name, second)
    if key not in _blanks:
        shape = shape_of(job.row, second)
        _blanks[key] = {name: [] if isinstance(inner, list) else None for name, inner in shape.items()}
    result = copy.copy(_blanks[key])
    result.update({name: value for name, value in _boards(job.body, job.task_id).items() if name in result})
    result.update(_head(job, state, second))
    return result


def done(scene: Scene, job: Job) -> dict[str, Any]:
    """
    Return the answer to a query of a task that has succeeded.

    :param scene: What the answer is made of.
    :param job: The job.
    """
    row = job.row
    head = _head(job, "success", scene.second)
    known: dict[str, Any] = {**head, **scene.known}
    known = _told(scene) | _durations(row) | known
    if row.cost_key:
        known[row.cost_key] = str(number(job.charge)) if row.cost_type == "string" else number(job.charge)
    if row.item_status_key:
        known[f"{row.items_key}[].{row.item_status_key}"] = "SUCCESS" if row.name in LOUD else "success"
    result = replace(scene, known=known).fill(shape_of(row, scene.second))
    result.update(head)
    if job.failed_items and row.item_status_key:
        spoil(result, row, row.items_key, job.failed_items)
    return dict(result)


def spoil(result: dict[str, Any], row: TaskFamily, items_key: str, failed: int) -> None:
    """
    Let the last items of a list fail; at least one good item stays.

    :param result: The answer.
    :param row: Its family.
    :param items_key: The list.
    :param failed: How many items fail.
    """
    items = result.get(items_key) or []
    if not items:
        return
    while len(items) <= failed:
        items.append(copy.deepcopy(items[-1]))
        if row.item_id_key in items[-1]:
            items[-1][row.item_id_key] = len(items) - 1
    for item in items[-failed:]:
        for key, value in item.items():
            if values.is_url(key, "string") or isinstance(value, dict):
                item[key] = None
        item[row.item_status_key] = "FAIL" if row.name in LOUD else "fail"
        if "errorMsg" in item:
            item["errorMsg"] = "generation failed"


def action(scene: Scene) -> Any:
    """
    Return the result of an action.

    :param scene: What the answer is made of.
    """
    shape = shape_of(scene.row, scene.second)
    if isinstance(shape, list):
        named = [(item.wire[:-1], value) for item in scene.row.fields for value in _listed(scene.body, item.wire)]
        return [replace(scene, known={key: value}).item(i).fill(shape[0]) for i, (key, value) in enumerate(named)]
    if not isinstance(shape, str):
        filled = scene.fill(shape)
        # The second form of an answer that holds nothing but a URL is the URL.
        return filled["url"] if scene.second and list(filled) == ["url"] else filled
    if "null" in shape or shape in ("any", "-"):
        return None
    return {"object": {}, "string": values.mark(scene.owner, sorted(scene.body.items()))}.get(shape, True)


def _listed(body: Mapping[str, Any], wire: str) -> list[Any]:
    value = body.get(wire)
    return value if isinstance(value, list) else []


def _head(job: Job, state: str, second: bool) -> dict[str, Any]:
    head = {job.row.task_id_key: job.task_id, status_key(job.row, second): state}
    shape = shape_of(job.row, second)
    if job.error and state not in ("init", "running"):
        return {**head, "errorMessage" if "errorMessage" in shape else "errorMsg": job.error}
    return {**head, "errorMsg": None} if "errorMsg" in shape else head


def _told(scene: Scene) -> dict[str, Any]:
    # What an answer repeats of the request under another name, or leaves empty when the request did not say it.
    body, owner = scene.body, scene.owner
    told = {
        "mode": body.get("mode") or ("BATCH" if body.get("fileIds") else "SINGLE"),
        **_boards(body, owner),
        "voiceName": body.get("name") or owner,
        "inputVideoFileId": body.get("videoFileId"),
        "inputAudioFileId": body.get("audioFileId"),
    }
    if body.get("productLink"):
        told["productName"] = body.get("productName") or values.product_name(str(body["productLink"]))
    return told


def _boards(body: Mapping[str, Any], task_id: str) -> dict[str, Any]:
    board = body.get("boardId")
    return {"boardId": board, "boardTaskId": values.board_task_id(task_id) if board else None}


def _durations(row: TaskFamily) -> dict[str, Any]:
    known = {}
    for output in row.outputs:
        if output.duration:
            beside = output.path.rpartition(".")[0]
            path = output.duration if "[]" not in output.path else f"{beside}.{output.duration}"
            known[path] = number(media.SECONDS * 1000 / output.duration_ms)
    return known


def _name(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")
