"""Remember for a short while, so that a page with a player does not ask TopView at every turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Slot(Generic[T]):
    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = float("-inf")
    value: T | None = None
    users: int = 0


class Memory(Generic[T]):
    """
    Remember what each key led to; for one key, one thread asks and the others wait for it.

    :param seconds: How long an answer counts. An error is not remembered.
    :param clock: Seconds that only grow.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.clock = clock
        self._slots: dict[Hashable, _Slot[T]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._slots)

    def get(self, key: Hashable, ask: Callable[[], T], *, anew: bool = False) -> T:
        """
        Return what is known, or ask.

        :param key: What for.
        :param ask: Where to ask.
        :param anew: Ask whatever is known.
        """
        slot = self._slot(key)
        try:
            with slot.lock:
                if slot.value is None or anew or self.clock() >= slot.until:
                    slot.value = ask()
                    slot.until = self.clock() + self.seconds
                return slot.value
        finally:
            with self._lock:
                slot.users -= 1

    def _slot(self, key: Hashable) -> _Slot[T]:
        with self._lock:
            now = self.clock()
            self._slots = {name: slot for name, slot in self._slots.items() if slot.until > now or slot.users}
            slot = self._slots.setdefault(key, _Slot())
            slot.users += 1
            return slot
