"""Rows of the product: what its page says, and its pictures."""

from __future__ import annotations

from topview_provider.catalog.avatar import AVATAR
from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import PAGE, PAGING, TASK_STATE, Listing, Output, TaskFamily, items

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

PRODUCT_AVATAR_V1_REPLACE_IMAGE = TaskFamily(
    name="product_avatar_v1_replace_image",
    title="Product Avatar v1: replace product image",
    submit="/v1/product_avatar/task/image_replace/submit",
    query="/v1/product_avatar/task/image_replace/result",
    fields=(
        Field("avatarId", rule="from product_avatar_public_list"),
        Field("templateImageFileId"),
        Field("productImageFileId", required=True),
        Field("userFaceImageFileId"),
        Field("imageEditPrompt", required=True, rule="how to swap the product of picture 2 into picture 1"),
        Field(
            "productSize",
            choices=("1", "2", "3", "4", "5", "6"),
            default="2",
            rule="meaning of the six steps is not documented",
        ),
    ),
    one_of=(("avatarId", "templateImageFileId"),),
    status_key="taskStatus",
    items_key="productReplaceResult",
    outputs=(Output("image", "productReplaceResult[].url", item_id="key"),),
    values={
        "product_replace_result_key": "productReplaceResult[0].key",
        "product_replace_result_keys": "productReplaceResult[].key",
        "face_existence": "productReplaceResult[0].faceExistence",
    },
    callback="PRODUCT_AVATAR_REPLACE_PRODUCT_IMAGE",
    charge=1,
    expected_seconds=90,
    poll_seconds=5,
    timeout_seconds=900,
    price="1 per picture",  # no guard: how many pictures one submit makes is not documented
    answer={
        "taskId": "string",
        "taskStatus": "string",
        **items("productReplaceResult[]", {"key": "string", "url": "string", "faceExistence": "boolean"}),
    },
    docs=("https://docs.topview.ai/reference/get_new-endpoint-9", "Apifox EN api-297455988", "Apifox CN doc-6809225"),
)

PRODUCT_AVATAR_V1_DOWNLOAD = Listing(
    name="product_avatar_v1_download",
    title="Product Avatar v1: download result without watermark",
    path="/v1/product_avatar/task/image_replace/download_without_watermark",
    action=True,
    charges=True,
    fields=(
        Field("taskId", python="topview_task_id", required=True, certainty="I"),
        Field("key", rule="`key` of the wanted productReplaceResult entry", certainty="I"),
        Field("needCloudFrontUrl", "boolean", default=False, certainty="I"),
    ),
    answer={"url": "string"},
    docs=("Apifox EN nav entry only (method GET)",),
    certainty="?",
    path_uncertain=True,
)

PRODUCT_AVATAR_V1_VIDEO = TaskFamily(
    name="product_avatar_v1_video",
    title="Product Avatar v1: Image2Video",
    submit="/v1/product_avatar/task/image2Video/submit",
    query="/v1/product_avatar/task/image2Video/result",
    fields=(
        Field("productReplaceResultKey", required=True, rule="a `key` of product_avatar_v1_replace_image"),
        Field(
            "mode",
            required=True,
            choices=("lite", "pro"),
            open_choices=True,
            rule="clients also list avatar2 (C): any text is passed",
        ),
        Field("image2videoPrompt", rule="lower-case v after the 2; required flag unknown, treat as optional"),
        Field("ttsText", rule="text to speak", certainty="C"),
        Field("voiceoverId", python="voice_id", rule="from voice_list", certainty="C"),
    ),
    status_key="taskStatus",
    outputs=(Output("video", "finishedVideoUrl"), Output("preview", "previewVideoUrl")),
    callback="PRODUCT_AVATAR_IMAGE2VIDEO",
    charge=2,
    expected_seconds=600,
    poll_seconds=5,
    timeout_seconds=4200,
    price="by mode and length",
    answer={"taskId": "string", "taskStatus": "string", "previewVideoUrl": "string", "finishedVideoUrl": "string"},
    docs=(
        "https://docs.topview.ai/reference/get_new-endpoint-12",
        "Apifox EN api-297455990",
        "Apifox CN api-293028871",
    ),
)

