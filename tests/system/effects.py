"""What came of messages: read from the services' tables and from the mail server."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from deploy.tool import clock
from shared.messaging.topology import SERVICES
from tests.installation import until
from tests.system.asking import Mail
from tests.system.running import System

MAIL_SECONDS = 90


async def settle(system: System) -> None:
    """Return once nothing is on its way and every mail is sent or given up."""
    await clock.wait_until_quiet(system.story)
    await until(lambda: _is_all_mail_settled(system), "all mail is settled", deadline_seconds=MAIL_SECONDS)
    await clock.wait_until_quiet(system.story)


async def announced(system: System, service: str, *types: str) -> list[UUID]:
    """The ids of all events of these types that a service announced."""
    query = "SELECT message_id FROM announced WHERE type = ANY($1) ORDER BY message_id"
    return [row["message_id"] for row in await system.rows(service, query, list(types))]


async def handled(system: System, service: str, type_name: str) -> list[UUID]:
    """The ids of all messages of a type that a service handled."""
    query = "SELECT message_id FROM inbox WHERE type = $1 ORDER BY message_id"
    return [row["message_id"] for row in await system.rows(service, query, type_name)]


async def nothing_is_left(system: System) -> None:
    """Nothing was given up, and nothing waits to be published."""
    assert await system.parked() == []
    for service in SERVICES:
        assert await system.rows(service, "SELECT type FROM outbox") == []


def each_was_received_once(notifications: Iterable[Any], mails: Iterable[Mail]) -> None:
    """Each notification was sent as one mail; what is marked so may have come again, as the same mail."""
    rows = {str(row["id"]): row for row in notifications}
    assert {row["state"] for row in rows.values()} == {"sent"}
    copies = Counter(mail.message_id.strip("<>").partition("@")[0] for mail in mails)
    assert set(copies) == set(rows)
    repeated = {notification_id for notification_id, count in copies.items() if count > 1}
    assert repeated <= {known for known, row in rows.items() if row["is_possible_duplicate"]}


async def _is_all_mail_settled(system: System) -> bool:
    query = "SELECT count(*) AS left FROM notifications WHERE state IN ('queued', 'sending')"
    return int((await system.rows("notify", query))[0]["left"]) == 0
