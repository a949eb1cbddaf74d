"""A stand-in per test, and a client for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from topview_provider.standin.server import StandIn

from .client import Client


@pytest.fixture
def run() -> Iterator[Callable[..., Client]]:
    """Return a function that starts a stand-in with these options and hands back its client."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: Client(stack.enter_context(StandIn(**options)))


@pytest.fixture
def client(run: Callable[..., Client]) -> Client:
    """A client of a stand-in whose jobs are done at the first query."""
    return run(seconds=0)


@pytest.fixture
def standin(client: Client) -> StandIn:
    """The stand-in behind ``client``."""
    return client.service
