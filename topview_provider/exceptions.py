"""
What can go wrong, sorted by what to do about it.

::

    TopviewError
    +-- TopviewUnavailable         ask again: network, HTTP 5xx, codes 5000 5001 5004 5005, an unreadable answer
    +-- TopviewBusy                wait: HTTP 429, codes 4007 5003; nothing was accepted
    +-- TopviewTaskTimeout         retry resumes: the deadline of this attempt passed, the task goes on at TopView
    +-- TopviewTaskFailed          the task ended in failure and was not charged; a retry may submit it again
    +-- TopviewSubmitUnknown       look first: the submit was sent and nobody knows whether it was taken; never resent
    +-- TopviewPartialResult       a success with failed items: charged; look at what is there
    +-- TopviewBatchIncomplete     read the report: some products of a batch are not there
    +-- TopviewRejected            change something first; Airflow does not retry
        +-- TopviewConnectionInvalid   the Airflow connection is missing or cannot be used
        +-- TopviewAuthError           wrong key or uid, or a plan without API access
        +-- TopviewInsufficientCredits code 4100, or a balance below what a guard asks for
        +-- TopviewBudgetExceeded      the request may cost more than its max_credits; refused here, nothing was spent
        +-- TopviewInvalidRequest      a field is wrong; refused here or by TopView (4xxx)
        +-- TopviewContentRejected     the content check said no (6xxx)
        +-- TopviewNotApproved         a person said no to a script, or nobody answered; nothing was exported
        +-- TopviewNotFound            TopView does not know this id (4004)
            +-- TopviewPathNotFound    there is nothing at this address (HTTP 404): a path in the connection, a gateway

``TopviewRejected``, ``TopviewSubmitUnknown``, ``TopviewPartialResult`` and ``TopviewBatchIncomplete`` are also
``AirflowFailException``: an automatic retry would repeat the mistake or pay twice.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException


class TopviewError(AirflowException):
    """
    Base of everything this provider raises; an error has each of its arguments but the first as an attribute.

    :param message: Method, path, code, TopView's own message and the id, as far as known; never a header or a key.
    :param code: TopView's code, or ``HTTP <status>``.
    :param topview_task_id: The task it is about.
    :param retry_after: Seconds TopView asked to wait.
    """

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        topview_task_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.topview_task_id = topview_task_id
        self.retry_after = retry_after


class TopviewUnavailable(TopviewError):
    """TopView cannot be reached or does not answer sensibly; asking again is free and right."""


class TopviewBusy(TopviewError):
    """TopView is busy or an unfinished task stands in the way; nothing was accepted, wait and send again."""


class TopviewTaskTimeout(TopviewError):
    """The deadline of this attempt passed; the task goes on at TopView and a retry resumes it."""


class TopviewTaskFailed(TopviewError):
    """TopView ended the task in failure; failed tasks are not charged."""


class TopviewSubmitUnknown(TopviewError, AirflowFailException):
    """A submit was sent, and nobody knows whether TopView took it; it is never sent again by itself."""


class TopviewPartialResult(TopviewError, AirflowFailException):
    """The task succeeded and was charged, but not every item of it did."""


class TopviewBatchIncomplete(TopviewError, AirflowFailException):
    """The report of a batch is written, and not every product of it is there."""


class TopviewRejected(TopviewError, AirflowFailException):
    """TopView, or a check before it, said no; the same request will be refused again."""


class TopviewConnectionInvalid(TopviewRejected):
    """The Airflow connection is missing, incomplete or unsafe."""


class TopviewAuthError(TopviewRejected):
    """The API key or the uid is wrong, or the plan has no API access."""


class TopviewInsufficientCredits(TopviewRejected):
    """The balance does not cover the task, or is below what a guard asks for."""


class TopviewBudgetExceeded(TopviewRejected):
    """The request may cost more than its ``max_credits``, or nobody knows how much; it was not sent."""


class TopviewInvalidRequest(TopviewRejected):
    """A field of the request is missing or wrong."""


class TopviewContentRejected(TopviewRejected):
    """TopView's content check refused the input; the input must change."""


class TopviewNotApproved(TopviewRejected):
    """A person rejected a script, or nobody answered in time; nothing was exported."""


class TopviewNotFound(TopviewRejected):
    """TopView does not know this id."""


class TopviewPathNotFound(TopviewNotFound):
    """There is nothing at this address, which says nothing about the task."""


def by_name(name: str) -> type[TopviewError]:
    """Return the class of that name, as it stands in a trigger's event; ``TopviewError`` for any other."""
    found = globals().get(name)
    return found if isinstance(found, type) and issubclass(found, TopviewError) else TopviewError
