"""Jobs of `linking`: forgetting what is over, going through rosters to remind people, parts of exports."""

from datetime import timedelta

from services.linking.model import ReminderRound
from services.linking.rules.reminders import is_at_rest, is_still_meant, is_to_be_told, reminder_of
from services.linking.rules.throttles import window_edge
from services.linking.settings import Resources
from services.linking.store import attempts, courts, exporting, proofs, reminders
from shared.messages.linking import ExportPartMade
from shared.messaging.bench import Bench
from shared.messaging.export_parts import Part, make_next_part
from shared.messaging.unit_of_work import UnitOfWork

KEPT_AFTER_EXPIRY = timedelta(days=1)
BATCH_SIZE = 1000
ROSTER_CHUNK_ROWS = 200


async def forget_old_proofs(bench: Bench[Resources]) -> bool:
    """Delete one batch of what can have no effect any more; says whether there was any."""
    async with bench.transaction() as work:
        edge = window_edge(work.resources.policies.linking, work.now) - KEPT_AFTER_EXPIRY
        count = await proofs.delete_old_proofs(work.connection, work.now - KEPT_AFTER_EXPIRY, BATCH_SIZE)
        count += await proofs.delete_old_throttles(work.connection, edge, BATCH_SIZE)
        attempts_edge = work.now - timedelta(days=work.resources.policies.linking.link_attempt_days)
        count += await attempts.delete_old_attempts(work.connection, attempts_edge, BATCH_SIZE)
    return count > 0


async def remind_next_of_go_live(bench: Bench[Resources]) -> bool:
    """Tell those of the next stretch of a roster who aren't linked; no if no round is under way."""
    async with bench.transaction() as work:
        found = await reminders.find_open_round(work.connection)
    if found is None:
        return False
    async with bench.transaction(
        caused_by=found.cause_id,
        correlation_id=found.correlation_id,
        step=f"round {found.id} after {found.after_login}",
    ) as work:
        # Who else has just gone on with it leaves nothing to do here for now.
        if not await reminders.lock_round(work.connection, found):
            return False
        await _go_on_with(found, work)
    return True


async def _go_on_with(held: ReminderRound, work: UnitOfWork[Resources]) -> None:
    court = await courts.find_court(work.connection, held.court_id)
    if is_at_rest(court, held.go_live_at):
        return
    roster = await reminders.list_roster(work.connection, held.court_id, held.after_login, ROSTER_CHUNK_ROWS)
    if not roster or not is_still_meant(court, held.go_live_at, held.days_from_go_live, work.now):
        await reminders.finish_round(work.connection, held, work.now)
        return
    told = [reminder_of(member, held, work.now) for member in roster if is_to_be_told(member)]
    for reminder in told:
        work.emit(reminder)
    await reminders.move_round(work.connection, held, roster[-1].login, len(told))


async def make_export_part(bench: Bench[Resources]) -> bool:
    """Write what is kept here about an account that asked for it; no if none did."""
    return await make_next_part(bench, exporting.STATEMENTS, _tell_of_part, bench.resources.objects)


async def _tell_of_part(work: UnitOfWork[Resources], part: Part) -> None:
    asked = part.asked
    work.emit(
        ExportPartMade(
            export_id=asked.export_id,
            account_id=asked.account_id,
            key=part.key,
            secret=part.sealed_secret(),
        )
    )
