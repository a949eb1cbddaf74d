"""Rows of the avatar marketing video: submit, export, and its script."""

from __future__ import annotations

from topview_provider.catalog.fields import ABSENT, Field
from topview_provider.catalog.nouns import PAGE, TASK_STATE, Echo, Listing, Output, PriceGuard, Sight, TaskFamily, items

LANGUAGES = (
    "en", "ar", "bg", "hr", "cs", "da", "nl", "fil", "fi", "fr", "de", "el", "hi", "hu", "id", "it", "ja", "ko", "ms",
    "nb", "pl", "pt", "ro", "ru", "zh-CN", "sk", "es", "sv", "zh-Hant", "tr", "uk", "vi", "th",
)  # fmt: skip

_VIDEO = {
    "scriptId": "number",
    "status": "string|null",
    "title": "string",
    "description": "string",
    "videoUrl": "string",
    "coverUrl": "string",
    "videoDuration": "number",
    "videoEtag": "string",
}
_SCENE = {"mediaId": "string", "mediaType": "string", "sceneAnalyseDesc": "string", "sceneFileName": "string"}
_ANSWER = {
    **TASK_STATE,
    "productName": "string",
    "productDescription": "string",
    **items("exportVideos[]", _VIDEO),
    **items("previewVideos[]", _VIDEO),
    **items(
        "videoSceneInfoList[]",
        {**_SCENE, "seq": "number", "videoSceneCoverUrl": "string", "start": "number", "end": "number"},
    ),
    **items("imageSceneInfoList[]", {**_SCENE, "imageSceneUrl": "string"}),
    "scriptContentList[].scriptId": "number",
    **items("scriptContentList[].scriptContents[]", {"segId": "number", "segText": "string"}),
}
_OUTPUTS = (
    Output("video", "{items}[].videoUrl", item_id="scriptId", duration="videoDuration"),
    Output("cover", "{items}[].coverUrl", item_id="scriptId"),
)
_VALUES = {"product_name": "productName", "product_description": "productDescription"}

MARKETING_VIDEO = TaskFamily(
    name="marketing_video",
    title="Avatar Marketing Video: submit and query",
    submit="/v1/m2v/task/submit",
    query="/v1/m2v/task/query",
    fields=(
        Field(
            "productLink",
            rule="product page; wins over fileIds: everything scraped from the link is used and fileIds is ignored",
        ),
        Field("fileIds", "array[string]", rule="uploaded images or videos"),
        Field(
            "productName",
            required_when=({"productLink": (ABSENT,)},),
            rule="otherwise parsed from the link",
        ),
        Field(
            "productDescription",
            required_when=({"productLink": (ABSENT,), "isDiyScript": (ABSENT, "false")},),
        ),
        Field("aspectRatio", choices=("9:16", "3:4", "1:1", "4:3", "16:9"), default="9:16"),
        Field(
            "language",
            choices=LANGUAGES,
            default="en",
            rule="Thai (th) works only with the four voice ids listed under the table",
        ),
        Field("voiceId", rule="from voice_list"),
        Field("captionId", rule="from caption_list; random when absent"),
        Field("aiavatarId", python="avatar_id", rule="from avatar_list; note the lower-case second a"),
        Field(
            "videoLengthType",
            "integer",
            choices=(1, 2, 3, 4),
            default=1,
            rule="1 = 30-50 s, 2 = 15-30 s, 3 = 30-45 s, 4 = 45-60 s",
        ),
        Field("endcardFileId"),
        Field("endcardAspectRatio", choices=("all", "9:16", "3:4", "1:1", "4:3", "16:9"), default="all"),
        Field("endcardBackgroundColor", choices=("black", "white"), default="black", rule="a word, not a hex colour"),
        Field("logoFileId"),
        Field(
            "preview",
            "string(bool)",
            choices=("true", "false"),
            default="false",
            rule="true: preview videos only, export them one by one; false or empty: exported videos directly",
        ),
        Field(
            "isDiyScript", "string(bool)", choices=("true", "false"), default="false", rule="use the caller's script"
        ),
        Field(
            "diyScriptDescription",
            required_when=({"isDiyScript": ("true",)},),
            rule="the script; ignored otherwise (required-ness I)",
        ),
        Field("diyStyle", choices=("diyScriptStyle", "diyScriptPrompt"), rule="only with isDiyScript=true"),
        Field(
            "diyScriptStyle",
            rule="preset style name, only with diyStyle=diyScriptStyle; the preset names are unknown, pass through",
        ),
        Field("diyScriptPrompt", required_when=({"diyStyle": ("diyScriptPrompt",)},), rule="free style text"),
        Field("targetAudience", rule="guides the script writer"),
        Field("musicFileId", rule="uploaded music; random music when empty"),
    ),
    one_of=(("productLink", "fileIds"),),
    items_key="exportVideos",
    item_status_key="status",
    preview_items_key="previewVideos",
    item_id_key="scriptId",
    outputs=_OUTPUTS,
    values=_VALUES,
    title_path="{items}[].title",
    callback="M2V_EXPORT",
    preview_callback="M2V_PREVIEW",
    charge=5,
    expected_seconds=480,
    poll_seconds=10,
    timeout_seconds=2400,
    price="5 per finished export; preview free",
    price_guard=PriceGuard(None, free_if="preview"),  # how many scripts it writes and exports is not documented
    echo=Echo(
        "marketing_video_task_list",
        fields=("productName", "productDescription"),
        needs=("productName",),
        spoilt_by=("productLink",),
    ),
    sight=Sight("marketing_video_task_list"),
    answer=_ANSWER,
    docs=(
        "https://docs.topview.ai/reference/avatar_marketing_video_submit_task",
        "https://docs.topview.ai/reference/get_m2v-task-query",
        "https://docs.topview.ai/reference/get_new-endpoint",
        "https://docs.topview.ai/reference/getting-started-1",
    ),
)

