"""Throttling: a stranger's attempt is counted for the account, the network and in all, before any hashing."""

from dataclasses import dataclass

from services.accounts.checks.guarding import count_guess
from services.accounts.checks.settling import Workbench
from services.accounts.model import Counted, Credential, Throttle
from services.accounts.rules import guards, texts, throttles
from services.accounts.store import accounts, credentials
from services.accounts.store import throttles as counts
from services.accounts.store.saving import Work
from shared.errors import NextgenError


class ThrottledError(NextgenError):
    """A limit is reached: nothing was counted, and nothing may be looked at."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A counted sign-in; `credential` is None where there is nothing to compare the password with."""

    credential: Credential | None
    in_network: Counted
    in_all: Counted


async def admit_stranger(user_name: str, network: str, bench: Workbench) -> Attempt:
    """Count a sign-in everywhere or nowhere, and commit that. Raises ThrottledError.

    The counts that many share are held last, so that nobody waits for them who could still be held up, and
    in one order, which is that of whoever takes an attempt back too.
    """
    policies = bench.resources.policies
    async with bench.transaction() as work:
        await counts.commit_without_waiting(work.connection)
        credential = await _find_and_count(user_name, work)
        in_network = await _count(throttles.throttle_of_network(network, policies), work)
        in_all = await _count(throttles.throttle_of_all(policies), work)
    return Attempt(credential=credential, in_network=in_network, in_all=in_all)


async def forgive_stranger(attempt: Attempt, bench: Workbench) -> None:
    """Take an attempt back everywhere whose password could not be compared."""
    async with bench.transaction() as work:
        if attempt.credential is not None:
            account_id = attempt.credential.account_id
            guard = await credentials.lock_guard(work.connection, account_id, "password")
            await credentials.update_guard(work.connection, guards.without_latest(guard))
        for counted in (attempt.in_network, attempt.in_all):
            await counts.take_back(work.connection, counted)


async def _find_and_count(user_name: str, work: Work) -> Credential | None:
    key = texts.user_name_key(user_name)
    account_id = await accounts.find_id_by_user_name(work.connection, key) if key else None
    return None if account_id is None else await count_guess(account_id, work)


async def _count(throttle: Throttle, work: Work) -> Counted:
    """Leaving the transaction by the error undoes what was counted before."""
    counted = await counts.count_attempt(work.connection, throttle, work.now)
    if not counted.is_within_limit:
        raise ThrottledError(throttles.retry_after_seconds(counted, work.now))
    return counted
