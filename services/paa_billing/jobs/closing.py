"""The job `close`: takes a quarter from its cut-off to its statements, a chunk of payers at a time.

Every step may be done twice, by two workers at once, or be killed anywhere: a payer leaves a stage in the
transaction that keeps what the stage stands for, and the next stage begins when nobody is left in this one.
"""

from services.paa_billing.jobs.issuing import issue_chunk
from services.paa_billing.jobs.sealing import seal_chunk
from services.paa_billing.jobs.settling import settle_chunk
from services.paa_billing.model.closes import Close, QuarterState, Stage
from services.paa_billing.settings import Resources
from services.paa_billing.store import closes
from shared.messaging.bench import Bench

STEPS = {"closing": settle_chunk, "settled": seal_chunk, "sealed": issue_chunk}
LEAVING: dict[QuarterState, tuple[Stage, QuarterState]] = {
    "closing": ("listed", "settled"),
    "settled": ("settled", "sealed"),
    "sealed": ("sealed", "closed"),
}
"""The stage that nobody stands at any more when a quarter leaves a state, and the state it goes on to."""


async def close_next_chunk(bench: Bench[Resources]) -> bool:
    """Take the oldest running close one step on; no if there is none, or others are at its last payers."""
    async with bench.transaction() as work:
        close = await closes.find_running_close(work.connection)
    if close is None:
        return False
    if close.listed_at is None:
        await _list_payers(bench, close)
        return True
    return await STEPS[close.state](bench, close) or await _go_on(bench, close)


async def _list_payers(bench: Bench[Resources], close: Close) -> None:
    async with bench.transaction() as work:
        await closes.insert_payers(work.connection, close.quarter)
        await closes.note_listed(work.connection, close.quarter, work.now)


async def _go_on(bench: Bench[Resources], close: Close) -> bool:
    stage, following = LEAVING[close.state]
    async with bench.transaction() as work:
        if await closes.lock_state(work.connection, close.quarter) != close.state:
            return True
        if await closes.has_stage(work.connection, close.quarter, stage):
            return False
        await closes.change_state(work.connection, close.quarter, following)
    return True
