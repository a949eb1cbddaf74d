"""So many at once and so many per second: callbacks that are let in, and lines that strangers make us log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable


class Bucket:
    """
    Let through what there is a token for; nobody waits. The limiter of the hooks queues instead, on one event loop.

    :param size: How many at once.
    :param rate: Tokens that come back per second.
    :param clock: Seconds that only grow.
    """

    def __init__(self, size: float, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.size = size
        self.rate = rate
        self.clock = clock
        self._tokens = size
        self._filled_at = clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a token, or tell that there is none."""
        with self._lock:
            now = self.clock()
            self._tokens = min(self.size, self._tokens + (now - self._filled_at) * self.rate)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class Seldom(logging.Filter):
    """
    Keep a log short in which strangers can write: what is below an error needs a token, and the next line counts.

    :param bucket: Where the tokens come from.
    """

    def __init__(self, bucket: Bucket) -> None:
        super().__init__()
        self.bucket = bucket
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """
        Tell whether a line is written.

        :param record: The line.
        """
        if record.levelno < logging.ERROR and not self.bucket.take():
            self._left_out += 1
            return False
        if self._left_out:
            record.msg = f"{record.msg} ({self._left_out} lines about callbacks were left out before)"
            self._left_out = 0
        return True
