"""Rows of the avatars that speak."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import TASK_STATE, Listing, Output, TaskFamily

VIDEO_AVATAR = TaskFamily(
    name="video_avatar",
    title="Video Avatar",
    submit="/v1/video_avatar/task/submit",
    query="/v1/video_avatar/task/query",
    fields=(
        Field(
            "avatarSourceFrom",
            "string|integer",
            required=True,
            choices=("0", "1", "2", "3"),
            default="1",
            send_default=True,
            rule="0 uploaded video, 1 public avatar, 2 own custom avatar, 3 uploaded photo",
        ),
        Field("videoFileId", required_when=({"avatarSourceFrom": ("0",)},)),
        Field(
            "aiAvatarId",
            python="avatar_id",
            required_when=({"avatarSourceFrom": ("1", "2")},),
            rule="from avatar_list (isCustom false for 1, true for 2); capital A",
        ),
        Field(
            "imageFileId",
            required_when=({"avatarSourceFrom": ("3",)},),
            rule="newer page says `audioSourceFrom equals 3`, a slip",
        ),
        Field(
            "audioSourceFrom",
            "string|integer",
            required=True,
            choices=("0", "1"),
            default="1",
            send_default=True,
            rule="0 uploaded audio, 1 text to speech",
        ),
        Field("audioFileId", required_when=({"audioSourceFrom": ("0",)},)),
        Field("ttsText", required_when=({"audioSourceFrom": ("1",)},)),
        Field(
            "voiceoverId",
            python="voice_id",
            required_when=({"audioSourceFrom": ("1",), "avatarSourceFrom": ("0", "2", "3")},),
            rule="optional for a public avatar, which has a voice of its own; from voice_list",
        ),
        Field("voiceSpeed", "number", default=1, minimum=0.8, maximum=1.2, rule="only with audioSourceFrom=1"),
        Field(
            "modeType",
            default="0",
            rule="0 = avatar1, 1 = avatar2; must be 1 for source 3; clients send 2 for avatar4 (C): any text passes",
        ),
        Field(
            "isSave2CustomAiAvatar",
            "boolean",
            python="save_custom_avatar",
            default=False,
            rule="save the uploaded video as own avatar; ignored for photos (always saved)",
        ),
        Field("captionId", rule="only with avatarSourceFrom=1, or an uploaded video that is saved"),
    ),
    outputs=(Output("video", "outputVideoUrl"),),
    callback="ZERO_SHOT_AVATAR",
    charge=2,
    expected_seconds=240,
    poll_seconds=5,
    timeout_seconds=2700,
    price="by mode and script length or audio length",
    answer={
        **TASK_STATE,
        "outputVideoUrl": "string",
        "inputVideoFileId": "string",
        "inputAudioFileId": "string",
    },
    docs=(
        "https://docs.topview.ai/reference/video_avatar_submit_task",
        "Apifox EN api-293375166, api-293377750",
        "Apifox CN doc-6808496",
    ),
)

AVATAR_LIST = Listing(
    name="avatar_list",
    title="AiAvatar Query",
    path="/v1/aiavatar/query",
    paged=True,
    fields=(
        Field("pageNo", "integer", default=1),
        Field("pageSize", "integer", default=20),
        Field("gender", choices=("male", "female"), rule="one client note adds `other`"),
        Field("ethnicityIdList", rule="ids of ethnicity_list joined by commas (C)"),
        Field("sortField", rule="e.g. createTime", certainty="C"),
        Field("sortType", choices=("asc", "desc"), certainty="C"),
        Field(
            "isCustom",
            "boolean",
            rule="true = own avatars (video_avatar source 2); false or absent = public (source 1)",
        ),
    ),
    items_key="data",
    answer={
        "total": "integer",
        "pageNo": "integer",
        "pageSize": "integer",
        "data[]": "array[object]",
        "data[].aiavatarId": "string",
        "data[].aiavatarName": "string",
        "data[].gender": "string|null",
        "data[].coverUrl": "string",
        "data[].previewVideoUrl": "string",
        "data[].thumbnailUrl": "string",
        "data[].ethnicities[]": "array[object]|null",
        "data[].voiceoverIdDefault": "string|null",
        "data[].faceSquareConfig": "object|null",
        "data[].type": "integer",
    },
    docs=("Apifox EN api-273646925", "Apifox CN api-223264233"),
)

ETHNICITY_LIST = Listing(
    name="ethnicity_list",
    title="Ethnicity Query",
    path="/v1/ethnicity/list",
    paged=True,
    fields=(
        Field("scene", required=True, choices=("video_avatar", "product_avatar")),
        Field("pageNo", "integer"),
        Field("pageSize", "integer", certainty="I"),
    ),
    items_key="data",
    answer={
        "total": "integer",
        "pageNo": "integer",
        "pageSize": "integer",
        "data[]": "array[object]",
        "data[].ethnicityId": "string",
        "data[].ethnicityName": "string",
    },
    docs=("Apifox EN api-296774803", "Apifox CN api-289995583"),
)

ROWS = (VIDEO_AVATAR,)
LISTINGS = (AVATAR_LIST, ETHNICITY_LIST)
