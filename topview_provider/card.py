"""The card that a task leaves: a flat XCom from which people, pages and reports read what it had from TopView."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from topview_provider import late

if TYPE_CHECKING:
    from topview_provider import catalog
    from topview_provider.polling import Wait

LONGEST = 500
"""Characters of an error that the card keeps; the log has it all."""


class TopviewCard:
    """Mix the XCom ``topview`` into an operator or a sensor; has no constructor."""

    family: ClassVar[str]
    bought: ClassVar[bool] = True
    """Whether it paid for the task: a sensor waits for what another one bought."""
    topview_conn_id: str
    need_cloud_front_url: bool
    row: Any
    outlets: Any

    def push_card(
        self,
        context: Any,
        wait: Wait,
        *,
        state: str,
        answer: Mapping[str, Any] | None = None,
        language: Any = None,
        error: str = "",
    ) -> dict[str, Any]:
        """
        Push the card, flat and without any signed URL, and return it.

        :param context: Airflow's context.
        :param wait: What is waited for.
        :param state: ``accepted``, ``success`` or ``failed``.
        :param answer: TopView's answer, for a success.
        :param language: Language that was asked for; by default the argument of that name.
        :param error: TopView's reason, for a failure.
        """
        here = {
            "topview_conn_id": self.topview_conn_id,
            "language": language or getattr(self, "language", None),
            "product": self._product(answer or {}, wait),
            "state": state,
            "error": error[:LONGEST] or None,
            "seconds": round(time.time() - wait.submitted_at, 1),
            "cloud_front": bool(self.need_cloud_front_url),
            "bought": self.bought,
            "map_index": getattr(context["ti"], "map_index", -1),
        }
        card = {**_facts(self.row, wait), **here, **self._made(answer, wait)}
        context["ti"].xcom_push(key="topview", value=card)
        return card

    def announce(self, context: Any, card: Mapping[str, Any]) -> None:
        """
        Let the outlets say what the card says, as far as other DAGs care.

        :param context: Airflow's context.
        :param card: The card.
        """
        if self.outlets:
            name = f"topview://task/{card['family']}/{card['topview_task_id']}"
            late.assets.emit(context, self.outlets, late.assets.about(card), [name])

    def _product(self, answer: Mapping[str, Any], wait: Wait) -> str | None:
        """Return what the task is about: its name as the user or TopView gave it, else the product page."""
        said = late.results.values_of(self.row, answer, wait.judge).get("product_name")
        found = getattr(self, "product_name", None) or said or getattr(self, "product_link", None)
        return str(found) if found else None

    def _made(self, answer: Mapping[str, Any] | None, wait: Wait) -> dict[str, Any]:
        """Return what a finished task shows: title, cost, length and its files as ``name:kind:count``."""
        found = late.results.outputs_of(self.row, answer, wait.judge) if answer else []
        counts = ((output, sum(entry["name"] == output.name for entry in found)) for output in self.row.outputs)
        return {
            "title": late.results.title_of(self.row, answer or {}, wait.judge),
            "cost_credit": late.results.cost_of(self.row, answer) if answer else None,
            "outputs": " ".join(f"{output.name}:{output.kind}:{count}" for output, count in counts if count),
            "duration_ms": next((entry["duration_ms"] for entry in found if entry["duration_ms"]), None),
        }


def _facts(row: catalog.TaskFamily, wait: Wait) -> dict[str, Any]:
    """Return what is known as soon as there is a task; ``items`` and ``script_id`` say which of its files are meant."""
    return {
        "family": row.name,
        "topview_task_id": wait.topview_task_id,
        "submitted_at": wait.submitted_at if wait.dated else None,
        "expected_seconds": row.expected_seconds,
        "end_time": wait.end_time,
        "items": wait.judge.get("items"),
        "script_id": wait.judge.get("script_id"),
    }
