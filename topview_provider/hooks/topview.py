"""The hook of TopView: auth and HTTP, once for workers (``requests``) and once for the triggerer (``aiohttp``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from topview_provider import catalog, provider_info, wire
from topview_provider import exceptions as errors
from topview_provider.hooks import requesting
from topview_provider.hooks.asynchronous import TopviewAsyncHook
from topview_provider.hooks.choosing import choose
from topview_provider.hooks.paths import storage_path
from topview_provider.hooks.requesting import Item, Items
from topview_provider.hooks.settings import CONN_TYPE
from topview_provider.hooks.synchronous import Connected
from topview_provider.polling import Outcome, Watch

if TYPE_CHECKING:
    import threading

__all__ = ["TopviewAsyncHook", "TopviewHook", "storage_path"]


class TopviewHook(Connected):
    """
    Talk to TopView from a worker: in a ``@task``, or in an operator of your own.

    Bodies and answers are TopView's own JSON: its wire names (``voiceText``), its words. A hook keeps no record of what
    it bought, so that a retry buys again: leave what costs credits to the operators. Unless it says otherwise, a verb
    raises ``TopviewConnectionInvalid`` where the connection cannot be used, ``TopviewAuthError`` where TopView refuses
    its key, ``TopviewBusy`` and ``TopviewUnavailable`` where TopView is busy or cannot be reached, after five tries,
    and ``KeyError`` for a family or a list that this release does not know.

    .. code-block:: python

        import time

        from topview_provider.catalog import FAMILIES
        from topview_provider.hooks.topview import TopviewHook
        from topview_provider.polling import Watch

        hook = TopviewHook("topview_default")
        body = {"voiceText": "Good morning.", "voiceId": hook.choose_voice(language="en")}
        row, now = FAMILIES["text_to_voice"], time.time()
        bought = hook.submit(row.name, body)  # TopView's id; costs credits
        watch = Watch(row, bought, row.judge(body), submitted_at=now, end_time=now + row.timeout_seconds, pace=3)
        if (outcome := hook.wait(watch)).word != "success":
            raise RuntimeError(f"{bought}: {outcome}")
        hook.download(watch.answer["voice"]["demoAudioUrl"], "good-morning.mp3")

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

    def submit(self, family: str, body: Mapping[str, Any]) -> str:
        """
        Send one task that may cost credits, and return its ``topview_task_id``.

        It is sent again only where TopView surely did not take it, and never remembers: operators keep a ledger. The
        body is sent as it is: operators check fields and limits first, this does not.

        :param family: Name of the task family, for example ``marketing_video``.
        :param body: The body in wire names, for example ``{"productLink": "https://shop.example/lamp"}``.
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
        Ask how a task stands and return TopView's answer; free.

        :param family: Name of the task family.
        :param topview_task_id: The task.
        :param cloud_front: Ask for CloudFront links instead of S3 links.
        :returns: ``result`` as it came: ``taskId``, ``status`` (``init``, ``running``, ``success`` or ``fail``; in some
            families ``taskStatus``), ``errorMsg``, and what the family adds. Its URLs expire.
        :raises TopviewNotFound: TopView does not know the task.
        :raises TopviewUnavailable: TopView cannot be reached, or gives no sensible answer, after five tries.
        :raises TopviewBusy: TopView is busy, after five tries.
        """
        call = requesting.query_call(self.settings, family, topview_task_id, cloud_front)
        return self._answer(call)

    def wait(self, watch: Watch) -> Outcome:
        """
        Poll on this worker until a task is settled or its deadline passes.

        Failed polls are borne for ``max_poll_outage`` of the watch, and a refused key for two minutes in which the
        connection is read again. How it ended is returned, not raised.

        :param watch: The task and how to wait for it; its ``answer`` then holds the last answer, None without one.
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
        Return all items of a list: what :meth:`iterate` yields.

        :param name: Name of the list, for example ``voice_list``.
        :param filters: As for :meth:`iterate`.
        :raises TopviewError: As :meth:`iterate` does.
        """
        return [*self.iterate(name, **filters)]

    def iterate(self, name: str, **filters: Any) -> Iterator[Item]:
        """
        Yield the items of a list, page by page; free.

        An item is TopView's own JSON object, but for API keys, which are left out. Pages are asked for as they are
        needed, so break off when you have found what you look for.

        :param name: Name of the list, for example ``voice_list``.
        :param filters: The API's filters in Python names: arguments of the list's operator. ``page_size`` is the number
            of items per request, ``page_no`` the page to begin with, from 1.
        :raises TopviewInvalidRequest: The list has no such filter, or one is wrong.
        :raises TopviewUnavailable: TopView cannot be reached, after five tries of a page.
        :raises TopviewBusy: TopView is busy, after five tries of a page.
        """
        pages = requesting.Pages(name, filters)
        while pages.more:
            yield from pages.items(self._again(requesting.reading(), pages.call(self.settings)))

    def act(self, name: str, **arguments: Any) -> Any:
        """
        Make the one call of an action and return its ``result`` as it came, without keys in clear.

        All actions are free but ``product_avatar_v1_download``.

        :param name: Name of the action, for example ``marketing_video_script_update``.
        :param arguments: Its arguments in Python names: those of the action's operator.
        :raises TopviewInvalidRequest: The action has no such argument, or one is missing or wrong.
        :raises TopviewNotFound: TopView does not know what it is about.
        :raises TopviewUnavailable: TopView cannot be reached, after five tries.
        :raises TopviewSubmitUnknown: The action costs credits, and nobody knows whether it was carried out.
        """
        call = requesting.listing_call(self.settings, name, arguments)
        return requesting.action_answer(name, self._again(requesting.acting(call, self.patience), call))

    def choose_voice(self, name: str = "", **filters: Any) -> str:
        """
        Return the id of the voice with a name, the first that fits the filters if there is no name; free.

        :param name: Name or id, whole; upper and lower case are the same.
        :param filters: Filters of ``voice_list``: language, gender, age, style, accent, is_custom; what each may
            be stands with its operator.
        :raises TopviewInvalidRequest: There is none, or more than one; the text lists near matches.
        :raises TopviewUnavailable: TopView cannot be reached, after five tries.
        """
        return choose("voice", self.iterate("voice_list", **filters), "voiceId", "voiceName", name)

    def choose_avatar(self, name: str = "", **filters: Any) -> str:
        """
        Return the id of the avatar with a name, the first that fits the filters if there is no name; free.

        :param name: Name or id, whole; upper and lower case are the same.
        :param filters: Filters of ``avatar_list``: gender, ethnicity_id_list, is_custom; what each may
            be stands with its operator.
        :raises TopviewInvalidRequest: There is none, or more than one; the text lists near matches.
        :raises TopviewUnavailable: TopView cannot be reached, after five tries.
        """
        return choose("avatar", self.iterate("avatar_list", **filters), "aiavatarId", "aiavatarName", name)

    def credits(self) -> float:
        """
        Return the remaining API credits; free.

        :raises TopviewUnavailable: TopView cannot be reached, after five tries, or shows no balance.
        """
        return requesting.balance_of(self.account())

    def test_connection(self) -> tuple[bool, str]:
        """
        Ask for the remaining credits, which is free; never raises.

        :returns: Whether it works, and what to show: the balance, or what is wrong.
        """
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
        :param file_format: ``mp4``, ``mov``, ``avi``, ``png``, ``jpg``, ``jpeg``, ``bmp``, ``webp``, ``mp3``, ``wav``
            or ``m4a``; by default the extension.
        :raises TopviewInvalidRequest: The file is missing, empty or of another format.
        :raises TopviewUnavailable: The storage did not take it, or TopView does not see it.
        :raises TopviewError: The file cannot be read, or its length changed meanwhile.

        Source: https://docs.topview.ai/reference/upload-api-usage
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
        """
        Tell whether TopView sees an uploaded file.

        :param file_id: Its ``fileId``.
        """
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
