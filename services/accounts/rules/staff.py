"""What PSC staff may do with somebody's account, and what becomes of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Literal

from services.accounts.model import Account, Guard, OneTimeToken
from services.accounts.rules import guards, texts
from shared.messages.accounts.staff import AddressCorrectionRefused, SetSearchPrivilege, StaffActRefused

WRONG_DATES_A_DAY = 3
CallerOutcome = Literal["right", "wrong", "not_known", "too_many_attempts"]


def refuse_review(account: Account) -> StaffActRefused | None:
    """Why there is nothing to decide on this account, or None."""
    return None if account.status == "held_for_review" else StaffActRefused(reason="not_held")


def released(account: Account) -> Account:
    """The account once it is held no more: as any other whose address is proved."""
    may_search = account.kind == "individual" and not account.is_search_withheld
    return replace(account, status="active", is_search_active=may_search)


def refuse_unlock(present: Sequence[Guard], now: datetime) -> StaffActRefused | None:
    """Why nothing is unlocked, or None."""
    is_any_locked = any(guards.is_locked(guard, now) for guard in present)
    return None if is_any_locked else StaffActRefused(reason="not_locked")


def refuse_privilege(account: Account, command: SetSearchPrivilege) -> StaffActRefused | None:
    """Why the search privilege stays as it is, or None."""
    if account.kind != "individual":
        return StaffActRefused(reason="not_an_individual")
    if not account.is_upgraded:
        return StaffActRefused(reason="not_upgraded")
    if account.status != "active":
        return StaffActRefused(reason="not_active")
    return StaffActRefused(reason="already_so") if account.is_search_active == command.is_active else None


def with_privilege(account: Account, *, is_active: bool) -> Account:
    """The account with its search privilege set; one that was withheld stays so through a review."""
    return replace(account, is_search_active=is_active, is_search_withheld=not is_active)


def refuse_deactivation(account: Account, *, may_come_back: bool) -> StaffActRefused | None:
    """Why the account isn't deactivated now, or None; `may_come_back`: an erasure can be taken back."""
    is_done = account.status == "deactivated" and not may_come_back
    return StaffActRefused(reason="already_deactivated") if is_done else None


def refuse_correction(account: Account, email: str) -> AddressCorrectionRefused | None:
    """Why the address stays as it is, or None: one that was proved its holder changes."""
    if account.status != "pending_verification":
        return AddressCorrectionRefused(reason="not_pending")
    if not texts.is_email(email):
        return AddressCorrectionRefused(reason="email_not_allowed")
    return AddressCorrectionRefused(reason="email_not_new") if email == account.email else None


def with_corrected_address(account: Account, email: str) -> Account:
    """The account under the address that its holder meant; it is still to be proved."""
    return replace(account, email=email, email_key=texts.email_key(email))


def refuse_reset(account: Account, *, is_one_open: bool) -> StaffActRefused | None:
    """Why no reset of the second factor begins, or None."""
    if account.status == "deactivated":
        return StaffActRefused(reason="not_active")
    if not account.has_second_factor:
        return StaffActRefused(reason="no_second_factor")
    return StaffActRefused(reason="reset_is_open") if is_one_open else None


def is_reset_due(
    account: Account, present: OneTimeToken | None, takes_effect_at: datetime, now: datetime
) -> bool:
    """Does this reset happen? `present` is the one that is open; a given-up account needs none."""
    if present is None or account.status == "deactivated" or not account.has_second_factor:
        return False
    return present.expires_at == takes_effect_at <= now


def check_caller(account: Account, given: str, *, wrong_before: int) -> CallerOutcome:
    """Is what a caller gave the date of birth? `wrong_before`: how often it wasn't within a day.

    There are some 20,000 dates: whoever may try a few a day doesn't find it.
    """
    if account.date_of_birth is None:
        return "not_known"
    if wrong_before >= WRONG_DATES_A_DAY:
        return "too_many_attempts"
    return "right" if _as_date(given) == account.date_of_birth else "wrong"


def _as_date(given: str) -> date | None:
    try:
        return date.fromisoformat(given.strip())
    except ValueError:
        return None
