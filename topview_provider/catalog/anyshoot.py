"""Rows of Product AnyShoot: a product in a template picture. TopView documents neither answers nor all paths."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import PAGE, TASK_STATE, Listing, Output, PriceGuard, TaskFamily, items

PICTURE = {"status": "string", "filePath": "string", "fileId": "string", "width": "integer", "height": "integer"}
"""The answer that the stand-in gives; the real one is unknown, so every URL in it counts as a picture."""

ANY_PICTURE = (Output("image", "**"),)

ANYSHOOT_V1 = TaskFamily(
    name="anyshoot_v1",
    title="Product AnyShoot v1: replace product image",
    submit="/v1/product_anyShoot/task/submit",
    query="/v1/product_anyShoot/task/result",
    fields=(
        Field("productImageFileId", required=True),
        Field("productMaskFileId", rule="same pixel size as the product image; the caller draws it"),
        Field("templateId", rule="from anyshoot_template_list"),
        Field("templateImageFileId", rule="wins when templateId is given too"),
        Field(
            "templateMaskFileId",
            required=True,
            rule="same pixel size as the template image; the caller draws it; one client treats it as optional (C)",
        ),
        Field(
            "mode", required=True, rule="composition mode; allowed values unknown: pass through, no client-side list"
        ),
        Field("generatingCount", "integer", python="count", minimum=1, maximum=4, certainty="C"),
        Field("location", "array", rule="seen in a client only", certainty="C"),
    ),
    one_of=(("templateId", "templateImageFileId"),),
    outputs=ANY_PICTURE,
    callback="PRODUCT_ANY_SHOOT",
    charge=1,
    expected_seconds=60,
    poll_seconds=5,
    timeout_seconds=900,
    price="1 per picture",
    price_guard=PriceGuard(1, times=("generatingCount",)),
    answer={**TASK_STATE, "costCredit": "number|null", **items("images[]", PICTURE)},
    docs=("Apifox EN api-304968058", "Apifox CN api-302924791, api-302924696"),
)

ANYSHOOT_V2_PRODUCT_MODEL = TaskFamily(
    name="anyshoot_v2_product_model",
    title="Product AnyShoot v2: product model",
    submit="/v3/product_anyShoot/product_model/task/submit",
    query="/v3/product_anyShoot/product_model/task/result",
    fields=(
        Field("productImageFileId", required=True, certainty="C"),
        Field("templateId", certainty="I"),
        Field("templateImageFileId", certainty="C"),
        Field("templateMaskFileId", certainty="C"),
        Field("productMaskFileId", certainty="I"),
        Field(
            "generatingCount",
            "string|integer",
            python="count",
            minimum=1,
            maximum=4,
            rule='clients send the string "1"',
            certainty="C",
        ),
        Field("location", "array", certainty="I"),
    ),
    outputs=ANY_PICTURE,
    callback="PRODUCT_ANY_SHOOT",
    charge=1,
    expected_seconds=60,
    poll_seconds=5,
    timeout_seconds=900,
    price="1 per picture",
    price_guard=PriceGuard(1, times=("generatingCount",)),
    answer={**TASK_STATE, "costCredit": "number|null", **items("images[]", PICTURE)},
    docs=("English nav entry; product-background-api-usage (sister page)",),
    certainty="C",
    path_uncertain=True,
    alternatives=("/v2/product_anyShoot/product_model/task/submit", "/v2/product_anyShoot/product_model/task/result"),
)

ANYSHOOT_V2_PRODUCT_BACKGROUND = TaskFamily(
    name="anyshoot_v2_product_background",
    title="Product AnyShoot v2: product background",
    submit="/v3/product_anyShoot/product_background/task/submit",
    query="/v3/product_anyShoot/product_background/task/result",
    fields=(
        Field(
            "productImageWithoutBackgroundFileId",
            rule="bgRemovedImageFileId; this or productImageFileId",
            certainty="I",
        ),
        Field("productImageFileId", certainty="I"),
        Field("templateId", certainty="I"),
        Field("templateImageFileId", certainty="I"),
        Field("generatingCount", "integer", python="count", minimum=1, maximum=4, certainty="I"),
        Field("location", "array", certainty="I"),
    ),
    outputs=ANY_PICTURE,
    callback="PRODUCT_ANY_SHOOT",
    charge=1,
    expected_seconds=60,
    poll_seconds=5,
    timeout_seconds=900,
    price="1 per picture",  # no guard: that its count is called generatingCount is a guess
    answer={**TASK_STATE, "costCredit": "number|null", **items("images[]", PICTURE)},
    docs=("https://docs.topview.ai/reference/product-background-api-usage",),
    certainty="I",
    path_uncertain=True,
    alternatives=(
        "/v2/product_anyShoot/product_background/task/submit",
        "/v2/product_anyShoot/product_background/task/result",
    ),
)

ANYSHOOT_TEMPLATE_CATEGORY_LIST = Listing(
    name="anyshoot_template_category_list",
    title="Product AnyShoot v1: Template Category",
    path="/v1/product_anyShoot/template/category/list",
    answer={"[].categoryId": "string", "[].categoryName": "string"},
    docs=("Apifox EN api-304968056",),
)

ANYSHOOT_TEMPLATE_LIST = Listing(
    name="anyshoot_template_list",
    title="Product AnyShoot v1: Template List",
    path="/v1/product_anyShoot/template/list",
    paged=True,
    fields=(
        Field("categoryIds", rule="comma separated"),
        Field("style", choices=("UGC", "Pro")),
        Field("pageNo", default="1"),
        Field("pageSize", default="20"),
    ),
    items_key="data",
    columns=("templateId", "coverUrl"),
    answer={
        **PAGE,
        **items(
            "data[]", {"templateId": "string", "coverUrl": "string", "templateCategoryList[]": "array[object]|null"}
        ),
    },
    docs=("Apifox CN api-301900700",),
)
