"""Dry runs of a redrive: they really handle the message, tell what would fail, and leave nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from deploy.local.servers import Servers
from deploy.tool.benches import open_bench
from deploy.tool.redriving import try_redrive
from shared.database import transaction
from shared.messages.accounts import ContactChanged
from shared.messaging.ids import new_id
from shared.messaging.parked import Parked, insert_parked
from tests.installation import running
from tests.operating import SERVICES, OperatedToys, an_order, operated_toys
from tests.toy import AddWord

OUTCOMES = "SELECT outcome, operator FROM redrives ORDER BY noted_at, id"
OPEN = "SELECT body FROM parked_messages WHERE settled_at IS NULL ORDER BY parked_at"


@pytest.fixture
async def toys(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    tmp_path: Path,
) -> AsyncIterator[OperatedToys]:
    async with operated_toys(servers, role_passwords, database_of, tmp_path) as made:
        yield made


async def park(toys: OperatedToys, **changes: Any) -> UUID:
    """Put a parked command of the portal into the table of `accounts`; answers the id of its row."""
    now = toys.clock()
    usual: dict[str, Any] = {
        "id": uuid4(),
        "queue": "accounts.commands",
        "message_id": new_id(now),
        "type": AddWord.message_name(),
        "sender": "portal",
        "correlation_id": new_id(now),
        "headers": {"cloudEvents:time": now.isoformat()},
        "body": msgspec.json.encode(AddWord(word="a")),
        "reason": "failed",
        "error": "RuntimeError",
        "attempts": 5,
        "parked_at": now,
    }
    parked = Parked(**{**usual, **changes})
    async with transaction(toys.pools[parked.queue.partition(".")[0]]) as connection:
        await insert_parked(connection, parked)
    return parked.id


async def open_words(toys: OperatedToys) -> list[str]:
    return [msgspec.json.decode(row["body"])["word"] for row in await toys.rows("accounts", OPEN)]


async def test_a_dry_run_really_handles_the_message_and_leaves_nothing(toys: OperatedToys) -> None:
    await park(toys)
    async with running(toys.process("accounts")):  # makes the partitions
        pass

    status = await try_redrive(toys, SERVICES, an_order(), toys.say, toys.open_bench)

    assert status == 0
    assert "would_be_handled: it would emit accounts.toy_word_added.v1" in toys.said[0]
    for table in ("toy", "inbox", "outbox"):
        assert await toys.rows("accounts", f"SELECT 1 FROM {table}") == [], table  # noqa: S608
    assert await open_words(toys) == ["a"]
    assert [row["outcome"] for row in await toys.rows("accounts", OUTCOMES)] == ["would_be_handled"]


async def test_a_dry_run_tells_what_would_fail_without_any_data_of_the_message(toys: OperatedToys) -> None:
    await park(toys, body=msgspec.json.encode(AddWord(word="confidential")))
    toys.broken.words.add("confidential")
    async with running(toys.process("accounts")):
        pass

    status = await try_redrive(toys, SERVICES, an_order(), toys.say, toys.open_bench)

    assert status == 1
    assert "would_fail: park poison: PoisonError" in toys.said[0]
    assert "confidential" not in "".join(toys.said)
    assert await toys.words("accounts") == []


async def test_a_dry_run_works_with_the_code_and_the_settings_of_the_service(toys: OperatedToys) -> None:
    changed = ContactChanged(account_id=uuid4(), version=1, name="Jane Secret", email="jane@court.example")
    await park(
        toys,
        queue="notify.events",
        type=ContactChanged.message_name(),
        sender="accounts",
        body=msgspec.json.encode(changed),
    )
    toys.settings |= {
        "NEXTGEN_NOTIFY_SMTP_HOST": "127.0.0.1",
        "NEXTGEN_NOTIFY_SMTP_PORT": "1",
        "NEXTGEN_NOTIFY_SENDER_ADDRESS": "notices@pacer.example",
        "NEXTGEN_NOTIFY_PORTAL_URL": "https://pacer.example",
    }
    async with running(toys.process("notify")):
        pass

    status = await try_redrive(toys, SERVICES, an_order(), toys.say, open_bench)

    assert (status, toys.said[0].rpartition("  ")[2]) == (0, "would_be_handled: it would emit nothing")
    assert await toys.rows("notify", "SELECT 1 FROM contacts") == []
