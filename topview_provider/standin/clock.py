"""The time of one stand-in, which may be put forward: nobody has to wait for a job of eight minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """
    Tell the time.

    :param ahead: Seconds it was put forward.
    """

    ahead: float = 0.0

    def now(self) -> float:
        """Return seconds that only grow, for durations."""
        return time.monotonic() + self.ahead

    def date(self) -> float:
        """Return seconds since 1970, for signatures."""
        return time.time() + self.ahead
