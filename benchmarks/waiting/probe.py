"""One measurement in a process of its own: N triggers of one client on one event loop, driven as the triggerer does."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import os
import selectors
import sys
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.clients import CLIENTS, Job
from benchmarks.vitals import forget_peak, open_wide, resident

FAR = 10_000_000
QUICK = 0.01
"""Pace of the warm-up; 0 would let ours choose for itself."""
SETTLE = 0.5
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Say what is measured.

    :param client: Name in ``CLIENTS``.
    :param mode: ``burst`` (all poll at once), ``steady`` (spread evenly over the pace) or ``park`` (waiting, after
        at least one poll each).
    :param count: Triggers.
    :param polls: Polls of each until its job is done.
    :param pace: Seconds between polls.
    :param url: Service.
    :param control: The same service over plain HTTP, to reset and to read its counts.
    :param delay: Seconds that the service takes to answer.
    """

    client: str
    mode: str
    count: int
    polls: int
    pace: float
    url: str
    control: str
    delay: float = 0.0


class Control:
    """
    Reset the service and read its counts, over one kept connection that is not counted.

    :param address: Its plain address.
    """

    def __init__(self, address: str) -> None:
        self.line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self.close = self.line.close

    def ask(self, target: str) -> dict[str, int]:
        """Return the counts."""
        self.line.request("GET", target)
        found: dict[str, int] = json.loads(self.line.getresponse().read())
        return found


class Stopwatch(selectors.DefaultSelector):
    """Remember the longest time for which the loop did not look up: its worst stall."""

    worst = 0.0
    _left = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, and note how long it was since the last ones."""
        if self._left:
            self.worst = max(self.worst, time.perf_counter() - self._left)
        found = super().select(timeout)
        self._left = time.perf_counter()
        return found


async def watch(trigger: Any, after: float = 0.0) -> Any:
    """Return the payload of a trigger's one event."""
    await asyncio.sleep(after)
    async for event in trigger.run():
        return event.payload
    return None


async def crowd(plan: Plan, triggers: list[Any]) -> list[Any]:
    """Run all triggers to their end and return what their events said."""
    gap = plan.pace / plan.count if plan.mode == "steady" else 0.0
    tasks = []
    for index, trigger in enumerate(triggers):
        tasks.append(asyncio.create_task(watch(trigger, gap * index)))
        await asyncio.sleep(0)  # as the triggerer does between two
    return await asyncio.gather(*tasks)


async def parked(plan: Plan, triggers: list[Any], control: Control) -> list[Any]:
    """Start all triggers and leave them when each has polled once."""
    crew = asyncio.create_task(crowd(plan, triggers))
    silent = plan.client == "sleep"
    for _ in range(LONGEST):
        await asyncio.sleep(SETTLE)
        if silent or crew.done() or control.ask("/counts")["jobs"] == plan.count:
            break
    await asyncio.sleep(SETTLE)
    return [crew]


async def measure(plan: Plan, control: Control, stopwatch: Stopwatch) -> dict[str, Any]:
    """Warm up, so that libraries are loaded and the connection type is known, then measure."""
    control.ask("/reset?polls=0")
    await watch(CLIENTS[plan.client].build(Job(FAR, QUICK, plan.url)))
    polls = FAR if plan.mode == "park" else plan.polls
    control.ask(f"/reset?polls={polls}&delay={plan.delay}")
    gc.collect()
    before = resident()
    jobs = (Job(number, plan.pace, plan.url, polls=polls) for number in range(plan.count))
    triggers = [CLIENTS[plan.client].build(job) for job in jobs]
    await asyncio.sleep(0)
    forget_peak()
    stopwatch.worst = 0.0
    began, spent = time.perf_counter(), time.process_time()
    payloads = await (parked(plan, triggers, control) if plan.mode == "park" else crowd(plan, triggers))
    figures = {
        "cpu_s": time.process_time() - spent,
        "wall_s": time.perf_counter() - began,
        "stall_ms": stopwatch.worst * 1000,
        "rss_kb": (resident("VmRSS" if plan.mode == "park" else "VmHWM") - before) / plan.count,
    }
    if plan.mode != "park":
        figures["done"] = sum(1 for payload in payloads if CLIENTS[plan.client].done(payload))
    return {**figures, **control.ask("/counts")}


def main() -> None:
    """Read a plan from the first argument and print the figures as JSON; ends at once, whatever still runs."""
    open_wide()
    plan = Plan(**json.loads(sys.argv[1]))
    CLIENTS[plan.client].connect(Job(0, 0.0, plan.url))
    stopwatch = Stopwatch()
    loop = asyncio.SelectorEventLoop(stopwatch)
    figures = loop.run_until_complete(measure(plan, Control(plan.control), stopwatch))
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}), flush=True)
    os._exit(0)  # triggers that are parked never end by themselves


if __name__ == "__main__":
    main()
