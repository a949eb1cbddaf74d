"""One task being watched, at virtual times: what each answer and each failed poll leads to."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topview_provider import exceptions as errors
from topview_provider.catalog import FAMILIES
from topview_provider.polling import AUTH_TRIES, AUTH_WAIT, Outcome, Step, Watch

START = 1_000_000.0
REFUSED = errors.TopviewAuthError("GET /q answered 401")
CUT = errors.TopviewUnavailable("GET /q: the connection broke off")


def watch(*, lasts: float = 600, pace: float = 10, judge: Mapping[str, str] | None = None, **words: Any) -> Watch:
    family = FAMILIES["marketing_video" if judge else "video_avatar"]
    arguments: dict[str, Any] = {"submitted_at": START, "end_time": START + lasts, "pace": pace, **words}
    return Watch(row=family, topview_task_id="t1", judge=judge or {}, spread=lambda: 0.5, **arguments)


def saying(status: Any, **rest: Any) -> dict[str, Any]:
    return {"taskId": "t1", "status": status, **rest}


def outcome(step: Step) -> Outcome:
    assert step.outcome is not None, step
    return step.outcome


def test_success_ends_the_waiting() -> None:
    assert watch().saw(saying("success"), START + 5) == Step(outcome=Outcome("success"))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (saying("fail", errorMsg="no face"), "no face"),
        (saying("Failed", errorMsg=None), "TopView gave no reason (state 'failed')"),
    ],
)
def test_a_failure_ends_the_waiting_with_topview_s_reason(answer: dict[str, Any], message: str) -> None:
    assert outcome(watch().saw(answer, START)) == Outcome("failed", message)


def test_a_running_task_is_asked_again_at_its_pace_and_each_change_is_noted_once() -> None:
    one = watch()
    steps = [one.saw(saying(word), START + 10 * n) for n, word in enumerate(["init", "init", "running", "running"])]

    assert [step.seconds for step in steps] == [10, 10, 10, 10]
    assert [step.note for step in steps] == ["state is 'init'", "", "state is 'running'", ""]
    assert one.polls == 4


@pytest.mark.parametrize("word", ["pondering", None, ""])
def test_an_unknown_state_is_noted_once_and_waited_on(word: Any) -> None:
    one = watch()
    steps = [one.saw(saying(word), START + n) for n in range(3)]

    assert [step.outcome for step in steps] == [None, None, None]
    assert [bool(step.note) for step in steps] == [True, False, False]
    assert "unknown; waiting on to the deadline" in steps[0].note


def test_each_unknown_word_is_one_warning_and_every_other_change_is_information() -> None:
    one = watch()
    words = ["init", "pondering", "running", "pondering", "dreaming", "dreaming", "running"]
    steps = [one.saw(saying(word), START + n) for n, word in enumerate(words)]

    warned = [word for word, step in zip(words, steps, strict=True) if step.level == logging.WARNING]
    assert warned == ["pondering", "dreaming"]
    assert [bool(step.note) for step in steps] == [True, True, True, True, True, False, True]


def test_the_judged_item_decides_and_not_the_parent() -> None:
    one = watch(judge={"items": "exportVideos"})
    done = {"scriptId": 0, "status": "success", "videoUrl": "https://b.example/0.mp4"}

    assert one.saw(saying("success", exportVideos=None), START).outcome is None
    assert outcome(one.saw(saying("success", exportVideos=[done]), START)).word == "success"


def test_the_last_poll_happens_at_the_deadline_and_none_after_it() -> None:
    one = watch(lasts=25)
    now, polls, step = START, [], Step()
    while not step.outcome and len(polls) < 10:
        polls.append(now - START)
        step = one.saw(saying("running"), now)
        now += step.seconds

    assert polls == [0, 10, 20, 25]
    assert step.outcome == Outcome("timeout", "not finished after 25 s (0 s queued, 25 s running; last seen: running)")


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (119, "119 s"),
        (600, "10 min"),
        (630, "10 min 30 s"),
        (7199, "119 min 59 s"),
        (7200, "2 h"),
        (9000, "2 h 30 min"),
    ],
)
def test_a_timeout_tells_the_age_of_the_task_and_not_of_the_attempt(age: float, words: str) -> None:
    step = watch(lasts=age).saw(saying("running"), START + age)

    assert outcome(step) == Outcome("timeout", f"not finished after {words} (last seen: running)")


def test_a_success_at_the_deadline_is_a_success() -> None:
    assert outcome(watch(lasts=10).saw(saying("success"), START + 10)).word == "success"


def test_failed_polls_are_noted_once_and_repeated_more_and_more_slowly() -> None:
    one = watch()
    steps = [one.missed(CUT, START + n) for n in range(4)]

    assert [step.seconds for step in steps] == [10, 20, 40, 50]
    assert steps[0].note == f"a poll failed, the task itself goes on: {CUT}"
    assert [step.note for step in steps[1:]] == ["", "", ""]
    assert steps[0].level == logging.WARNING


def test_an_answer_after_failed_polls_is_noted_and_starts_the_count_anew() -> None:
    one = watch()
    one.saw(saying("init"), START)
    one.missed(CUT, START)
    one.missed(REFUSED, START)
    back = one.saw(saying("running"), START)

    assert back.note == "TopView answers again after 2 failed polls; state is 'running'"
    assert back.level == logging.INFO
    again = one.missed(CUT, START)
    assert (again.seconds, again.level) == (10, logging.WARNING)
    assert one.saw(saying("running"), START).note == "TopView answers again after 1 failed poll"


def test_polls_may_fail_for_as_long_as_allowed_and_no_longer() -> None:
    one = watch(lasts=10_000, max_poll_outage=900)

    assert one.missed(CUT, START).outcome is None
    assert one.missed(CUT, START + 900).outcome is None
    ended = outcome(one.missed(CUT, START + 901))
    assert (ended.word, ended.error) == ("error", "TopviewUnavailable")
    assert ended.message == f"could not be asked for 15 min 1 s (max_poll_outage 15 min): {CUT}"


def test_the_poll_that_decides_is_the_one_at_the_end_of_an_outage_or_at_the_deadline() -> None:
    one = watch(lasts=1000, max_poll_outage=900)
    assert one.latest == START + 1000
    one.missed(CUT, START + 50)
    one.missed(CUT, START + 60)
    assert one.latest == START + 950
    one.saw(saying("running"), START + 70)
    assert one.latest == START + 1000
    one.missed(CUT, START + 200)
    assert one.latest == START + 1000


def test_an_outage_that_was_over_in_between_does_not_count() -> None:
    one = watch(lasts=10_000, max_poll_outage=100)
    one.missed(CUT, START)
    one.saw(saying("running"), START + 90)

    assert one.missed(CUT, START + 150).outcome is None


def test_polls_that_fail_at_the_deadline_end_in_a_timeout_that_names_the_reason() -> None:
    ended = outcome(watch(lasts=60).missed(CUT, START + 60))

    assert ended == Outcome("timeout", f"not finished after 60 s (last seen: the last polls failed: {CUT})")


def test_what_topview_asks_to_wait_is_waited() -> None:
    busy = errors.TopviewBusy("GET /q answered HTTP 429", retry_after=120)

    assert watch().missed(busy, START).seconds == 120
    assert watch(lasts=60).missed(busy, START).seconds == 60


@pytest.mark.parametrize(
    "kind", [errors.TopviewNotFound, errors.TopviewInvalidRequest, errors.TopviewConnectionInvalid]
)
def test_a_refused_poll_ends_the_waiting_at_once(kind: type[errors.TopviewError]) -> None:
    assert outcome(watch().missed(kind("4004"), START)) == Outcome("error", "4004", kind.__name__)


def test_a_refused_key_is_tried_three_more_times_over_two_minutes() -> None:
    one = watch()
    waits = [one.missed(REFUSED, START + AUTH_WAIT * n) for n in range(AUTH_TRIES)]
    ended = outcome(one.missed(REFUSED, START + AUTH_WAIT * AUTH_TRIES))

    assert [step.seconds for step in waits] == [40, 40, 40]
    assert [bool(step.note) for step in waits] == [True, False, False]
    assert ended == Outcome("error", str(REFUSED), "TopviewUnavailable")
    assert not issubclass(errors.by_name(ended.error), errors.TopviewRejected), "Airflow must be able to retry it"


def test_a_key_that_was_rotated_is_used_at_once() -> None:
    one = watch()
    for n in range(AUTH_TRIES):
        one.missed(REFUSED, START + n)
    step = one.missed(REFUSED, START + 100, key_changed=True)

    assert (step.seconds, step.outcome) == (0.0, None)
    assert "the connection holds a new one" in step.note
    assert one.missed(REFUSED, START + 101).outcome is None, "a new key has its own tries"


def test_a_key_that_works_again_has_its_tries_back() -> None:
    one = watch()
    for n in range(AUTH_TRIES):
        one.missed(REFUSED, START + n)
    one.saw(saying("running"), START + 50)

    assert one.missed(REFUSED, START + 60).outcome is None


def test_a_refused_key_waits_no_longer_than_the_deadline() -> None:
    one = watch(lasts=10)

    assert one.missed(REFUSED, START).seconds == 10
    assert outcome(one.missed(REFUSED, START + 10)).word == "timeout"


def test_only_changes_are_written_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "topview_provider")
    one = watch()
    for n in range(5):
        one.report(one.saw(saying("running"), START + n))
    one.report(one.missed(CUT, START))

    assert [record.getMessage() for record in caplog.records] == [
        "video_avatar t1: state is 'running'",
        f"video_avatar t1: a poll failed, the task itself goes on: {CUT}",
    ]
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]


@pytest.mark.parametrize(("level", "lines"), [("DEBUG", 1), ("INFO", 0)])
def test_the_last_answer_of_a_failed_task_is_logged_at_debug_without_its_secrets(
    level: str, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level, "topview_provider")
    one = watch()
    one.report(one.saw(saying("fail", errorMsg="no", uploadToken="abc", url="https://b.example/k?sig=1"), START))

    said = [record.getMessage() for record in caplog.records]
    assert len(said) == lines
    assert all("its last answer" in text and "abc" not in text and "sig" not in text for text in said)


EVENTS = st.sampled_from([saying("init"), saying("running"), saying("odd"), saying(None), CUT, REFUSED])


@given(events=st.lists(EVENTS, max_size=200), lasts=st.floats(0, 5000), late=st.floats(0, 30))
def test_whatever_happens_the_waiting_ends_and_no_poll_is_planned_after_the_deadline(
    events: list[Any], lasts: float, late: float
) -> None:
    one, now = watch(lasts=lasts), START
    for event in [*events, *[saying("running")] * 1000]:
        missed = isinstance(event, errors.TopviewError)
        step = one.missed(event, now) if missed else one.saw(event, now)
        if step.outcome:
            break
        assert now + step.seconds <= one.end_time + 1e-6
        now += step.seconds + late  # a poll may take its time

    assert outcome(step).word in ("timeout", "error")
    assert now < one.end_time + late + 1
