"""What Airflow's versions lack: a masker is told about secrets on each, a preset that cannot be used says why."""

from __future__ import annotations

import logging
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from topview_provider import compat
from topview_provider.compat import MASKERS, mask_secret, task_states

SDK, AIRFLOW_3, AIRFLOW_2 = MASKERS


class Older(ModuleType):
    """A module of Airflow as an older version has it: the attribute is missing in one of two ways."""

    def __init__(self, name: str, error: type[Exception]) -> None:
        super().__init__(name)
        self.error = error

    def __getattr__(self, name: str) -> None:
        raise self.error(name)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Put a masker that remembers in each place, and return what each was told."""
    heard: dict[str, list[str]] = {name: [] for name in MASKERS}
    for name in MASKERS:
        module = ModuleType(name)
        module.mask_secret = heard[name].append  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
    return heard


def places(told: dict[str, list[str]]) -> list[str]:
    return [name for name, secrets in told.items() if secrets == ["s3cret"]]


def test_the_sdk_of_common_compat_is_asked_first(told: dict[str, list[str]]) -> None:
    mask_secret("s3cret")

    assert places(told) == [SDK]


@pytest.mark.parametrize("error", [AttributeError, ImportError, ModuleNotFoundError])
def test_an_older_common_compat_leaves_it_to_airflow_3(
    told: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setitem(sys.modules, SDK, Older(SDK, error))
    mask_secret("s3cret")

    assert places(told) == [AIRFLOW_3]


@pytest.mark.parametrize("absent", [None, Older("airflow.sdk.log", AttributeError)], ids=["module", "attribute"])
def test_below_airflow_3_the_masker_of_the_core_is_told(
    told: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, absent: ModuleType | None
) -> None:
    monkeypatch.setitem(sys.modules, SDK, Older(SDK, AttributeError))
    monkeypatch.setitem(sys.modules, AIRFLOW_3, absent)  # None makes Python raise ModuleNotFoundError
    mask_secret("s3cret")

    assert places(told) == [AIRFLOW_2]


def test_without_any_masker_the_task_goes_on(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for name in MASKERS:
        monkeypatch.setitem(sys.modules, name, None)
    with caplog.at_level(logging.DEBUG, "topview_provider.compat"):
        mask_secret("s3cret")

    assert "no masker" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_masker_that_fails_does_not_fail_the_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(secret: str) -> None:
        raise RuntimeError(secret)

    module = ModuleType(SDK)
    module.mask_secret = broken  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, SDK, module)
    with caplog.at_level(logging.DEBUG, "topview_provider.compat"):
        mask_secret("s3cret")

    assert "mask_secret raised RuntimeError" in caplog.text
    assert "s3cret" not in caplog.text


def test_the_airflow_that_is_installed_masks_for_real() -> None:
    from airflow.providers.common.compat.sdk import redact

    mask_secret("a-long-enough-s3cret")

    assert redact("it is a-long-enough-s3cret") == "it is ***"


def test_the_states_of_a_mapped_task_come_by_its_map_index() -> None:
    def states(**asked: object) -> dict[str, dict[str, str | None]]:
        assert asked == {"dag_id": "d", "task_ids": ["make_1"], "run_ids": ["r"]}
        return {"r": {"make_1_0": "success", "make_1_12": None}}

    ti = SimpleNamespace(dag_id="d", run_id="r", get_task_states=states)
    assert task_states({"ti": ti}, "make_1") == {0: "success", 12: None}


@pytest.mark.parametrize(("found", "wanted"), [({"r": {"make": "skipped"}}, {-1: "skipped"}), ({}, {})])
def test_a_task_that_is_not_mapped_yet_has_one_state_or_none(found: object, wanted: object) -> None:
    ti = SimpleNamespace(dag_id="d", run_id="r", get_task_states=lambda **asked: found)
    assert task_states({"ti": ti}, "make") == wanted


def test_airflow_2_11_tells_the_states_through_the_run() -> None:
    rows = [("make", 0, "success"), ("other", 0, "failed"), ("make", 1, None)]
    instances = [SimpleNamespace(task_id=name, map_index=index, state=state) for name, index, state in rows]
    run = SimpleNamespace(get_task_instances=lambda: instances)
    assert task_states({"ti": SimpleNamespace(), "dag_run": run}, "make") == {0: "success", 1: None}


@pytest.mark.parametrize(("line", "pushed"), [((2, 11), {"a", "b"}), ((3, 0), {"a"}), ((3, 1), {"a", "b"})])
def test_airflow_3_0_is_spared_an_xcom_of_none(
    line: tuple[int, int], pushed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compat, "airflow_line", lambda: line)
    heard: dict[str, object] = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: heard.update({key: value}))
    compat.push(ti, "a", 0)
    compat.push(ti, "b", None)
    assert set(heard) == pushed


def test_below_airflow_3_3_it_can_be_imported_and_says_why_it_cannot_be_used() -> None:
    program = (
        "import sys; sys.modules['airflow.sdk.definitions.retry_policy'] = None\n"
        "from topview_provider.retry_policy import TopviewRetryPolicy, retry_arguments\n"
        "print(retry_arguments(busy_delay=5))\n"
        "try: TopviewRetryPolicy()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "AirflowOptionalProviderFeatureException TopviewRetryPolicy needs Airflow 3.3" in done.stdout
    assert "{}" in done.stdout.splitlines()