PRODUCT_AVATAR_V2_REPLACE_IMAGE = TaskFamily(
    name="product_avatar_v2_replace_image",
    title="Product Avatar v2: replace product image",
    submit="/v2/product_avatar/task/image_replace/submit",
    query="/v2/product_avatar/task/image_replace/query",
    fields=(
        Field("generateImageMode", required=True, choices=("auto", "manual"), certainty="C"),
        Field("productImageWithoutBackgroundFileId", required=True, rule="bgRemovedImageFileId of remove_background"),
        Field("avatarId"),
        Field("templateImageFileId"),
        Field("userFaceImageFileId", certainty="C"),
        Field("imageEditPrompt", rule="used in auto mode", certainty="C"),
        Field(
            "location",
            "array[array[number]]",
            required_when=({"generateImageMode": ("manual",)},),
            rule="corner points [x, y] of the product in the template; the number, order and origin are undocumented",
            certainty="C",
        ),
    ),
    one_of=(("avatarId", "templateImageFileId"),),
    items_key="replaceProductResult",
    outputs=(Output("image", "replaceProductResult[].url", item_id="imageId"),),
    values={
        "replace_product_task_image_id": "replaceProductResult[0].imageId",
        "replace_product_task_image_ids": "replaceProductResult[].imageId",
        "face_existence": "replaceProductResult[0].faceExistence",
    },
    callback="PRODUCT_AVATAR_REPLACE_PRODUCT_IMAGE",
    charge=1,
    expected_seconds=90,
    poll_seconds=5,
    timeout_seconds=900,
    price="1 per picture",  # no guard: how many pictures one submit makes is not documented
    answer={
        **TASK_STATE,
        **items("replaceProductResult[]", {"imageId": "string", "url": "string", "faceExistence": "boolean"}),
    },
    docs=("https://docs.topview.ai/reference/getting-started-4 (flow)",),
    certainty="C",
)

PRODUCT_AVATAR_V2_VIDEO = TaskFamily(
    name="product_avatar_v2_video",
    title="Product Avatar v2: Image2Video",
    submit="/v2/product_avatar/task/image2Video/submit",
    query="/v2/product_avatar/task/image2Video/query",
    fields=(
        Field(
            "replaceProductTaskImageId",
            required=True,
            rule="an imageId; when its faceExistence is false only mode=avatar2 works",
        ),
        Field(
            "mode",
            required=True,
            choices=("lite", "pro", "avatar2", "avatar4", "avatar4Fast"),
            default="avatar2",
            send_default=True,
            rule="lite 480p 5 s, pro 720p 10 s, avatar2 1080p, avatar4 and avatar4Fast 1080p up to 120 s",
        ),
        Field("scriptMode", required=True, choices=("text", "audio"), default="text", send_default=True),
        Field("ttsText", required_when=({"scriptMode": ("text",)},)),
        Field(
            "voiceId",
            required_when=({"scriptMode": ("text",)},),
            rule="from voice_list; form flags it always required, text only for scriptMode=text",
        ),
        Field(
            "audioFileId",
            required_when=({"scriptMode": ("audio",)},),
            rule="avatar2 at most 28 s, avatar4 and avatar4Fast at most 120 s",
        ),
        Field("captionId", rule="form flags it required, text and clients do not: optional"),
    ),
    outputs=(Output("video", "finishedVideoUrl"),),
    values={"avatar_id": "aiAvatar.aiavatarId"},
    callback="PRODUCT_AVATAR_IMAGE2VIDEO",
    charge=2,
    expected_seconds=600,
    poll_seconds=5,
    timeout_seconds=4200,
    price="by mode and script or audio length; failures free",
    answer={"taskId": "string", "status": "string", "finishedVideoUrl": "string", **items("aiAvatar", AVATAR)},
    docs=(
        "https://docs.topview.ai/reference/pa2_image2video_submit_task",
        "https://docs.topview.ai/reference/get_new-endpoint-16",
        "Apifox EN api-334439101",
    ),
)

PRODUCT_AVATAR_CATEGORY_LIST = Listing(
    name="product_avatar_category_list",
    title="Product Avatar: Category Query (v1 and v2 nav)",
    path="/v1/product_avatar/category/list",
    answer={"[].categoryId": "string", "[].categoryName": "string"},
    docs=("Apifox EN api-297455986",),
)

PRODUCT_AVATAR_PUBLIC_LIST = Listing(
    name="product_avatar_public_list",
    title="Product Avatar: Public product avatar Query (v1 and v2 nav)",
    path="/v1/product_avatar/public_avatar/query",
    paged=True,
    fields=(
        Field("ethnicityIds", rule="comma separated; ethnicity_list with scene=product_avatar"),
        Field("gender", choices=("female", "male")),
        Field("sortingType", choices=("Popularity", "Newest"), default="Popularity"),
        Field("categoryIds", rule="comma separated"),
        *PAGING,
    ),
    items_key="data",
    columns=("avatarId", "gender", "voiceoverId", "avatarImagePath"),
    answer={
        **PAGE,
        **items(
            "data[]",
            {
                "avatarId": "string",
                "avatarImagePath": "string",
                "voiceoverId": "string",
                "gender": "string",
                "avatarCategoryList[]": "array[object]|null",
                "objectMaskImageInfo": "string",
                "avatarEthnicityList[]": "array[object]|null",
                "minSubsType": "string",
            },
        ),
    },
    docs=("https://docs.topview.ai/reference/get_new-endpoint-41", "Apifox EN api-297455987"),
)
