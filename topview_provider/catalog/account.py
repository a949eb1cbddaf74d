"""Rows of the account: credits, and the files that go in."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import PAGE, Listing, items

UPLOAD_CREDENTIAL = Listing(
    name="upload_credential",
    title="Get Upload Credential",
    path="/v1/upload/credential",
    action=True,
    fields=(
        Field(
            "format",
            required=True,
            choices=("mp4", "mov", "avi", "png", "jpg", "jpeg", "bmp", "webp", "mp3", "wav", "m4a"),
            rule="extension without dot; avi only in the vendor's client (V)",
        ),
        Field(
            "needAccelerateUrl",
            "boolean",
            default=False,
            rule="true = S3 acceleration host; vendor sends an empty value",
        ),
    ),
    answer={"fileId": "string", "uploadUrl": "string", "fileName": "string", "format": "string"},
    docs=("https://docs.topview.ai/reference/upload-api-usage", "Apifox EN api-273646910"),
)

UPLOAD_FILE = Listing(
    name="upload_file",
    title="Upload File",
    path="{uploadUrl}",
    method="PUT",
    action=True,
    fields=(
        Field(
            "(body)",
            "bytes",
            required=True,
            rule="raw file bytes with Content-Length; no TopView headers; Content-Type optional (only host is signed)",
            certainty="V",
        ),
    ),
    answer={"(none)": "-"},
    docs=("https://docs.topview.ai/reference/upload-api-usage",),
)

UPLOAD_CHECK = Listing(
    name="upload_check",
    title="Get Upload Check",
    path="/v1/upload/check",
    action=True,
    fields=(Field("fileId", required=True, rule="shown optional in the Chinese page"),),
    answer={"(result)": "boolean"},
    docs=("https://docs.topview.ai/reference/upload-api-usage", "Apifox EN api-305508119"),
)

CREDIT_DETAIL = Listing(
    name="credit_detail",
    title="Query User Credit",
    path="/user/credit/detail",
    answer={"uid": "string", "remainCredit": "number", "expiredTime": "string", "apiKeyMap": "object"},
    single=True,
    uid_optional=True,
    drop=("apiKeyMap",),
    docs=("https://docs.topview.ai/reference/query_user_credit",),
)

NOTICE_URL_CHECK = Listing(
    name="notice_url_check",
    title="check notice url",
    path="/notice/notice_url/check",
    method="POST",
    action=True,
    body=True,
    fields=(Field("noticeUrl", required=True, certainty="C"),),
    answer={"(unknown)": "?"},
    docs=("https://docs.topview.ai/reference/post_notice-notice-url-check",),
)

CREDIT_LOGS = Listing(
    name="credit_logs",
    title="Query Credit Logs",
    path="/user/credit/logs",
    paged=True,
    fields=(
        Field(
            "taskType",
            python="charge_type",  # BaseOperator has a property of the name task_type
            open_choices=True,
            choices=(
                "m2v",
                "common_task_image2video",
                "video_avatar",
                "product_avatar_image2video",
                "voice_clone",
                "product_anyfit",
                "pa_download_without_watermark",
                "pa2_replace_product_image",
                "pa2_image2video",
                "product_anyfit_v2_product_model",
            ),
        ),
        Field("startTime", moment=True, rule="UTC, yyyy-MM-dd HH:mm:ss"),
        Field("endTime", moment=True, rule="same"),
        Field("pageNo", "integer"),
        Field("pageSize", "integer"),
    ),
    items_key="data",
    answer={
        **PAGE,
        **items(
            "data[]",
            {
                "uid": "string",
                "apiKey": "string",
                "date": "string",
                "costCredit": "number",
                "taskId": "string",
                "taskType": "string",
            },
        ),
    },
    drop=("apiKey",),
    docs=("https://docs.topview.ai/reference/query_credit_logs",),
)

USER_SPACE = Listing(
    name="user_space",
    single=True,
    loose=True,
    title="Query User Space",
    path="/user/space",
    answer={
        "uid": "string",
        "usedDiskSpace.size": "number",
        "usedDiskSpace.unit": "string",
        "maxDiskSpace.size": "number",
        "maxDiskSpace.unit": "string",
    },
    docs=("https://docs.topview.ai/reference/get_new-endpoint-42",),
)
