"""Says which piece of a job's work failed, so that an operator sees whose it is and that it goes on failing.

A job that fails is begun again by the runtime, which knows only the job's name.
"""

from collections.abc import Sequence
from types import TracebackType
from uuid import UUID

import structlog

from services.paa_billing.model.closes import Close
from shared.logs import describe
from shared.metrics import JOB_FAILURES


class NamedWork:
    """A piece of work, named by ids; if it fails that is logged and counted, and the failure goes on."""

    def __init__(self, work: str, **ids: str | int) -> None:
        self._work, self._ids = work, ids

    def __enter__(self) -> None:
        """Nothing is to be done before the work."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A step that is cut short, by a stop of the process, has not failed.
        if isinstance(error, Exception):
            JOB_FAILURES.labels(self._work).inc()
            structlog.get_logger().warning("job_failed", work=self._work, error=describe(error), **self._ids)


def of_payers(work: str, close: Close, payer_ids: Sequence[UUID]) -> NamedWork:
    """A chunk of a close, named by its first payer and its last: it holds all at that stage between them."""
    return NamedWork(
        work,
        quarter=str(close.quarter),
        payers=len(payer_ids),
        first_payer_id=str(min(payer_ids)),
        last_payer_id=str(max(payer_ids)),
    )
