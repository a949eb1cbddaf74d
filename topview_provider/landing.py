"""What operators and sensors make of a finished task: one shape of result, one rule for what failed in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from topview_provider import catalog, compat, late
from topview_provider import exceptions as errors

if TYPE_CHECKING:
    from topview_provider.polling import Wait

MAX_XCOM_BYTES = 48 * 1024


class TopviewLanding:
    """Mix the result of a family into an operator or a sensor; has no constructor."""

    family: ClassVar[str]
    allow_partial: bool

    @property
    def row(self) -> catalog.TaskFamily:
        """The row of this task's family."""
        return catalog.family(self.family)

    def manifest(self, answer: Mapping[str, Any], wait: Wait) -> dict[str, Any]:
        """Return the result in the one shape of all families."""
        return {
            "family": self.family,
            "topview_task_id": wait.topview_task_id,
            "status": "success",
            "outputs": late.results.outputs_of(self.row, answer, wait.judge),
            "values": late.results.values_of(self.row, answer, wait.judge),
            "cost_credit": late.results.cost_of(self.row, answer),
        }

    def push_result(self, ti: Any, manifest: Mapping[str, Any]) -> None:
        """Push each output and value as an XCom of its own: a plain URL is a link in the UI, and easy to pull."""
        for output in self.row.outputs:
            urls = [entry["url"] for entry in manifest["outputs"] if entry["name"] == output.name]
            ti.xcom_push(key=f"{output.name}_urls", value=urls)
            if urls:
                ti.xcom_push(key=f"{output.name}_url", value=urls[0])
        for name, value in manifest["values"].items():
            compat.push(ti, name, value)
        compat.push(ti, "cost_credit", manifest["cost_credit"])

    def refuse_partial(self, answer: Mapping[str, Any], wait: Wait) -> None:
        """
        Raise if items of a successful task failed.

        :raises TopviewPartialResult: Some did and ``allow_partial`` is off, or none is left.
        """
        failed = late.results.failed_items(self.row, answer, wait.judge)
        good = late.results.outputs_of(self.row, answer, wait.judge)
        if not failed or (self.allow_partial and good):
            return
        raise errors.TopviewPartialResult(
            f"{self.family} {wait.topview_task_id} succeeded and is charged, but {'; '.join(failed)}. "
            f"{len(good)} good outputs are in the XComs; set allow_partial=True and clear this task to go on with them",
            topview_task_id=wait.topview_task_id,
        )


def raw_for_xcom(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Return the raw answer if it is small enough for XCom.

    :raises TopviewInvalidRequest: It is not; use ``result_path``.
    """
    size = len(json.dumps(answer).encode())
    if size > MAX_XCOM_BYTES:
        raise errors.TopviewInvalidRequest(
            f"return_raw: the answer has {size} bytes, XCom takes {MAX_XCOM_BYTES}; give result_path instead"
        )
    return answer
