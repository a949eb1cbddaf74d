"""Calls that are no tasks and cost all the same, and what filters say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pendulum
import pytest

from tests.reference import ENTRIES
from topview_provider import exceptions as errors
from topview_provider.catalog import FAMILIES, LISTINGS
from topview_provider.hooks import requesting
from topview_provider.hooks.topview import TopviewHook
from topview_provider.standin.server import StandIn

from .support import refused_port

Connect = Callable[..., str]


pytestmark = pytest.mark.usefixtures("impatient")


CHARGED = "/v1/product_avatar/task/image_replace/download_without_watermark"


def image(hook: TopviewHook) -> dict[str, Any]:
    body = {"templateImageFileId": "f1", "productImageFileId": "f2", "imageEditPrompt": "swap"}
    task = hook.submit("product_avatar_v1_replace_image", body)
    key = hook.query("product_avatar_v1_replace_image", task)["productReplaceResult"][0]["key"]
    return {"topview_task_id": task, "key": key}


@pytest.mark.parametrize(
    ("kind", "words"),
    [("answer-lost-after-accept", {}), ("truncated-json", {}), ("code", {"value": "5000"}), ("status", {"value": 502})],
)
def test_a_call_that_costs_a_credit_is_not_sent_again_when_its_answer_is_lost(
    hook: TopviewHook, service: StandIn, kind: str, words: dict[str, Any]
) -> None:
    which = image(hook)
    service.fault(kind, path=CHARGED, times=-1, **words)

    with pytest.raises(errors.TopviewSubmitUnknown, match="may charge it"):
        hook.act("product_avatar_v1_download", **which)
    assert len(service.requests(CHARGED)) == 1


def test_a_call_that_costs_a_credit_is_sent_again_while_topview_is_busy(hook: TopviewHook, service: StandIn) -> None:
    which = image(hook)
    service.fault("code", path=CHARGED, value="5003", times=2)

    assert hook.act("product_avatar_v1_download", **which)["url"]
    assert len(service.requests(CHARGED)) == 3


def test_a_call_that_costs_a_credit_and_reached_nobody_may_be_made_again(connect: Connect) -> None:
    with refused_port() as nobody:
        connect(nobody)
        with pytest.raises(errors.TopviewUnavailable, match=r"the connection was refused .*; nothing was sent"):
            TopviewHook(patience=0).act("product_avatar_v1_download", topview_task_id="t1", key="k")


def test_exactly_the_actions_that_have_a_price_are_charged() -> None:
    assert [name for name, row in LISTINGS.items() if row.charges] == [
        name for name in LISTINGS if ENTRIES[name]["price"]
    ]


def test_a_moment_in_a_filter_is_sent_in_utc(hook: TopviewHook, service: StandIn) -> None:
    begin = pendulum.datetime(2025, 1, 31, 9, tz="Europe/Berlin")
    hook.list("credit_logs", start_time=begin, end_time="2025-02-01T00:00:00+01:00")

    query = service.requests("/user/credit/logs")[0]["query"]
    assert (query["startTime"], query["endTime"]) == ("2025-01-31 08:00:00", "2025-01-31 23:00:00")


def test_a_preview_that_is_neither_true_nor_false_is_an_invalid_request() -> None:
    assert requesting.judge(FAMILIES["marketing_video"], {"preview": "1"}) == {"items": "previewVideos"}
    with pytest.raises(errors.TopviewInvalidRequest, match="marketing_video: preview: 'yes' is neither true nor false"):
        requesting.judge(FAMILIES["marketing_video"], {"preview": "yes"})
