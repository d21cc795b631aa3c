"""Which quarters are open, held so that a close can't come between, and the zone that they are kept in."""

from services.paa_billing.model import Quarter
from services.paa_billing.rules.booking import quarters_to_begin
from services.paa_billing.settings import Resources
from services.paa_billing.store import quarters, zones
from shared.errors import SettingsError
from shared.messaging.unit_of_work import UnitOfWork


async def begin_quarters(work: UnitOfWork[Resources], needed: Quarter) -> None:
    """Open the books up to a quarter; the first time, from the present one: what is earlier counts as closed.

    A use may be reported a little ahead: needed first of all, its quarter must not close the present one.
    """
    zone = work.resources.policies.zone
    latest = await quarters.find_latest_quarter(work.connection)
    by_now = quarters_to_begin(latest, min(Quarter.of(work.now, zone), needed))
    if begun := [*by_now, *quarters_to_begin(by_now[-1] if by_now else latest, needed)]:
        await quarters.insert_quarters(work.connection, begun, zone)


async def hold_business_zone(work: UnitOfWork[Resources]) -> None:
    """Book in the zone of the first booking, or not at all: quarters would begin at another instant."""
    own = work.resources.policies.business_zone
    kept = await zones.keep_zone(work.connection, own) or await zones.find_zone(work.connection)
    refuse_another_zone(own, kept)


def refuse_another_zone(own: str, kept: str | None) -> None:
    """Raises SettingsError if usage was booked in another zone than ours."""
    if kept not in (None, own):
        raise SettingsError(
            f"business_zone is {own}, but usage is booked in {kept}: it may not change any more"
        )


async def hold_open_quarters(work: UnitOfWork[Resources]) -> list[Quarter]:
    """The open quarters, which stay open until this transaction ends; oldest first.

    They are held first and looked at again: a close may have gone before us.
    """
    held = await quarters.list_open_quarters(work.connection)
    await quarters.share_quarters(work.connection, held)
    still_open = await quarters.list_open_quarters(work.connection)
    return [quarter for quarter in still_open if quarter in held]
