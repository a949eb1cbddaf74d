"""Signed URLs that look like S3's, expire, and differ each time they are made."""

from __future__ import annotations

import hmac
import itertools
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from topview_provider.standin.clock import Clock


@dataclass(slots=True)
class Signer:
    """
    Sign paths of this stand-in and judge what comes back.

    :param seconds: Life of a signature.
    :param clock: The time it is counted in.
    """

    seconds: float
    clock: Clock
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    counter: itertools.count[int] = field(default_factory=itertools.count)

    def sign(self, path: str, method: str = "GET") -> str:
        """
        Return the path with its signature in the query string.

        :param path: Absolute path, already quoted.
        :param method: The only method the signature is good for.
        """
        now = self.clock.date()
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        # The date counts whole seconds only: the token carries the exact end, and makes each signature a new one.
        token = f"{int((now + self.seconds) * 1000):x}.{next(self.counter):x}"
        query = (
            f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=standin%2F{date[:8]}%2Fus-east-1%2Fs3%2Faws4_request"
            f"&X-Amz-Date={date}&X-Amz-Expires={max(1, int(self.seconds))}&X-Amz-Security-Token={token}"
            f"&X-Amz-SignedHeaders=host&X-Amz-Signature={self._mark(method, path, token)}"
        )
        return f"{path}?{query}"

    def fault(self, method: str, path: str, query: Mapping[str, str]) -> str:
        """
        Tell what is wrong with a signed request: S3's word for it, or nothing.

        :param method: Method of the request.
        :param path: Its path as it was signed.
        :param query: Its parameters.
        """
        token = query.get("X-Amz-Security-Token", "")
        mark = query.get("X-Amz-Signature", "")
        if not mark:
            return "AccessDenied"
        if not hmac.compare_digest(mark.encode(errors="replace"), self._mark(method, path, token).encode()):
            return "SignatureDoesNotMatch"
        return "ExpiredToken" if self.clock.date() * 1000 >= int(token.split(".")[0], 16) else ""

    def _mark(self, method: str, path: str, token: str) -> str:
        return hmac.digest(self.secret, f"{method} {path} {token}".encode(errors="replace"), "sha256").hex()
