"""Builders for tests of the close: quarters closed step by step, and what their statements say."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from deploy.local.servers import Servers
from deploy.tool import databases
from services.paa_billing.jobs import close_next_chunk
from services.paa_billing.settings import Resources
from services.paa_billing.statements import (
    Statement,
    canonical_json,
    digest_of,
    issue_statement,
    read_draft,
    read_statement,
    verify,
)
from shared.database import OwnConnection as Owner
from shared.database import Pool
from shared.messages.paa_billing import CloseQuarter, CloseShown, RecordPayment, RegisterFirm, ShowClose
from shared.messaging.ids import new_id
from tests.billing import FirmHolder, Holder, a_use, an_account, join, resources
from tests.messaging import NOON, Workplace

QUARTER = "2024-Q1"
CLOSING_DAY = datetime(2024, 4, 10, 15, tzinfo=UTC)


def in_chunks_of(payers: int, **billing: Any) -> Resources:
    """Resources with which a close does so many payers at a time."""
    return replace(resources(**billing), close_chunk_payers=payers)


async def begin_close(place: Workplace, quarter: str = QUARTER) -> Any:
    """Ask for a quarter's close and answer the reply; nothing has been settled yet."""
    return await place.send(
        CloseQuarter(quarter=quarter), sender="operator", message_id=new_id(place.clock())
    )


async def finish_close(place: Workplace) -> int:
    """Do all that a begun close still has to do; answers how many steps there were."""
    return await place.work_off("close")


async def close(place: Workplace, quarter: str = QUARTER, at: datetime = CLOSING_DAY) -> None:
    """Close a quarter from cut-off to statements."""
    place.clock.now = max(at, place.clock.now)
    await begin_close(place, quarter)
    await finish_close(place)


async def do_one_step(place: Workplace) -> bool:
    """One step of the close's job."""
    return await close_next_chunk(place.bench)


async def show(place: Workplace, quarter: str = QUARTER) -> CloseShown:
    """How far a close is."""
    shown = await place.send(ShowClose(quarter=quarter), sender="operator")
    assert isinstance(shown, CloseShown)
    return shown


@asynccontextmanager
async def as_owner(place: Workplace, servers: Servers, passwords: Mapping[str, str]) -> AsyncIterator[Owner]:
    """The owner's own connection, which may do what the service may not."""
    database = await place.pool.fetchval("SELECT current_database()")
    role = "paa_billing_owner"
    url = databases.url_for(servers.postgres_url, role, passwords[role], database)
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def pay(place: Workplace, who: Holder, amount_cents: int, reference: str) -> Any:
    """Pay for oneself, or as administrator for the firm."""
    number = who.asks(place.clock()).account_number
    command = RecordPayment(account_number=number, reference=reference, amount_cents=amount_cents)
    return await place.send(command, sender="operator")


async def issued_bytes(place: Workplace) -> dict[UUID, bytes]:
    """The canonical JSON of each issued statement, oldest first, by its id."""
    rows = await place.pool.fetch(
        """
        SELECT s.id, s.number, s.issued_at, d.canonical
          FROM statements AS s JOIN statement_drafts AS d USING (quarter, payer_id)
         ORDER BY s.number
        """
    )
    return {
        row["id"]: canonical_json(
            issue_statement(read_draft(row["canonical"]), row["number"], row["issued_at"])
        )
        for row in rows
    }


async def statements_of(place: Workplace) -> list[Statement]:
    """All issued statements by number, each verified from its JSON alone and without a gap between two."""
    kept = await place.pool.fetch("SELECT sha256 FROM statements ORDER BY number")
    documents = []
    for canonical, row in zip((await issued_bytes(place)).values(), kept, strict=True):
        assert verify(canonical) == ()
        assert digest_of(canonical) == row["sha256"]
        documents.append(read_statement(canonical))
    assert [each.number for each in documents] == list(range(1, len(documents) + 1))
    return documents


async def drafts_of(place: Workplace) -> dict[UUID, bytes]:
    """The canonical JSON of each payer's statements but for numbers and instants of issue."""
    rows = await place.pool.fetch(
        "SELECT payer_id, string_agg(canonical, '' ORDER BY quarter) AS all FROM statement_drafts GROUP BY 1"
    )
    return {row["payer_id"]: row["all"] for row in rows}


