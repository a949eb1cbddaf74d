"""The triggerer's hook: one session per connection and loop, nothing left behind, nothing that blocks the loop."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from topview_provider import exceptions as errors
from topview_provider.hooks import doors, shared
from topview_provider.hooks.topview import TopviewAsyncHook, TopviewHook
from topview_provider.standin.server import StandIn

Connect = Callable[..., str]
BODY = {"productLink": "https://shop.example/p"}


def left_over() -> dict[str, Any]:
    """What hooks still share on this loop."""
    return shared.shared_here()


async def test_hooks_of_one_connection_share_a_session_until_the_last_one_leaves(service: StandIn) -> None:
    first, second = TopviewAsyncHook(), TopviewAsyncHook()
    async with first:
        async with second:
            session = first._shared.session
            assert session is second._shared.session
        assert session is not None
        assert not session.closed
        await first.query("scraper", await first.submit("scraper", BODY))

    assert session.closed
    assert left_over() == {}


async def test_hooks_of_two_connections_share_nothing(service: StandIn, connect: Connect) -> None:
    connect(service, conn_id="other")
    async with TopviewAsyncHook() as one, TopviewAsyncHook("other") as other:
        assert one._shared.session is not other._shared.session
        assert set(left_over()) == {"topview_default", "other"}
    assert left_over() == {}


async def test_a_hook_opens_anew_after_all_have_left(service: StandIn) -> None:
    sessions = []
    for _ in range(2):
        async with TopviewAsyncHook() as hook:
            sessions.append(hook._shared.session)
            assert await hook.list("caption_list")

    assert sessions[0] is not sessions[1]


def test_two_loops_share_no_session(service: StandIn) -> None:
    async def session() -> Any:
        async with TopviewAsyncHook() as hook:
            assert await hook.list("caption_list")
            return hook._shared.session

    assert asyncio.run(session()) is not asyncio.run(session())


async def test_a_crowd_reads_the_connection_once(service: StandIn, readers: list[threading.Thread]) -> None:
    async def ask() -> None:
        async with TopviewAsyncHook() as hook:
            await hook.list("caption_list")

    await asyncio.gather(*(ask() for _ in range(30)))

    assert len(readers) == 1
    assert left_over() == {}


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The threads in which connections are looked up."""
    seen: list[threading.Thread] = []
    read = shared.read_settings

    def note(conn_id: str) -> Any:
        seen.append(threading.current_thread())
        return read(conn_id)

    monkeypatch.setattr(shared, "read_settings", note)
    return seen


async def test_a_connection_is_never_looked_up_on_the_loop(service: StandIn, readers: list[threading.Thread]) -> None:
    async with TopviewAsyncHook() as hook:
        await hook.reread()

    assert len(readers) == 2
    assert threading.current_thread() not in readers


