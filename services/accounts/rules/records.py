"""What is kept about a person: who may have it erased, and what is left of an account then."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.accounts.model import Account, AskedErasure, OneTimeToken, RoleGrant
from shared.messages.accounts import ErasureRefused
from shared.policies import AccountPolicies


def refuse_erasure(
    account: Account, roles: Sequence[RoleGrant], undoing: OneTimeToken | None, now: datetime
) -> ErasureRefused | None:
    """Why this account can't be erased now, or None.

    Whoever acts for a court or for PSC must be known; a firm's account stands for its members and its bills.
    While a change of address can be taken back, the mail that stops an erasure might go to whoever made it.
    """
    if account.kind == "paa":
        return ErasureRefused(reason="account_of_a_firm")
    if undoing is not None and undoing.is_usable(now):
        return ErasureRefused(reason="email_changed_lately")
    return ErasureRefused(reason="role_held") if roles else None


def asked_erasure(account: Account, now: datetime, policies: AccountPolicies) -> AskedErasure:
    """When the erasure is final, and what the account goes back to if it is taken back."""
    return AskedErasure(
        account_id=account.id,
        asked_at=now,
        final_at=now + timedelta(days=policies.erasure_days),
        status=account.status,
        is_search_active=account.is_search_active,
    )


def is_final(asked: AskedErasure | None, now: datetime) -> bool:
    """Was the erasure asked for, not taken back, and can't be any more?"""
    return asked is not None and now >= asked.final_at


def taken_back(account: Account, asked: AskedErasure) -> Account:
    """The account as it was when its erasure was asked for."""
    return replace(
        account,
        status=asked.status,
        is_search_active=asked.is_search_active,
        deactivated_at=None,
    )


def erased(account: Account, now: datetime) -> Account:
    """What is left: the id, the number, the kind, and when the account began and ended."""
    return replace(
        account,
        status="deactivated",
        user_name="",
        user_name_key=f"erased {account.id}",  # no user name has a space: nobody signs in by it
        legacy_user_name_key=None,
        first_name="",
        last_name="",
        name_key="",
        email="",
        email_key="",
        is_email_verified=False,
        date_of_birth=None,
        address="",
        city="",
        state="",
        postal_code="",
        county="",
        phone="",
        user_type="",
        has_second_factor=False,
        is_search_active=False,
        deactivated_at=account.deactivated_at or now,
        erased_at=now,
    )


def taken_names(account: Account) -> tuple[str, ...]:
    """The user names that stay taken: the account's, and the one it had before its upgrade."""
    names = {account.user_name_key, account.legacy_user_name_key}
    return tuple(sorted(name for name in names if name is not None))
