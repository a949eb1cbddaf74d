"""When to ask next: never after the deadline, never too often, and slower as a task grows old."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topview_provider.pacing import LONGEST, after_failure, next_poll

PACES = st.floats(0.05, 600)
SPREADS = st.floats(0, 1)
TIMES = st.floats(0, 1_000_000)
REMAINING = st.floats(-1000, 1_000_000)
ANY = st.floats(allow_nan=False)
"""A clock that was set back, a deadline that has passed, an age without end."""


@given(age=ANY, pace=PACES, remaining=ANY, spread=ANY)
def test_a_poll_is_never_later_than_the_deadline_nor_in_the_past_and_its_pause_has_an_end(
    age: float, pace: float, remaining: float, spread: float
) -> None:
    wait = next_poll(age=age, pace=pace, remaining=remaining, spread=spread)

    assert 0.0 <= wait <= max(remaining, 0.0)
    assert wait <= max(1.2001 * pace, LONGEST + 1e-9)
    assert wait >= min(0.7999 * pace, max(remaining, 0.0))


@given(age=TIMES, pace=PACES, spread=SPREADS)
def test_a_poll_stays_within_twenty_percent_of_the_pace_or_within_the_longest_interval(
    age: float, pace: float, spread: float
) -> None:
    wait = next_poll(age=age, pace=pace, remaining=1e9, spread=spread)

    assert 0.7999 * pace <= wait <= max(1.2001 * pace, LONGEST + 1e-9)


@given(ages=st.tuples(ANY, ANY), pace=PACES, remaining=ANY, spread=SPREADS)
def test_an_older_task_is_not_asked_more_often(
    ages: tuple[float, float], pace: float, remaining: float, spread: float
) -> None:
    young, old = (next_poll(age=age, pace=pace, remaining=remaining, spread=spread) for age in sorted(ages))

    assert young <= old


@given(age=TIMES, pace=PACES, spreads=st.tuples(SPREADS, SPREADS))
def test_the_spread_moves_polls_apart(age: float, pace: float, spreads: tuple[float, float]) -> None:
    early, late = (next_poll(age=age, pace=pace, remaining=1e9, spread=spread) for spread in sorted(spreads))

    assert early <= late


def test_the_pace_holds_while_a_task_is_young() -> None:
    assert next_poll(age=0, pace=10, remaining=1e9, spread=0.5) == 10
    assert next_poll(age=300, pace=10, remaining=1e9, spread=0.5) == 10
    assert next_poll(age=900, pace=10, remaining=1e9, spread=0.5) == 30
    assert next_poll(age=86_400, pace=10, remaining=1e9, spread=0.5) == 50
    assert next_poll(age=86_400, pace=10, remaining=1e9, spread=1.0) == pytest.approx(LONGEST)


@given(
    failures=st.integers(),
    pace=PACES,
    remaining=ANY,
    spread=ANY,
    asked=st.none() | st.floats(0, 86_400),
)
def test_a_failed_poll_is_repeated_within_the_deadline_and_not_before_topview_wants_it(
    failures: int, pace: float, remaining: float, spread: float, asked: float | None
) -> None:
    wait = after_failure(failures=failures, pace=pace, remaining=remaining, spread=spread, asked=asked)

    assert 0.0 <= wait <= max(remaining, 0.0)
    assert wait >= min(asked or 0.0, max(remaining, 0.0))
    assert wait <= max(1.2001 * pace, LONGEST + 1e-9, asked or 0.0)


@given(
    failures=st.tuples(st.integers(), st.integers()),
    pace=PACES,
    remaining=ANY,
    spread=SPREADS,
    asked=st.none() | st.floats(0, 86_400),
)
def test_the_more_polls_failed_the_longer_the_pause(
    failures: tuple[int, int], pace: float, remaining: float, spread: float, asked: float | None
) -> None:
    waits = [
        after_failure(failures=n, pace=pace, remaining=remaining, spread=spread, asked=asked) for n in sorted(failures)
    ]

    assert waits == sorted(waits)


def test_failures_double_the_pace_up_to_the_longest_interval() -> None:
    waits = [after_failure(failures=n, pace=5, remaining=1e9, spread=0.5) for n in (1, 2, 3, 4, 5, 20)]

    assert waits == [5, 10, 20, 40, 50, 50]


def test_what_topview_asks_for_is_honoured_but_not_beyond_the_deadline() -> None:
    assert after_failure(failures=1, pace=5, remaining=1e9, spread=0.5, asked=300) == 300
    assert after_failure(failures=1, pace=5, remaining=100, spread=0.5, asked=300) == 100
