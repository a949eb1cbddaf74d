"""A preset for the ``retry_policy`` argument of Airflow 3.3 and later: what the classes of our errors cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from topview_provider import compat
from topview_provider import exceptions as errors
from topview_provider.ledger.rules import Attempt

_policies: Any = compat.retry_policies()
_Base: Any = _policies.RetryPolicy if _policies else object


@dataclass(frozen=True)
class TopviewRetryPolicy(_Base):  # type: ignore[misc]
    """
    Decide about a retry by the error: ``retry_policy=TopviewRetryPolicy()``, with ``retries`` as the limit.

    A busy TopView is asked again soon, one that cannot be reached more and more slowly, and a task that TopView ends
    in failure gets a second try, not more. Everything else follows the task's own ``retries`` and ``retry_delay``.
    Errors that no retry can mend never come here.

    :param busy_delay: Seconds to the retry after ``TopviewBusy``, or what TopView asks for if that is more.
    :param unavailable_delay: Seconds to the first retry after ``TopviewUnavailable``; doubles with each try.
    :param unavailable_delay_limit: The most of these seconds.
    :param failed_tries: At which try of a round ``TopviewTaskFailed`` is final.
    :raises AirflowOptionalProviderFeatureException: This Airflow has no retry policies.
    """

    busy_delay: float = 60.0
    unavailable_delay: float = 60.0
    unavailable_delay_limit: float = 900.0
    failed_tries: int = 2

    def __post_init__(self) -> None:
        if _policies is None:
            raise AirflowOptionalProviderFeatureException(
                "TopviewRetryPolicy needs Airflow 3.3 or later; leave the argument retry_policy out"
            )

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> Any:
        """
        Return Airflow's decision.

        :param exception: Why the try failed.
        :param try_number: Number of the try, from 1.
        :param max_tries: The task's limit; grows when a person clears it.
        :param context: Airflow's context, or None.
        """
        try_number = _of_its_round(try_number, context)
        if isinstance(exception, errors.TopviewBusy):
            return self._retry(max(self.busy_delay, exception.retry_after or 0.0), "TopView is busy")
        if isinstance(exception, errors.TopviewUnavailable):
            grown = self.unavailable_delay * 2.0 ** min(try_number - 1, 16)
            return self._retry(min(grown, self.unavailable_delay_limit), "TopView cannot be asked")
        if isinstance(exception, errors.TopviewTaskFailed) and try_number >= self.failed_tries:
            return _policies.RetryDecision.fail(f"TopView ended the task in failure, and this was try {try_number}")
        return _policies.RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"__type": f"{__name__}.{type(self).__name__}", **asdict(self)}

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> TopviewRetryPolicy:
        """
        Return what :meth:`serialize` wrote down.

        :param data: The plain JSON.
        """
        return cls(**{name: value for name, value in data.items() if name != "__type"})

    def _retry(self, seconds: float, reason: str) -> Any:
        return _policies.RetryDecision.retry(timedelta(seconds=seconds), reason)


def retry_arguments(**preset: Any) -> dict[str, Any]:
    """
    Return the argument ``retry_policy`` for an operator; nothing before Airflow 3.3, so that a DAG file fits both.

    :param preset: Arguments of the policy.
    """
    return {"retry_policy": TopviewRetryPolicy(**preset)} if _policies else {}


def _of_its_round(try_number: int, context: Any) -> int:
    """Return the number of a try since the run began or a person cleared the task; without a context, since ever."""
    task = (context or {}).get("task")
    if task is None:
        return try_number
    attempt = Attempt.of(context, task.retries or 0)
    return max(1, attempt.number - attempt.before)
