"""What must be there before the first message: the shipped fee schedules, and the running quarter."""

from services.paa_billing.data import load_fee_schedules
from services.paa_billing.handlers.books import begin_quarters
from services.paa_billing.model import Quarter
from services.paa_billing.settings import Resources
from services.paa_billing.store import schedules
from shared.errors import SettingsError
from shared.messaging.bench import Bench


async def prepare(bench: Bench[Resources]) -> None:
    """Add shipped fee schedules that are missing and open the books of the running quarter.

    Raises SettingsError if a schedule that is kept differs from the shipped one: a schedule never changes.
    """
    shipped = load_fee_schedules()
    async with bench.transaction() as work:
        await schedules.insert_schedules(work.connection, shipped)
        kept = {each.effective_on: each for each in await schedules.list_schedules(work.connection)}
        for schedule in shipped:
            if kept[schedule.effective_on] != schedule:
                raise SettingsError(f"the fee schedule of {schedule.effective_on} is not the one kept before")
        await begin_quarters(work, Quarter.of(work.now, work.resources.policies.zone))
