"""Resets of a second factor: asked for, stopped, done. An open one is its token, which would stop it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from services.accounts.model import Account, OneTimeToken
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

PURPOSE: Final = "factor_reset_stop"


async def find_open_reset(connection: Connection, account_id: UUID) -> OneTimeToken | None:
    """The reset that is neither stopped nor done; it happens as its token ends."""
    return await tokens.find_open_token(connection, account_id, PURPOSE)


async def open_reset(work: Work, account: Account, *, remark: str, actor_id: UUID) -> FactorResetBegun:
    """Plan the reset, and say so to its holder with the token that stops it."""
    lifetime = timedelta(hours=work.resources.policies.factor_reset_hours)
    takes_effect_at = work.now + lifetime
    token = await saving.issue_token(work, account, PURPOSE, email=account.email, lifetime=lifetime)
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
    )
    work.emit(asked)
    return FactorResetBegun(account_id=account.id, takes_effect_at=takes_effect_at)


async def stop_since_proved(work: Work, account: Account) -> None:
    """Whoever has just proved the second factor has not lost it."""
    stopped = await stop_reset(work, account, stopped_by="sign_in")
    if stopped is not None:
        work.emit(stopped)


async def stop_reset(
    work: Work, account: Account, *, stopped_by: StoppedBy, actor_id: UUID | None = None, remark: str = ""
) -> FactorResetStopped | None:
    """Stop the reset that is open, if one is; the account's row is held."""
    if await find_open_reset(work.connection, account.id) is None:
        return None
    await tokens.close_tokens(work.connection, account.id, [PURPOSE], work.now)
    await due_work.cancel(work, ResetFactor, subject=str(account.id))
    content = {"stopped_by": stopped_by, "actor_account_id": str(actor_id or ""), "remark": remark}
    await saving.record(work, account, "factor_reset_stopped", **content)
    return FactorResetStopped(account_id=account.id, stopped_by=stopped_by, actor_account_id=actor_id)
