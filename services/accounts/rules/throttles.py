"""Throttles of sign-ins and of courts' credentials: which counts one goes into, and when to try again."""

import math
from datetime import datetime, timedelta

from services.accounts.model import Counted, Throttle
from shared.policies import AccountPolicies

LONGEST_PAUSE_SECONDS = 60


def throttle_of_account(user_name_key: str, policies: AccountPolicies) -> Throttle:
    """The guesses at the password of whoever has a user name; the account's guard counts them."""
    return Throttle(
        scope="account",
        subject=user_name_key,
        limit=policies.failures_until_locked,
        window=timedelta(minutes=policies.failure_window_minutes),
    )


def throttle_of_network(network: str, policies: AccountPolicies) -> Throttle:
    """The sign-ins from a network that failed or are under way; who sends no network is in the empty one."""
    return Throttle(
        scope="network",
        subject=network,
        limit=policies.network_failures,
        window=timedelta(minutes=policies.failure_window_minutes),
    )


def throttle_of_all(policies: AccountPolicies) -> Throttle:
    """The sign-ins of everybody in a minute, whatever becomes of them."""
    return Throttle(scope="all", subject="", limit=policies.sign_ins_a_minute, window=timedelta(minutes=1))


def throttle_of_machines(network: str, policies: AccountPolicies) -> Throttle:
    """The wrong credentials of courts that a network has shown; as many as it may have failed sign-ins."""
    return Throttle(
        scope="machine",
        subject=network,
        limit=policies.network_failures,
        window=timedelta(minutes=policies.failure_window_minutes),
    )


def retry_after_seconds(refused: Counted, now: datetime) -> int:
    """Until the window is over, but at most a minute: attempts under way may be taken back at any time."""
    left = (refused.window_started_at + refused.throttle.window - now).total_seconds()
    return min(max(1, math.ceil(left)), LONGEST_PAUSE_SECONDS)


def oldest_window(now: datetime, policies: AccountPolicies) -> datetime:
    """A window that began at this instant or before counts nothing any more, of whatever throttle."""
    windows = (throttle_of_network("", policies).window, throttle_of_all(policies).window)
    return now - max(windows)
