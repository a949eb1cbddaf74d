"""Several scripts side by side: each says what it waits for, and goes on when that is so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from tests.e2e.faults.world import World

Script = Iterator[Callable[[], bool]]
"""Acts, and yields what must be true before it acts again."""


def play(world: World, scripts: Mapping[str, Script], *, limit: float) -> list[str]:
    """
    Play scripts to their end, or until the limit has passed.

    :returns: What went wrong: scripts that failed, or were still waiting; their cells show it too.
    """
    trouble: list[str] = []
    conditions: dict[str, Callable[[], bool]] = dict.fromkeys(scripts, lambda: True)
    end = time.monotonic() + limit
    while conditions and time.monotonic() < end:
        world.stack.check_alive()
        world.look()
        for name, ready in list(conditions.items()):
            try:
                if ready():
                    conditions[name] = next(scripts[name])
            except StopIteration:
                del conditions[name]
            except Exception as error:
                del conditions[name]
                trouble.append(f"{name}: {error!r}")
        time.sleep(0.3)
    return [*trouble, *(f"{name} waits" for name in conditions)]
