"""What `nextgen status` shows: services, queues, outboxes, parked messages, policies."""

import asyncio
from typing import Any

import asyncpg

from deploy.tool import processes, stories
from deploy.tool.stories import EDGE, Story
from deploy.tool.topology import show_queues
from services.paa_billing.store.leases import count_failing_renderings
from shared.messaging.topology import SERVICES
from shared.policies import digest_of, read_policies


async def print_status(story: Story) -> int:
    """Print a story's state; answers 1 if a service isn't ready, anything is parked, or policies differ."""
    print(f"story {story.record.number} ({story.instance}), clock {story.clock():%Y-%m-%d %H:%M:%S} UTC")
    is_well = await _print_services(story)
    _print_queues(story)
    return 0 if is_well else 1


async def _print_services(story: Story) -> bool:
    is_well, own = True, digest_of(read_policies())
    ports = processes.ports_of(story)
    print(f"{'service':<14}{'ready':<8}{'outbox':>7}{'oldest s':>10}{'parked':>8}  policies")
    for service in SERVICES:
        is_ready = await asyncio.to_thread(processes.is_ready, ports.get(service, 0))
        row = await _counts(story, service)
        policies = await asyncio.to_thread(processes.policies_of, ports.get(service, 0))
        note = policies if policies == own else f"{policies} (differs from {own})"
        print(
            f"{service:<14}{'yes' if is_ready else 'NO':<8}{row['waiting']:>7}{row['age']:>10.1f}"
            f"{row['parked']:>8}  {note}"
        )
        is_well = is_well and is_ready and row["parked"] == 0 and policies == own
    is_ready = await asyncio.to_thread(processes.is_ready, ports.get(EDGE, 0))
    print(f"{EDGE:<14}{'yes' if is_ready else 'NO':<8}{stories.web_address(ports)}")
    is_well = is_well and is_ready
    if failing := await _failing_renderings(story):
        print(
            f"files of {failing} statements were begun more than once and aren't made: statement_renderings"
        )
    return is_well


async def _failing_renderings(story: Story) -> int:
    connection = await asyncpg.connect(story.database_url("paa_billing"))
    try:
        return await count_failing_renderings(connection)
    finally:
        await connection.close()


async def _counts(story: Story, service: str) -> Any:
    connection = await asyncpg.connect(story.database_url(service))
    try:
        return await connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM outbox) AS waiting,
                   (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(stored_at)), 0)::float8
                      FROM outbox) AS age,
                   (SELECT count(*) FROM parked_messages WHERE settled_at IS NULL) AS parked
            """
        )
    finally:
        await connection.close()


def _print_queues(story: Story) -> None:
    print(f"\n{'queue':<36}{'ready':>8}{'unacknowledged':>16}{'consumers':>11}")
    for queue in sorted(show_queues(story.servers.broker_admin_url, story.instance), key=lambda q: q["name"]):
        counts = [queue.get(name, 0) for name in ("messages_ready", "messages_unacknowledged", "consumers")]
        if any(counts):
            print(f"{queue['name']:<36}{counts[0]:>8}{counts[1]:>16}{counts[2]:>11}")
