"""Builders for tests of exports and erasure: what is due is done, and an account is erased."""

from typing import Any

from shared.messages.accounts import AskErasure, ErasureAsked, ErasureBegun
from shared.messaging.due_work import take_due
from shared.messaging.outbox import move_to_announced
from shared.messaging.registry import decode
from tests.builders_accounts import Member
from tests.messaging import Workplace

DAYS = 7


async def asked_token(place: Workplace) -> str:
    return (await place.open_emitted(ErasureAsked, "token"))[-1]


async def do_due_work(place: Workplace) -> list[Any]:
    """Turn what is due into commands and handle them, as relay and consumer do."""
    async with place.pool.acquire() as connection, connection.transaction():
        rows = await take_due(connection, place.clock(), 100)
    return [await place.send(decode(row.kind, row.body), sender="accounts") for row in rows]


async def publish(place: Workplace) -> None:
    """As if the broker had confirmed all that waits, but for what was emitted just now."""
    ids = await place.pool.fetch("SELECT message_id FROM outbox WHERE emitted_at < $1", place.clock())
    async with place.pool.acquire() as connection:
        await move_to_announced(connection, [row["message_id"] for row in ids], place.clock())


async def erase(place: Workplace, member: Member) -> None:
    """Ask, let the time pass, and have it done."""
    assert isinstance(await member.ask(AskErasure()), ErasureBegun)
    await finish_erasure(place)


async def finish_erasure(place: Workplace) -> None:
    """Let the time pass for which an erasure can be taken back, and have it done."""
    place.clock.forward(days=DAYS)
    await do_due_work(place)
    await publish(place)
    place.clock.forward(seconds=1)
    await place.work_off("erasures")
    await place.work_off("forget_what_is_over")
