"""What comes after a callback: TopView is asked whether it is true, in threads of its own, and an event is written."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from topview_provider import exceptions as errors
from topview_provider import results, wire
from topview_provider.catalog import FAMILIES, TaskFamily
from topview_provider.hooks.topview import TopviewHook
from topview_provider.plugins import events
from topview_provider.plugins.memory import Memory
from topview_provider.plugins.notice import Notice, log

MOST = 100
"""Callbacks that may wait; TopView is told of one more that it failed."""

THREADS = 4

REMEMBERED = 10.0
"""Seconds for which an end counts as confirmed: callbacks that repeat each other ask once."""


class Confirmer:
    """
    Confirm callbacks one after the other, behind the back of the server's event loop.

    What waits when the server stops is lost: a callback is a hint, and whoever needs the end for certain waits for it.

    :param conn_id: Connection of the account whose tasks they are; a callback names none.
    """

    def __init__(self, conn_id: str) -> None:
        self.conn_id = conn_id
        self._waiting: queue.Queue[Notice] = queue.Queue(MOST)
        self._ends: Memory[dict[str, Any] | None] = Memory(REMEMBERED)
        self._begin = threading.Lock()
        self._begun = False

    def take(self, notice: Notice) -> bool:
        """
        Take a callback and return at once; False when too many wait.

        :param notice: The callback.
        """
        try:
            self._waiting.put_nowait(notice)
        except queue.Full:
            return False
        with self._begin:
            if not self._begun:
                self._begun = True
                for _ in range(THREADS):
                    threading.Thread(target=self._work, name="topview-notices", daemon=True).start()
        return True

    def _work(self) -> None:
        while True:
            notice = self._waiting.get()
            try:
                self._confirm(notice)
            except Exception as error:  # noqa: BLE001 - the thread must live on, whatever a callback led to
                log.warning("The callback of task %s came to nothing: %s", notice.topview_task_id, error)

    def _confirm(self, notice: Notice) -> None:
        if not any(meant(notice)):
            log.warning("bizType %r means no family: put its name at the end of the notice URL", notice.word)
            return
        key = (notice.family, notice.word, notice.topview_task_id)
        end = self._ends.get(key, lambda: confirmed(TopviewHook(self.conn_id), notice))
        if end is None:
            log.info("A callback says that task %s ended; TopView's query knows no end", notice.topview_task_id)
        elif events.write(end["family"], {**end, "uuid": notice.uuid}):
            log.info("Task %s ended (%s); its asset event is written", notice.topview_task_id, end["state"])


def confirmed(hook: TopviewHook, notice: Notice) -> dict[str, Any] | None:
    """
    Ask TopView about a task and return what its event says, or None where TopView knows of no end.

    :param hook: Asks.
    :param notice: What a callback claims.
    :raises TopviewError: TopView cannot be asked.
    """
    for row in meant(notice):
        try:
            answer = hook.query(row.name, notice.topview_task_id)
        except (errors.TopviewNotFound, errors.TopviewInvalidRequest):
            continue
        judge = row.judge({"preview": notice.word == row.preview_callback})
        state = results.state_of(row, answer, judge)
        if state.settled:
            ids = {"topview_task_id": notice.topview_task_id, "topview_conn_id": hook.topview_conn_id}
            return {"family": row.name, **ids, **_facts(row, answer, judge, state)}
    return None


def meant(notice: Notice) -> Iterator[TaskFamily]:
    """
    Yield the families of which a callback may speak, each way to ask once.

    :param notice: The callback; the family at the end of its address decides, else ``bizType``, which several share.
    """
    if notice.family:
        yield FAMILIES[notice.family]
        return
    asked = set()
    for row in FAMILIES.values():
        if notice.word and notice.word in (row.callback, row.preview_callback) and row.query not in asked:
            asked.add(row.query)
            yield row


def _facts(
    row: TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str], state: results.State
) -> dict[str, Any]:
    """Return the flat extra of the event, without any signed address; ``made`` tells one export from the next."""
    made = results.standing(row, answer, judge) if row.item_id_key else ""
    return {
        "state": state.phase.value,
        "error": wire.scrub(state.message) or None,
        "cost_credit": results.cost_of(row, answer),
        "items": judge.get("items"),
        "made": hashlib.sha256(made.encode()).hexdigest()[:16] if made else None,
    }
