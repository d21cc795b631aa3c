"""What must be there before the first message: the shipped fee schedules, and the running quarter."""

from services.paa_billing.data import load_fee_schedules
from services.paa_billing.handlers.books import begin_quarters, refuse_another_zone
from services.paa_billing.model import Quarter
from services.paa_billing.settings import Resources
from services.paa_billing.store import schedules, zones
from shared.errors import SettingsError
from shared.messaging.bench import Bench


async def prepare(bench: Bench[Resources]) -> None:
    """Add shipped fee schedules that are missing and open the books of the running quarter.

    Raises SettingsError if a schedule that is kept differs from the shipped one: a schedule never changes.
    Nor does the business zone, once usage is booked.
    """
    shipped = load_fee_schedules()
    async with bench.transaction() as work:
        own, kept_zone = work.resources.policies.business_zone, await zones.find_zone(work.connection)
        refuse_another_zone(own, kept_zone)
        await schedules.insert_schedules(work.connection, shipped)
        kept = {each.effective_on: each for each in await schedules.list_schedules(work.connection)}
        for schedule in shipped:
            if kept[schedule.effective_on] != schedule:
                raise SettingsError(f"the fee schedule of {schedule.effective_on} is not the one kept before")
        await begin_quarters(work, Quarter.of(work.now, work.resources.policies.zone))
