"""The worker's side of a connection: what it says, and how a request leaves; :class:`TopviewHook` has the verbs."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from topview_provider import catalog, wire
from topview_provider import exceptions as errors
from topview_provider.hooks import requesting
from topview_provider.hooks.doors import plain_session, send
from topview_provider.hooks.requesting import Item
from topview_provider.hooks.settings import Settings, read_settings
from topview_provider.polling import Step, Watch

if TYPE_CHECKING:
    import requests


class Connected(BaseHook):
    """Send to TopView what one Airflow connection says."""

    topview_conn_id: str

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.topview_conn_id}>"

    @cached_property
    def settings(self) -> Settings:
        """What the connection says; read once."""
        return read_settings(self.topview_conn_id)

    @cached_property
    def uid(self) -> str:
        """The account's uid: the connection's login, else what TopView says for this key."""
        return self.settings.uid or str(self.account().get("uid") or "")

    def get_conn(self) -> Settings:
        """Return the settings; there is no standing connection."""
        return self.settings

    def reread(self) -> bool:
        """Read the connection again and tell whether it holds another key: it may have been rotated."""
        before = self.settings.api_key
        for name in ("settings", "uid"):
            self.__dict__.pop(name, None)
        return self.settings.api_key != before

    def account(self) -> Item:
        """
        Return uid, remaining credits and expiry of the account in wire names; free, and works without a uid.

        :raises TopviewUnavailable: TopView cannot be reached, after five tries.

        Source: https://docs.topview.ai/reference/query_user_credit
        """
        call = requesting.listing_call(self.settings, "credit_detail", {})
        return requesting.without(self._answer(call), catalog.listing("credit_detail").drop)

    @cached_property
    def _session(self) -> requests.Session:
        return plain_session()

    def _poll(self, watch: Watch) -> Step:
        try:
            call = requesting.query_call(self.settings, watch.row.name, watch.topview_task_id, watch.cloud_front)
            return watch.saw(requesting.task_answer(call, self._send(call)), time.time())
        except errors.TopviewAuthError as error:
            try:
                return watch.missed(error, time.time(), key_changed=self.reread())
            except errors.TopviewError as second:
                return watch.missed(second, time.time())
        except errors.TopviewError as error:
            return watch.missed(error, time.time())

    def _answer(self, call: wire.Call) -> Item:
        from tenacity import Retrying

        return Retrying(**requesting.reading())(lambda: requesting.task_answer(call, self._send(call)))

    def _again(self, rules: dict[str, Any], call: wire.Call) -> Any:
        from tenacity import Retrying

        return Retrying(**rules)(requesting.Tries(self._send), call)

    def _send(self, call: wire.Call) -> Any:
        uid = self.settings.uid if call.uid_optional else self.uid
        if not call.submits:
            return send(self._session, self.settings, uid, call)
        # A kept connection may have died unseen, and a POST lost on it is of unknown outcome: open a new one.
        with plain_session() as session:
            return send(session, self.settings, uid, call)
