"""What a person can order by hand: to buy anew, or to go on with a certain task."""

from __future__ import annotations

from typing import Any

import pytest

from tests.attempts import FAMILY, Buy, accepted, buying, cleared, ids, retried
from tests.conftest import FakeStore
from topview_provider.exceptions import (
    TopviewInsufficientCredits,
    TopviewNotFound,
    TopviewSubmitUnknown,
    TopviewTaskFailed,
)
from topview_provider.standin.server import StandIn

QUERY = "/v1/video_avatar/task/query"


@pytest.fixture(params=[False, True], ids=["stays", "defers"])
def buy(request: pytest.FixtureRequest) -> Buy:
    return buying(request.param)


def test_force_resubmit_buys_at_each_clear_and_never_in_its_retries(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    rounds = [retried(store, 1), retried(store, 2), cleared(store, 3), cleared(store, 4)]
    bought = [buy("Hello.", context, force_resubmit=True)["topview_task_id"] for context in rounds]
    bought.append(buy("Hello.", retried(store, 5, 3), force_resubmit=True)["topview_task_id"])
    first, second, third = ids(service)
    assert bought == [first, first, second, third, third]


def test_force_resubmit_buys_in_the_retry_of_a_clear_that_bought_nothing(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    buy("Hello.", retried(store, 1))
    service.fault("code", method="POST", value="4100", times=1)
    with pytest.raises(TopviewInsufficientCredits):
        buy("Hello.", cleared(store, 2), force_resubmit=True)
    assert store["topview"]["topview_task_id"] == ids(service)[0]
    found = buy("Hello.", retried(store, 3, 1), force_resubmit=True)
    assert found["topview_task_id"] == ids(service)[1]


def test_a_named_task_is_gone_on_with_and_nothing_is_sent(buy: Buy, service: StandIn) -> None:
    elsewhere = buy("Hello.", retried(FakeStore(), 1))
    store = FakeStore()
    for context in (retried(store, 1), retried(store, 2), cleared(store, 3)):
        found = buy("Bye.", context, resume_topview_task_id=elsewhere["topview_task_id"])
        assert found == {**elsewhere, "outputs": found["outputs"]}
    assert store["topview"]["topview_task_id"] == ids(service)[0]
    assert service.stats(FAMILY)["received"] == 1


def test_a_named_task_settles_a_doubt_and_is_then_the_record(buy: Buy, service: StandIn) -> None:
    service.fault("answer-lost-after-accept", method="POST", times=1)
    store = FakeStore()
    with pytest.raises(TopviewSubmitUnknown):
        buy("Hello.", retried(store, 1))
    [lost] = ids(service)
    assert buy("Hello.", cleared(store, 2), resume_topview_task_id=lost)["topview_task_id"] == lost
    assert buy("Hello.", cleared(store, 3))["topview_task_id"] == lost
    assert accepted(service) == 1


def test_a_named_task_replaces_another_one_of_the_same_task(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    buy("Hello.", retried(store, 1))
    elsewhere = buy("Bye.", retried(FakeStore(), 1))["topview_task_id"]
    assert buy("Hello.", cleared(store, 2), resume_topview_task_id=elsewhere)["topview_task_id"] == elsewhere
    assert accepted(service) == 2


def test_a_named_task_may_be_a_manifest_or_a_template_that_renders_nothing(buy: Buy, service: StandIn) -> None:
    manifest = buy("Hello.", retried(FakeStore(), 1), resume_topview_task_id="")
    assert buy("Hello.", retried(FakeStore(), 1), resume_topview_task_id=manifest)["outputs"]
    assert accepted(service) == 1


@pytest.mark.parametrize("words", [{}, {"on_missing_result": "resubmit"}, {"force_resubmit": True}])
def test_a_named_task_that_topview_does_not_know_is_never_bought(
    words: dict[str, Any], buy: Buy, service: StandIn
) -> None:
    store = FakeStore()
    for context in (retried(store, 1), cleared(store, 2)):
        with pytest.raises(TopviewNotFound, match="0123456789abcdef"):
            buy("Hello.", context, resume_topview_task_id="0123456789abcdef", **words)
    assert service.stats(FAMILY)["received"] == 0


def test_a_named_task_that_is_done_and_gone_is_never_bought_again(buy: Buy, service: StandIn) -> None:
    store = FakeStore()
    done = buy("Hello.", retried(store, 1))["topview_task_id"]
    service.fault("code", path=QUERY, value="4004", times=-1)
    with pytest.raises(TopviewNotFound):
        buy("Hello.", cleared(store, 2), resume_topview_task_id=done, on_missing_result="resubmit")
    assert accepted(service) == 1


def test_a_named_task_that_failed_is_never_bought_again_while_it_is_named(buy: Buy, service: StandIn) -> None:
    service.fault("fail", method="POST", times=1)
    store = FakeStore()
    with pytest.raises(TopviewTaskFailed):
        buy("Hello.", retried(store, 1))
    for context in (retried(store, 2), cleared(store, 3)):
        with pytest.raises(TopviewTaskFailed):
            buy("Hello.", context, resume_topview_task_id=ids(service)[0])
    assert accepted(service) == 1
