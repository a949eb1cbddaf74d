"""Image translate: two steps under one id, each asked at an address of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from topview_provider.catalog import FAMILIES

from .client import Client

pytestmark = pytest.mark.skipif("image_translate" not in FAMILIES, reason="not in the catalog yet")
LANGUAGES = ["French", "German"]


def test_the_pictures_are_a_second_step_under_the_same_id(run: Callable[..., Client]) -> None:
    client = run(seconds=600)
    texts, pictures = FAMILIES["image_translate"], FAMILIES["image_translate_generate"]
    task_id = client.submit(texts, {"fileId": client.upload(), "languages": LANGUAGES})
    assert [item["type"] for item in client.finish(texts, task_id)["content"]] == LANGUAGES
    assert client.get(pictures.query, taskId=task_id)["code"] == "4004"
    assert client.submit(pictures, {"taskId": task_id}) == task_id
    assert (client.state(texts, task_id), client.state(pictures, task_id)) == ("success", "init")
    result = client.finish(pictures, task_id)
    assert [item["language"] for item in result["details"]] == LANGUAGES
    assert result["mode"] == "SINGLE"


def test_a_batch_makes_a_picture_per_file_and_language(client: Client) -> None:
    row = FAMILIES["image_translate_batch"]
    files = [client.upload(), client.upload()]
    result = client.query(row, client.submit(row, {"fileIds": files, "languages": LANGUAGES}))
    assert [item["language"] for item in result["details"]] == LANGUAGES * 2
    assert result["mode"] == "BATCH"
    assert client.get("/v1/image_translate/single/task/query", taskId=result["taskId"])["code"] == "4004"
