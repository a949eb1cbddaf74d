"""Where records stand: Airflow's store, else files that a person can find, else nowhere."""

from __future__ import annotations

import itertools
import json
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attempts import IDS, forgetful, remember_in
from tests.conftest import FakeTaskInstance
from tests.lines import attach
from topview_provider.exceptions import TopviewError, TopviewInvalidRequest
from topview_provider.ledger.book import Ledger, begun
from topview_provider.ledger.records import Purchase, Record
from topview_provider.ledger.rules import Attempt
from topview_provider.ledger.stores import KEY, FileStore, store_of, without_ledger

ODD = (
    "a.b",
    "a/b",
    "a%2Fb",
    "..",
    ".",
    ".hidden",
    "~",
    "ä",
    "模型",
    "a b",
    "a:b?c#d[e]*",
    "scheduled__2026-01-01T00:00:00+00:00",
    "x" * 250,
    "x" * 249 + "y",
    "ä" * 250,
    "a\\b",
    "a\nb",
)


@pytest.fixture
def memory() -> Iterator[str]:
    """A folder in an object storage, which has no folders and no rename."""
    from fsspec.implementations.memory import MemoryFileSystem

    attach("memory", fs=MemoryFileSystem())
    yield "memory://bucket/ledger"
    MemoryFileSystem.store.clear()


@pytest.fixture(params=["files", "object storage"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "files" else str(request.getfixturevalue("memory"))


def store(root: Any, **ids: Any) -> FileStore:
    return FileStore(str(root), **{**IDS, **ids})


def intent(book: Ledger) -> Record:
    return book.intend(begun(Purchase("fp"), Attempt(1, 0)))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_person_finds_the_record_by_dag_run_and_task(tmp_path: Path) -> None:
    store(tmp_path, dag_id="shop.videos", task_id="make_video", map_index=3).set(KEY, {"fingerprint": "fp"})
    [found] = files(tmp_path)
    assert found == "shop.videos/manual__2026-01-01T00%3A00%3A00+00%3A00/make_video.3/topview.json"
    assert json.loads((tmp_path / found).read_text()) == {"fingerprint": "fp"}


def test_what_is_written_is_read_replaced_and_removed(root: str) -> None:
    first, again = store(root), store(root)
    assert first.get(KEY) is None
    first.set(KEY, {"n": 1, "text": "Grüße"})
    assert again.get(KEY) == {"n": 1, "text": "Grüße"}
    again.set(KEY, {"n": 2})
    assert first.get(KEY) == {"n": 2}
    first.delete(KEY)
    first.delete(KEY)
    assert again.get(KEY) is None


@pytest.mark.parametrize("name", ["dag_id", "run_id", "task_id"])
def test_whatever_an_id_holds_each_has_a_record_of_its_own_below_the_folder(name: str, root: str) -> None:
    for text in ODD:
        store(root, **{name: text}).set(KEY, {"of": text})
    assert [store(root, **{name: text}).get(KEY) for text in ODD] == [{"of": text} for text in ODD]
    places = [store(root, **{name: text}).where(KEY).removeprefix("file://") for text in ODD]
    assert all(place.replace(":///", "://").startswith(root) for place in places)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=2, max_size=2, unique=True))
def test_two_ids_never_share_a_record(texts: list[str]) -> None:
    first, second = (store("/ledger", task_id=text).where(KEY) for text in texts)
    assert first != second
    assert all(path.startswith("file:///ledger/shop/manual__") and path.count("/") == 7 for path in (first, second))


def test_a_task_and_each_of_its_mapped_instances_have_records_of_their_own(root: str) -> None:
    keys: list[dict[str, Any]] = [{"map_index": index} for index in (-1, 0, 1, 11)]
    keys += [{"task_id": "t.1", "map_index": 1}, {"task_id": "t.1", "map_index": -1}]
    for number, key in enumerate(keys):
        store(root, **key).set(KEY, number)
    assert [store(root, **key).get(KEY) for key in keys] == list(range(len(keys)))


