"""What a wait learns of its task, at virtual times: queue time, run time, and how exactly the end was noticed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topview_provider import exceptions as errors
from topview_provider.catalog import FAMILIES
from topview_provider.polling import Outcome, Watch
from topview_provider.tally import PROMPT, Tally

START = 1_000_000.0
CUT = errors.TopviewUnavailable("GET /q: the connection broke off")


def seen(*looks: tuple[float, Any], since: float = START, lasts: float = 600, dated: bool = True) -> Watch:
    """Return a watch that looked at these ages of the task; None is a poll that failed."""
    one = Watch(FAMILIES["video_avatar"], "t1", {}, since, START + lasts, 10, spread=lambda: 0.5, dated=dated)
    for age, word in looks:
        look(one, age, word)
    return one


def look(one: Watch, age: float, word: Any) -> Outcome | None:
    now = START + age
    step = one.missed(CUT, now) if word is None else one.saw({"taskId": "t1", "status": word}, now)
    return step.outcome


def ended(*looks: tuple[float, Any], **words: Any) -> Tally:
    """Return the tally that comes with the outcome of the last look."""
    outcome = look(seen(*looks[:-1], **words), *looks[-1])
    assert outcome is not None
    assert outcome.tally is not None
    return outcome.tally


def test_queue_time_run_time_and_the_latest_moment_of_the_end_are_told_apart() -> None:
    tally = ended((2, "init"), (12, "init"), (22, "running"), (32, "running"), (45, "success"))
    assert tally == Tally(queued=22, running=23, detected=13, seconds=45, polls=5, failed_polls=0)


def test_a_failure_is_tallied_like_a_success() -> None:
    assert ended((2, "init"), (22, "running"), (30, "fail")) == Tally(22, 8, 8, 30, 3, 0)


def test_failed_polls_are_counted_and_widen_what_is_known_of_the_end() -> None:
    tally = ended((2, "running"), (12, None), (22, None), (60, "success"))
    assert (tally.polls, tally.failed_polls, tally.detected) == (4, 2, 58)


def test_a_wait_that_began_with_the_submit_knows_the_queue_without_having_seen_it() -> None:
    assert ended((3, "running"), (10, "success")) == Tally(3, 7, 7, 10, 2, 0)


def test_a_task_that_was_never_seen_running_does_not_tell_its_parts() -> None:
    assert ended((3, "success")) == Tally(None, None, None, 3, 1, 0)
    assert ended((3, "init"), (40, "success")) == Tally(None, None, 37, 40, 2, 0)


@pytest.mark.parametrize("late", [PROMPT + 1, 86_400])
def test_a_wait_that_began_late_invents_no_queue_time(late: float) -> None:
    tally = ended((late, "running"), (late + 5, "success"), lasts=1e6)
    assert tally == Tally(None, None, 5, late + 5, 2, 0)


def test_a_wait_that_found_the_task_done_does_not_tell_how_long_it_took() -> None:
    assert ended((5000, "success"), lasts=1e6) == Tally(None, None, None, None, 1, 0)


def test_a_wait_that_began_late_but_in_the_queue_knows_it_all() -> None:
    assert ended((400, "init"), (410, "running"), (430, "success")) == Tally(410, 20, 20, 430, 3, 0)


@pytest.mark.parametrize("word", ["pondering", ""])
def test_a_word_that_nobody_knows_leaves_open_when_the_queue_ended(word: str) -> None:
    looks = ((2, "init"), (12, word), (22, "running"), (32, "success"))
    assert ended(*looks) == Tally(None, None, 10, 32, 4, 0)
    assert ended((2, word), (12, "init"), (22, "running"), (32, "success")) == Tally(22, 10, 10, 32, 4, 0)


def test_a_wait_without_a_date_knows_its_own_part_only() -> None:
    assert ended((2, "init"), (12, "running"), (22, "success"), dated=False) == Tally(None, 10, 10, None, 3, 0)
    assert ended((2, "running"), (22, "success"), dated=False) == Tally(None, None, 20, None, 2, 0)


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        ([(10, "init"), (2280, "running"), (2400, "running")], "38 min queued, 2 min running; last seen: running"),
        ([(10, "init"), (2400, "init")], "40 min queued; last seen: init"),
        ([(900, "running"), (2400, "running")], "last seen: running"),
        ([(2400, "pondering")], "last seen: pondering"),
        ([(10, "init"), (2400, None)], f"10 s queued; last seen: the last polls failed: {CUT}"),
        ([(2400, None)], f"last seen: the last polls failed: {CUT}"),
    ],
)
def test_a_timeout_reports_queue_and_run_time_apart_where_they_are_known(looks: Any, words: str) -> None:
    outcome = look(seen(*looks[:-1], lasts=2400), *looks[-1])
    assert outcome == Outcome("timeout", f"not finished after 40 min ({words})")


def test_a_wait_without_a_date_says_that_it_speaks_of_itself() -> None:
    outcome = look(seen(lasts=600, dated=False), 600, "running")
    assert outcome == Outcome("timeout", "not finished after 10 min of waiting (last seen: running)")


def test_how_a_task_was_last_seen_can_be_said_at_any_time() -> None:
    assert seen().seen(START + 60) == "last seen: no state, 60 s old"
    assert seen((5, "running"), (15, None)).seen(START + 60) == "last seen: running, 60 s old"
    assert seen((5, "running"), dated=False).seen(START + 60) == "last seen: running"


WORDS = st.sampled_from(["init", "running", "odd", "", None])
GAPS = st.integers(-50, 500)


@given(
    looks=st.lists(st.tuples(GAPS, WORDS)), last=st.sampled_from(["success", "fail", "init", None]), dated=st.booleans()
)
def test_no_course_of_a_task_gives_a_negative_time_or_more_than_its_age(looks: Any, last: Any, dated: bool) -> None:
    age, ages = 0, [(0, None)]
    for gap, word in [*looks, (10, last)]:
        age += gap  # a clock may be set back
        ages.append((age, word))
    tally = seen(*ages, lasts=1e9, dated=dated).tally(START + age)
    known = [value for value in (tally.queued, tally.running, tally.detected, tally.seconds) if value is not None]
    longest = max(age for age, _ in ages) - min(age for age, _ in ages)
    assert all(0.0 <= value <= longest for value in known)
    assert tally.polls == len(ages)
    assert tally.failed_polls == sum(word is None for _, word in ages)
    read = Tally.read(json.loads(json.dumps(tally.flat())))
    assert read is not None
    assert read.flat() == tally.flat()


FLAT: dict[str, Any] = Tally(1.0, 2.0, None, 3.0, 4, 0).flat()
NONSENSE = [None, {}, [], "tally", 5, {"queued": 1}, {**FLAT, "polls": None}, {**FLAT, "running": "soon"}]


@pytest.mark.parametrize("flat", [*NONSENSE, {**FLAT, "polls": 1e999}, {**FLAT, "queued": 10**400}])
def test_an_event_without_a_readable_tally_has_none(flat: Any) -> None:
    assert Tally.read(flat) is None


def test_what_a_later_release_adds_to_a_tally_does_no_harm() -> None:
    assert Tally.read({**FLAT, "new": "x"}) == Tally(1.0, 2.0, None, 3.0, 4, 0)