async def balances_of(place: Workplace) -> dict[str, int]:
    """The sum of each kind of ledger account: what was debited less what was credited."""
    rows = await place.pool.fetch(
        """
        SELECT kind, sum(amount_cents)::bigint AS cents
          FROM (SELECT debit_kind AS kind, amount_cents FROM ledger_entries
                 UNION ALL
                SELECT credit_kind, -amount_cents FROM ledger_entries) AS sides
         GROUP BY kind
        """
    )
    return {row["kind"]: row["cents"] for row in rows}


@dataclass(frozen=True, kw_only=True)
class World:
    """People, a firm with two of them, a payment and uses: the same wherever it is told."""

    people: tuple[Holder, ...]
    administrator: Holder
    registering: UUID
    paying: UUID

    @property
    def members(self) -> tuple[Holder, ...]:
        """Whom the firm pays for, from noon on."""
        return self.people[:2]

    def uses(self) -> list[dict[str, Any]]:
        """Some before, some after joining; a waived quarter, an invoice, free uses, an old one."""
        some = [
            a_use(
                person, NOON + timedelta(minutes=minutes), usage_id=f"{person.number} {minutes}", pages=pages
            )
            for number, person in enumerate(self.people)
            for minutes, pages in ((-5, 1 + number), (2, 40), (4, 7 * number + 1))
        ]
        large = [
            a_use(person, NOON, usage_id=f"large {person.number}", kind="transcript", pages=299 + number)
            for number, person in enumerate(self.people)
        ]
        old = datetime(2012, 3, 31, tzinfo=UTC)
        return [
            *some,
            *large,
            a_use(self.people[3], usage_id="free", kind="opinion"),
            a_use(self.people[4], old, usage_id="old", kind="name_search", client_code="=1+1"),
        ]


def a_world(people: int = 7) -> World:
    """A world with fresh ids."""
    return World(
        people=tuple(Holder(changed=an_account()) for _ in range(people)),
        administrator=Holder(changed=an_account(kind="paa", first_name="", last_name="Hale & Partner")),
        registering=new_id(NOON),
        paying=new_id(NOON),
    )


async def tell(place: Workplace, world: World) -> None:
    """Make the world known, up to the minute in which the uses are reported."""
    for holder in (*world.people, world.administrator):
        await place.send(holder.changed)
    asking = world.administrator.asks(place.clock())
    registered = await place.send(
        RegisterFirm(name="Hale & Partner"), by=asking, message_id=world.registering
    )
    firm = FirmHolder(changed=world.administrator.changed, paa_id=registered.paa_id)
    for member in world.members:
        await join(place, firm, member)
    number = world.people[2].changed.account_number
    payment = RecordPayment(account_number=number, reference="check 1", amount_cents=1000)
    await place.send(payment, sender="operator", message_id=world.paying)


class KilledError(Exception):
    """A worker's end in the middle of its work."""


class DyingPool:
    """A pool whose connections fail for good when so many statements were begun."""

    def __init__(self, pool: Pool, statements: int) -> None:
        self._pool = pool
        self.left = statements

    @asynccontextmanager
    async def acquire(self, **how: Any) -> AsyncIterator[Any]:
        async with self._pool.acquire(**how) as connection:
            yield _DyingConnection(connection, self)


class _DyingConnection:
    def __init__(self, connection: Any, pool: DyingPool) -> None:
        self._connection, self._pool = connection, pool

    def transaction(self) -> Any:
        return self._connection.transaction()

    def __getattr__(self, name: str) -> Any:
        statement = getattr(self._connection, name)

        async def counted(*arguments: Any) -> Any:
            self._pool.left -= 1
            if self._pool.left < 0:
                raise KilledError
            return await statement(*arguments)

        return counted


class FailingPool:
    """A pool whose connections fail at one kind of statement."""

    def __init__(self, pool: Pool, broken: str, error: Exception | None = None) -> None:
        self._pool, self._broken = pool, broken
        self._error = error or ArithmeticError("the sum of the lines of Ada Member")

    @asynccontextmanager
    async def acquire(self, **how: Any) -> AsyncIterator[Any]:
        async with self._pool.acquire(**how) as connection:
            yield _FailingConnection(connection, self._broken, self._error)


class _FailingConnection:
    def __init__(self, connection: Any, broken: str, error: Exception) -> None:
        self._connection, self._broken, self._error = connection, broken, error

    def transaction(self) -> Any:
        return self._connection.transaction()

    def __getattr__(self, name: str) -> Any:
        statement = getattr(self._connection, name)

        async def looked_at(sql: str, *arguments: Any) -> Any:
            if self._broken in sql:
                raise self._error
            return await statement(sql, *arguments)

        return looked_at
