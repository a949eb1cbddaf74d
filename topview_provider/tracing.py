"""The door through which OpenLineage asks a task what it read and made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from topview_provider import late

if TYPE_CHECKING:
    from topview_provider.lineage import Trace


class TopviewTraced:
    """Mix the facets of OpenLineage into an operator; has no constructor."""

    _trace: Trace | None = None
    """Set when the work is done: an instance that comes back from the triggerer knows nothing of the one before."""

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """
        Return inputs, outputs and TopView's id of the task; None without the OpenLineage provider.

        :param task_instance: The task instance; not needed.
        """
        return late.lineage.facets(self._trace)
