"""The second factor: who must have one, what is still let by, and what an authenticator may be called."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.accounts.model import Account, Authenticator, Duties
from services.accounts.rules import texts, totp
from shared.messages.accounts import (
    AuthenticatorRefused,
    AuthenticatorRemovalRefused,
    SecondFactorRequired,
    WhyRequired,
)
from shared.policies import AccountPolicies

MOST_AUTHENTICATORS = 10
OFFER_SHOWN_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetBy:
    """A sign-in without a second factor: the account afterwards, and what is asked of its holder."""

    account: Account
    must_enrol: bool
    skips_left: int | None


def required_for(account: Account, duties: Duties) -> WhyRequired | None:
    """Why this account must have a second factor, or None."""
    if not account.is_upgraded:
        return None
    if account.kind == "paa":
        return "paa_administrator"
    if duties.has_role:
        return "role_holder"
    return "linked_filer" if duties.is_filer else None


def is_due(account: Account, duties: Duties) -> bool:
    """Must this account have a second factor, and has none?"""
    return required_for(account, duties) is not None and not account.has_second_factor


def let_by(account: Account, policies: AccountPolicies, duties: Duties) -> LetBy:
    """Sign in without a second factor: free where none is due, else one skip less, at last to enrol only."""
    if not is_due(account, duties):
        return LetBy(account=account, must_enrol=False, skips_left=None)
    if account.factor_skips_used >= policies.second_factor_skips:
        return LetBy(account=account, must_enrol=True, skips_left=0)
    skipping = replace(account, factor_skips_used=account.factor_skips_used + 1)
    return LetBy(account=skipping, must_enrol=False, skips_left=skips_left(skipping, policies))


def demand(
    account: Account, policies: AccountPolicies, duties: Duties
) -> tuple[Account, SecondFactorRequired | None]:
    """Say once that a second factor is due, before the skips are used up unnoticed."""
    if account.is_factor_announced or not is_due(account, duties):
        return account, None
    event = SecondFactorRequired(account_id=account.id, skips_left=skips_left(account, policies))
    return replace(account, is_factor_announced=True), event


def refuse_name(name: str, present: Sequence[Authenticator]) -> AuthenticatorRefused | None:
    """Why no authenticator of this name can be added, or None."""
    if not texts.is_filled(name):
        return AuthenticatorRefused(reason="name_not_allowed")
    confirmed = usable(present, None)
    if len(confirmed) >= MOST_AUTHENTICATORS:
        return AuthenticatorRefused(reason="too_many")
    if any(authenticator.name_key == name_key(name) for authenticator in confirmed):
        return AuthenticatorRefused(reason="name_taken")
    return None


def refuse_renaming(
    renamed_id: UUID, name: str, confirmed: Sequence[Authenticator]
) -> AuthenticatorRefused | None:
    """Why an authenticator can't have this name, or None; its own in another spelling it can."""
    others = [authenticator for authenticator in confirmed if authenticator.id != renamed_id]
    if len(others) == len(confirmed):
        return AuthenticatorRefused(reason="not_found")
    return refuse_name(name, others)


def refuse_removal(
    account: Account, removed_id: UUID, confirmed: Sequence[Authenticator], duties: Duties
) -> AuthenticatorRemovalRefused | None:
    """Why an authenticator can't be removed, or None: whoever must have one keeps the last."""
    if all(authenticator.id != removed_id for authenticator in confirmed):
        return AuthenticatorRemovalRefused(reason="not_found")
    reason = required_for(account, duties)
    if len(confirmed) > 1 or reason is None:
        return None
    return AuthenticatorRemovalRefused(reason=reason)


def without_factor(account: Account) -> Account:
    """The account once its last authenticator is gone; should it need one again, that is announced anew."""
    return replace(account, has_second_factor=False, is_factor_announced=False, factor_skips_used=0)


def name_key(name: str) -> str:
    """Names of authenticators are equal whatever their case and spaces."""
    return texts.name_key(name, "")


def offered(name: str, authenticator_id: UUID, account_id: UUID, kept_secret: bytes) -> Authenticator:
    """An authenticator whose secret is shown and none of whose codes is confirmed yet."""
    return Authenticator(
        id=authenticator_id,
        account_id=account_id,
        name=name.strip(),
        name_key=name_key(name),
        secret=kept_secret,
        last_step=0,
        confirmed_at=None,
    )


def usable(authenticators: Sequence[Authenticator], offered_id: UUID | None) -> Sequence[Authenticator]:
    """Those that a code may come from: all confirmed ones, or the one that is being confirmed."""
    if offered_id is None:
        return [a for a in authenticators if a.confirmed_at is not None]
    return [a for a in authenticators if a.id == offered_id and a.confirmed_at is None]


def accept_code(
    authenticators: Sequence[Authenticator], code: str, *, key: bytes, now: datetime
) -> Authenticator | None:
    """The authenticator that made this code, confirmed and with its step; None for a wrong or used one."""
    for authenticator in authenticators:
        secret = totp.decrypt_secret(
            authenticator.secret, key=key, row_id=authenticator.id, account_id=authenticator.account_id
        )
        step = totp.accepted_step(secret, code, now, authenticator.last_step)
        if step is not None:
            return replace(authenticator, last_step=step, confirmed_at=authenticator.confirmed_at or now)
    return None


def skips_left(account: Account, policies: AccountPolicies) -> int:
    """How many sign-ins without a second factor the account has left, where it must have one."""
    return max(0, policies.second_factor_skips - account.factor_skips_used)
