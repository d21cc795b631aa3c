"""PSC staff for tests, and whom they act on."""

from typing import Any

import msgspec

from shared.database import transaction
from shared.messages.accounts import MyHistory
from shared.messages.accounts.factor_reset import AskFactorReset, ResetFactor
from shared.messaging import due_work
from tests.builders_accounts import Member, a_member, a_person, a_registration, verify
from tests.messaging import Workplace

RESET_HOURS = 72
REMARK = "Asked for by telephone"


async def a_held_member(place: Workplace, **changes: Any) -> tuple[Member, Member]:
    """Somebody who is held for review, and whom they are like."""
    person = a_person(**changes)
    known = await a_member(place, person=person)
    command = a_registration(place, person=person)
    registered = await place.send(command)
    assert (await verify(place, registered.account_id)).status == "held_for_review"
    held = Member(place, registered.account_id, command.user_name, known.password)
    return held, known


async def newest_acts(member: Member, count: int = 1) -> list[tuple[str, dict[str, str]]]:
    """The latest acts in somebody's own history, newest first."""
    shown = await member.ask(MyHistory(limit=count))
    return [(act.kind, act.details) for act in shown.acts]


async def kinds_of(member: Member) -> list[str]:
    """What stands in the history of somebody who can't ask for it any more, newest first."""
    rows = await member.place.pool.fetch(
        "SELECT kind FROM history WHERE account_id = $1 ORDER BY sequence DESC", member.account_id
    )
    return [row["kind"] for row in rows]


async def ask_reset(psc: Member, member: Member) -> Any:
    """Ask for a reset of somebody's second factor."""
    return await psc.ask(AskFactorReset(account_id=member.account_id, remark=REMARK))


async def due(place: Workplace) -> list[ResetFactor]:
    """What is due now, taken as the relay's leader takes it."""
    async with transaction(place.pool) as connection:
        rows = await due_work.take_due(connection, place.clock(), 10)
    return [msgspec.json.decode(row.body, type=ResetFactor) for row in rows]


async def do_what_is_due(place: Workplace) -> list[Any]:
    """Reset what is due, and answer what came of it."""
    return [await place.send(command, sender="accounts") for command in await due(place)]


async def has_factor(member: Member) -> bool:
    """Has somebody a second factor, in every table alike?"""
    row = await member.place.pool.fetchrow(
        """
        SELECT has_second_factor, EXISTS (SELECT FROM authenticators WHERE account_id = $1) AS is_kept
          FROM accounts WHERE id = $1
        """,
        member.account_id,
    )
    assert row is not None
    assert row["has_second_factor"] == row["is_kept"]
    return bool(row["is_kept"])
