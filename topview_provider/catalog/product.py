"""Rows of the product: what its page says, and its pictures."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import TASK_STATE, Output, TaskFamily, items

_MEDIA = {"fileId": "string", "fileName": "string", "fileType": "string", "fileUrl": "string", "format": "string"}

SCRAPER = TaskFamily(
    name="scraper",
    title="Scraper",
    submit="/v1/scraper/task/submit",
    query="/v1/scraper/task/query",
    fields=(Field("productLink", required=True),),
    items_key="productImages",
    outputs=(
        Output("image", "productImages[].fileUrl", item_id="fileId"),
        Output("video", "productVideos[].fileUrl", item_id="fileId"),
    ),
    values={
        "product_name": "productName",
        "product_description": "productDescription",
        "file_ids": "productImages[].fileId",
        "video_file_ids": "productVideos[].fileId",
    },
    title_path="productName",
    callback="SCRAPER",
    charge=0,
    expected_seconds=30,
    poll_seconds=3,
    timeout_seconds=300,
    price="free as far as known (?)",
    answer={
        **TASK_STATE,
        "productLink": "string",
        "productName": "string",
        "productDescription": "string",
        **items("productImages[]", _MEDIA),
        **items("productVideos[]", _MEDIA),
    },
    docs=("Apifox EN api-289343426, api-289343427",),
)

ROWS = (SCRAPER,)
LISTINGS = ()
