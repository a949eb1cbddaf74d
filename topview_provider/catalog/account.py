"""Rows of the account: credits, and the files that go in."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import Listing

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
    uid_optional=True,
    drop=("apiKeyMap",),
    docs=("https://docs.topview.ai/reference/query_user_credit",),
)

LISTINGS = (UPLOAD_CREDENTIAL, UPLOAD_FILE, UPLOAD_CHECK, CREDIT_DETAIL)
