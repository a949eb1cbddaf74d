"""Preview, edit, export, edit, export again: the new video comes, not the old one, and each text is paid for once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import FakeStore
from tests.contract.running import leave, new_context, resume, unsigned, walk
from topview_provider.exceptions import TopviewInvalidRequest, TopviewRejected
from topview_provider.operators.script import (
    TopviewMarketingVideoScriptListOperator,
    TopviewMarketingVideoScriptUpdateOperator,
)
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

FAMILY = "marketing_video_export"


SORTS = [{}, {"keep_old_export": True, "null_item_status": True}]


@pytest.fixture(params=SORTS, ids=["old-goes-at-once", "old-stays-a-while"])
def studio(request: pytest.FixtureRequest, connect: Callable[..., str]) -> Iterator[StandIn]:
    """A stand-in whose jobs take a while, so that an old export would be met if it were taken for the new one."""
    with StandIn(seconds=0.2, scripts=2, **request.param) as service:
        connect(service, poll_interval=0.01)
        yield service


@pytest.fixture(params=[False, True], ids=["stays", "defers"])
def deferrable(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def preview() -> str:
    task = TopviewMarketingVideoOperator(task_id="p", product_link="https://shop.example/kettle", preview=True)
    return str(task.execute(new_context())["topview_task_id"])


def rewrite(topview_task_id: str, text: str, script_id: str = "0") -> None:
    TopviewMarketingVideoScriptUpdateOperator(
        task_id="u",
        topview_task_id=topview_task_id,
        script_id=script_id,
        script_contents=[{"segId": "0", "segText": text}],
    ).execute(new_context())


def export(topview_task_id: str, **words: Any) -> TopviewMarketingVideoExportOperator:
    return TopviewMarketingVideoExportOperator(task_id="e", topview_task_id=topview_task_id, return_raw=True, **words)


def shown(context: Any, script: int = 0) -> str:
    """Return the text of the exported video, as TopView's own answer tells it."""
    items = context["ti"].pushed["raw"]["exportVideos"]
    return str(next(item["description"] for item in items if item["scriptId"] == script))


def video(context: Any) -> str:
    return str(unsigned(context["ti"].pushed["video_url"]))


def test_an_edited_script_is_exported_again_as_a_new_video(studio: StandIn, deferrable: bool) -> None:
    task_id = preview()
    found = []
    for text in ("First text.", "Second text.", "Third text."):
        rewrite(task_id, text)
        context = new_context()
        manifest = walk(lambda: export(task_id, deferrable=deferrable), context)
        assert shown(context) == text
        assert [entry["item_id"] for entry in manifest["outputs"]] == ["0", "0"]
        assert manifest["topview_task_id"] == task_id
        found.append(video(context))
    assert len(set(found)) == 3
    assert studio.stats(FAMILY)["accepted"] == 3
    assert studio.stats(FAMILY)["duplicates"] == 0


def test_the_export_of_one_script_does_not_take_the_video_of_another(studio: StandIn, deferrable: bool) -> None:
    task_id = preview()
    rewrite(task_id, "The other one.", script_id="1")
    first, second = new_context(), new_context()
    walk(lambda: export(task_id, deferrable=deferrable), first)
    walk(lambda: export(task_id, script_id="1", deferrable=deferrable), second)
    assert shown(second, script=1) == "The other one."
    assert video(first) != video(second)
    assert second["ti"].pushed["topview_task_id"] == task_id


def test_a_retry_of_an_export_resumes_and_does_not_take_the_old_video(studio: StandIn, deferrable: bool) -> None:
    task_id = preview()
    old, context = new_context(), new_context()
    walk(lambda: export(task_id), old)
    rewrite(task_id, "New text.")
    left = leave(export(task_id, deferrable=True), context)
    assert left.trigger.serialize()[1]["judge"]["seen"]
    again = new_context(context["task_state_store"], try_number=2)
    walk(lambda: export(task_id, deferrable=deferrable), again)
    assert shown(again) == "New text."
    assert video(again) != video(old)
    assert studio.stats(FAMILY)["accepted"] == 2


def test_a_retry_after_the_export_is_done_pays_nothing(studio: StandIn) -> None:
    task_id = preview()
    context = new_context()
    walk(lambda: export(task_id), context)
    again = new_context(context["task_state_store"], try_number=2)
    walk(lambda: export(task_id), again)
    assert video(again) == video(context)
    assert studio.stats(FAMILY)["accepted"] == 1


def test_clearing_an_export_after_an_edit_buys_the_new_video(studio: StandIn, deferrable: bool) -> None:
    task_id, store = preview(), FakeStore()
    first = new_context(store)
    walk(lambda: export(task_id, deferrable=deferrable), first)
    rewrite(task_id, "New text.")
    cleared = new_context(store, try_number=2, max_tries=1)
    walk(lambda: export(task_id, deferrable=deferrable), cleared)
    assert shown(cleared) == "New text."
    assert studio.stats(FAMILY)["accepted"] == 2


def test_the_trigger_of_an_export_carries_what_decides_as_flat_texts(studio: StandIn) -> None:
    task_id = preview()
    context = new_context()
    left = leave(export(task_id, script_id=1, deferrable=True), context)
    assert left.trigger.serialize()[1]["judge"] == {"items": "exportVideos", "script_id": "1"}
    assert resume(export(task_id, script_id=1, deferrable=True), left, context)["status"] == "success"


def test_an_export_of_a_script_that_is_not_there_is_refused(studio: StandIn) -> None:
    task_id = preview()
    context = new_context()
    with pytest.raises(TopviewRejected, match="scriptId 7"):
        export(task_id, script_id=7).execute(context)
    assert context["task_state_store"] == {}


def test_a_script_needs_its_segments(studio: StandIn) -> None:
    update = TopviewMarketingVideoScriptUpdateOperator(
        task_id="u", topview_task_id="1", script_contents=[{"segText": "no id"}]
    )
    with pytest.raises(TopviewInvalidRequest, match=r"script_contents \(scriptContents\).*'segId'"):
        update.execute(new_context())
    listing = TopviewMarketingVideoScriptListOperator(task_id="l", topview_task_id="")
    with pytest.raises(TopviewInvalidRequest, match="topview_task_id"):
        listing.execute(new_context())
