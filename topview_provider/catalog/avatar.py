"""Rows of the avatars that speak."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import PAGE, PAGING, TASK_STATE, Echo, Listing, Output, Sight, TaskFamily, items

AVATAR = {
    "aiavatarId": "string",
    "aiavatarName": "string",
    "gender": "string|null",
    "coverUrl": "string",
    "previewVideoUrl": "string",
    "ethnicities": "array|string|null",
    "voiceoverIdDefault": "string|null",
    "faceSquareConfig": "object|null",
}
"""The avatar in a task's answer; its id is spelled with a lower-case a."""

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
        *PAGING,
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
    columns=("aiavatarId", "aiavatarName", "gender", "voiceoverIdDefault", "type"),
    answer={
        **PAGE,
        **items(
            "data[]",
            {
                "aiavatarId": "string",
                "aiavatarName": "string",
                "gender": "string|null",
                "coverUrl": "string",
                "previewVideoUrl": "string",
                "thumbnailUrl": "string",
                "ethnicities[]": "array[object]|null",
                "voiceoverIdDefault": "string|null",
                "faceSquareConfig": "object|null",
                "type": "integer",
            },
        ),
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
    answer={**PAGE, **items("data[]", {"ethnicityId": "string", "ethnicityName": "string"})},
    docs=("Apifox EN api-296774803", "Apifox CN api-289995583"),
)

PHOTO_AVATAR = TaskFamily(
    name="photo_avatar",
    title="Photo Avatar / Avatar 4",
    submit="/v1/photo_avatar/task/submit",
    query="/v1/photo_avatar/task/query",
    fields=(
        Field("avatarId", rule="public or custom template, from photo_avatar_template_list"),
        Field("templateImageFileId", rule="uploaded portrait; the page shows a sample default id, ignore it"),
        Field(
            "mode",
            required=True,
            choices=("avatar4", "avatar4Fast", "avatar2"),
            rule="audio limits: avatar2 28 s, avatar4 and avatar4Fast 120 s",
        ),
        Field("scriptMode", required=True, choices=("text", "audio")),
        Field(
            "ttsText",
            required_when=({"scriptMode": ("text",)},),
            rule='pauses as <break time="1.0s"/>, 0.1 to 99.9 s, one decimal',
        ),
        Field("voiceId", required_when=({"scriptMode": ("text",)},)),
        Field("audioFileId", required_when=({"scriptMode": ("audio",)},)),
        Field(
            "voiceModel",
            choices=("elevenlabs-v2.5", "elevenlabs-v3", "minimax-v2.5"),
            rule="text mode only; server default when absent",
        ),
        Field(
            "voiceSettings",
            "object",
            children=(
                Field("volume", "integer", minimum=0, maximum=200),
                Field("stability", "integer", minimum=0, maximum=100),
            ),
            rule="only with scriptMode=text and voiceModel",
        ),
        Field("captionId"),
        Field("customMotion", max_length=600, rule="motion or expression prompt, at most 600 characters"),
        Field(
            "saveCustomAiAvatar",
            "boolean|string",
            python="save_custom_avatar",
            rule="docs: string true/false; vendor's client sends a JSON boolean; send a boolean",
        ),
        Field("offPeak", "boolean", rule="avatar4 / avatar4Fast only: half price, may take 24 h"),
        Field("boardId", rule="links the task to a board; the answers then carry board ids"),
    ),
    one_of=(("avatarId", "templateImageFileId"),),
    outputs=(Output("video", "finishedVideoUrl"), Output("cover", "finishedVideoCoverUrl")),
    values={"avatar_id": "aiAvatar.aiavatarId"},
    title_path="aiAvatar.aiavatarName",
    cost_key="costCredit",
    charge=1,
    expected_seconds=180,
    poll_seconds=5,
    timeout_seconds=7200,
    price="per started second: avatar4 0.1, avatar4Fast 0.06, avatar2 0.4; offPeak half",
    echo=Echo("board_task_list", under="parameters", needs=("boardId",), filters=("boardId",)),
    sight=Sight("board_task_list", ("boardId",), {"sort_field": "gmtCreate", "sort_order": "desc"}),
    answer={
        **TASK_STATE,
        "costCredit": "number",
        "boardId": "string",
        "boardTaskId": "string",
        "finishedVideoUrl": "string",
        "finishedVideoCoverUrl": "string",
        **items("aiAvatar", {**AVATAR, "type": "integer"}),
    },
    docs=(
        "https://docs.topview.ai/reference/avatar-4",
        "https://docs.topview.ai/reference/avatar4_submit_task",
        "https://docs.topview.ai/reference/avatar4_query_task",
    ),
)

VIDEO_TO_AVATAR = TaskFamily(
    name="video_to_avatar",
    title="Common Task: video_to_avatar",
    submit="/v1/common_task/video2aiAvatar/submit",
    query="/v1/common_task/video2aiAvatar/query",
    fields=(Field("videoFileId", required=True, certainty="C"),),
    outputs=(Output("video", "aiAvatar.previewVideoUrl"), Output("cover", "aiAvatar.coverUrl")),
    values={"avatar_id": "aiAvatar.aiavatarId"},
    title_path="aiAvatar.aiavatarName",
    callback="COMMON_TASK_VIDEO2AIAVATAR",
    charge=1,
    expected_seconds=300,
    poll_seconds=10,
    timeout_seconds=1800,
    price="?",
    answer={**TASK_STATE, **items("aiAvatar", AVATAR)},
    docs=("https://docs.topview.ai/reference/get_new-endpoint-24",),
    certainty="C",
)

CUSTOM_AVATAR_DELETE = Listing(
    name="custom_avatar_delete",
    title="Delete Custom Avatar",
    path="/v1/photo_avatar/template/delete",
    method="DELETE",
    action=True,
    fields=(
        Field(
            "aiAvatarId",
            python="avatar_id",
            required=True,
            rule="query parameter; id from photo_avatar_template_list or photo_avatar_template_create",
        ),
    ),
    answer={"(result)": "null"},
    docs=("https://docs.topview.ai/reference/delete_custom_avatar",),
)
