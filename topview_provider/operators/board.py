"""Boards: what stands on them, and what each of their tasks was given. All of it is free to read."""

from __future__ import annotations

from typing import Any

from topview_provider.operators.listing import TopviewActionOperator, TopviewListOperator


class TopviewBoardListOperator(TopviewListOperator):
    """
    List the boards of the account.

    Returns ``boardId``, ``name``, ``taskCount``, ``isSystemDefault``, ``isOwner``, ``gmtCreate`` of each. The tokens by
    which a board is shared are dropped from TopView's answer. ``fields`` may name ``uid``, ``ownerName``,
    ``recentThumbnails``, ``members``, ``syncFlag`` and ``gmtModify`` too.

    :param page_no: First page to read. (templated)
    :param page_size: Items per page. (templated)

    Source: https://docs.topview.ai/reference/listboards
    """

    listing = "board_list"

    def __init__(
        self,
        *,
        page_no: int | str | None = None,
        page_size: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.page_no = page_no
        self.page_size = page_size


class TopviewBoardTaskListOperator(TopviewListOperator):
    """
    List the tasks that were put on a board, or on any.

    Returns ``taskId``, ``boardTaskId``, ``boardId``, ``toolType``, ``status``, ``errorMessage``, ``gmtCreate``,
    ``completedAt`` of each. ``fields`` may name ``parameters`` (what the task was given), ``result``, ``toolCategory``,
    ``mediaType``, ``rating``, ``uid``, ``userName``, ``gmtModify``, ``sortWeight``, ``errorCode``, ``creditsCost``
    (often 0, not to be relied on), ``creditsPayerUid``, ``creditsPayerName``, ``isPinned``,
    ``pinnedOriginalSortWeight``, ``groupIds``, ``unresolvedCount``, ``useUnlimitMode`` and ``estimateInfo`` too.

    :param board_id: Only tasks of this board. (templated)
    :param page_no: First page to read. (templated)
    :param page_size: Items per page. (templated)
    :param media_type: ``all``, ``image``, ``video`` or ``audio``. (templated)
    :param rating: ``all``, ``0`` to ``3`` or ``unrated``. (templated)
    :param tool_category: ``image``, ``video``, ``avatar``, ``voice`` or ``music``. (templated)
    :param tool_type: Only tasks of this kind, as ``toolType`` spells it. (templated)
    :param sort_field: ``gmtCreate``, ``gmtModify`` or ``completedAt``. (templated)
    :param sort_order: ``asc`` or ``desc``. (templated)

    Source: https://docs.topview.ai/reference/listboardtasks
    """

    listing = "board_task_list"

    def __init__(
        self,
        *,
        board_id: str | None = None,
        page_no: int | str | None = None,
        page_size: int | str | None = None,
        media_type: str | None = None,
        rating: str | None = None,
        tool_category: str | None = None,
        tool_type: str | None = None,
        sort_field: str | None = None,
        sort_order: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.board_id = board_id
        self.page_no = page_no
        self.page_size = page_size
        self.media_type = media_type
        self.rating = rating
        self.tool_category = tool_category
        self.tool_type = tool_type
        self.sort_field = sort_field
        self.sort_order = sort_order


class TopviewBoardTaskDetailOperator(TopviewActionOperator):
    """
    Read one task of a board: its state, what it was given, how long it may still take.

    Returns everything that :class:`TopviewBoardTaskListOperator` knows of a task; ``estimateInfo`` holds the length of
    the queue, and the waits in seconds.

    :param topview_task_id: A task of a board (``taskId``). (templated)
    :raises TopviewNotFound: No board has this task.

    Source: https://docs.topview.ai/reference/getboardtaskdetail
    """

    listing = "board_task_detail"

    def __init__(self, *, topview_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.topview_task_id = topview_task_id
