"""Says which counts an attempt to prove a filing account goes into, and keeps their subjects unreadable."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from services.linking.model import Throttle
from shared.policies import LinkingPolicies


def throttles_of(
    account_id: UUID, court_id: str, login: str, policies: LinkingPolicies, key: bytes
) -> tuple[Throttle, ...]:
    """The counts, narrowest first: who is over the limit of one doesn't use up the next."""
    return (
        throttle_of_account(account_id, policies, key),
        Throttle(
            scope="login",
            subject=keyed_digest(key, "login", court_id, login),
            limit=policies.proof_failures_per_login,
        ),
        _throttle_of_court(court_id, policies, key),
    )


def throttles_of_code(
    account_id: UUID, court_id: str, policies: LinkingPolicies, key: bytes
) -> tuple[Throttle, ...]:
    """The counts of an attempt with a linking code, which names no login: those of passwords but for that."""
    return (throttle_of_account(account_id, policies, key), _throttle_of_court(court_id, policies, key))


def throttle_of_account(account_id: UUID, policies: LinkingPolicies, key: bytes) -> Throttle:
    """The count of an account's attempts at all courts."""
    return Throttle(
        scope="account",
        subject=keyed_digest(key, "account", str(account_id)),
        limit=policies.proof_failures_per_account,
    )


def _throttle_of_court(court_id: str, policies: LinkingPolicies, key: bytes) -> Throttle:
    return Throttle(
        scope="court", subject=keyed_digest(key, "court", court_id), limit=policies.proof_failures_per_court
    )


def keyed_digest(key: bytes, *parts: str) -> bytes:
    """A digest that nobody can guess the parts from without the key; no part may hold NUL."""
    return hmac.digest(key, "\0".join(parts).encode(), "sha256")


def window_edge(policies: LinkingPolicies, now: datetime) -> datetime:
    """A window that began at this instant or before it is over."""
    return now - timedelta(minutes=policies.proof_window_minutes)
