"""What the plugin's server remembers: for how long, for whom, and that one asks for all."""

from __future__ import annotations

import threading

import pytest

from topview_provider.plugins.memory import Memory


class Clock:
    """Seconds that go on when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Answer with the number of the question."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


def test_an_answer_counts_for_its_seconds_and_not_one_longer() -> None:
    clock, source = Clock(), Source()
    memory: Memory[int] = Memory(60, clock)
    assert memory.get("a", source) == 1
    clock.now += 59.9
    assert memory.get("a", source) == 1
    clock.now += 0.1
    assert memory.get("a", source) == 2


def test_what_is_asked_anew_counts_from_then_on() -> None:
    clock, source = Clock(), Source()
    memory: Memory[int] = Memory(60, clock)
    memory.get("a", source)
    clock.now += 30
    assert memory.get("a", source, anew=True) == 2
    clock.now += 45
    assert memory.get("a", source) == 2


def test_each_key_has_an_answer_of_its_own() -> None:
    source = Source()
    memory: Memory[int] = Memory(60, Clock())
    assert [memory.get(name, source) for name in ("a", "b", "a")] == [1, 2, 1]


def test_an_error_is_not_remembered() -> None:
    source = Source()
    memory: Memory[int] = Memory(60, Clock())

    def broken() -> int:
        raise OSError("no")

    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            memory.get("a", broken)
    assert memory.get("a", source) == 1


def test_what_is_old_is_forgotten() -> None:
    clock, source = Clock(), Source()
    memory: Memory[int] = Memory(60, clock)
    for number in range(50):
        memory.get(number, source)
    clock.now += 61
    memory.get("new", source)
    assert len(memory) == 1


def test_many_who_ask_at_once_lead_to_one_question() -> None:
    memory: Memory[int] = Memory(60, Clock())
    source, begun, go = Source(), threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        assert go.wait(10)
        return source()

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(memory.get("a", slow))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert (found, source.asked) == ([1] * 8, 1)


def test_whoever_is_about_to_ask_is_not_forgotten_when_somebody_else_comes() -> None:
    memory: Memory[int] = Memory(60, Clock())
    source, mine = Source(), memory._slot("a")
    assert memory.get("a", source) == 1
    assert memory._slot("a") is mine
