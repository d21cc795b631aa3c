"""Handles reminders of a go-live: planning them, and beginning a round through the roster."""

from datetime import datetime

from services.linking.model import Court, ReminderRound
from services.linking.rules.reminders import DAY_ITSELF, is_still_meant, next_weekly, reminders_to_plan
from services.linking.settings import Resources
from services.linking.store import courts
from services.linking.store import reminders as store
from shared.messages.linking.readiness import RemindOfGoLive
from shared.messaging import due_work
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def plan_reminders(court: Court, work: Work) -> None:
    """Plan what is told of a go-live that was set, in place of what was planned before."""
    await due_work.cancel(work, RemindOfGoLive, subject=court.id)
    for reminder, due_at in reminders_to_plan(court, work.now):
        await _plan(reminder, due_at, work)


async def plan_weekly_reminders(work: Work) -> None:
    """Plan the next weekly reminder of each court that is live; planned before, it changes nothing."""
    for court in await courts.list_courts(work.connection):
        if court.is_live(work.now):
            for reminder, due_at in reminders_to_plan(court, work.now):
                await _plan(reminder, due_at, work)


async def begin_reminding(command: RemindOfGoLive, work: Work) -> None:
    """Begin the round, unless the date was moved since; after go-live, plan the next week's."""
    court, days = await courts.find_court(work.connection, command.court_id), command.days_from_go_live
    if court is None or not is_still_meant(court, command.go_live_at, days, work.now):
        return
    await _begin_round(command.court_id, command.go_live_at, days, work)
    if (following := next_weekly(command, court, work.now)) is not None:
        await _plan(*following, work)


async def tell_roster_of_go_live(court_id: str, go_live_at: datetime, work: Work) -> None:
    """Begin the round of the go-live itself."""
    await _begin_round(court_id, go_live_at, DAY_ITSELF, work)


async def _begin_round(court_id: str, go_live_at: datetime, days: int, work: Work) -> None:
    begun = ReminderRound(
        id=work.new_id(),
        court_id=court_id,
        go_live_at=go_live_at,
        days_from_go_live=days,
        cause_id=work.cause.message_id,
        correlation_id=work.cause.correlation_id,
        after_login="",
    )
    await store.insert_round(work.connection, begun, work.now)


async def _plan(reminder: RemindOfGoLive, due_at: datetime, work: Work) -> None:
    await due_work.plan(
        work,
        reminder,
        subject=reminder.court_id,
        occasion=f"{reminder.go_live_at.isoformat()} {reminder.days_from_go_live:+d}",
        due_at=due_at,
    )