MARKETING_VIDEO_EXPORT = TaskFamily(
    name="marketing_video_export",
    title="Avatar Marketing Video: export one script",
    submit="/v1/m2v/export",
    query="/v1/m2v/task/query",
    fields=(
        Field("taskId", python="topview_task_id", required=True, rule="task of a finished preview"),
        Field(
            "scriptId",
            "string|integer",
            default="0",
            send_default=True,
            rule="0 = first script; CN docs integer, newest docs string; send a string",
        ),
    ),
    items_key="exportVideos",
    item_status_key="status",
    item_id_key="scriptId",
    outputs=_OUTPUTS,
    values=_VALUES,
    title_path="{items}[].title",
    callback="M2V_EXPORT",
    charge=5,
    expected_seconds=300,
    poll_seconds=10,
    timeout_seconds=2400,
    price="5",
    price_guard=PriceGuard(5),
    answer=_ANSWER,
    docs=("https://docs.topview.ai/reference/avatar_marketing_video_export_task",),
)

MARKETING_VIDEO_TASK_LIST = Listing(
    name="marketing_video_task_list",
    title="Avatar Marketing Video: list tasks",
    path="/v1/m2v/task/list",
    paged=True,
    fields=(Field("pageNo", "integer"), Field("pageSize", "integer")),
    items_key="data",
    columns=("taskId", "status", "errorMsg", "productName", "gmtCreate"),
    answer={
        **PAGE,
        **items(
            "data[]",
            {
                **TASK_STATE,
                "productName": "string",
                "productDescription": "string",
                "gmtCreate": "string",
                "diskSpace.size": "string",
                "diskSpace.unit": "string",
            },
        ),
    },
    docs=("https://docs.topview.ai/reference/avatar_marketing_video_list_task",),
)

MARKETING_VIDEO_SCRIPT_LIST = Listing(
    name="marketing_video_script_list",
    title="Avatar Marketing Video: list script content",
    path="/v1/m2v/script/list",
    fields=(Field("taskId", python="topview_task_id", required=True),),
    answer={
        "scriptId": "integer",
        "scriptContents[]": "array[object]",
        "scriptContents[].segId": "string",
        "scriptContents[].segText": "string",
    },
    docs=("https://docs.topview.ai/reference/avatar_marketing_video_list_script_content",),
)

MARKETING_VIDEO_SCRIPT_UPDATE = Listing(
    name="marketing_video_script_update",
    title="Avatar Marketing Video: replace script content",
    path="/v1/m2v/script/update",
    method="POST",
    action=True,
    body=True,
    fields=(
        Field("taskId", python="topview_task_id", required=True),
        Field(
            "scriptId",
            "string|integer",
            default="0",
            send_default=True,
            rule="optional in the Chinese page, required in the newest: always send",
        ),
        Field(
            "scriptContents",
            "array[object]",
            required=True,
            children=(
                Field("segId", "string|integer", required=True),
                Field("segText", required=True),
            ),
            rule="full replacement: send every segment; segments may be added or dropped",
        ),
    ),
    answer=TASK_STATE,
    docs=("https://docs.topview.ai/reference/avatar_marketing_video_update_script_content",),
)
