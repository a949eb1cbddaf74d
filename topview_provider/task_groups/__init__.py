"""Groups of tasks that belong together, for any DAG."""

from __future__ import annotations

from topview_provider.task_groups.video import marketing_video

__all__ = ["marketing_video"]
