"""What ``HttpEventTrigger`` asks whether a job is done; a small module, for it is loaded anew at each poll."""

from __future__ import annotations

from typing import Any


async def is_done(response: Any) -> bool:
    """
    Tell whether an answer says that the job is done.

    :param response: The answer, as ``requests`` shows it.
    """
    return bool(response.json()["state"] == "success")
