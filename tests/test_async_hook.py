"""The triggerer's hook: one session per connection and loop, nothing left behind, nothing that blocks the loop."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from topview_provider import exceptions as errors
from topview_provider.catalog import FAMILIES
from topview_provider.hooks import asynchronous, doors
from topview_provider.hooks.topview import TopviewAsyncHook, TopviewHook
from topview_provider.polling import Outcome, Watch
from topview_provider.standin.server import StandIn

from .support import Request, Server, Talk, answering

Connect = Callable[..., str]
BODY = {"productLink": "https://shop.example/p"}


def left_over() -> dict[str, Any]:
    """What hooks still share on this loop."""
    return asynchronous._shared.get(asyncio.get_running_loop(), {})


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
    read = asynchronous.read_settings

    def note(conn_id: str) -> Any:
        seen.append(threading.current_thread())
        return read(conn_id)

    monkeypatch.setattr(asynchronous, "read_settings", note)
    return seen


async def test_a_connection_is_never_looked_up_on_the_loop(service: StandIn, readers: list[threading.Thread]) -> None:
    async with TopviewAsyncHook() as hook:
        await hook.reread()

    assert len(readers) == 2
    assert threading.current_thread() not in readers


async def test_certificates_are_never_loaded_on_the_loop(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    loaders: list[threading.Thread] = []
    load = doors.tls_context
    monkeypatch.setattr(asynchronous, "tls_context", lambda ca: loaders.append(threading.current_thread()) or load(ca))
    async with TopviewAsyncHook():
        pass

    assert len(loaders) == 1
    assert threading.current_thread() not in loaders


def test_libraries_are_first_loaded_in_a_thread_and_never_on_the_loop(service: StandIn) -> None:
    program = """
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
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    first, on_loop = map(json.loads, ran.stdout.splitlines()[-2:])
    assert first["aiohttp"] is False, "loaded while the hook is opened, in a thread"
    assert True not in first.values()
    assert on_loop == []


async def test_an_entry_that_is_cancelled_leaves_nothing_behind(
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = threading.Event(), threading.Event()
    read = asynchronous.read_settings

    def slow(conn_id: str) -> Any:
        reading.set()
        go_on.wait(10)
        return read(conn_id)

    monkeypatch.setattr(asynchronous, "read_settings", slow)
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
    service: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = threading.Event(), threading.Event()
    read = asynchronous.read_settings

    def slow(conn_id: str) -> Any:
        reading.set()
        go_on.wait(10)
        return read(conn_id)

    monkeypatch.setattr(asynchronous, "read_settings", slow)
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


async def test_a_list_is_read_page_by_page_to_its_end(service: StandIn) -> None:
    async with TopviewAsyncHook() as hook:
        voices = await hook.list("voice_list", page_size=50)
        first = [voice async for voice in hook.iterate("voice_list", page_size=50, page_no=3)]

    assert [voice["voiceId"] for voice in voices] == [voice["voiceId"] for voice in TopviewHook().list("voice_list")]
    assert [voice["voiceId"] for voice in first] == [voice["voiceId"] for voice in voices[100:]]


def watch(task: str, **words: Any) -> Watch:
    now = time.time()
    arguments: dict[str, Any] = {"submitted_at": now, "end_time": now + 30, "pace": 0.02, **words}
    return Watch(row=FAMILIES["scraper"], topview_task_id=task, judge={}, **arguments)


@pytest.fixture(params=["worker", "triggerer"])
def wait(request: pytest.FixtureRequest) -> Callable[[Watch], Outcome]:
    """Wait for a task at one of the doors."""

    def waiting(one: Watch) -> Outcome:
        if request.param == "worker":
            return TopviewHook().wait(one)

        async def by_trigger() -> Outcome:
            async with TopviewAsyncHook() as hook:
                return await hook.wait(one)

        return asyncio.run(by_trigger())

    return waiting


def test_waiting_ends_when_the_task_does(wait: Any, service: StandIn) -> None:
    one = watch(TopviewHook().submit("scraper", BODY))
    service.fault("unknown-status", match={"taskId": one.topview_task_id}, times=2)

    assert wait(one) == Outcome("success")
    assert one.polls == 3


def test_waiting_survives_faults_and_tells_a_failure(wait: Any, service: StandIn) -> None:
    task = TopviewHook().submit("scraper", BODY)
    for kind, words in (("status", {"value": 502}), ("reset", {}), ("wrong-type", {}), ("html", {})):
        service.fault(kind, match={"taskId": task}, times=1, **words)
    service.fault("fail", match={"taskId": task}, message="no product there")
    one = watch(task)

    assert wait(one) == Outcome("failed", "no product there")
    assert one.polls >= 4, "aiohttp asks again by itself when a kept connection was reset"


ODD = [
    *[("status", {"value": status}) for status in (302, 404, 405, 407, 413, 418, 429)],
    *[("code", {"value": code}) for code in ("500", "429", "404", "503", "0", "OK", "7000", "5000")],
]


def test_no_odd_answer_to_a_poll_ends_the_wait_for_a_paid_task(wait: Any, service: StandIn) -> None:
    task = TopviewHook().submit("scraper", BODY)
    for kind, words in ODD:
        service.fault(kind, match={"taskId": task}, times=1, **words)
    one = watch(task, pace=1e-5)  # the pauses double with each failure

    assert wait(one) == Outcome("success")
    assert one.polls == len(ODD) + 1


def test_a_task_that_topview_says_it_does_not_know_ends_the_wait(wait: Any, service: StandIn) -> None:
    one = watch("0" * 32)

    assert wait(one).error == errors.TopviewNotFound.__name__
    assert one.polls == 1


def test_waiting_ends_at_the_deadline(wait: Any, service: StandIn) -> None:
    task = TopviewHook().submit("scraper", BODY)
    service.fault("never-ends", match={"taskId": task})

    assert wait(watch(task, end_time=time.time() + 0.1)).word == "timeout"


OLD, DONE = "the-old-key-123", b'{"code": "200", "result": {"taskId": "t1", "status": "success"}}'


def refusing_the_old_key(act: Callable[[], Any]) -> Talk:
    """Return a talk that knows another key than the old one, and acts when it sees that."""

    def talk(client: socket.socket, request: Request) -> None:
        if request.headers["authorization"] == f"Bearer {OLD}":
            act()
            answering(b"", "401 Unauthorized")(client, request)
        else:
            answering(DONE)(client, request)

    return talk


def test_a_key_that_is_rotated_while_waiting_is_used_without_a_new_attempt(wait: Any, connect: Connect) -> None:
    with Server(refusing_the_old_key(lambda: connect(server))) as server:
        connect(server, password=OLD)
        assert wait(watch("t1")) == Outcome("success")

    keys = [request.headers["authorization"] for request in server.requests]
    assert keys == [f"Bearer {OLD}", f"Bearer {server.api_key}"]


def test_a_connection_that_vanishes_while_waiting_ends_it(
    wait: Any, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(refusing_the_old_key(lambda: monkeypatch.delenv("AIRFLOW_CONN_TOPVIEW_DEFAULT"))) as server:
        connect(server, password=OLD)
        assert wait(watch("t1")).error == "TopviewConnectionInvalid"


def test_a_key_that_stays_wrong_is_given_up_after_three_more_tries(
    wait: Any, service: StandIn, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topview_provider.polling.AUTH_WAIT", 0.01)
    connect(service, password="never-the-right-key")

    outcome = wait(watch("f" * 32))
    assert (outcome.word, outcome.error) == ("error", "TopviewUnavailable")
    assert len(service.requests("/v1/scraper/task/query")) == 4
