"""Every error that a user can meet: how to meet it, which class it has, and what it must say."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.attempts import retried
from tests.conftest import FakeStore, connecting
from tests.contract.running import walk
from topview_provider.hooks.topview import TopviewHook
from topview_provider.operators.avatar import TopviewVideoAvatarOperator
from topview_provider.operators.video import TopviewMarketingVideoOperator
from topview_provider.standin.server import StandIn

QUERY = "/v1/video_avatar/task/query"
KETTLE = {"product_name": "Kettle", "product_description": "Red", "file_ids": ["f1"]}


@dataclass
class Scene:
    """
    A service, a connection, a store and a folder, in which something goes wrong.

    :param stack: What is undone afterwards.
    """

    stack: ExitStack
    store: Any = field(default_factory=FakeStore)
    elsewhere: bool = False

    @cached_property
    def monkeypatch(self) -> pytest.MonkeyPatch:
        return self.enter(pytest.MonkeyPatch.context())

    @cached_property
    def folder(self) -> Path:
        return Path(self.enter(tempfile.TemporaryDirectory()))

    @cached_property
    def service(self) -> StandIn:
        """The stand-in behind the default connection; its jobs are done at the first query."""
        return self.open()

    def open(self, **words: Any) -> StandIn:
        """Open a stand-in behind the default connection."""
        service = self.enter(StandIn(**{"seconds": 0, "any_file": True, "scripts": 2, **words}))
        self.connect(service)
        return service

    def connect(self, service: Any, **words: Any) -> None:
        """Point the default connection at a service, or anywhere else."""
        self.elsewhere = True
        connecting(self.monkeypatch)(service, **words)

    @property
    def ids(self) -> list[str]:
        return [job["topview_task_id"] for job in self.service.jobs()]

    def enter(self, manager: AbstractContextManager[Any]) -> Any:
        return self.stack.enter_context(manager)

    def fault(self, kind: str, **words: Any) -> None:
        self.service.fault(kind, **words)

    def hook(self) -> TopviewHook:
        """A hook without patience."""
        self.ready()
        return TopviewHook(patience=0)

    def ready(self) -> None:
        """Open the service, unless the connection leads somewhere by now."""
        assert self.elsewhere or self.service

    def run(self, task: Any, number: int = 1, rounds: int = 0, context: Any = None) -> Any:
        """Make an attempt of any task of ours."""
        self.ready()
        if hasattr(task, "hook"):
            task.hook.patience = 0
        return walk(lambda: task, context or retried(self.store, number, rounds))

    def buy(self, number: int = 1, rounds: int = 0, context: Any = None, **words: Any) -> Any:
        """Make an attempt to buy a talking avatar."""
        given = {"task_id": "t", "avatar_id": "a1", "tts_text": "Hello.", **words}
        return self.run(TopviewVideoAvatarOperator(**given), number, rounds, context)

    def film(self, number: int = 1, rounds: int = 0, context: Any = None, **words: Any) -> Any:
        """Make an attempt to buy marketing videos of the kettle."""
        return self.run(TopviewMarketingVideoOperator(**{"task_id": "v", **KETTLE, **words}), number, rounds, context)

    def lose(self, act: Callable[[], Any], kind: str = "answer-lost-after-accept", **words: Any) -> None:
        """Do something whose answer is lost."""
        self.fault(kind, method="POST", **words)
        with pytest.raises(Exception, match="may have accepted"):
            act()
        self.service.clear_faults()

    def setting(self, name: str, value: Any) -> None:
        """Set a value in Airflow's configuration."""
        self.monkeypatch.setenv(f"AIRFLOW__TOPVIEW__{name.upper()}", str(value))

    def file(self, name: str, content: bytes = b"x") -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


Act = Callable[[Scene], Any]


@dataclass(frozen=True)
class Row:
    """
    One error.

    :param act: Meets it; its name says how.
    :param error: The class.
    :param words: What must stand in the text: what happened, and what to do about it.
    :param task: The error is about a task of TopView, so its id stands in the text and on the error.
    """

    act: Act
    error: type[Exception]
    words: tuple[str, ...]
    task: bool = False

    @property
    def sentence(self) -> str:
        return self.act.__name__.replace("_", " ")


TABLE: list[Row] = []


def says(error: type[Exception], *words: str, task: bool = False) -> Callable[[Act], Act]:
    """Put a way to meet an error into the table, with what it must say."""

    def note(act: Act) -> Act:
        TABLE.append(Row(act, error, words, task))
        return act

    return note


@contextmanager
def scene() -> Iterator[Scene]:
    """Open a scene; reads that fail are asked again as often as ever, but at once."""
    with ExitStack() as stack:
        opened = Scene(stack)
        for name in ("requesting.LONGEST_WAIT", "uploading.CHECK_SECONDS", "uploading.PAUSE", "remote.PAUSE"):
            opened.monkeypatch.setattr(f"topview_provider.hooks.{name}", 0.0)
        yield opened


@cache
def meet(row: Row) -> BaseException:
    """Return what comes of a row; each is met once."""
    with scene() as opened:
        try:
            row.act(opened)
        except pytest.skip.Exception:
            raise
        except BaseException as error:
            return error
    return AssertionError("nothing went wrong")
