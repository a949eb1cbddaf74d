"""Marketing videos: scripts, previews, and exports that go on under the same id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from topview_provider.catalog.fields import as_text
from topview_provider.standin import answers, media, values
from topview_provider.standin.envelope import NOT_FOUND, REFUSED, Refusal
from topview_provider.standin.jobs import Job, Task, is_preview
from topview_provider.standin.options import Options
from topview_provider.standin.shapes import shape_of

SCRIPTS, EXPORTS, PREVIEWS = "scriptContentList", "exportVideos", "previewVideos"


@dataclass(slots=True)
class Export:
    """
    Hold the latest export of one script.

    :param job: Its job.
    :param text: The script as it was when the export was ordered.
    :param edition: Number of the export; a new one makes new files.
    :param before: The finished export it replaces.
    """

    job: Job
    text: str
    edition: int
    before: Export | None = None


@dataclass(slots=True)
class Studio:
    """
    Hold what belongs to one marketing video beside its jobs.

    :param job: The job of the submit.
    :param name: Product.
    :param description: What it is.
    :param scripts: Segments of each script, in order.
    :param written: The texts as the submit rendered them.
    :param exports: The latest export of each script.
    """

    job: Job
    name: str
    description: str
    scripts: dict[int, list[dict[str, str]]] = field(default_factory=dict)
    written: dict[int, str] = field(default_factory=dict)
    exports: dict[int, Export] = field(default_factory=dict)

    def text(self, script: int) -> str:
        """
        Return a script as one text.

        :param script: Number of the script.
        """
        return " ".join(segment["segText"] for segment in self.scripts[script])

    def find(self, script: Any) -> int:
        """
        Return the number of a script, given as number or text.

        :param script: Number or text; empty means the first.
        :raises Refusal: 4004, no such script.
        """
        text = as_text(script) or "0"
        if not text.isdigit() or int(text) not in self.scripts:
            raise Refusal(NOT_FOUND, f"scriptId {script} not found")
        return int(text)


def open_studio(job: Job, options: Options) -> Studio:
    """
    Write the scripts of a new marketing video.

    :param job: The accepted submit.
    :param options: Say how many scripts there are.
    """
    body = job.body
    name = str(body.get("productName") or values.product_name(str(body.get("productLink") or "")))
    description = str(body.get("productDescription") or f"{name}, as its page describes it")
    studio = Studio(job, name, description)
    own = str(body.get("diyScriptDescription") or "") if as_text(body.get("isDiyScript")) == "true" else ""
    for number in range(max(1, options.scripts)):
        lines = [own] if own else [f"Meet {name}, take {number + 1}.", f"{description}.", "Get yours today."]
        studio.scripts[number] = [{"segId": str(place), "segText": line} for place, line in enumerate(lines)]
        studio.written[number] = studio.text(number)
    return studio


def demand(task: Task, script: Any, now: float) -> int:
    """
    Return the number of a script that can be exported.

    :param task: The task.
    :param script: Number of the script, as number or text.
    :param now: The moment.
    :raises Refusal: 4006, the preview is not finished; 4004, no such script.
    """
    studio: Studio = task.studio
    if studio.job.state(now) != "success":
        raise Refusal(REFUSED, f"task {task.id} is not finished, its scripts cannot be exported yet")
    return studio.find(script)


def export(studio: Studio, script: int, job: Job, now: float) -> None:
    """
    Put an accepted export in the place of the one before.

    :param studio: The marketing video.
    :param script: Number of the script.
    :param job: The accepted export.
    :param now: The moment.
    """
    before = studio.exports.get(script)
    done = before if before and before.job.state(now) == "success" else before.before if before else None
    if before is None and not is_preview(studio.job.row, studio.job.body):
        done = Export(studio.job, studio.written[script], 0)
    edition = before.edition + 1 if before else 1
    studio.exports[script] = Export(job, studio.text(script), edition, done)


def answer(scene: answers.Scene, task: Task, now: float, options: Options) -> dict[str, Any]:
    """
    Return the answer to a query of a marketing video.

    :param scene: What the answer is made of.
    :param task: The task.
    :param now: The moment.
    :param options: How items that are not done look.
    """
    studio: Studio = task.studio
    job = studio.job
    state = job.state(now)
    if state != "success":
        return {**answers.waiting(job, state), EXPORTS: None, PREVIEWS: None}
    known = {"productName": studio.name, "productDescription": studio.description, "status": "success"}
    result = answers.done(replace(scene, known=known), replace(job, failed_items=0))
    result[SCRIPTS] = [_script(studio, number, int) for number in studio.scripts]
    first = Rendering(scene, studio, options, now)
    result[PREVIEWS] = first.submitted(PREVIEWS) if is_preview(job.row, job.body) else None
    result[EXPORTS] = first.exports() or None
    if job.failed_items:
        spoilt = PREVIEWS if is_preview(job.row, job.body) else EXPORTS
        answers.spoil(result, job.row, spoilt, job.failed_items)
    wrong = [item.job.error for item in studio.exports.values() if item.job.error and now >= item.job.ends]
    return {**result, "errorMsg": wrong[-1]} if wrong else result


@dataclass(frozen=True, slots=True)
class Rendering:
    """
    Make the items of a query answer.

    :param scene: What the answer is made of.
    :param studio: The marketing video.
    :param options: How items that are not done look.
    :param now: The moment.
    """

    scene: answers.Scene
    studio: Studio
    options: Options
    now: float

    def submitted(self, key: str) -> list[dict[str, Any]]:
        """
        Return the items that the submit itself made.

        :param key: The list they stand in.
        """
        return [self.item(key, script, "success", text, 0) for script, text in self.studio.written.items()]

    def exports(self) -> list[dict[str, Any]]:
        """Return the exported items, with those that an export has replaced left out."""
        whole = not is_preview(self.studio.job.row, self.studio.job.body)
        items = {item["scriptId"]: item for item in (self.submitted(EXPORTS) if whole else [])}
        for script, order in self.studio.exports.items():
            state = order.job.state(self.now)
            if state == "init" and self.options.keep_old_export:
                shown = order.before
                if shown is None:
                    continue
                items[script] = self.item(EXPORTS, script, "success", shown.text, shown.edition)
            else:
                items[script] = self.item(EXPORTS, script, state, order.text, order.edition)
        return [items[script] for script in sorted(items)]

    def item(self, key: str, script: int, state: str, text: str, edition: int) -> dict[str, Any]:
        """
        Return one item.

        :param key: The list it stands in.
        :param script: Number of its script.
        :param state: Its state.
        :param text: The script it shows.
        :param edition: Number of the export; 0 is the submit's own.
        """
        made = state == "success"
        names = {suffix: f"{key}-{script}-e{edition}.{suffix}" for suffix in ("mp4", "jpg")}
        link = self.scene.link
        owner = self.scene.owner
        known = {
            "scriptId": script,
            "status": None if self.options.null_item_status and not made else state,
            "title": f"{self.studio.name} {script + 1}",
            "description": text,
            "videoUrl": link(owner, names["mp4"]) if made else None,
            "coverUrl": link(owner, names["jpg"]) if made else None,
            "videoDuration": media.SECONDS * 1000 if made else None,
            "videoEtag": media.etag_of(owner, names["mp4"]) if made else None,
        }
        shape = shape_of(self.studio.job.row)[key][0]
        return {name: known.get(name) for name in shape}


def scripts(task: Task, now: float, second: bool) -> Any:
    """
    Return the answer to the list of scripts; empty until they are written.

    :param task: The task.
    :param now: The moment.
    :param second: One object instead of a list.
    """
    studio: Studio = task.studio
    if studio.job.state(now) != "success":
        return []
    found = [_script(studio, number, str) for number in studio.scripts]
    return found[0] if second else found


def rewrite(task: Task, body: Mapping[str, Any]) -> None:
    """
    Replace the segments of a script.

    :param task: The task.
    :param body: The checked body of the update.
    :raises Refusal: 4004, no such script.
    """
    studio: Studio = task.studio
    script = studio.find(body.get("scriptId"))
    studio.scripts[script] = [
        {"segId": str(segment["segId"]), "segText": str(segment["segText"])} for segment in body["scriptContents"]
    ]


def _script(studio: Studio, number: int, kind: type[int] | type[str]) -> dict[str, Any]:
    segments: list[dict[str, Any]] = [dict(segment) for segment in studio.scripts[number]]
    for segment in segments:
        if kind is int and segment["segId"].isdigit():
            segment["segId"] = int(segment["segId"])
    return {"scriptId": number, "scriptContents": segments}
