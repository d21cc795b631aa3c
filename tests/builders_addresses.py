"""Changes of e-mail addresses for tests, as the links in the mails make them."""

import json
from typing import Any

from shared.messages.accounts import (
    ChangeEmail,
    ConfirmEmailChange,
    EmailChangeAsked,
    EmailChangeBegun,
    EmailChangeConfirmed,
    EmailChanged,
    UndoEmailChange,
)
from shared.messages.base import Event
from tests.builders_accounts import Member, sealed
from tests.messaging import Workplace

NEW = "new@chambers.example"


async def mailed(place: Workplace, kind: type[Event]) -> list[str]:
    """The tokens in the mails of a kind, oldest first."""
    return await place.open_emitted(kind, "token")


async def told(place: Workplace, kind: type[Event]) -> list[str]:
    """The addresses that mails of a kind go to, oldest first."""
    return [json.loads(text)["email"] for text in await place.open_emitted(kind, "recipient")]


async def confirm(place: Workplace, token: str) -> Any:
    """Follow the link in the mail to the new address."""
    return await place.send(ConfirmEmailChange(token=sealed(place, token)))


async def undo(place: Workplace, token: str) -> Any:
    """Follow the link in the mail to the old address."""
    return await place.send(UndoEmailChange(token=sealed(place, token)))


async def moved(member: Member, email: str) -> str:
    """Let a member change the address; answers the token that takes it back. The clock moves on."""
    assert await member.ask(ChangeEmail(email=email)) == EmailChangeBegun()
    assert isinstance(
        await confirm(member.place, (await mailed(member.place, EmailChangeAsked))[-1]), EmailChangeConfirmed
    )
    member.place.clock.forward(seconds=1)
    return (await mailed(member.place, EmailChanged))[-1]


async def address_of(place: Workplace, member: Member) -> Any:
    """The address that an account has now."""
    return await place.pool.fetchval("SELECT email FROM accounts WHERE id = $1", member.account_id)
