"""Guards: counting attempts before they are checked, and locking after too many."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.accounts.model import Guard, GuardKind
from shared.policies import AccountPolicies

KINDS: tuple[GuardKind, ...] = ("password", "passcode")
"""In the order in which they are held by whoever needs both."""


def is_locked(guard: Guard, now: datetime) -> bool:
    """Is no attempt allowed at present?"""
    return guard.locked_until is not None and now < guard.locked_until


def count_attempt(guard: Guard, now: datetime, policies: AccountPolicies) -> Guard | None:
    """The guard with one more attempt, or None where none is allowed: locked, or as many under way."""
    recent = _recent(guard, now, policies)
    if is_locked(guard, now) or len(recent) >= policies.failures_until_locked:
        return None
    return replace(guard, attempts=(*recent, now), locked_until=None)


def after_failure(guard: Guard, now: datetime, policies: AccountPolicies) -> Guard:
    """The guard once a counted attempt has failed: locked, if it was one too many."""
    if is_locked(guard, now) or len(_recent(guard, now, policies)) < policies.failures_until_locked:
        return guard
    return replace(guard, attempts=(), locked_until=now + timedelta(minutes=policies.lock_minutes))


def after_success(guard: Guard) -> Guard:
    """The guard once an attempt has succeeded: nothing is held against the account any more."""
    return replace(guard, attempts=(), locked_until=None)


def without_latest(guard: Guard) -> Guard:
    """The guard as if the latest attempt had not been made: it could not be checked."""
    return replace(guard, attempts=guard.attempts[:-1])


def _recent(guard: Guard, now: datetime, policies: AccountPolicies) -> tuple[datetime, ...]:
    since = now - timedelta(minutes=policies.failure_window_minutes)
    return tuple(attempt for attempt in guard.attempts if attempt > since)
