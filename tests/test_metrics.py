"""What Airflow's metrics hear, through Airflow's own door to them; whatever happens there, no task fails of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from topview_provider import compat, metrics
from topview_provider.tally import Tally

from .stats import Backend, Broken, telling

TALLY = Tally(queued=2.0, running=5.5, detected=1.0, seconds=7.5, polls=4, failed_polls=1)


@pytest.fixture
def backend() -> Iterator[Backend]:
    with telling(Backend()) as backend:
        yield backend


def tell_everything() -> None:
    metrics.submitted("voice_clone")
    metrics.waited("voice_clone", "success", TALLY)
    metrics.charged("voice_clone", 0.1)


def test_each_number_has_its_name_and_its_family(backend: Backend) -> None:
    tell_everything()
    assert backend.heard == {
        "topview.submits.voice_clone": 1,
        "topview.polls.voice_clone": 4,
        "topview.poll_errors.voice_clone": 1,
        "topview.task_seconds.voice_clone.success": timedelta(seconds=7.5),
        "topview.credit_hundredths.voice_clone": 10,
    }
    assert backend.tags.pop("topview.task_seconds.voice_clone.success") == {
        "family": "voice_clone",
        "outcome": "success",
    }
    assert set(map(str, backend.tags.values())) == {"{'family': 'voice_clone'}"}


def test_credits_add_up_to_the_hundredth(backend: Backend) -> None:
    for cost in (0.1, 0.06, 0.3, 5.0):
        metrics.charged("photo_avatar", cost)
    assert backend.heard == {"topview.credit_hundredths.photo_avatar": 546}


def test_what_is_not_known_or_did_not_happen_is_not_told(backend: Backend) -> None:
    metrics.waited("scraper", "success", Tally(polls=3))
    metrics.waited("scraper", "error", Tally())
    assert backend.heard == {"topview.polls.scraper": 3}


@pytest.mark.parametrize("sdk", [None, ModuleType("sdk")], ids=["no-module", "no-stats"])
def test_an_airflow_without_metrics_fails_no_task(sdk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.common.compat.sdk", sdk)
    assert compat.stats() is None
    tell_everything()


def test_a_backend_that_fails_fails_no_task(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "topview_provider")
    with telling(Broken()):
        tell_everything()
    assert "The metric topview.submits.voice_clone was lost: ConnectionRefusedError" in caplog.text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e308])
def test_a_number_that_no_backend_takes_fails_no_task(number: float, backend: Backend) -> None:
    metrics.charged("scraper", number)
    metrics.waited("scraper", "success", Tally(seconds=number))
    assert backend.heard == {}
