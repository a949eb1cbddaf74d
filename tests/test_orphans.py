"""A submit whose answer was lost: its task is found again where nothing else can be it, else a person decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from tests.attempts import DyingStore, cleared, forgetful, ids, remember_in, retried
from tests.conftest import FakeStore
from tests.contract.running import walk
from topview_provider.exceptions import TopviewSubmitUnknown, TopviewTaskFailed
from topview_provider.ledger import orphans
from topview_provider.operators.avatar import TopviewPhotoAvatarOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.operators.voice import TopviewTextToVoiceOperator
from topview_provider.standin.server import StandIn

SUBMIT, LIST = "/v1/m2v/task/submit", "/v1/m2v/task/list"
KETTLE = {"product_name": "Kettle", "product_description": "Red", "file_ids": ["f1"]}


def video(**words: Any) -> TopviewMarketingVideoOperator:
    return TopviewMarketingVideoOperator(**{"task_id": "v", **KETTLE, **words})


def photo(**words: Any) -> TopviewPhotoAvatarOperator:
    given = {"template_image_file_id": "f1", "mode": "avatar4", "script_mode": "text", "tts_text": "Hello."}
    return TopviewPhotoAvatarOperator(**{"task_id": "v", "voice_id": "v1", "board_id": "b1", **given, **words})


def voice(**words: Any) -> TopviewTextToVoiceOperator:
    return TopviewTextToVoiceOperator(
        **{"task_id": "v", "voice_text": "Hello.", "voice_id": "v1", "voice_speed": "1.2", "board_id": "b1", **words}
    )


def in_dag(context: dict[str, Any], *others: Callable[[], Any]) -> dict[str, Any]:
    """Put the task into a DAG, beside others."""
    with DAG("shop", schedule=None) as dag:
        video()
        for make in others:
            make()
    return {**context, "dag": dag}


def lose(service: StandIn, task: Any, context: dict[str, Any], *, taken: bool = True) -> None:
    """Make an attempt whose answer is lost; TopView has ``taken`` the submit or never got it."""
    service.fault("answer-lost-after-accept" if taken else "reset", method="POST", path=task.row.submit)
    with pytest.raises(TopviewSubmitUnknown):
        task.execute(context)


@pytest.fixture(params=["Airflow's store", "files"])
def attempt(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., dict[str, Any]]]:
    """Return the context of one attempt of the only paying task of a DAG, with a store that remembers."""
    if request.param == "files":
        remember_in(tmp_path, monkeypatch)
        yield lambda number, rounds=0: in_dag(forgetful(number, rounds))
    else:
        store = FakeStore()
        yield lambda number, rounds=0: in_dag(retried(store, number, rounds))


Attempt = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("deferrable", [False, True], ids=["stays", "defers"])
@pytest.mark.parametrize("make", [video, photo, voice])
def test_the_one_task_that_fits_is_adopted(
    make: Callable[..., Any], deferrable: bool, attempt: Attempt, service: StandIn
) -> None:
    lose(service, make(), attempt(1))
    context = attempt(2)
    found = walk(lambda: make(deferrable=deferrable), context)
    assert [found["topview_task_id"]] == ids(service) == [context["ti"].pushed["topview_task_id"]]
    assert make().execute(attempt(3, 2))["topview_task_id"] == found["topview_task_id"]


def test_an_attempt_that_was_killed_between_post_and_record_is_found_again(service: StandIn) -> None:
    store = DyingStore()
    with pytest.raises(SystemExit):
        video().execute(in_dag(retried(store, 1)))
    assert [video().execute(in_dag(retried(FakeStore(store), 2)))["topview_task_id"]] == ids(service)


def test_a_task_is_found_among_others_on_any_page(
    attempt: Attempt, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "PAGE_SIZE", 2)
    others = [*(video(product_name=f"Kettle {number}") for number in range(3)), video(product_description="Blue")]
    for other in others[:2]:
        other.execute(retried(None, 1))
    lose(service, video(), attempt(1))
    for other in others[2:]:
        other.execute(retried(None, 1))
    assert video().execute(attempt(2))["topview_task_id"] == ids(service)[2]
    assert [entry["query"].get("pageNo") for entry in service.requests(LIST)] == ["1", "2", "3"]


def test_only_the_board_that_was_given_is_looked_at(attempt: Attempt, service: StandIn) -> None:
    photo(board_id="b2").execute(retried(None, 1))
    lose(service, photo(), attempt(1))
    assert photo().execute(attempt(2))["topview_task_id"] == ids(service)[1]
    assert {entry["query"]["boardId"] for entry in service.requests("/boards/tasks/list")} == {"b1"}


def refused(task: Any, context: dict[str, Any]) -> str:
    """Return the words with which an attempt leaves the decision to a person."""
    with pytest.raises(TopviewSubmitUnknown) as doubt:
        task.execute(context)
    assert doubt.value.topview_task_id is None
    return str(doubt.value)


def test_nothing_is_adopted_where_topview_never_got_it(attempt: Attempt, service: StandIn) -> None:
    lose(service, video(), attempt(1), taken=False)
    assert "Looked for it at TopView: 0 of its tasks fit. What to do:" in refused(video(), attempt(2))
    assert ids(service) == []


def test_nothing_is_adopted_where_two_tasks_fit_and_both_are_named(attempt: Attempt, service: StandIn) -> None:
    lose(service, video(), attempt(1))
    video(language="de").execute(retried(None, 1))
    words = refused(video(), attempt(2))
    assert "2 of its tasks fit. It may be one of these: " in words
    for topview_task_id in ids(service):
        assert f"{topview_task_id}, created 20" in words
    assert words.count(" UTC, 'Kettle'") == 2
    assert "set resume_topview_task_id to its id and clear this task; if not, delete the " in words


def test_a_task_of_another_time_is_named_and_not_adopted(attempt: Attempt, service: StandIn) -> None:
    service.advance(3600)
    lose(service, video(), attempt(1))
    words = refused(video(), attempt(2))
    assert "0 of its tasks fit. It may be one of these: " in words
    assert ids(service)[0] in words


def test_a_task_of_the_same_time_with_other_inputs_is_named_and_not_adopted(attempt: Attempt, service: StandIn) -> None:
    lose(service, video(), attempt(1), taken=False)
    for other in ({"product_description": "Blue"}, {"product_name": "Teapot"}):
        video(**other).execute(retried(None, 1))
    words = refused(video(), attempt(2))
    assert "0 of its tasks fit" in words
    assert all(topview_task_id in words for topview_task_id in ids(service))


def test_a_task_that_has_nothing_to_do_with_it_is_not_even_named(attempt: Attempt, service: StandIn) -> None:
    lose(service, video(), attempt(1), taken=False)
    service.advance(3600)
    video(product_name="Teapot").execute(retried(None, 1))
    assert "It may be one of these" not in refused(video(), attempt(2))


def test_more_candidates_than_a_person_reads_are_counted(attempt: Attempt, service: StandIn) -> None:
    lose(service, video(), attempt(1), taken=False)
    for number in range(7):
        video(product_name=f"Teapot {number}").execute(retried(None, 1))
    words = refused(video(), attempt(2))
    assert words.count("'Teapot ") == 5
    assert "; and 2 more." in words


@pytest.mark.parametrize("words", [{"product_link": "https://shop.example/kettle"}, {"product_name": None}])
def test_a_video_whose_name_may_come_from_a_page_is_never_adopted(
    words: dict[str, Any], attempt: Attempt, service: StandIn
) -> None:
    task = {"product_link": "https://shop.example/kettle", **words}
    lose(service, video(**task), attempt(1))
    assert ids(service)[0] in refused(video(**task), attempt(2))


@pytest.mark.parametrize("make", [photo, voice])
def test_a_task_that_is_on_no_board_is_never_adopted(
    make: Callable[..., Any], attempt: Attempt, service: StandIn
) -> None:
    lose(service, make(board_id=None), attempt(1))
    assert "0 of its tasks fit" in refused(make(board_id=None), attempt(2))


def test_a_parameter_that_differs_is_not_the_same_task(attempt: Attempt, service: StandIn) -> None:
    lose(service, voice(), attempt(1), taken=False)
    voice(voice_speed="1.1").execute(retried(None, 1))
    assert ids(service)[0] in refused(voice(), attempt(2))


def test_a_task_of_inputs_that_changed_since_is_not_adopted(attempt: Attempt, service: StandIn) -> None:
    lose(service, video(language="de"), attempt(1))
    assert "Looked for it at TopView: the inputs changed since. It may be" in refused(video(), attempt(2))


@pytest.mark.parametrize("fault", [{"kind": "status", "value": 503}, {"kind": "code", "value": "5000"}])
def test_a_list_that_cannot_be_asked_adopts_nothing(
    fault: dict[str, Any], hasty: None, attempt: Attempt, service: StandIn
) -> None:
    lose(service, video(), attempt(1))
    service.fault(path=LIST, times=-1, **fault)
    assert f"it could not be asked (GET {LIST} answered" in refused(video(), attempt(2))
    service.clear_faults()
    assert [video().execute(attempt(3))["topview_task_id"]] == ids(service)


def test_more_tasks_than_can_be_looked_at_adopt_nothing(
    attempt: Attempt, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "MOST", 3)
    for number in range(3):
        video(product_name=f"Teapot {number}").execute(retried(None, 1))
    lose(service, video(), attempt(1))
    words = refused(video(), attempt(2))
    assert "there are too many tasks to look at all" in words
    assert ids(service)[3] in words


def test_what_was_found_is_adopted_and_not_bought_where_doubts_are_to_be_bought_anew(
    attempt: Attempt, service: StandIn
) -> None:
    lose(service, video(), attempt(1))
    assert [video(on_orphaned_intent="resubmit").execute(attempt(2))["topview_task_id"]] == ids(service)


def test_what_was_not_found_is_bought_anew_where_the_user_wants_that(attempt: Attempt, service: StandIn) -> None:
    lose(service, video(), attempt(1), taken=False)
    assert [video(on_orphaned_intent="resubmit").execute(attempt(2))["topview_task_id"]] == ids(service)


def test_a_candidate_that_a_person_names_is_gone_on_with(attempt: Attempt, service: StandIn) -> None:
    lose(service, video(), attempt(1))
    video(language="de").execute(retried(None, 1))
    refused(video(), attempt(2))
    for topview_task_id in ids(service):
        found = video(resume_topview_task_id=topview_task_id).execute(attempt(3, 2))
        assert found["topview_task_id"] == topview_task_id


@pytest.mark.parametrize("clear", [False, True], ids=["a retry", "a clear"])
def test_the_failed_task_that_this_one_replaces_is_not_taken_for_it(clear: bool, service: StandIn) -> None:
    store = FakeStore()
    service.fault("fail", method="POST", times=1)
    with pytest.raises(TopviewTaskFailed):
        video().execute(in_dag(retried(store, 1)))
    lose(service, video(), in_dag(retried(store, 2)))
    context = in_dag(cleared(store, 3) if clear else retried(store, 3))
    assert video().execute(context)["topview_task_id"] == ids(service)[1]
