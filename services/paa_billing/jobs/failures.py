"""Says which piece of a job's work failed, so that an operator sees whose it is and that it goes on failing.

A job that fails is begun again by the runtime, which knows only the job's name. A payer whose step of a close
fails goes on alone, after the others, and is set aside before long: nobody else's close waits for it.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self
from uuid import UUID

import structlog

from services.paa_billing.model.closes import Close, ClosingPayer, Parked, Stage
from services.paa_billing.settings import Resources
from services.paa_billing.store import closes, leases
from shared.errors import UnavailableError
from shared.logs import describe
from shared.messaging.bench import Bench
from shared.metrics import JOB_FAILURES

MOST_FAILURES = 4
"""So often a payer's step fails until it is parked: first perhaps for another in its chunk, then alone."""


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


class PayersInHand:
    """The payers of one step of a close, from when they are known; a failure is noted at each, and goes on.

    That the database is away is nobody's failure. Must be entered before the transaction that may fail.
    """

    def __init__(self, work: str, bench: Bench[Resources], close: Close, stage: Stage) -> None:
        self._work, self._bench, self._close, self._stage = work, bench, close, stage
        self.payers: Sequence[ClosingPayer] = ()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.payers or not isinstance(error, Exception):
            return
        payer_ids = [payer.payer_id for payer in self.payers]
        of_payers(self._work, self._close, payer_ids).__exit__(kind, error, trace)
        if not isinstance(error, UnavailableError):
            await self._note(describe(error))

    async def _note(self, described: str) -> None:
        async with self._bench.transaction() as work:
            failures = await leases.note_failures(
                work.connection, self._close.quarter, self._stage, self.payers
            )
            parked = [
                Parked(
                    payer_id=payer.payer_id,
                    attempt=payer.attempt,
                    reason="failed",
                    expected=f"a step '{self._work}' without an error",
                    found=described,
                )
                for payer in self.payers
                if failures.get(payer.payer_id, 0) >= MOST_FAILURES
            ]
            await closes.park_payers(work.connection, self._close.quarter, parked)
