"""The balance as a guard, and arguments of an operator that are no fields of its row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from tests.contract.running import new_context
from topview_provider.exceptions import TopviewInsufficientCredits, TopviewInvalidRequest, TopviewUnavailable
from topview_provider.operators.account import TopviewCreditDetailOperator
from topview_provider.operators.listing import TopviewActionOperator
from topview_provider.standin.server import StandIn

from .support import Server, answering


def guard(**words: Any) -> Any:
    """Render and run the operator once."""
    task: Any = TopviewCreditDetailOperator(task_id="balance", **words)
    task.render_template_fields({"params": {"least": 1000.5, "nothing": None}})
    return task.execute(new_context())


@pytest.mark.parametrize("enough", [None, "", 0, 1000, "1000", "{{ params.nothing or '' }}"])
def test_a_balance_that_suffices_is_returned_as_ever(service: StandIn, enough: Any) -> None:
    found = guard(min_credits=enough)
    assert (found["remainCredit"], found["uid"]) == (1000, service.uid)
    assert "apiKeyMap" not in found


def test_a_low_balance_fails_with_what_to_do(service: StandIn) -> None:
    with pytest.raises(TopviewInsufficientCredits) as refused:
        guard(min_credits="{{ params.least }}")
    assert isinstance(refused.value, AirflowFailException)
    assert str(refused.value) == (
        "1000 credits remain at TopView (topview_default), fewer than the 1000.5 of min_credits. Top up at TopView, "
        "then clear this task"
    )


def test_a_low_balance_may_skip_instead(service: StandIn) -> None:
    with pytest.raises(AirflowSkipException, match=r"1000 credits remain at TopView .* fewer than the 1001"):
        guard(min_credits=1001, on_low="skip")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"min_credits": "plenty"}, "min_credits: 'plenty' is not a number"),
        ({"min_credits": -5}, "min_credits: -5 is out of range"),
        ({"min_credits": "{{ params.nothing }}"}, "min_credits: 'None' is not a number; a template rendered nothing"),
        ({"min_credits": 5, "on_low": "warn"}, "on_low: 'warn' is none of fail, skip"),
        ({"on_low": ""}, "on_low: '' is none of fail, skip"),
    ],
)
def test_a_wrong_argument_of_the_guard_is_refused_before_anything_is_asked(
    service: StandIn, words: dict[str, Any], said: str
) -> None:
    with pytest.raises(TopviewInvalidRequest) as refused:
        guard(**words)
    assert str(refused.value).startswith(said)
    assert service.requests() == []


@pytest.mark.parametrize("account", [{"uid": "me", "remainCredit": None}, {"uid": "me"}, "closed"])
def test_an_account_that_shows_no_balance_is_not_one_that_suffices(connect: Callable[..., str], account: Any) -> None:
    with Server(answering(json.dumps({"code": "200", "result": account}).encode())) as server:
        connect(server)
        with pytest.raises(TopviewUnavailable, match="shows no balance"):
            guard(min_credits=0)


def test_an_own_argument_is_no_difference_from_the_row() -> None:
    class Guarded(TopviewActionOperator):
        listing = "user_space"
        own_arguments = ("colour",)

        def __init__(self, *, colour: str = "red", **kwargs: Any) -> None:
            super().__init__(**kwargs)

    assert Guarded.template_fields == ("topview_conn_id",)


def test_an_own_argument_that_the_constructor_lacks_is_a_difference() -> None:
    with pytest.raises(TypeError, match="no argument 'colour', though it is an own one"):

        class Forgetful(TopviewActionOperator):
            listing = "user_space"
            own_arguments = ("colour",)

            def __init__(self, **kwargs: Any) -> None:
                super().__init__(**kwargs)


def test_an_own_argument_is_keyword_only_too() -> None:
    with pytest.raises(TypeError, match="argument 'colour' is not keyword-only"):

        class Positional(TopviewActionOperator):
            listing = "user_space"
            own_arguments = ("colour",)

            def __init__(self, colour: str = "red", **kwargs: Any) -> None:
                super().__init__(**kwargs)
