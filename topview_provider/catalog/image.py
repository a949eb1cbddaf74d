"""Rows of pictures: background removal, clips from a picture, translation of the texts in it."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import TASK_STATE, Output, PriceGuard, TaskFamily, items

LANGUAGES = (
    "English", "Filipino", "French", "German", "Indonesian", "Italian", "Russian", "Spanish", "Swahili", "Turkish",
    "Vietnamese", "Arabic", "Hindi", "Simplified Chinese",
)  # fmt: skip

_DETAIL = {
    "fileId": "string",
    "fileName": "string",
    "format": "string",
    "language": "string",
    "finishedImageUrl": "string",
    "status": "string",
    "errorMsg": "string|null",
}
_GENERATED = {
    "taskId": "string",
    "status": "string",
    "mode": "string",
    "costCredit": "string",
    **items("details[]", _DETAIL),
}

REMOVE_BACKGROUND = TaskFamily(
    name="remove_background",
    title="Common Task: image remove background",
    submit="/v1/common_task/remove_background/submit",
    query="/v1/common_task/remove_background/query",
    fields=(Field("productImageFileId", required=True),),
    outputs=(Output("image", "bgRemovedImagePath"), Output("mask", "maskImagePath")),
    values={"image_file_id": "bgRemovedImageFileId", "mask_file_id": "maskImageFileId"},
    cost_key="costCredit",
    charge=0.1,
    expected_seconds=20,
    poll_seconds=3,
    timeout_seconds=300,
    price="?",
    answer={
        **TASK_STATE,
        "bgRemovedImageFileId": "string",
        "bgRemovedImagePath": "string",
        "bgRemovedImageWidth": "number",
        "bgRemovedImageHeight": "number",
        "maskImageFileId": "string",
        "maskImagePath": "string",
        "maskImageWidth": "number",
        "maskImageHeight": "number",
        "costCredit": "number",
    },
    docs=(
        "https://docs.topview.ai/reference/getting-started-4",
        "https://docs.topview.ai/reference/product-background-api-usage",
    ),
)

IMAGE_TO_VIDEO_V1 = TaskFamily(
    name="image_to_video_v1",
    title="Common Task: image2video (v1)",
    submit="/v1/common_task/image2video/submit",
    query="/v1/common_task/image2video/result",
    fields=(
        Field("imageFileId", required=True),
        Field("prompt"),
        Field("negativePrompt"),
        Field(
            "duration",
            "integer",
            required=True,
            choices=(5, 10),
            rule="an integer; the English wording `5 to 10` is a slip",
        ),
        Field("mode", required=True, choices=("lite", "pro", "plus", "best")),
        Field("generatingCount", "integer", python="count", required=True, minimum=1, maximum=4),
    ),
    items_key="videos",
    outputs=(Output("video", "videos[].originVideo.filePath", alternative="videos[].filePath"),),
    cost_key="costCredit",
    callback="COMMON_TASK_IMAGE2VIDEO",
    charge=2,
    expected_seconds=180,
    poll_seconds=5,
    timeout_seconds=1800,
    price="by quality, length and count",
    answer={
        "taskId": "string",
        "status": "string",
        "costCredit": "number",
        **items(
            "videos[]",
            {
                "originVideo": "object",
                "originVideo.filePath": "string",
                "originVideo.width": "integer",
                "originVideo.height": "integer",
            },
        ),
    },
    docs=(
        "https://docs.topview.ai/reference/get_new-endpoint-22",
        "Apifox CN api-302702923, api-302704015",
        "Apifox EN api-304968054",
    ),
)

IMAGE_TRANSLATE = TaskFamily(
    name="image_translate",
    title="Image Translate: translate the texts of one image",
    submit="/v1/image_translate/single/task/submit",
    query="/v1/image_translate/single/task/query",
    fields=(
        Field("fileId", required=True, rule="uploaded image"),
        Field(
            "languages",
            "array[string]",
            required=True,
            choices=LANGUAGES,
            rule="English names, not codes",
        ),
    ),
    items_key="content",
    values={"content": "content", "block": "block"},
    charge=0,
    expected_seconds=30,
    poll_seconds=3,
    timeout_seconds=600,
    price="images x languages x 2 (charged for the generated pictures)",
    price_guard=PriceGuard(2, times=("languages",)),
    answer={
        "taskId": "string",
        "status": "string",
        "block": "string",
        "width": "string",
        "height": "string",
        "format": "string",
        **items(
            "content[]",
            {
                "type": "string",
                "translationList[]": "array[object]",
                "translationList[].origin": "string",
                "translationList[].translation": "string",
            },
        ),
    },
    docs=(
        "https://docs.topview.ai/reference/image-translate-api-usage",
        "https://docs.topview.ai/reference/submit-translate-task",
        "https://docs.topview.ai/reference/query-translate-task",
    ),
)

IMAGE_TRANSLATE_GENERATE = TaskFamily(
    name="image_translate_generate",
    title="Image Translate: generate the translated picture(s) of one image",
    submit="/v1/image_generate/single/task/submit",
    query="/v1/image_generate/task/query",
    fields=(Field("taskId", python="topview_task_id", required=True, rule="taskId of image_translate"),),
    items_key="details",
    item_status_key="status",
    outputs=(Output("image", "details[].finishedImageUrl", item_id="fileId", language="language"),),
    values={"file_ids": "details[].fileId"},
    cost_key="costCredit",
    cost_type="string",
    charge=2,
    expected_seconds=45,
    poll_seconds=3,
    timeout_seconds=600,
    price="images x languages x 2",
    answer=_GENERATED,
    docs=(
        "https://docs.topview.ai/reference/submit-single-generate-task",
        "https://docs.topview.ai/reference/query-generate-task",
    ),
)

IMAGE_TRANSLATE_BATCH = TaskFamily(
    name="image_translate_batch",
    title="Image Translate: translate and generate many images",
    submit="/v1/image_translate/batch/task/submit",
    query="/v1/image_generate/task/query",
    fields=(
        Field("fileIds", "array[string]", required=True),
        Field(
            "languages",
            "array[string]",
            required=True,
            choices=LANGUAGES,
        ),
    ),
    items_key="details",
    item_status_key="status",
    outputs=(Output("image", "details[].finishedImageUrl", item_id="fileId", language="language"),),
    values={"file_ids": "details[].fileId"},
    cost_key="costCredit",
    cost_type="string",
    charge=4,
    expected_seconds=90,
    poll_seconds=3,
    timeout_seconds=900,
    price="images x languages x 2",
    price_guard=PriceGuard(2, times=("fileIds", "languages")),
    answer=_GENERATED,
    docs=(
        "https://docs.topview.ai/reference/submit-batch-generate-task",
        "https://docs.topview.ai/reference/query-generate-task",
    ),
)
