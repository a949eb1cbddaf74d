"""Rows of the boards: tasks that were put on one, beside what they were given."""

from __future__ import annotations

from topview_provider.catalog.fields import Field
from topview_provider.catalog.nouns import PAGE, Listing, items

PAGES = (Field("pageNo", "integer"), Field("pageSize", "integer"))

TASK = {
    "taskId": "string",
    "boardTaskId": "string",
    "boardId": "string",
    "sortWeight": "number",
    "uid": "string",
    "userName": "string",
    "toolType": "string",
    "toolCategory": "string",
    "status": "string",
    "mediaType": "string",
    "rating": "integer",
    "parameters": "object",
    "result": "object",
    "errorMessage": "string|null",
    "errorCode": "string|null",
    "creditsCost": "integer",
    "creditsPayerUid": "string",
    "creditsPayerName": "string",
    "gmtCreate": "string",
    "gmtModify": "string",
    "completedAt": "string|null",
    "isPinned": "boolean",
    "pinnedOriginalSortWeight": "number|null",
    "groupIds": "array[string]",
    "unresolvedCount": "integer",
    "useUnlimitMode": "boolean",
    "estimateInfo.queueCount": "integer",
    "estimateInfo.estimatedWaitSeconds": "integer",
    "estimateInfo.estimatedProcessSeconds": "integer",
}
"""A task as its board shows it; the charge it tells is often 0 and cannot be relied on."""

BOARD_LIST = Listing(
    name="board_list",
    title="List Boards",
    path="/boards/list",
    paged=True,
    fields=PAGES,
    items_key="list",
    columns=("boardId", "name", "taskCount", "isSystemDefault", "isOwner", "gmtCreate"),
    answer={
        **PAGE,
        **items(
            "list[]",
            {
                "boardId": "string",
                "name": "string",
                "uid": "string",
                "ownerName": "string",
                "taskCount": "integer",
                "recentThumbnails": "array",
                "members": "array",
                "shareTokens": "array",
                "isSystemDefault": "boolean",
                "syncFlag": "boolean",
                "gmtCreate": "string",
                "gmtModify": "string",
                "isOwner": "boolean",
            },
        ),
    },
    drop=("shareTokens",),
    docs=("https://docs.topview.ai/reference/listboards",),
)

BOARD_TASK_LIST = Listing(
    name="board_task_list",
    title="List Board Tasks",
    path="/boards/tasks/list",
    paged=True,
    fields=(
        Field("boardId"),
        *PAGES,
        Field("mediaType", choices=("all", "image", "video", "audio")),
        Field("rating", choices=("all", "0", "1", "2", "3", "unrated")),
        Field("toolCategory", choices=("image", "video", "avatar", "voice", "music")),
        Field("toolType"),
        Field("sortField", choices=("gmtCreate", "gmtModify", "completedAt")),
        Field("sortOrder", choices=("asc", "desc")),
    ),
    items_key="list",
    columns=("taskId", "boardTaskId", "boardId", "toolType", "status", "errorMessage", "gmtCreate", "completedAt"),
    answer={**PAGE, **items("list[]", TASK)},
    docs=("https://docs.topview.ai/reference/listboardtasks",),
)

BOARD_TASK_DETAIL = Listing(
    name="board_task_detail",
    title="Get Board Task Detail",
    path="/boards/tasks/detail",
    single=True,
    fields=(Field("taskId", python="topview_task_id", required=True),),
    answer=TASK,
    docs=("https://docs.topview.ai/reference/getboardtaskdetail",),
)
