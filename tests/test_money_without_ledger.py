"""Where Airflow has no store: files of our own, or a later try that does not buy what it cannot know."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from tests.attempts import Buy, accepted, buying, forgetful, ids, remember_in
from tests.test_paid_calls import image
from topview_provider.exceptions import (
    TopviewBusy,
    TopviewInvalidRequest,
    TopviewSubmitUnknown,
    TopviewTaskFailed,
    TopviewTaskTimeout,
)
from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.product import TopviewProductAvatarV1DownloadOperator
from topview_provider.standin.server import StandIn

CHARGED = "/v1/product_avatar/task/image_replace/download_without_watermark"
WARNING = (
    "No record of what an earlier try bought ([topview] without_ledger = warn): buying a video_avatar, maybe again"
)


@pytest.fixture(params=[False, True], ids=["stays", "defers"])
def buy(request: pytest.FixtureRequest) -> Buy:
    return buying(request.param)


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which this Airflow keeps its records."""
    remember_in(tmp_path / "ledger", monkeypatch)
    return tmp_path / "ledger"


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An Airflow whose configuration lets every try buy."""
    monkeypatch.setenv("AIRFLOW__TOPVIEW__WITHOUT_LEDGER", "warn")


def test_the_first_try_buys_without_a_word(buy: Buy, service: StandIn, capfd: pytest.CaptureFixture[str]) -> None:
    assert buy("Hello.", forgetful())["status"] == "success"
    assert "No record" not in "".join(capfd.readouterr())
    assert accepted(service) == 1


@pytest.mark.parametrize(("number", "rounds"), [(2, 0), (3, 0), (2, 1), (5, 4)])
def test_a_later_try_does_not_buy_what_it_cannot_know_and_says_what_to_do(
    number: int, rounds: int, buy: Buy, service: StandIn
) -> None:
    with pytest.raises(TopviewSubmitUnknown, match=r"ledger_path.*without_ledger = warn") as unknown:
        buy("Hello.", forgetful(number, rounds))
    assert isinstance(unknown.value, AirflowFailException)
    assert service.requests() == []


def test_a_timeout_of_the_first_try_does_not_promise_that_a_retry_resumes(buy: Buy, service: StandIn) -> None:
    service.fault("never-ends", times=-1)
    with pytest.raises(TopviewTaskTimeout, match="keeps no record of it") as late:
        buy("Hello.", forgetful(), timeout=0)
    assert late.value.topview_task_id == ids(service)[0]
    with pytest.raises(TopviewSubmitUnknown):
        buy("Hello.", forgetful(2), timeout=0)
    assert accepted(service) == 1


def test_a_later_try_buys_with_a_warning_where_the_configuration_says_so(
    lenient: None, buy: Buy, service: StandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    buy("Hello.", forgetful())
    buy("Hello.", forgetful(2))
    assert "".join(capfd.readouterr()).count(WARNING) == 1
    assert accepted(service) == 2


def test_a_wrong_word_in_the_configuration_is_refused_where_it_matters(
    buy: Buy, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__TOPVIEW__WITHOUT_LEDGER", "perhaps")
    with pytest.raises(TopviewInvalidRequest, match="without_ledger is 'perhaps'"):
        buy("Hello.", forgetful(2))
    assert service.requests() == []


def test_force_resubmit_buys_in_the_first_attempt_of_a_round_only(buy: Buy, service: StandIn) -> None:
    for number, rounds in ((1, 0), (2, 1), (6, 5)):
        assert buy("Hello.", forgetful(number, rounds), force_resubmit=True)["topview_task_id"] == ids(service)[-1]
    for number, rounds in ((2, 0), (3, 1)):
        with pytest.raises(TopviewSubmitUnknown):
            buy("Hello.", forgetful(number, rounds), force_resubmit=True)
    assert accepted(service) == 3


def test_a_named_task_is_gone_on_with_in_any_try(buy: Buy, service: StandIn) -> None:
    first = buy("Hello.", forgetful())["topview_task_id"]
    for number, rounds in ((1, 0), (2, 0), (3, 2)):
        found = buy("Hello.", forgetful(number, rounds), resume_topview_task_id=first)
        assert found["topview_task_id"] == first
    assert accepted(service) == 1


def test_a_failed_task_is_not_bought_again_by_a_retry_that_cannot_know(buy: Buy, service: StandIn) -> None:
    service.fault("fail", method="POST", times=1)
    with pytest.raises(TopviewTaskFailed):
        buy("Hello.", forgetful())
    with pytest.raises(TopviewSubmitUnknown):
        buy("Hello.", forgetful(2))
    assert accepted(service) == 1


def test_a_busy_topview_is_waited_for_by_a_first_try_without_a_record(service: StandIn) -> None:
    service.fault("status", method="POST", value=429, retry_after=60, times=1)
    with pytest.raises(TopviewBusy):
        buying(deferrable=False)("Hello.", forgetful())
    assert accepted(service) == 0


def test_files_remember_as_airflow_s_store_does(ledger: Path, buy: Buy, service: StandIn) -> None:
    first = buy("Hello.", forgetful())["topview_task_id"]
    with pytest.raises(TopviewInvalidRequest, match=rf"ttsText\. .*delete the file file://{ledger}/shop/.*/topview"):
        buy("Bye.", forgetful(2))
    for number, rounds in ((3, 0), (4, 3)):
        assert buy("Hello.", forgetful(number, rounds))["topview_task_id"] == first
    assert buy("Bye.", forgetful(5, 4))["topview_task_id"] == ids(service)[1]
    assert accepted(service) == 2


def test_deleting_the_file_as_the_words_say_buys_anew(ledger: Path, buy: Buy, service: StandIn) -> None:
    service.fault("answer-lost-after-accept", method="POST", times=1)
    with pytest.raises(TopviewSubmitUnknown):
        buy("Hello.", forgetful())
    with pytest.raises(TopviewSubmitUnknown, match="delete the file") as orphan:
        buy("Hello.", forgetful(2))
    Path(str(orphan.value).partition("delete the file file://")[2].partition(" and clear")[0]).unlink()
    assert buy("Hello.", forgetful(3))["status"] == "success"


def test_mapped_tasks_of_one_run_do_not_share_a_record(ledger: Path, buy: Buy, service: StandIn) -> None:
    found = [buy("Hello.", forgetful(map_index=index))["topview_task_id"] for index in (0, 1, 0)]
    assert found[0] == found[2]
    assert accepted(service) == 2


def test_another_run_buys_for_itself(ledger: Path, buy: Buy, service: StandIn) -> None:
    for run_id in ("a", "b"):
        buy("Hello.", forgetful(run_id=run_id))
    assert accepted(service) == 2


def paid_picture(context: dict[str, object], **words: str) -> object:
    return TopviewProductAvatarV1DownloadOperator(task_id="d", **words).execute(context)


def test_a_paid_call_is_not_made_by_a_try_that_cannot_know_unless_the_configuration_says_so(
    service: StandIn, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    which = image(TopviewHook())
    paid_picture(forgetful(), **which)
    with pytest.raises(TopviewSubmitUnknown, match="not the first try"):
        paid_picture(forgetful(2), **which)
    assert len(service.requests(CHARGED)) == 1
    monkeypatch.setenv("AIRFLOW__TOPVIEW__WITHOUT_LEDGER", "warn")
    paid_picture(forgetful(2), **which)
    assert len(service.requests(CHARGED)) == 2


def test_a_paid_call_that_may_be_made_twice_is_warned_about(
    lenient: None, service: StandIn, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    paid_picture(forgetful(2), **image(TopviewHook()))
    # The log of a task and that of a module take two ways to the same place in Airflow.
    assert "buying a product_avatar_v1_download, maybe again" in "".join(capfd.readouterr()) + caplog.text


def test_a_paid_call_advises_only_what_its_operator_can_do(service: StandIn) -> None:
    which = image(TopviewHook())
    with pytest.raises(TopviewSubmitUnknown) as unknown:
        paid_picture(forgetful(2), **which)
    arguments = {"resume_topview_task_id", "force_resubmit"}
    assert [name for name in arguments if name in str(unknown.value)] == []
