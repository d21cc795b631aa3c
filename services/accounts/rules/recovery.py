"""Getting back in: who is mailed a link, and what a new password is refused for."""

from datetime import datetime, timedelta
from typing import Literal

from services.accounts.model import Account, OneTimeToken
from services.accounts.rules.secrecy import judge_password
from shared.messages.accounts import RecoveryRefused
from shared.policies import AccountPolicies

Way = Literal["link", "service_center"]
_RECOVERABLE = ("active", "held_for_review", "locked")


def way_back(account: Account) -> Way | None:
    """How an account's holder gets back in: by a link to the address that was proved, or with PSC's help.

    None where nobody is told anything: the account was given up, or waits for its address to be verified.
    """
    if account.status not in _RECOVERABLE:
        return None
    if not account.is_upgraded:
        return "service_center"
    return "link" if account.is_email_verified else None


def earliest_last_mail(now: datetime, policies: AccountPolicies) -> datetime:
    """A mail goes out only if the last one did not go out after this instant."""
    return now - timedelta(minutes=policies.recovery_pause_minutes)


def is_for(token: OneTimeToken, account: Account) -> bool:
    """Does this token still recover the account? Not once the address is another than it was sent to."""
    return way_back(account) == "link" and token.email == account.email


def refuse_recovery(
    account: Account,
    new_password: str,
    *,
    has_passcode: bool,
    common: frozenset[str],
    policies: AccountPolicies,
) -> RecoveryRefused | None:
    """What must be mended before this normalised password is set, or None; no passcode is looked at yet."""
    wrong = judge_password(
        new_password,
        own_texts=account.own_texts,
        common=common,
        needs_classes=policies.password_classes,
    )
    if wrong is not None:
        return RecoveryRefused(reason=wrong, field="new_password")
    if account.has_second_factor and not has_passcode:
        return RecoveryRefused(reason="passcode_missing", field="passcode")
    return None
