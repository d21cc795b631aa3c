"""What PSC staff are shown of an account: what helps a caller, and no more."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from services.accounts import model
from services.accounts.model import Account
from shared.messages.accounts.staff_looks import AccountSummary, FindAccounts, LikeAccount, LookRefused


def refuse_search(command: FindAccounts) -> LookRefused | None:
    """Why nothing is looked for, or None: one thing is given, and a first name only with a last one."""
    given = (command.account_number, command.user_name, command.email, command.last_name)
    is_one = sum(one is not None for one in given) == 1
    is_first_name_alone = command.first_name is not None and command.last_name is None
    return None if is_one and not is_first_name_alone else LookRefused(reason="not_one_thing")


def summary(account: Account, locked_until: datetime | None) -> AccountSummary:
    """An account in short."""
    return AccountSummary(
        account_id=account.id,
        account_number=account.account_number,
        user_name=account.user_name,
        first_name=account.first_name,
        last_name=account.last_name,
        masked_email=masked(account.email),
        kind=account.kind,
        generation=account.generation,
        status=account.status,
        is_shared=account.is_shared,
        email_verified=account.is_email_verified,
        is_search_active=account.is_search_active,
        has_second_factor=account.has_second_factor,
        locked_until=locked_until,
    )


def summaries(accounts: Iterable[Account], locks: Mapping[UUID, datetime]) -> tuple[AccountSummary, ...]:
    """Accounts in short; `locks` are those in force."""
    return tuple(summary(account, locks.get(account.id)) for account in accounts)


def masked(email: str) -> str:
    """An address that somebody who knows it recognises, and nobody learns: `a***@chambers.example`."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"


def like(account_id: UUID, found: Iterable[model.LikeAccount]) -> tuple[LikeAccount, ...]:
    """Those of the likenesses that are this account's, without what is equal itself."""
    return tuple(
        LikeAccount(
            account_id=each.account_id, account_number=each.account_number, equal_fields=each.equal_fields
        )
        for each in found
        if each.of_account_id == account_id
    )
