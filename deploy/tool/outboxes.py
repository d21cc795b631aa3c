"""`nextgen outbox`: what waits to be published, for how long, and what the broker refuses."""

import asyncio
from collections.abc import Sequence

from deploy.tool import stories
from deploy.tool.operating import Place, StoryNumber, connected, instant, printable
from deploy.tool.redriving import Say
from shared.messaging import outbox
from shared.messaging.topology import SERVICES


def show_outboxes(*, story: StoryNumber = None) -> int:
    """Show how many messages wait in each outbox, for how long, and what the broker refuses.

    Exits 1 if it refuses any.
    """
    return asyncio.run(print_outboxes(stories.load(story), SERVICES, print))


async def print_outboxes(place: Place, services: Sequence[str], say: Say) -> int:
    """Print each service's outbox, with the messages that were refused; answers 1 if there are any."""
    status = 0
    say(f"{'service':<14}{'waiting':>8}{'oldest s':>10}")
    for service in services:
        async with connected(place, service) as connection:
            waiting, oldest_seconds = await outbox.count_and_age(connection)
            refused = await outbox.list_refused(connection)
        say(f"{service:<14}{waiting:>8}{oldest_seconds:>10.1f}")
        for row in refused:
            status = 1
            tried = f"{row.attempts} attempts, next at {instant(row.not_before)}"
            say(f"  {row.waiting} of {printable(row.type)}: {printable(row.last_problem)}, {tried}")
    return status
