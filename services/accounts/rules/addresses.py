"""Changing the e-mail address: which one may be asked for, and what becomes of the account."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.accounts.model import Account, OneTimeToken
from services.accounts.rules import texts
from shared.messages.accounts import EmailChangeRefused
from shared.policies import AccountPolicies


def refuse_address(account: Account, email: str) -> EmailChangeRefused | None:
    """Why this can't be the account's new address, or None; who else has it doesn't count."""
    if not texts.is_email(email):
        return EmailChangeRefused(reason="email_not_allowed")
    return EmailChangeRefused(reason="email_not_new") if email == account.email else None


def may_mail(last: OneTimeToken | None, email: str, now: datetime, policies: AccountPolicies) -> bool:
    """Was no mail sent to this address just now? Another may be asked for at once: the first was mistyped."""
    pause = timedelta(minutes=policies.verification_pause_minutes)
    return last is None or last.email != email or now - last.created_at >= pause


def may_move(account: Account) -> bool:
    """Does a mailed token still do anything for this account?"""
    return account.status != "deactivated"


def moved(account: Account, email: str) -> Account:
    """The account under an address that its holder has proved, now or before."""
    return replace(account, email=email, email_key=texts.email_key(email), is_email_verified=True)
