"""A court's message that is given up: the court is told its id, once, on its own results queue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from deploy.local.servers import Servers
from services.paa_billing.handlers import parked as parked_handlers
from services.paa_billing.service import SERVICE
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.messages.base import Event
from shared.messages.paa_billing import RecordUsage, UsageBatchParked, UsageBatchSettled
from shared.messaging.broker import Delivery, connect
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.parked import Parked
from shared.messaging.registry import MAXIMUM_BODY_BYTES, Service, decode, read_contracts
from shared.runtime import Process
from tests.billing import COURT, a_batch, a_use, resources
from tests.installation import Installation, running, until
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
CONFIRM_SECONDS = 10.0


@dataclass
class Told:
    """What a court found in its results queue."""

    events: list[Event] = field(default_factory=list)

    def parked(self) -> list[tuple[UUID, str]]:
        return [(each.message_id, each.reason) for each in self.events if isinstance(each, UsageBatchParked)]

    def settled(self) -> list[UUID]:
        return [each.batch_id for each in self.events if isinstance(each, UsageBatchSettled)]


@dataclass
class Billing:
    """Billing at work on a broker, and the courts that report to it."""

    installation: Installation
    pool: Pool
    url: str

    def process(self) -> Process:
        settings = self.installation.settings("paa_billing", self.url)
        bench = self.installation.bench(SERVICE, self.pool, real_clock, resources())
        return Process(bench, settings)

    async def send(self, body: bytes, *, court: str = COURT, message_id: UUID | None = None) -> UUID:
        """Send a body as a court's batch, whatever it holds; answers the message id."""
        name, message_id = RecordUsage.message_name(), message_id or new_id(real_clock())
        outgoing = Outgoing(
            message_id=message_id,
            type=name,
            exchange="courts",
            routing_key=f"{name}.{self.installation.instance}-{court}",
            body=body,
            time=real_clock(),
            correlation_id=message_id,
        )
        async with connect(self.installation.broker_url(court), name=court) as connection:
            publisher = await connection.open_publisher()
            await publisher.publish(outgoing, CONFIRM_SECONDS)
        return message_id

    async def read(self, told: Told, *, court: str = COURT) -> None:
        """Take what comes into a court's results queue, until cancelled."""

        async def take(delivery: Delivery) -> None:
            event = decode(delivery.type, delivery.body)
            assert isinstance(event, Event)
            told.events.append(event)
            await delivery.acknowledge()

        async with connect(self.installation.broker_url(court), name=court) as connection:
            subscription = await connection.open_subscription(prefetch_count=10)
            await subscription.consume(f"courts.{court}.results", take)
            await asyncio.Event().wait()


@pytest.fixture
async def billing(
    servers: Servers, database_of: Callable[[str], Awaitable[str]], tmp_path: Path
) -> AsyncIterator[Billing]:
    installation = Installation(servers=servers, folder=tmp_path)
    installation.build(read_contracts().values())
    url = await database_of("paa_billing")
    pool = await open_pool(url, size=8, name="test")
    yield Billing(installation, pool, url)
    pool.terminate()
    installation.remove()


def body_of(batch: RecordUsage) -> bytes:
    return msgspec.json.encode(batch)


async def test_a_court_is_told_the_message_id_of_each_batch_that_is_parked_whole(billing: Billing) -> None:
    told, told_another = Told(), Told()
    good, other = a_batch(a_use("0000001")), a_batch(a_use("0000002"))
    too_many = a_batch(*[b"1"] * 501)

    async with running(billing.process()), asyncio.TaskGroup() as group:
        reading = [
            group.create_task(billing.read(told)),
            group.create_task(billing.read(told_another, court="gubk")),
        ]
        no_json = await billing.send(b'{"court_id": "ncwbk", "records": [{]}')
        many = await billing.send(body_of(too_many))
        large = await billing.send(b"[" * (MAXIMUM_BODY_BYTES + 1))
        a_lie = await billing.send(body_of(a_batch(court_id="gubk")))
        used = await billing.send(body_of(good))
        await until(is_told(lambda: told.settled() == [good.batch_id]), "the good batch is settled")
        await billing.send(body_of(other), message_id=used)
        await until(is_told(lambda: len(told.parked()) == 5), "all are told")
        for task in reading:
            task.cancel()

    expected = [(no_json, "undecodable"), (many, "undecodable"), (large, "undecodable")]
    assert sorted(told.parked()) == sorted([*expected, (a_lie, "bad_envelope"), (used, "poison")])
    assert told_another.events == []
    assert await billing.pool.fetchval("SELECT count(*) FROM parked_messages") == 5


def is_told(is_so: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return is_so()

    return ask


async def test_what_is_parked_twice_is_told_once(billing: Billing) -> None:
    told, message_id, last = Told(), new_id(real_clock()), b"no JSON either"

    async with running(billing.process()), asyncio.TaskGroup() as group:
        reading = group.create_task(billing.read(told))
        for _ in range(3):
            await billing.send(b"no JSON", message_id=message_id)
        at_last = await billing.send(last)
        await until(is_told(lambda: (at_last, "undecodable") in told.parked()), "the last is told")
        await until(is_parked(billing, 4), "all are parked")
        reading.cancel()

    assert sorted(told.parked()) == sorted([(message_id, "undecodable"), (at_last, "undecodable")])


def is_parked(billing: Billing, times: int) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return bool(await billing.pool.fetchval("SELECT sum(parkings) = $1 FROM parked_messages", times))

    return ask


def a_parked_one(**changes: Any) -> Parked:
    usual: dict[str, Any] = {
        "id": new_id(NOON),
        "queue": "paa_billing.bulk",
        "message_id": new_id(NOON),
        "type": RecordUsage.message_name(),
        "sender": COURT,
        "correlation_id": None,
        "headers": {},
        "body": b"",
        "reason": "undecodable",
        "error": "",
        "attempts": 1,
        "parked_at": NOON,
    }
    return Parked(**(usual | changes))


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1),
        ({"message_id": None}, 0),
        ({"sender": None}, 0),
        ({"sender": "paa_billing"}, 0),
        ({"sender": "operator"}, 0),
    ],
)
async def test_only_a_court_is_told_and_only_of_an_id(
    workplace_of: Make, changes: dict[str, Any], count: int
) -> None:
    place = await workplace_of(SERVICE, resources())

    async with place.bench.transaction() as work:
        await parked_handlers.tell_court(a_parked_one(**changes), work)

    assert len(await place.emitted(UsageBatchParked)) == count
