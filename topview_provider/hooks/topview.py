"""The hook of TopView: auth and HTTP, once for workers (``requests``) and once for the triggerer (``aiohttp``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from topview_provider import catalog, provider_info, wire
from topview_provider import exceptions as errors
from topview_provider.hooks import requesting
from topview_provider.hooks.asynchronous import TopviewAsyncHook
from topview_provider.hooks.choosing import choose
from topview_provider.hooks.doors import plain_session, send
from topview_provider.hooks.paths import storage_path
from topview_provider.hooks.requesting import Item, Items
from topview_provider.hooks.settings import CONN_TYPE, Settings, read_settings
from topview_provider.polling import Outcome, Step, Watch

if TYPE_CHECKING:
    import threading

    import requests

__all__ = ["TopviewAsyncHook", "TopviewHook", "storage_path"]


class TopviewHook(BaseHook):
    """
    Talk to TopView from a worker.

    :param topview_conn_id: Airflow connection: login = Topview-Uid, password = API key, host = base URL, the rest in
        extra (see the README).
    :param patience: Seconds for which :meth:`submit` is sent again while TopView is busy or cannot be reached.
    """

    conn_name_attr = "topview_conn_id"
    default_conn_name = "topview_default"
    conn_type = CONN_TYPE
    hook_name = "TopView"

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return labels for the connection form of Airflow 2.11; 3.x reads the provider's metadata."""
        return provider_info.ui_field_behaviour()

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return extra fields for the connection form up to Airflow 3.1; later ones read the provider's metadata."""
        return provider_info.form_widgets()

    def __init__(self, topview_conn_id: str = default_conn_name, *, patience: float = 30.0) -> None:
        super().__init__()
        self.topview_conn_id = topview_conn_id
        self.patience = patience

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

    def submit(self, family: str, body: Mapping[str, Any]) -> str:
        """
        Send one task that may cost credits, and return its ``topview_task_id``.

        It is sent again only where TopView surely did not take it, and never remembers: operators keep a ledger.

        :param family: Name of the task family.
        :param body: The body in wire names.
        :raises TopviewBusy: TopView is still busy after ``patience`` seconds; nothing was accepted.
        :raises TopviewUnavailable: TopView cannot be reached; nothing was sent.
        :raises TopviewRejected: TopView refused it.
        :raises TopviewSubmitUnknown: Sent, but nobody knows whether it was taken.
        """
        call = requesting.submit_call(self.settings, family, body)
        result = self._again(requesting.submitting(self.patience), call)
        return wire.accepted_id(call, result, catalog.family(family).task_id_key)

    def query(self, family: str, topview_task_id: str, *, cloud_front: bool = False) -> Item:
        """
        Ask how a task stands and return TopView's answer.

        :param family: Name of the task family.
        :param topview_task_id: The task.
        :param cloud_front: Ask for CloudFront links instead of S3 links.
        :raises TopviewNotFound: TopView does not know the task.
        :raises TopviewUnavailable: TopView cannot be reached, after several tries.
        """
        call = requesting.query_call(self.settings, family, topview_task_id, cloud_front)
        return self._answer(call)

    def wait(self, watch: Watch) -> Outcome:
        """
        Poll on this worker until a task is settled or its deadline passes.

        :param watch: The task and how to wait for it.
        """
        time.sleep(watch.begin(time.time()))
        while True:
            step = self._poll(watch)
            watch.report(step)
            if step.outcome:
                return step.outcome
            time.sleep(step.seconds)

    def look(self, watch: Watch) -> Outcome | None:
        """
        Ask how a task stands, with the tolerance of a wait: ``watch.answer`` then holds an answer, whatever it says.

        :param watch: The task and how to wait for it.
        :returns: None, or how it ended without an answer.
        """
        while watch.answer is None:
            step = self._poll(watch)
            watch.report(step)
            if watch.answer is None and step.outcome:
                return step.outcome
            if watch.answer is None:
                time.sleep(step.seconds)
        return None

    def list(self, name: str, **filters: Any) -> Items:
        """
        Return all items of a list.

        :param name: Name of the list, for example ``voice_list``.
        :param filters: The API's filters in Python names.
        """
        return [*self.iterate(name, **filters)]

    def iterate(self, name: str, **filters: Any) -> Iterator[Item]:
        """
        Yield the items of a list, page by page.

        :param name: Name of the list.
        :param filters: The API's filters in Python names.
        """
        pages = requesting.Pages(name, filters)
        while pages.more:
            yield from pages.items(self._again(requesting.reading(), pages.call(self.settings)))

    def act(self, name: str, **arguments: Any) -> Any:
        """
        Make the one call of an action and return its ``result`` as it came, without keys in clear.

        :param name: Name of the action, for example ``marketing_video_script_update``.
        :param arguments: Its arguments in Python names.
        :raises TopviewSubmitUnknown: The action costs credits, and nobody knows whether it was carried out.
        """
        call = requesting.listing_call(self.settings, name, arguments)
        return requesting.action_answer(name, self._again(requesting.acting(call, self.patience), call))

    def choose_voice(self, name: str = "", **filters: Any) -> str:
        """
        Return the id of the voice with a name, the first that fits the filters if there is no name.

        :param name: Name or id.
        :param filters: Filters of ``voice_list``: language, gender, age, style, accent, is_custom.
        :raises TopviewInvalidRequest: There is none, or more than one; the text lists near matches.
        """
        return choose("voice", self.iterate("voice_list", **filters), "voiceId", "voiceName", name)

    def choose_avatar(self, name: str = "", **filters: Any) -> str:
        """
        Return the id of the avatar with a name, the first that fits the filters if there is no name.

        :param name: Name or id.
        :param filters: Filters of ``avatar_list``: gender, ethnicity_id_list, is_custom.
        :raises TopviewInvalidRequest: There is none, or more than one; the text lists near matches.
        """
        return choose("avatar", self.iterate("avatar_list", **filters), "aiavatarId", "aiavatarName", name)

    def account(self) -> Item:
        """Return uid, remaining credits and expiry of the account; free, and works without a uid."""
        call = requesting.listing_call(self.settings, "credit_detail", {})
        return requesting.without(self._answer(call), catalog.listing("credit_detail").drop)

    def credits(self) -> float:
        """Return the remaining API credits."""
        return requesting.balance_of(self.account())

    def test_connection(self) -> tuple[bool, str]:
        """Ask for the remaining credits, which is free; never raises."""
        try:
            account = self.account()
            remaining = requesting.balance_of(account)
        except Exception as error:  # noqa: BLE001 - the Test button shows the text
            return False, str(error)
        uid, login = str(account.get("uid") or ""), self.settings.uid
        if login and uid and uid != login:
            return False, f"The key belongs to uid {uid!r}, but the login of the connection is {login!r}"
        return True, f"{remaining:g} credits remain for uid {uid or login or 'unknown'}"

    def upload(self, source: Any, *, file_format: str | None = None) -> str:
        """
        Stream a file to TopView and return its ``fileId`` once TopView has seen it.

        An upload that is cut or refused begins anew with a fresh credential, three times in all.

        :param source: Local path or any URL that ``ObjectStoragePath`` knows.
        :param file_format: Format, by default the extension: mp4 mov avi png jpg jpeg bmp webp mp3 wav m4a.
        :raises TopviewInvalidRequest: The file is missing, empty or of another format.
        :raises TopviewUnavailable: The storage did not take it, or TopView does not see it.
        :raises TopviewError: The file cannot be read, or its length changed meanwhile.
        """
        from topview_provider.hooks import transfer, uploading

        path = storage_path(source)
        size = transfer.upload_size(path)
        file_format = (file_format or path.suffix).lower().removeprefix(".")
        file_id = uploading.upload(
            self.settings, path, size, lambda: self.act("upload_credential", format=file_format), self.has_file
        )
        self.log.info("Uploaded %s (%d bytes) as fileId %s", path.name, size, file_id)
        return file_id

    def has_file(self, file_id: str) -> bool:
        """Tell whether TopView sees an uploaded file."""
        try:
            return str(self.act("upload_check", file_id=file_id)).lower() == "true"
        except errors.TopviewNotFound:
            return False

    def download(
        self, url: str, target: Any, *, renew: Callable[[], str] | None = None, stop: threading.Event | None = None
    ) -> int:
        """
        Stream a result URL to storage and return the bytes written.

        A cut download goes on where it was cut. Time-outs are those of the connection; nothing bounds the whole.

        :param url: Signed URL of a fresh answer; no TopView header is sent to it.
        :param target: Local path or any URL that ``ObjectStoragePath`` knows; appears only when complete.
        :param renew: Returns a fresh URL of the same file; asked once each time that a URL has expired.
        :param stop: Once it is set, no request is made any more, and the download ends at the next bytes, or with the
            ``read_timeout`` of a storage that sends none.
        :raises TopviewNotFound: The URL has expired.
        :raises TopviewUnavailable: The answer is cut again and again, or no media file.
        :raises TopviewError: The target cannot be written, or the download was stopped.
        """
        from topview_provider.hooks import downloading

        return downloading.fetch(self.settings, url, storage_path(target), renew, stop)

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
