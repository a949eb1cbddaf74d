"""Exports share an id with their preview and with each other: what an earlier record means then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.attempts import cleared, retried
from tests.conftest import FakeStore
from topview_provider.exceptions import TopviewNotFound, TopviewTaskFailed
from topview_provider.operators.script import TopviewMarketingVideoScriptUpdateOperator
from topview_provider.operators.video import TopviewMarketingVideoExportOperator, TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

GIVEN: dict[str, Any] = {"product_name": "Lamp", "product_description": "d", "file_ids": ["f1"], "deferrable": False}


def preview(store: FakeStore, **words: Any) -> str:
    task = TopviewMarketingVideoOperator(task_id="v", **GIVEN, preview=True, **words)
    return str(task.execute(retried(store, 1))["topview_task_id"])


def say(topview_task_id: str, text: str) -> None:
    """Replace the words of the first script."""
    contents: list[dict[str, Any]] = [{"segId": "0", "segText": text}]
    task = TopviewMarketingVideoScriptUpdateOperator(
        task_id="u", topview_task_id=topview_task_id, script_id="0", script_contents=contents
    )
    task.execute(retried(FakeStore(), 1))


def export(topview_task_id: str, context: dict[str, Any], **words: Any) -> str:
    task = TopviewMarketingVideoExportOperator(task_id="e", topview_task_id=topview_task_id, deferrable=False, **words)
    found = task.execute(context)["outputs"]
    return str(found[0]["url"]).split("?")[0] if found else ""


def test_going_back_to_earlier_words_never_lands_the_video_of_later_ones(service: StandIn) -> None:
    topview_task_id, store = preview(FakeStore()), FakeStore()
    say(topview_task_id, "one")
    first = export(topview_task_id, retried(store, 1))
    say(topview_task_id, "two")
    assert export(topview_task_id, cleared(store, 2)) != first
    say(topview_task_id, "one")
    with pytest.raises(TopviewNotFound, match="another export of this script took its place"):
        export(topview_task_id, cleared(store, 3))
    assert service.stats("marketing_video_export")["accepted"] == 2
    again = export(topview_task_id, cleared(store, 4), on_missing_result="resubmit")
    assert again not in ("", first)
    assert service.stats("marketing_video_export")["accepted"] == 3


def test_clearing_an_export_lands_the_same_video(service: StandIn) -> None:
    topview_task_id, store = preview(FakeStore()), FakeStore()
    assert export(topview_task_id, retried(store, 1)) == export(topview_task_id, cleared(store, 2)) != ""
    assert service.stats("marketing_video_export")["accepted"] == 1


def test_an_old_export_is_judged_by_its_own_script_and_not_by_the_one_asked_for_now(
    connect: Callable[..., str],
) -> None:
    with StandIn(seconds=0, any_file=True, scripts=2) as service:
        connect(service, poll_interval=0.01)
        topview_task_id, store = preview(FakeStore()), FakeStore()
        export(topview_task_id, retried(store, 1), wait_for_completion=False)
        service.fault("fail", method="POST", path="/v1/m2v/export", times=1)
        with pytest.raises(TopviewTaskFailed):
            export(topview_task_id, retried(FakeStore(), 1), script_id="1")
        export(topview_task_id, cleared(store, 2), script_id="1")
        export(topview_task_id, cleared(store, 3))
        assert service.stats("marketing_video_export")["accepted"] == 3


def test_a_finished_preview_that_nobody_waited_for_may_become_a_video(service: StandIn) -> None:
    store = FakeStore()
    preview(store, wait_for_completion=False)
    found = TopviewMarketingVideoOperator(task_id="v", **GIVEN, preview=False).execute(cleared(store, 2))
    assert found["outputs"]
    assert service.stats("marketing_video")["accepted"] == 2
