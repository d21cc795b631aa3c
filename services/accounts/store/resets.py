"""Resets of a second factor: asked for, stopped, done. An open one is its token, which would stop it.

One of a factor that a stranger enrolled has a purpose of its own: whoever has that factor doesn't stop it.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from services.accounts.model import Account, OneTimeToken, Purpose
from services.accounts.store import saving, tokens
from services.accounts.store.saving import Work
from shared.database import Connection
from shared.messages.accounts.factor_reset import (
    FactorResetAsked,
    FactorResetBegun,
    FactorResetStopped,
    ResetFactor,
    StoppedBy,
)
from shared.messaging import due_work

_LOST: Final = "factor_reset_stop"
_STRANGERS: Final = "strangers_reset_stop"
_PURPOSES: Final[tuple[Purpose, ...]] = (_LOST, _STRANGERS)


async def find_open_reset(connection: Connection, account_id: UUID) -> OneTimeToken | None:
    """The reset that is neither stopped nor done; it happens as its token ends."""
    lost = await tokens.find_open_token(connection, account_id, _LOST)
    return lost or await tokens.find_open_token(connection, account_id, _STRANGERS)


async def is_strangers_reset_open(connection: Connection, account_id: UUID) -> bool:
    """Is a factor being reset that a stranger enrolled? Then nobody signs in: it might be the stranger."""
    return await tokens.find_open_token(connection, account_id, _STRANGERS) is not None


def is_strangers(reset: OneTimeToken) -> bool:
    """Is it the reset of a factor that a stranger enrolled?"""
    return reset.purpose == _STRANGERS


async def lock_reset(work: Work, token: str) -> Account | None:
    """The account, held from now on, whose reset this token stops; None for any other token."""
    for purpose in _PURPOSES:
        held = await saving.lock_token(work, token, purpose)
        if held is not None:
            return held[0]
    return None


async def close_resets(work: Work, account: Account) -> None:
    """The reset that was open is stopped, or done."""
    await tokens.close_tokens(work.connection, account.id, _PURPOSES, work.now)


async def open_reset(
    work: Work, account: Account, *, remark: str, actor_id: UUID, is_factor_a_strangers: bool
) -> FactorResetBegun:
    """Plan the reset, and say so to its holder with the token that stops it."""
    lifetime = timedelta(hours=work.resources.policies.factor_reset_hours)
    takes_effect_at = work.now + lifetime
    token = await saving.issue_token(
        work,
        account,
        _STRANGERS if is_factor_a_strangers else _LOST,
        email=account.email,
        lifetime=lifetime,
    )
    await due_work.plan(
        work,
        ResetFactor(account_id=account.id, takes_effect_at=takes_effect_at),
        subject=str(account.id),
        occasion=takes_effect_at.isoformat(),
        due_at=takes_effect_at,
    )
    asked = FactorResetAsked(
        account_id=account.id,
        takes_effect_at=takes_effect_at,
        token=token,
        remark=remark,
        actor_account_id=actor_id,
        is_factor_a_strangers=is_factor_a_strangers,
    )
    work.emit(asked)
    return FactorResetBegun(account_id=account.id, takes_effect_at=takes_effect_at)


async def stop_since_proved(work: Work, account: Account) -> None:
    """Whoever has just proved the second factor has not lost it."""
    stopped = await stop_lost_reset(work, account, stopped_by="sign_in")
    if stopped is not None:
        work.emit(stopped)


async def stop_lost_reset(
    work: Work, account: Account, *, stopped_by: StoppedBy, actor_id: UUID | None = None
) -> FactorResetStopped | None:
    """The same as `stop_reset`, but for the reset of a factor that a stranger enrolled, which goes on."""
    if await is_strangers_reset_open(work.connection, account.id):
        return None
    return await stop_reset(work, account, stopped_by=stopped_by, actor_id=actor_id)


async def stop_reset(
    work: Work, account: Account, *, stopped_by: StoppedBy, actor_id: UUID | None = None, remark: str = ""
) -> FactorResetStopped | None:
    """Stop the reset that is open, if one is; the account's row is held."""
    if await find_open_reset(work.connection, account.id) is None:
        return None
    await close_resets(work, account)
    await due_work.cancel(work, ResetFactor, subject=str(account.id))
    content = {"stopped_by": stopped_by, "actor_account_id": str(actor_id or ""), "remark": remark}
    await saving.record(work, account, "factor_reset_stopped", **content)
    return FactorResetStopped(account_id=account.id, stopped_by=stopped_by, actor_account_id=actor_id)
