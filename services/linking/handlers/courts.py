"""Handles courts: the shipped ones at each start, their go-live, their contact, and who asks about them."""

from services.linking.data import shipped_courts
from services.linking.handlers.reminders import plan_reminders, tell_roster_of_go_live
from services.linking.model import Court
from services.linking.rules.courts import (
    announcement_of,
    decide_contact,
    decide_go_live,
    decide_shipment,
    is_go_live_due,
    shown,
)
from services.linking.settings import Resources
from services.linking.store import courts as store
from shared.messages.base import NotAllowed
from shared.messages.linking import (
    AnnounceGoLive,
    CourtChanged,
    CourtContactRefused,
    CourtList,
    CourtNotFound,
    CourtShown,
    CourtWentLive,
    GoLiveRefused,
    ListCourts,
    SetCourtContact,
    SetGoLive,
    ShowCourt,
)
from shared.messaging import due_work
from shared.messaging.bench import Bench
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]


async def load_shipped_courts(bench: Bench[Resources]) -> None:
    """Bring the courts to what is shipped; done again it changes nothing."""
    async with bench.transaction() as work:
        await store.lock_shipment(work.connection)
        known = {court.id: court for court in await store.lock_all_courts(work.connection)}

        shipment = decide_shipment(shipped_courts(), known, work.clock())

        await store.save_courts(work.connection, shipment.changed)
        for court in shipment.changed:
            work.emit(announcement_of(court))
        for court in shipment.to_announce:
            await _plan_go_live(court, work)


async def set_go_live(command: SetGoLive, work: Work) -> CourtChanged | GoLiveRefused | NotAllowed:
    """Set the instant from which only PACER logins file, and plan what is told of it.

    The present instant is read after the lock: while this waited, the court may have gone live.
    """
    court = await store.lock_court(work.connection, command.court_id)

    outcome = decide_go_live(command, work.assertion, court, work.clock())

    if not isinstance(outcome, Court):
        return outcome
    await store.save_courts(work.connection, [outcome])
    await _plan_go_live(outcome, work)
    return announcement_of(outcome)


async def set_court_contact(
    command: SetCourtContact, work: Work
) -> CourtChanged | CourtContactRefused | NotAllowed:
    """Set whom people may call, and where mail to the court goes."""
    court = await store.lock_court(work.connection, command.court_id)

    outcome = decide_contact(command, work.assertion, court)

    if not isinstance(outcome, Court):
        return outcome
    await store.save_courts(work.connection, [outcome])
    return announcement_of(outcome)


async def announce_go_live(command: AnnounceGoLive, work: Work) -> CourtWentLive | None:
    """Tell the court and everybody on its roster, unless the date was moved since this was planned.

    Locks the court: whoever moves the date at this moment is waited for.
    """
    court = await store.lock_court(work.connection, command.court_id)
    if not is_go_live_due(court, command.go_live_at, work.now):
        return None
    await tell_roster_of_go_live(command.court_id, command.go_live_at, work)
    return CourtWentLive(court_id=command.court_id, went_live_at=command.go_live_at)


async def show_court(query: ShowCourt, work: Work) -> CourtShown | CourtNotFound:
    """A court as anybody may see it."""
    court = await store.find_court(work.connection, query.court_id)
    return CourtNotFound(court_id=query.court_id) if court is None else shown(court, work.now)


async def list_courts(query: ListCourts, work: Work) -> CourtList:
    """All courts as anybody may see them, by name."""
    courts = await store.list_courts(work.connection)
    return CourtList(courts=tuple(shown(court, work.now) for court in courts))


async def _plan_go_live(court: Court, work: Work) -> None:
    await due_work.cancel(work, AnnounceGoLive, subject=court.id)
    if court.go_live_at is not None:
        await due_work.plan(
            work,
            AnnounceGoLive(court_id=court.id, go_live_at=court.go_live_at),
            subject=court.id,
            occasion=court.go_live_at.isoformat(),
            due_at=court.go_live_at,
        )
    await plan_reminders(court, work)
