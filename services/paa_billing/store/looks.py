"""A firm's looks: each is recorded first, and what is then read is what the firm's role may see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from shared.database import Connection, transaction
from shared.messaging.bench import Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Who of which firm looks at what; `quarter` is None where no uses are looked at.

    `statement`: the files of the quarter's statement are given out.
    """

    paa_id: UUID
    administrator_id: UUID
    kind: Literal["usage", "statement", "members"]
    quarter: str | None = None


@asynccontextmanager
async def as_firm(bench: Bench[Any], look: Look) -> AsyncIterator[Connection]:
    """A transaction with a firm's eyes: row security shows what the firm pays for, and nothing else.

    The record of the look is committed before; if that fails, nothing is read.
    """
    async with bench.transaction() as work:
        await insert_look(work.connection, work.new_id(), look, work.now)
    async with transaction(bench.pool) as connection:
        await take_role_of_firm(connection)
        await name_firm(connection, look.paa_id)
        yield connection


async def insert_look(connection: Connection, look_id: UUID, look: Look, looked_at: datetime) -> None:
    await connection.execute(
        """
        INSERT INTO firm_looks (look_id, paa_id, administrator_id, kind, quarter, looked_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        look_id,
        look.paa_id,
        look.administrator_id,
        look.kind,
        look.quarter,
        looked_at,
    )


async def take_role_of_firm(connection: Connection) -> None:
    """Until this transaction ends, see no more than a firm does."""
    await connection.execute("SET LOCAL ROLE paa_billing_firm")


async def name_firm(connection: Connection, paa_id: UUID) -> None:
    """Until this transaction ends, see what this firm does."""
    await connection.execute("SELECT set_config('app.paa_id', $1, true)", str(paa_id))
