"""The commands: each asks the hook and returns what to show, with the exit code."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from topview_provider import catalog, results
from topview_provider import exceptions as errors
from topview_provider.cli.definition import LEFT_OUT, LISTS
from topview_provider.cli.running import Code, Unfinished
from topview_provider.hooks import requesting
from topview_provider.hooks.topview import TopviewHook
from topview_provider.ledger.orphans import moment
from topview_provider.operators.storage import TopviewDownloadOperator
from topview_provider.polling import Watch
from topview_provider.tally import span

Shown = tuple[Any, Code]

VIDEOS = "marketing_video_task_list"
RECENT = 100
"""How many of the account's marketing videos are looked through for the age of one."""

CODES = {results.Phase.SUCCESS: Code.DONE, results.Phase.FAILED: Code.FAILED}


class Fetching(TopviewDownloadOperator):
    """Fetch as the operator does, and tell a task that is not finished from one that cannot be asked for."""

    def refuse_unless_finished(self, state: results.State) -> None:
        """
        Raise if there is nothing to fetch.

        :raises TopviewTaskFailed: The task failed at TopView.
        :raises Unfinished: It is not finished.
        """
        try:
            super().refuse_unless_finished(state)
        except errors.TopviewUnavailable as error:
            raise Unfinished(str(error)) from None


def credits(hook: TopviewHook, arguments: Namespace) -> Shown:  # noqa: A001 - the command is called so
    """Show what remains, for whom and until when."""
    account = hook.account()
    about = {"conn_id": arguments.conn_id, "uid": account.get("uid"), "expires": account.get("expiredTime")}
    return {"credits": requesting.balance_of(account), **about}, Code.DONE


def voices(hook: TopviewHook, arguments: Namespace) -> Shown:
    """List voices."""
    return _listed(hook, arguments)


def avatars(hook: TopviewHook, arguments: Namespace) -> Shown:
    """List avatars."""
    return _listed(hook, arguments)


def task(hook: TopviewHook, arguments: Namespace) -> Shown:
    """Show how a task stands; a success of which items failed counts as a failure."""
    row = catalog.family(arguments.family)
    judge = requesting.judge(row, {"preview": arguments.preview, row.item_id_key: arguments.script_id})
    answer = _waited(hook, row, judge, arguments) if arguments.wait else hook.query(row.name, arguments.topview_task_id)
    state = results.state_of(row, answer, judge)
    ended = state.phase is results.Phase.SUCCESS
    failed = results.failed_items(row, answer, judge) if ended else []
    created = _created(hook, row, arguments.topview_task_id)
    shown = {
        "family": row.name,
        "topview_task_id": arguments.topview_task_id,
        "state": state.phase.value,
        "topview_says": "; ".join(filter(None, (state.word, state.message, *failed, _other(row, answer, judge)))),
        "created": created and f"{created:%Y-%m-%d %H:%M:%S}",
        "age": created and span((datetime.now(UTC) - created).total_seconds()),
        "title": results.title_of(row, answer, judge),
        "cost_credit": results.cost_of(row, answer),
        "values": results.values_of(row, answer, judge) if ended else {},
        "outputs": results.outputs_of(row, answer, judge) if ended else [],
    }
    return shown, Code.FAILED if failed else CODES.get(state.phase, Code.UNFINISHED)


def download(hook: TopviewHook, arguments: Namespace) -> Shown:
    """Fetch files of a finished task under their names only when they are whole."""
    operator = Fetching(
        task_id="download",
        family=arguments.family,
        topview_task_id=arguments.topview_task_id,
        path=arguments.path,
        output=arguments.file,
        index=arguments.index,
        preview=arguments.preview,
        script_id=arguments.script_id,
        topview_conn_id=arguments.conn_id,
    )
    chosen = operator.outputs(hook)
    return [{"path": path} for path in operator.fetch_all(hook, chosen, operator.targets(chosen))], Code.DONE


def _listed(hook: TopviewHook, arguments: Namespace) -> Shown:
    name, name_key = LISTS[arguments.subcommand]
    listing = catalog.listing(name)
    given = {field.name: getattr(arguments, field.name) for field in listing.fields if field.wire not in LEFT_OUT}
    items = hook.iterate(name, **{key: value for key, value in given.items() if value})
    wanted = (arguments.name or "").strip().lower()
    found = (item for item in items if wanted in str(item.get(name_key) or "").lower())
    return [{key: item.get(key) for key in listing.columns} for item in islice(found, arguments.limit)], Code.DONE


def _other(row: catalog.TaskFamily, answer: Mapping[str, Any], judge: Mapping[str, str]) -> str:
    """Point to a finished preview where the export was asked for and is not there."""
    preview = requesting.judge(row, {"preview": True})
    if preview == judge or results.state_of(row, answer, judge).settled:
        return ""
    return "--preview shows what is there" if results.state_of(row, answer, preview).phase in CODES else ""


def _waited(
    hook: TopviewHook, row: catalog.TaskFamily, judge: dict[str, str], arguments: Namespace
) -> Mapping[str, Any]:
    now = time.time()
    watch = Watch(
        row=row,
        topview_task_id=arguments.topview_task_id,
        judge=judge,
        submitted_at=now,
        end_time=now + arguments.wait,
        pace=hook.settings.poll_interval or row.poll_seconds,
        dated=False,
    )
    outcome = hook.wait(watch)
    if watch.answer is None or outcome.word == "error":
        raise errors.by_name(outcome.error)(outcome.message, topview_task_id=arguments.topview_task_id)
    return watch.answer


def _created(hook: TopviewHook, row: catalog.TaskFamily, topview_task_id: str) -> datetime | None:
    """Return when a task was made; a query does not tell, so only where a list does: boards, and marketing videos."""
    try:
        if row.field_of("boardId"):
            found = hook.list("board_task_detail", topview_task_id=topview_task_id)
        elif row.query == catalog.family("marketing_video").query:
            found = [*islice(hook.iterate(VIDEOS, page_size=RECENT), RECENT)]
        else:
            return None
    except errors.TopviewError:  # what is asked for is the state, and that is known
        return None
    return next((moment(item.get("gmtCreate")) for item in found if item.get("taskId") == topview_task_id), None)
