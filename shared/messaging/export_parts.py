"""A service's part of an export: asked for in a row, made by a job, and written before it is told of."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from shared.database import Connection
from shared.export_files import PartWriter, encrypt
from shared.messages.accounts.exports import (
    ExportAsked,
)
from shared.messaging.bench import Bench
from shared.messaging.erasure import is_erased
from shared.messaging.leases import LEASE_SECONDS, while_extending
from shared.messaging.unit_of_work import UnitOfWork
from shared.objects import Objects, key_for, put_object
from shared.sealed import Sealed, to_be_sealed

ROWS_A_FETCH = 500
Statements = Mapping[str, str]
"""For each table the statement that reads an account's rows of it; `$1` is the account's id."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is to be made; `attempts` tells this claim from any later one."""

    export_id: UUID
    account_id: UUID
    expires_at: datetime
    asked_by: UUID
    correlation_id: UUID
    attempts: int


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is made: where it lies encrypted, and the secret that opens it."""

    asked: Asked
    key: str
    secret: str

    def __repr__(self) -> str:
        return f"Part({self.key})"

    def sealed_secret(self) -> Sealed:
        """The secret on its way to `accounts`, which puts the parts together."""
        return to_be_sealed(self.secret, reader="accounts", expires_at=self.asked.expires_at)


Tell = Callable[[UnitOfWork[Any], Part], Awaitable[None]]


def folder_of(export_id: UUID) -> str:
    """Where all objects of an export lie, those too that nobody knows of any more."""
    return f"exports/{export_id}"


async def ask_part(work: UnitOfWork[Any], export_id: UUID, account_id: UUID, expires_at: datetime) -> None:
    """Have this service's part made."""
    await work.connection.execute(
        """
        INSERT INTO asked_export_parts (export_id, account_id, expires_at, asked_by, correlation_id)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (export_id) DO NOTHING
        """,
        export_id,
        account_id,
        expires_at,
        work.cause.message_id,
        work.cause.correlation_id,
    )


async def ask_part_of(event: ExportAsked, work: UnitOfWork[Any]) -> None:
    """Have this service's part made, unless the account is erased; a handler of every service."""
    if not await is_erased(work.connection, event.account_id):
        await ask_part(work, event.export_id, event.account_id, event.expires_at)


async def make_next_part(bench: Bench[Any], statements: Statements, tell: Tell, objects: Objects) -> bool:
    """Make one part and tell of it; no if none was asked for. Of a claim that was lost nothing is told."""
    async with bench.transaction() as work:
        asked = await _claim(work.connection)
    if asked is None:
        return False
    part = await while_extending(
        _make(bench, asked, statements, objects), partial(_extend, bench, asked), LEASE_SECONDS
    )
    async with bench.transaction(
        caused_by=asked.asked_by, correlation_id=asked.correlation_id, step=f"export {asked.export_id}"
    ) as work:
        if await _settle(work.connection, asked) and work.now < asked.expires_at:
            await tell(work, part)
    return True


async def _make(bench: Bench[Any], asked: Asked, statements: Statements, objects: Objects) -> Part:
    writer = PartWriter(bench.service.name)
    async with bench.transaction() as work:
        for table, statement in statements.items():
            writer.begin_table(table)
            async for row in work.connection.cursor(statement, asked.account_id, prefetch=ROWS_A_FETCH):
                writer.add_row(dict(row))
    rests, secret = encrypt(writer.finish(), f"{asked.export_id} {bench.service.name}")
    key = key_for(folder_of(asked.export_id), rests, bench.service.name)
    await put_object(objects, key, rests)
    return Part(asked=asked, key=key, secret=secret)


async def _claim(connection: Connection) -> Asked | None:
    row = await connection.fetchrow(
        """
        WITH free AS MATERIALIZED (
               SELECT export_id
                 FROM asked_export_parts
                WHERE leased_until IS NULL OR leased_until < clock_timestamp()
                ORDER BY attempts, export_id
                LIMIT 1
                  FOR UPDATE SKIP LOCKED)
        UPDATE asked_export_parts AS p
           SET attempts = p.attempts + 1, leased_until = clock_timestamp() + make_interval(secs => $1)
          FROM free
         WHERE p.export_id = free.export_id
        RETURNING p.export_id, p.account_id, p.expires_at, p.asked_by, p.correlation_id, p.attempts
        """,
        LEASE_SECONDS,
    )
    return None if row is None else Asked(**row)


async def _extend(bench: Bench[Any], asked: Asked) -> None:
    async with bench.transaction() as work:
        await work.connection.execute(
            """
            UPDATE asked_export_parts SET leased_until = clock_timestamp() + make_interval(secs => $3)
             WHERE export_id = $1 AND attempts = $2
            """,
            asked.export_id,
            asked.attempts,
            LEASE_SECONDS,
        )


async def _settle(connection: Connection, asked: Asked) -> bool:
    status = await connection.execute(
        "DELETE FROM asked_export_parts WHERE export_id = $1 AND attempts = $2",
        asked.export_id,
        asked.attempts,
    )
    return status == "DELETE 1"