async def test_certificates_are_never_loaded_on_the_loop(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    loaders: list[threading.Thread] = []
    load = doors.tls_context
    monkeypatch.setattr(shared, "tls_context", lambda ca: loaders.append(threading.current_thread()) or load(ca))
    async with TopviewAsyncHook():
        pass

    assert len(loaders) == 1
    assert threading.current_thread() not in loaders


WITNESS = """
import asyncio, builtins, json, sys, threading
import topview_provider.hooks.asynchronous
from topview_provider.hooks.topview import TopviewAsyncHook

class Witness:
    heard = {}
    def find_spec(self, name, path=None, target=None):
        self.heard[name] = threading.current_thread() is threading.main_thread()

async def ask():
    async with TopviewAsyncHook() as hook:
        assert await hook.list("caption_list")

sys.meta_path.insert(0, Witness())
asyncio.run(ask())
tops = ("aiohttp", "requests", "tenacity", "urllib3", "yarl")
print(json.dumps({name: Witness.heard.get(name) for name in tops}))
print(json.dumps(sorted(name for name, loop in Witness.heard.items() if loop and name.split(".")[0] in tops)))
"""


def test_libraries_are_first_loaded_in_a_thread_and_never_on_the_loop(service: StandIn) -> None:
    ran = subprocess.run([sys.executable, "-c", WITNESS], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    first, on_loop = map(json.loads, ran.stdout.splitlines()[-2:])
    assert first["aiohttp"] is False, "loaded while the hook is opened, in a thread"
    assert True not in first.values()
    assert on_loop == []


@pytest.fixture
def slow_lookup(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Make the look-up of the connection say that it has begun, and wait until it may go on."""
    reading, go_on = threading.Event(), threading.Event()
    read = shared.read_settings

    def slow(conn_id: str) -> Any:
        reading.set()
        go_on.wait(10)
        return read(conn_id)

    monkeypatch.setattr(shared, "read_settings", slow)
    return reading, go_on


async def test_an_entry_that_is_cancelled_leaves_nothing_behind(
    service: StandIn, slow_lookup: tuple[threading.Event, threading.Event]
) -> None:
    reading, go_on = slow_lookup
    entry = asyncio.ensure_future(TopviewAsyncHook().__aenter__())
    await asyncio.to_thread(reading.wait, 10)
    entry.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entry
    go_on.set()

    assert left_over() == {}
    async with TopviewAsyncHook() as hook:
        assert await hook.list("caption_list")


async def test_a_second_hook_goes_in_when_the_first_was_cancelled_at_the_door(
    service: StandIn, slow_lookup: tuple[threading.Event, threading.Event]
) -> None:
    reading, go_on = slow_lookup
    first = asyncio.ensure_future(TopviewAsyncHook().__aenter__())
    await asyncio.to_thread(reading.wait, 10)
    second = TopviewAsyncHook()
    entry = asyncio.ensure_future(second.__aenter__())
    first.cancel()
    go_on.set()
    await entry

    assert await second.list("caption_list")
    await second.__aexit__()
    assert left_over() == {}


async def test_a_failed_entry_leaves_nothing_behind() -> None:
    with pytest.raises(errors.TopviewConnectionInvalid, match="airflow connections add not_there"):
        async with TopviewAsyncHook("not_there"):
            raise AssertionError("must not get in")

    assert left_over() == {}


async def test_a_hook_is_of_use_inside_its_block_only(service: StandIn) -> None:
    hook = TopviewAsyncHook()
    assert repr(hook) == "<TopviewAsyncHook topview_default>"
    for use in (hook.query("scraper", "t"), hook.submit("scraper", BODY), hook.list("caption_list"), hook.reread()):
        with pytest.raises(RuntimeError, match="inside 'async with' only"):
            await use


async def test_without_a_login_the_uid_is_asked_for_once_and_again_after_a_rotation(
    service: StandIn, connect: Connect
) -> None:
    connect(service, login="")
    async with TopviewAsyncHook() as hook:
        await hook.query("scraper", await hook.submit("scraper", BODY))
        assert len(service.requests("/user/credit/detail")) == 1
        assert not await hook.reread()
        await hook.list("caption_list")

    assert len(service.requests("/user/credit/detail")) == 2


@pytest.mark.parametrize(
    ("fault", "share", "pause"),
    [
        ({"kind": "status", "value": 429}, 0.5, 0.0),
        ({"kind": "status", "value": 429, "retry_after": 7}, 0.5, 7.0),
        ({"kind": "status", "value": 503, "retry_after": 7}, 0.5, 7.0),
        ({"kind": "code", "value": "5003"}, 0.5, 0.0),
        ({"kind": "code", "value": "4007"}, 1.0, 0.0),
        ({"kind": "status", "value": 503}, 1.0, 0.0),
        ({"kind": "status", "value": 500, "retry_after": 7}, 1.0, 0.0),
        ({"kind": "reset"}, 1.0, 0.0),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
async def test_a_service_that_asks_for_less_slows_down_all_who_share_the_connection_and_nothing_else_does(
    fault: dict[str, Any], share: float, pause: float, service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topview_provider.hooks.requesting.READ_ATTEMPTS", 1)
    service.fault(path="*/query", **fault)
    loop = asyncio.get_running_loop()
    async with TopviewAsyncHook() as one, TopviewAsyncHook() as other:
        before = loop.time()
        with pytest.raises(errors.TopviewError):
            await one.query("scraper", "t1")
        limiter = other._shared.limiter
        assert limiter.share == share
        assert before + pause <= max(limiter._closed_until, before) <= loop.time() + pause


async def test_a_rate_that_is_changed_in_the_connection_counts_when_it_is_read_again(
    service: StandIn, connect: Connect
) -> None:
    connect(service, max_rps=3)
    async with TopviewAsyncHook() as hook:
        assert hook._shared.limiter.rate == 3
        connect(service, max_rps=7)
        await hook.reread()
        assert hook._shared.limiter.rate == 7


async def test_a_list_is_read_page_by_page_to_its_end(service: StandIn) -> None:
    async with TopviewAsyncHook() as hook:
        voices = await hook.list("voice_list", page_size=50)
        first = [voice async for voice in hook.iterate("voice_list", page_size=50, page_no=3)]

    assert [voice["voiceId"] for voice in voices] == [voice["voiceId"] for voice in TopviewHook().list("voice_list")]
    assert [voice["voiceId"] for voice in first] == [voice["voiceId"] for voice in voices[100:]]
