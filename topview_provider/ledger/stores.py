"""Where records stand: Airflow's task state store (3.3 and later), else a folder of JSON files, else nowhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote

from airflow.providers.common.compat.sdk import conf

from topview_provider import compat
from topview_provider.exceptions import TopviewInvalidRequest

KEY = "topview"
LONGEST_NAME = 120


class Store(Protocol):
    """What a ledger needs of a store; Airflow's ``task_state_store`` is one."""

    def get(self, key: str) -> Any:
        """Return the value, or None."""

    def set(self, key: str, value: Any) -> None:
        """Write the value."""

    def delete(self, key: str) -> None:
        """Forget the value."""


class Spoilt(Exception):
    """What stands there can be reached and makes no sense; asking again does not help."""


class FileStore:
    """
    Keep the values of one task instance as files: ``<ledger_path>/<dag>/<run>/<task>.<map index>/<key>.json``.

    :param root: ``[topview] ledger_path``, any URL that ``ObjectStoragePath`` knows.
    :param dag_id: The DAG.
    :param run_id: Its run.
    :param task_id: The task.
    :param map_index: Its map index, -1 if it is not mapped.
    """

    def __init__(self, root: str, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> None:
        from topview_provider.hooks.paths import storage_path

        self.run = storage_path(root) / _name(dag_id) / _name(run_id)
        self.folder = self.run / f"{_name(task_id)}.{map_index}"

    def get(self, key: str) -> Any:
        """
        Return the value, or None if there is no file.

        :param key: Name of the value.
        """
        return self._read(self._file(key))

    def set(self, key: str, value: Any) -> None:
        """
        Write the value; the file is replaced as a whole, so that a reader sees the old one or the new one.

        :param key: Name of the value.
        :param value: Plain JSON.
        """
        from topview_provider.hooks.transfer import landing

        with landing(self._file(key)) as file:
            file.write(json.dumps(value, indent=1, ensure_ascii=False).encode())

    def delete(self, key: str) -> None:
        """
        Remove the file.

        :param key: Name of the value.
        """
        self._file(key).unlink(missing_ok=True)

    def others(self, key: str) -> Iterator[Any]:
        """
        Yield the values of the other task instances of the run.

        :param key: Name of the values.
        """
        self.run.fs.invalidate_cache()
        for folder in self.run.iterdir() if self.run.exists() else ():
            if folder.name == self.folder.name or not folder.is_dir():
                continue
            if (found := self._read(folder / f"{key}.json")) is not None:
                yield found

    def where(self, key: str) -> str:
        """
        Return the path of the file.

        :param key: Name of the value.
        """
        return str(self._file(key))

    def _file(self, key: str) -> Any:
        return self.folder / f"{_name(key)}.json"

    def _read(self, file: Any) -> Any:
        file.fs.invalidate_cache()  # an object store's listing may be older than what another worker wrote
        try:
            return json.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise Spoilt(f"{file} holds no JSON: {error}") from error


class UpgradedStore:
    """
    Keep values in Airflow's store, and still find those that an older Airflow left as files.

    :param store: Airflow's store.
    :param files: The files of the same task instance.
    """

    def __init__(self, store: Store, files: FileStore) -> None:
        self.store = store
        self.files = files

    def get(self, key: str) -> Any:
        """
        Return the value of Airflow's store, else that of the file.

        :param key: Name of the value.
        """
        found = self.store.get(key)
        return self.files.get(key) if found is None else found

    def set(self, key: str, value: Any) -> None:
        """
        Write the value into Airflow's store.

        :param key: Name of the value.
        :param value: Plain JSON.
        """
        self.store.set(key, value)

    def delete(self, key: str) -> None:
        """
        Remove the value from both; the file first, so that no moment shows the older one alone.

        :param key: Name of the value.
        """
        self.files.delete(key)
        self.store.delete(key)


def store_of(context: Mapping[str, Any]) -> Store | None:
    """
    Return the store of the task instance of this context; None where neither Airflow nor the user has one.

    :raises TopviewInvalidRequest: ``[topview] ledger_path`` is a local folder that is not there.
    """
    ti, root = context["ti"], str(conf.get("topview", "ledger_path", fallback="") or "").strip()
    files = None
    if root:
        files = FileStore(_usable(root), ti.dag_id, ti.run_id, ti.task_id, getattr(ti, "map_index", -1))
    store: Store | None = compat.task_store(context)
    if store is not None and files is not None:
        return UpgradedStore(store, files)
    return files if store is None else store


def without_ledger() -> str:
    """
    Return what a paying operator does from its second try on where there is no store: ``fail`` or ``warn``.

    :raises TopviewInvalidRequest: ``[topview] without_ledger`` is neither.
    """
    found = str(conf.get("topview", "without_ledger", fallback="") or "fail").strip().lower()
    if found not in ("fail", "warn"):
        raise TopviewInvalidRequest(f"[topview] without_ledger is {found!r} in Airflow's configuration: fail or warn")
    return found


def _usable(root: str) -> str:
    local = root.removeprefix("file://")
    if "://" in local:
        return root
    if not os.path.isabs(os.path.expanduser(local)) or not os.path.isdir(os.path.expanduser(local)):
        raise TopviewInvalidRequest(
            f"[topview] ledger_path is {root!r} in Airflow's configuration, which is no folder that is there and named "
            "from the root: is a disk not mounted here? Nothing is submitted without the records in it. What to do: "
            "mount the disk, or make the folder inside the mount; on Airflow 3.3 and later the option may be emptied "
            "once no task from before the upgrade will be cleared"
        )
    return root


def _name(text: str) -> str:
    """Return a text as a file name that differs where the text does: no separator, no dots alone, not too long."""
    import hashlib

    name = quote(str(text), safe=" +@,=")
    name = re.sub(r"^\.", "%2E", name)
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 17]}-{hashlib.sha256(str(text).encode()).hexdigest()[:16]}"
