"""Marketing videos: previews, scripts and exports under one id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from topview_provider.catalog import FAMILIES

from .client import Client

VIDEO, EXPORT = FAMILIES["marketing_video"], FAMILIES["marketing_video_export"]
LINK = "https://shop.example/p/desk-lamp"


def preview(client: Client, **words: Any) -> str:
    task_id = client.submit(VIDEO, {"productLink": LINK, "preview": "true", **words})
    client.finish(VIDEO, task_id)
    return task_id


def order(client: Client, task_id: str, script: Any = "0") -> dict[str, Any]:
    return client.post(EXPORT.submit, {"taskId": task_id, "scriptId": script})


def exported(client: Client, task_id: str, script: int = 0) -> dict[str, Any]:
    items = client.query(VIDEO, task_id)["exportVideos"] or []
    return next((item for item in items if item["scriptId"] == script), {})


def finished(client: Client, task_id: str, script: int = 0) -> dict[str, Any]:
    client.service.advance(2 * client.service.options.seconds)
    item = exported(client, task_id, script)
    assert item["status"] == "success"
    return item


def rewrite(client: Client, task_id: str, text: str, script: Any = "0") -> None:
    body = {"taskId": task_id, "scriptId": script, "scriptContents": [{"segId": 0, "segText": text}]}
    assert client.post("/v1/m2v/script/update", body)["code"] == "200"


@pytest.mark.parametrize("spelling", ["true", True])
def test_a_preview_fills_only_the_previews_and_costs_nothing(spelling: Any, client: Client) -> None:
    result = client.query(VIDEO, client.submit(VIDEO, {"productLink": LINK, "preview": spelling}))
    assert [item["scriptId"] for item in result["previewVideos"]] == [0]
    assert result["exportVideos"] is None
    assert client.service.stats()["credits"] == 1000
    assert client.service.stats("marketing_video")["charged"] == 0


@pytest.mark.parametrize("spelling", ["false", False, "", None])
def test_without_preview_the_exports_are_there_at_once_and_cost(spelling: Any, client: Client) -> None:
    result = client.query(VIDEO, client.submit(VIDEO, {"productLink": LINK, "preview": spelling}))
    assert [item["status"] for item in result["exportVideos"]] == ["success"]
    assert result["previewVideos"] is None
    assert client.service.stats()["credits"] == 1000 - VIDEO.charge


def test_there_is_one_item_per_script(run: Callable[..., Client]) -> None:
    client = run(seconds=0, scripts=3)
    task_id = preview(client)
    result = client.query(VIDEO, task_id)
    assert [item["scriptId"] for item in result["previewVideos"]] == [0, 1, 2]
    assert [item["scriptId"] for item in result["scriptContentList"]] == [0, 1, 2]
    assert len({item["videoEtag"] for item in result["previewVideos"]}) == 3


@pytest.mark.parametrize("script", ["1", 1])
def test_an_export_makes_one_item_and_the_task_stays_successful(script: Any, run: Callable[..., Client]) -> None:
    client = run(seconds=600, scripts=2)
    task_id = preview(client)
    assert order(client, task_id, script)["result"]["taskId"] == task_id
    for wait, state in ((0, "init"), (250, "running"), (750, "success")):
        client.service.advance(wait)
        result = client.query(EXPORT, task_id)
        (item,) = result["exportVideos"]
        assert (result["status"], item["status"], item["scriptId"]) == ("success", state, 1)
        assert bool(item["videoUrl"]) == (state == "success")
    assert client.service.stats("marketing_video_export")["charged"] == EXPORT.charge


def test_the_export_of_an_unfinished_preview_is_refused(run: Callable[..., Client]) -> None:
    client = run(seconds=60)
    task_id = client.submit(VIDEO, {"productLink": LINK, "preview": "true"})
    assert order(client, task_id)["code"] == "4006"


@pytest.mark.parametrize("script", ["7", "first"])
def test_an_unknown_script_or_task_is_4004(script: str, client: Client) -> None:
    assert order(client, preview(client), script)["code"] == "4004"
    assert order(client, "0" * 32)["code"] == "4004"
    assert client.get("/v1/m2v/script/list", taskId="0" * 32)["code"] == "4004"


def test_an_edited_script_is_listed_and_the_new_export_shows_it(client: Client) -> None:
    task_id = preview(client)
    order(client, task_id)
    old = finished(client, task_id)
    rewrite(client, task_id, "Brand new words")
    (script,) = client.get("/v1/m2v/script/list", taskId=task_id)["result"]
    assert script == {"scriptId": 0, "scriptContents": [{"segId": "0", "segText": "Brand new words"}]}
    assert exported(client, task_id)["videoEtag"] == old["videoEtag"]
    order(client, task_id)
    new = finished(client, task_id)
    assert (old["description"] == "Brand new words", new["description"] == "Brand new words") == (False, True)
    assert new["videoUrl"].partition("?")[0] != old["videoUrl"].partition("?")[0]


def test_the_same_script_exported_again_is_a_duplicate_an_edited_one_is_not(client: Client) -> None:
    task_id = preview(client)
    order(client, task_id)
    rewrite(client, task_id, "Brand new words")
    order(client, task_id)
    assert client.service.stats("marketing_video_export")["duplicates"] == 0
    order(client, task_id)
    assert client.service.stats("marketing_video_export")["duplicates"] == 1


def test_a_re_export_runs_at_once(run: Callable[..., Client]) -> None:
    client = run(seconds=600)
    task_id = preview(client)
    order(client, task_id)
    old = finished(client, task_id)
    order(client, task_id)
    item = exported(client, task_id)
    assert (item["status"], item["videoUrl"]) == ("init", None)
    assert finished(client, task_id)["videoEtag"] != old["videoEtag"]


def test_a_kept_old_export_stays_until_the_new_one_starts(run: Callable[..., Client]) -> None:
    client = run(seconds=600, keep_old_export=True)
    task_id = preview(client)
    order(client, task_id)
    assert client.query(VIDEO, task_id)["exportVideos"] is None
    old = finished(client, task_id)
    order(client, task_id)
    assert exported(client, task_id)["videoEtag"] == old["videoEtag"]
    client.service.advance(250)
    assert (exported(client, task_id)["status"], exported(client, task_id)["videoUrl"]) == ("running", None)
    assert finished(client, task_id)["videoEtag"] != old["videoEtag"]


def test_a_direct_export_may_be_exported_again(client: Client) -> None:
    task_id = client.submit(VIDEO, {"productLink": LINK})
    old = finished(client, task_id)
    rewrite(client, task_id, "Other words")
    order(client, task_id)
    new = finished(client, task_id)
    assert new["description"] == "Other words"
    assert new["videoEtag"] != old["videoEtag"]


def test_a_failed_export_leaves_the_task_and_the_credits_alone(client: Client) -> None:
    task_id = preview(client)
    client.service.fault("fail", match={"family": "marketing_video_export"}, value="render failed")
    order(client, task_id)
    result = client.query(EXPORT, task_id)
    assert (result["status"], result["errorMsg"]) == ("success", "render failed")
    assert [(item["status"], item["videoUrl"]) for item in result["exportVideos"]] == [("fail", None)]
    assert client.service.stats()["credits"] == 1000
    order(client, task_id)
    assert finished(client, task_id)["videoUrl"]


def test_an_unfinished_item_may_have_a_null_status(run: Callable[..., Client]) -> None:
    client = run(seconds=0, null_item_status=True)
    task_id = preview(client)
    client.service.fault("never-ends", match={"family": "marketing_video_export"})
    order(client, task_id)
    assert exported(client, task_id)["status"] is None


def test_a_script_of_ones_own_is_used(client: Client) -> None:
    words = {"isDiyScript": "true", "diyScriptDescription": "Say exactly this."}
    task_id = preview(client, **words)
    (script,) = client.get("/v1/m2v/script/list", taskId=task_id)["result"]
    assert [segment["segText"] for segment in script["scriptContents"]] == ["Say exactly this."]


def test_script_segments_are_text_in_the_list_and_numbers_in_the_query(client: Client) -> None:
    task_id = preview(client)
    listed = client.get("/v1/m2v/script/list", taskId=task_id)["result"][0]["scriptContents"]
    queried = client.query(VIDEO, task_id)["scriptContentList"][0]["scriptContents"]
    assert [item["segId"] for item in listed] == ["0", "1", "2"]
    assert [item["segId"] for item in queried] == [0, 1, 2]
    assert [item["segText"] for item in listed] == [item["segText"] for item in queried]


def test_the_script_list_may_be_one_object(run: Callable[..., Client]) -> None:
    client = run(seconds=0, second_shapes=True)
    assert client.get("/v1/m2v/script/list", taskId=preview(client))["result"]["scriptId"] == 0


def test_an_update_without_segments_is_refused(client: Client) -> None:
    task_id = preview(client)
    update = "/v1/m2v/script/update"
    assert client.post(update, {"taskId": task_id})["code"] == "4003"
    assert client.post(update, {"taskId": task_id, "scriptContents": [{"segId": "0"}]})["code"] == "4000"
    assert client.post(update, {"taskId": "0" * 32, "scriptContents": [{"segId": 0, "segText": "x"}]})["code"] == "4004"


def test_the_video_that_is_bought_twice_at_once_is_charged_twice(run: Callable[..., Client]) -> None:
    client = run(seconds=600)
    task_id = preview(client)
    order(client, task_id)
    order(client, task_id)
    client.service.advance(1000)
    assert client.service.stats("marketing_video_export")["charged"] == 2 * EXPORT.charge


def test_a_link_that_is_no_address_is_a_product_too(client: Client) -> None:
    task_id = client.submit(VIDEO, {"productLink": "https://[x"})
    assert finished(client, task_id)["status"] == "success"
