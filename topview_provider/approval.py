"""A script that a person approves: what is shown of it, and what an answer makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from airflow.providers.common.compat.sdk import AirflowSkipException

from topview_provider import catalog
from topview_provider.exceptions import TopviewInvalidRequest, TopviewNotApproved, TopviewUnavailable

Segment = dict[str, Any]

ON_REJECT = ("fail", "skip")


def refuse_wrong_choice(on_reject: Any) -> None:
    """
    Refuse a word about rejections that is none of its choices, before anybody is asked.

    :param on_reject: The argument of an operator or a sensor.
    :raises TopviewInvalidRequest: It is neither ``fail`` nor ``skip``.
    """
    if on_reject not in ON_REJECT:
        raise TopviewInvalidRequest(f"on_reject: {on_reject!r} is none of {', '.join(ON_REJECT)}")


def script_of(scripts: Iterable[Mapping[str, Any]], script_id: Any) -> list[Segment]:
    """
    Return the segments of one script as TopView has them; none if there is no such script.

    :param scripts: Answer of the script list.
    :param script_id: Which script.
    """
    for script in scripts:
        if str(script.get("scriptId", "0")) == str(script_id):
            return [dict(segment) for segment in script.get("scriptContents") or []]
    return []


def read(hook: Any, topview_task_id: str, script_id: str) -> list[Segment]:
    """
    Read the segments of a script as it stands at TopView now.

    :param hook: Hook of the connection.
    :param topview_task_id: Task of the preview.
    :param script_id: Which script.
    :raises TopviewUnavailable: TopView shows no script of this task.
    :raises TopviewInvalidRequest: It shows others.
    """
    scripts = hook.list("marketing_video_script_list", topview_task_id=topview_task_id)
    if found := script_of(scripts, script_id):
        return found
    if not scripts:
        raise TopviewUnavailable(
            f"TopView shows no script of marketing_video {topview_task_id}; is its preview finished?",
            topview_task_id=topview_task_id,
        )
    there = ", ".join(str(script.get("scriptId", "0")) for script in scripts)
    raise TopviewInvalidRequest(
        f"script_id: marketing_video {topview_task_id} has no words for script {script_id!r}; its scripts are {there}",
        topview_task_id=topview_task_id,
    )


def text_of(segment: Mapping[str, Any]) -> str:
    """
    Return the words of a segment.

    :param segment: As TopView has it.
    """
    return str(segment.get("segText") or "")


def field(number: int) -> str:
    """
    Return the name of a segment's field in a form.

    :param number: Its place in the script, from 1.
    """
    return f"segment_{number}"


def words_of_form(shown: Sequence[Segment], answer: Mapping[str, Any]) -> list[Any]:
    """
    Return the words of each segment as a form came back; one without any field approves what was shown.

    :param shown: The segments that the form showed.
    :param answer: Its fields.
    :raises TopviewInvalidRequest: It has other fields than the form.
    """
    if not answer:
        return [text_of(segment) for segment in shown]
    names = [field(number) for number, _ in enumerate(shown, 1)]
    refuse_other_segments("the answer", names, sorted(answer, key=lambda name: (len(name), name)))
    return [answer[name] for name in names]


def refuse_other_segments(where: str, wanted: Sequence[str], given: Sequence[str]) -> None:
    """
    Refuse an answer whose segments are not those that were shown.

    :param where: What holds the answer, for the message.
    :param wanted: Names of the segments that were shown, in order.
    :param given: Names of those in the answer.
    :raises TopviewInvalidRequest: They differ.
    """
    if list(given) == list(wanted):
        return
    missing = ", ".join(name for name in wanted if name not in given)
    added = ", ".join(name for name in given if name not in wanted)
    said = f"it lacks {missing}" if missing else f"it has also {added}" if added else "their order is another"
    raise TopviewInvalidRequest(
        f"{where} has other segments than the script: {said}. Nothing was exported. Give the words of each segment and "
        "clear this task; to add or drop one, update the script by code"
    )


def edited(shown: Sequence[Segment], words: Sequence[Any]) -> list[Segment]:
    """
    Return the script with a person's words; everything else of it stays as TopView has it.

    :param shown: The segments that the person saw.
    :param words: The words of each.
    :raises TopviewInvalidRequest: One of them has no words any more.
    """
    contents = []
    for number, (segment, given) in enumerate(zip(shown, words, strict=True), 1):
        before = text_of(segment)
        text = "" if given is None and not before.strip() else given
        if not isinstance(text, str) or (before.strip() and not text.strip()):
            raise TopviewInvalidRequest(
                f"segment {number} has no words any more, but {text!r}; nothing was exported. Clear this task and give "
                "it words, or reject the script"
            )
        # A browser sends the line ends of its own system.
        same = before.splitlines() == text.splitlines()
        contents.append(dict(segment) if same else {**segment, "segText": text})
    return contents


def result(
    topview_task_id: str, script_id: str, shown: Sequence[Segment], contents: list[Segment], *, by: str | None, at: str
) -> dict[str, Any]:
    """
    Return what an approval leaves: what the script update takes, and who said yes.

    :param topview_task_id: Task of the preview.
    :param script_id: Which script.
    :param shown: The segments that the person saw.
    :param contents: The segments as they were approved.
    :param by: Who approved; None where nobody knows.
    :param at: When, as ISO 8601 in UTC.
    """
    return {
        "topview_task_id": topview_task_id,
        "script_id": script_id,
        "script_contents": contents,
        "changed": contents != list(shown),
        "approved_by": by,
        "approved_at": at,
    }


def rejected(topview_task_id: str, by: str, on_reject: str, again: str = "Clear this task to ask again") -> NoReturn:
    """
    End a task whose script was rejected.

    :param topview_task_id: Task of the preview.
    :param by: Who rejected it.
    :param on_reject: ``fail`` or ``skip``.
    :param again: What to do so that the question is asked again.
    :raises AirflowSkipException: With ``skip``.
    :raises TopviewNotApproved: With ``fail``.
    """
    text = f"{by} rejected the script of marketing_video {topview_task_id}; it was not exported, and nothing was paid"
    if on_reject == "skip":
        raise AirflowSkipException(text)
    raise TopviewNotApproved(f"{text}. {again}", topview_task_id=topview_task_id)


def unanswered(topview_task_id: str, after: str) -> str:
    """
    Say that nobody answered in time, and what to do.

    :param topview_task_id: Task of the preview.
    :param after: How long was waited, in words.
    """
    return (
        f"nobody approved the script of marketing_video {topview_task_id} within {after}; it was not exported, and "
        "nothing was paid. Clear this task to ask again"
    )


def plain(text: Any) -> str:
    """
    Return a text of others as Markdown that shows it as it is: one line, no markup, no HTML.

    :param text: Any text.
    """
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(str(text or "").split()))


def page(title: Any, product: Any, films: Mapping[str, str]) -> str:
    """
    Return what stands above the form, as Markdown.

    :param title: Title of the preview.
    :param product: Name of the product.
    :param films: Addresses of the ``video`` and its ``cover``, as far as there are any.
    """
    price = catalog.family("marketing_video_export").price
    names = list(dict.fromkeys(plain(name) for name in (title, product) if name))
    parts = [f"**{name}**" for name in names]
    video, cover = films.get("video"), films.get("cover")
    if cover:
        picture = f"![Cover of the preview](<{cover}>)"
        parts.append(f"[{picture}](<{video}>)" if video else picture)
    if video:
        parts.append(f"[Watch the preview](<{video}>)")
    parts.append(f"Change the words where you like, then approve. The export that follows costs {price} credits.")
    return "\n\n".join(parts)
