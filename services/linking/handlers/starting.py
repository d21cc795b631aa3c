"""What `linking` does at each start, before its first message."""

from services.linking.handlers.courts import load_shipped_courts
from services.linking.handlers.readiness import plan_next_count
from services.linking.handlers.reminders import plan_weekly_reminders
from services.linking.settings import Resources
from shared.messaging.bench import Bench


async def prepare(bench: Bench[Resources]) -> None:
    """Load what is shipped, and plan what goes on daily and weekly; done again it changes nothing."""
    await load_shipped_courts(bench)
    async with bench.transaction() as work:
        await plan_next_count(work)
        await plan_weekly_reminders(work)
