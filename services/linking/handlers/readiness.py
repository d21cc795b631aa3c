"""Handles readiness: counts for a court's staff, kept day by day, and who has still to act."""

from datetime import date

from services.linking.rules.courts import why_not_staff
from services.linking.rules.readiness import next_count_at, page_of
from services.linking.settings import Resources
from services.linking.store import courts
from services.linking.store import readiness as store
from shared.messages.base import NotAllowed
from shared.messages.linking import CourtNotFound
from shared.messages.linking.readiness import (
    PeopleStillToAct,
    PeopleToAct,
    ReadinessShown,
    RecordReadiness,
    ShowReadiness,
)
from shared.messaging import due_work
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]
SUBJECT = "all courts"


async def show_readiness(query: ShowReadiness, work: Work) -> ReadinessShown | CourtNotFound | NotAllowed:
    """Counts now, and those kept. They name nobody, so nobody's history says that they were looked at."""
    if (refusal := why_not_staff(work.assertion, query.court_id)) is not None:
        return refusal
    if await courts.find_court(work.connection, query.court_id) is None:
        return CourtNotFound(court_id=query.court_id)
    return ReadinessShown(
        court_id=query.court_id,
        counts=await store.count_readiness(work.connection, query.court_id),
        days=await store.list_days(work.connection, query.court_id),
    )


async def people_still_to_act(query: PeopleStillToAct, work: Work) -> PeopleToAct | NotAllowed:
    """The court's own rows that are not linked; they show nothing of anybody's account."""
    if (refusal := why_not_staff(work.assertion, query.court_id)) is not None:
        return refusal
    found = await store.list_people_to_act(
        work.connection, query.court_id, query.after_login, query.limit + 1
    )
    return page_of(query.court_id, found, query.limit)


async def record_readiness(command: RecordReadiness, work: Work) -> None:
    """Keep a court's counts for the day, or begin the day."""
    if command.court_id is None:
        await _begin_day(work)
        return
    counts = await store.count_readiness(work.connection, command.court_id)
    await store.insert_day(work.connection, command.court_id, counts, _today(work), work.now)


async def plan_next_count(work: Work) -> None:
    """Count anew as the next day begins; planned before, it changes nothing."""
    due_at = next_count_at(work.now, work.resources.policies.zone)
    await due_work.plan(work, RecordReadiness(), subject=SUBJECT, occasion=due_at.isoformat(), due_at=due_at)


async def _begin_day(work: Work) -> None:
    """Each court by itself, and the next day first: a court that can't be counted holds up nothing."""
    await plan_next_count(work)
    for court_id in await store.list_courts_with_roster(work.connection):
        command = RecordReadiness(court_id=court_id)
        await due_work.plan(work, command, subject=court_id, occasion=str(_today(work)), due_at=work.now)


def _today(work: Work) -> date:
    return work.now.astimezone(work.resources.policies.zone).date()