def test_a_path_is_never_longer_than_a_file_system_takes(tmp_path: Path) -> None:
    store(tmp_path, dag_id="ä" * 250, run_id="r" * 250, task_id="/" * 250).set(KEY, 1)
    [found] = files(tmp_path)
    assert max(len(part) for part in Path(found).parts) < 200


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_writer_that_fails_half_way_leaves_the_old_record_and_nothing_else(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.set(KEY, {"n": 1})
    with full_disk(1_000_000), pytest.raises(TopviewError, match="File too large"):
        kept.set(KEY, {"n": 2, "fill": "x" * 3_000_000})
    assert store(tmp_path).get(KEY) == {"n": 1}
    assert len(files(tmp_path)) == 1


def test_what_a_killed_writer_left_behind_is_no_record(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.set(KEY, {"n": 1})
    record = tmp_path / files(tmp_path)[0]
    (record.parent / f".{record.name}.0a1b2c3d.part").write_text('{"fingerprint": "fp", "topview')
    assert store(tmp_path).get(KEY) == {"n": 1}
    record.unlink()
    assert store(tmp_path).get(KEY) is None
    assert Ledger(store(tmp_path, task_id="u")).others() == []


def test_readers_beside_a_writer_see_a_whole_record(tmp_path: Path) -> None:
    values = [{"n": number, "fill": "x" * 50_000} for number in (1, 2)]
    store(tmp_path).set(KEY, values[0])
    seen: list[Any] = []

    def read() -> None:
        while len(seen) < 100:
            try:
                seen.append(store(tmp_path).get(KEY))
            except Exception as error:
                seen.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in itertools.takewhile(lambda _: len(seen) < 100, itertools.count()):
        store(tmp_path).set(KEY, values[number % 2])
    for reader in readers:
        reader.join()
    assert [value for value in seen if value not in values] == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"n": 1} {'])
def test_a_file_that_cannot_be_read_is_an_error_and_not_no_record(content: bytes, tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.set(KEY, {})
    (tmp_path / files(tmp_path)[0]).write_bytes(content)
    with pytest.raises(TopviewError, match="cannot be read, so nothing is submitted"):
        Ledger(kept).read()


def test_a_file_of_something_else_is_an_error_and_not_no_record(tmp_path: Path) -> None:
    store(tmp_path).set(KEY, ["not", "a", "record"])
    with pytest.raises(TopviewError, match="holds something else under 'topview': list"):
        Ledger(store(tmp_path)).read()


def test_a_folder_that_cannot_be_used_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("a file stands where the folder of the DAG should")
    with pytest.raises(TopviewError, match=r"cannot be read, so nothing is submitted: .*Not a directory: .*shop"):
        intent(Ledger(store(tmp_path)))


def test_the_records_of_the_other_tasks_of_the_run_are_seen_and_no_others(root: str) -> None:
    assert Ledger(store(root)).others() == []
    book = Ledger(store(root))
    book.accept(intent(book), "own")
    near = [{"task_id": "u"}, {"map_index": 0}, {"map_index": 1}]
    for number, ids in enumerate([*near, {"run_id": "another"}, {"dag_id": "another"}]):
        other = Ledger(store(root, **ids))
        other.accept(intent(other), f"t{number}")
    assert sorted(one.topview_task_id for one in book.others() or ()) == ["t0", "t1", "t2"]


def test_a_folder_without_a_record_is_none_of_the_others(tmp_path: Path) -> None:
    other = store(tmp_path, task_id="u")
    other.set(KEY, {})
    other.delete(KEY)
    assert Ledger(store(tmp_path)).others() == []


def test_what_a_person_put_beside_the_records_is_none_of_them(tmp_path: Path) -> None:
    Ledger(store(tmp_path, task_id="u")).write(Record("fp"))
    run = (tmp_path / files(tmp_path)[0]).parent.parent
    (run / "notes.txt").write_text("delete after Easter")
    assert Ledger(store(tmp_path)).others() == [Record("fp", earlier=[])]


def test_a_neighbour_whose_record_cannot_be_read_is_an_error_and_not_one_less(tmp_path: Path) -> None:
    other = store(tmp_path, task_id="u")
    other.set(KEY, {})
    (tmp_path / files(tmp_path)[0]).write_text("{")
    with pytest.raises(TopviewError, match="The ledger of this run cannot be read"):
        Ledger(store(tmp_path)).others()


def test_a_person_is_told_which_file_to_delete(tmp_path: Path) -> None:
    book = Ledger(store(tmp_path, task_id="u", map_index=2))
    intent(book)
    assert book.forget_by_hand == f"delete the file file://{tmp_path}/{files(tmp_path)[0]}"


def test_airflow_s_store_comes_before_files(
    context: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_in(tmp_path, monkeypatch)
    context["ti"].__dict__.update(IDS)
    found = store_of(context)
    assert found is not None
    found.set(KEY, {"fingerprint": "new"})
    assert context["task_state_store"] == {KEY: {"fingerprint": "new"}}
    assert files(tmp_path) == []


def test_what_an_older_airflow_left_as_a_file_is_found_after_the_upgrade_and_forgotten_with_it(
    context: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_in(tmp_path, monkeypatch)
    store(tmp_path).set(KEY, {"fingerprint": "old"})
    context["ti"].__dict__.update(IDS)
    found = store_of(context)
    assert found is not None
    assert found.get(KEY) == {"fingerprint": "old"}
    assert f"and the file {store(tmp_path).where(KEY)}" in Ledger.of(context).forget_by_hand
    found.set(KEY, {"fingerprint": "new"})
    assert found.get(KEY) == {"fingerprint": "new"}
    found.delete(KEY)
    assert found.get(KEY) is None


@pytest.mark.parametrize("path", ["ledger", "/no/such/folder", "file:///no/such/folder"])
def test_a_ledger_path_that_is_not_there_is_refused_and_not_made(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__TOPVIEW__LEDGER_PATH", path)
    with pytest.raises(TopviewInvalidRequest, match=r"\[topview\] ledger_path is .*no folder that is there"):
        store_of(forgetful())


def test_files_come_before_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store_of(forgetful()) is None
    remember_in("  ", monkeypatch)
    assert store_of(forgetful()) is None
    remember_in(tmp_path / "ledger", monkeypatch)
    intent(Ledger.of(forgetful(map_index=4)))
    assert [Path(path).parent.name for path in files(tmp_path / "ledger")] == ["t.4"]


def test_a_task_instance_without_a_map_index_is_not_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_in(tmp_path, monkeypatch)
    ids = {name: value for name, value in IDS.items() if name != "map_index"}
    found = store_of({"ti": FakeTaskInstance(**ids)})
    assert isinstance(found, FileStore)
    assert found.where(KEY) == store(tmp_path).where(KEY)


def test_a_ledger_path_may_be_a_url_of_an_object_storage(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_in(memory, monkeypatch)
    written, found = intent(Ledger.of(forgetful())), Ledger.of(forgetful(2)).read()
    assert found
    assert found.nonce == written.nonce
    by_hand = Ledger.of(forgetful()).forget_by_hand.replace(":///", "://")
    assert by_hand.startswith(f"delete the file {memory}/shop/manual__2026")


def test_a_ledger_path_whose_file_system_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    remember_in("s3://bucket/ledger", monkeypatch)
    with pytest.raises(TopviewInvalidRequest, match=r"s3://bucket/ledger cannot.*airflow-provider-topview\[s3\]"):
        Ledger.of(forgetful())


@pytest.mark.parametrize(
    ("said", "found"), [(None, "fail"), ("", "fail"), ("fail", "fail"), ("warn", "warn"), (" WARN ", "warn")]
)
def test_without_a_ledger_later_tries_fail_unless_airflow_s_configuration_says_warn(
    said: str | None, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if said is not None:
        monkeypatch.setenv("AIRFLOW__TOPVIEW__WITHOUT_LEDGER", said)
    assert without_ledger() == found


def test_a_word_that_is_neither_fail_nor_warn_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__TOPVIEW__WITHOUT_LEDGER", "ignore")
    with pytest.raises(TopviewInvalidRequest, match=r"\[topview\] without_ledger is 'ignore' .*: fail or warn"):
        without_ledger()
