"""An export whose answer was lost: its task id is known, and its video tells whether it was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.attempts import retried
from tests.conftest import FakeStore
from tests.contract.examples import minimal
from tests.contract.running import known, operator_class, unsigned, walk
from tests.test_exports import export, rewrite
from topview_provider.catalog import FAMILIES
from topview_provider.exceptions import TopviewSubmitUnknown, TopviewTaskFailed
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

QUERY = "/v1/m2v/task/query"
STARTED, DONE = 40, 200
"""Seconds after a submit at which its job surely runs, or is surely done."""


@pytest.fixture(params=[{}, {"keep_old_export": True}], ids=["old-goes-at-once", "old-stays-a-while"])
def studio(request: pytest.FixtureRequest, connect: Callable[..., str]) -> Iterator[StandIn]:
    """A stand-in whose jobs take 50 to 150 s of its own clock, and begin after 10 to 30."""
    with StandIn(seconds=100, scripts=2, **request.param) as service:
        connect(service, poll_interval=0.01)
        yield service


def finished_preview(service: StandIn) -> str:
    given = {"product_link": "https://shop.example/kettle", "preview": True, "wait_for_completion": False}
    found = TopviewMarketingVideoOperator(task_id="p", **given).execute(retried(FakeStore(), 1))
    service.advance(DONE)
    return str(found["topview_task_id"])


@pytest.fixture
def preview(studio: StandIn) -> str:
    return finished_preview(studio)


def exported(service: StandIn) -> int:
    return int(service.stats("marketing_video_export")["accepted"])


def lose(service: StandIn, task: Any, store: Any, *, taken: bool) -> None:
    """Make an attempt whose answer is lost; TopView has ``taken`` the submit or never got it."""
    service.fault("answer-lost-after-accept" if taken else "reset", method="POST", path=task.row.submit)
    with pytest.raises(TopviewSubmitUnknown):
        task.execute(retried(store, 1))


def done_before(service: StandIn, preview: str, **words: Any) -> dict[str, Any]:
    """Export a script, edit it, and return the context of that finished export."""
    context = retried(FakeStore(), 1)
    export(preview, wait_for_completion=False, **words).execute(context)
    service.advance(DONE)
    export(preview, **words).execute(context)
    rewrite(preview, "Second text.")
    return context


def adopted(preview: str, store: Any, number: int = 2) -> dict[str, Any]:
    context = retried(store, number)
    found = export(preview, wait_for_completion=False).execute(context)
    assert found["topview_task_id"] == store["topview"]["topview_task_id"] == preview
    return context


def doubt(preview: str, store: Any) -> str:
    with pytest.raises(TopviewSubmitUnknown) as unknown:
        export(preview).execute(retried(store, 2))
    return str(unknown.value)


@pytest.mark.parametrize("deferrable", [False, True], ids=["stays", "defers"])
def test_an_export_whose_video_is_there_is_adopted(deferrable: bool, studio: StandIn, preview: str) -> None:
    store = FakeStore()
    lose(studio, export(preview), store, taken=True)
    studio.advance(DONE)
    found = walk(lambda: export(preview, deferrable=deferrable), retried(store, 2))
    assert (found["topview_task_id"], len(found["outputs"])) == (preview, 2)
    assert exported(studio) == 1


def test_an_export_whose_video_is_being_made_is_adopted(studio: StandIn, preview: str) -> None:
    store = FakeStore()
    lose(studio, export(preview), store, taken=True)
    studio.advance(STARTED)
    adopted(preview, store)
    assert exported(studio) == 1


def test_an_export_that_failed_is_adopted_as_a_failure_and_bought_anew_by_the_next_retry(
    studio: StandIn, preview: str
) -> None:
    store = FakeStore()
    studio.fault("fail", method="POST", match={"family": "marketing_video_export"})
    lose(studio, export(preview), store, taken=True)
    studio.advance(DONE)
    with pytest.raises(TopviewTaskFailed):
        export(preview).execute(retried(store, 2))
    assert exported(studio) == 1
    adopted(preview, store, 3)
    assert exported(studio) == 2


def test_an_export_that_topview_never_got_is_left_to_a_person(studio: StandIn, preview: str) -> None:
    store = FakeStore()
    lose(studio, export(preview), store, taken=False)
    words = f"Looked for it at TopView: 0 of its tasks fit. It may be one of these: {preview}. What to do"
    assert words in doubt(preview, store)
    assert exported(studio) == 0


def test_the_video_of_another_script_is_not_the_one_that_was_asked_for(studio: StandIn, preview: str) -> None:
    store = FakeStore()
    done_before(studio, preview, script_id=1)
    lose(studio, export(preview), store, taken=False)
    assert "0 of its tasks fit" in doubt(preview, store)
    assert exported(studio) == 1


def test_the_video_of_an_earlier_export_is_not_the_new_one(studio: StandIn, preview: str) -> None:
    store = FakeStore()
    done_before(studio, preview)
    lose(studio, export(preview), store, taken=False)
    assert store["topview"]["seen"]
    assert "0 of its tasks fit" in doubt(preview, store)
    assert exported(studio) == 1


def test_the_new_video_in_the_place_of_an_earlier_one_is_adopted(studio: StandIn, preview: str) -> None:
    store = FakeStore()
    before = done_before(studio, preview)
    lose(studio, export(preview), store, taken=True)
    studio.advance(DONE)
    context = adopted(preview, store)
    export(preview).execute(context)
    old, new = (unsigned(one["ti"].pushed["video_url"]) for one in (before, context))
    assert old != new
    assert exported(studio) == 2


def test_an_old_video_that_stays_until_the_new_one_begins_is_not_the_new_one(connect: Callable[..., str]) -> None:
    with StandIn(seconds=100, keep_old_export=True) as service:
        connect(service, poll_interval=0.01)
        preview, store = finished_preview(service), FakeStore()
        done_before(service, preview)
        lose(service, export(preview), store, taken=True)
        assert "0 of its tasks fit" in doubt(preview, store)
        service.advance(STARTED)
        adopted(preview, store, 3)
        assert exported(service) == 2


def test_a_query_that_fails_adopts_no_export(hasty: None, studio: StandIn, preview: str) -> None:
    store = FakeStore()
    lose(studio, export(preview), store, taken=True)
    studio.advance(DONE)
    studio.fault("status", path=QUERY, value=503, times=-1)
    assert f"it could not be asked (GET {QUERY} answered HTTP 503" in doubt(preview, store)
    assert exported(studio) == 1


@pytest.mark.parametrize("taken", [False, True])
def test_a_second_step_that_makes_no_item_of_its_own_is_never_adopted(taken: bool, service: StandIn) -> None:
    row, store = FAMILIES["image_translate_generate"], FakeStore()
    words = minimal(row, known(row)).arguments
    lose(service, operator_class(row)(task_id="t", **words), store, taken=taken)
    with pytest.raises(TopviewSubmitUnknown, match=f"Looked for it at TopView: .*{words['topview_task_id']}"):
        operator_class(row)(task_id="t", **words).execute(retried(store, 2))
    assert service.stats(row.name)["accepted"] == taken
