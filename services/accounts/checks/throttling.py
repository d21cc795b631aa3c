"""Throttling: a stranger's attempt is counted for the account, the network and in all, before any hashing."""

from dataclasses import dataclass

from services.accounts.checks.settling import Workbench
from services.accounts.model import Counted, Credential
from services.accounts.rules import texts, throttles
from services.accounts.store.attempts import count_attempt
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
        credential, counted = await count_attempt(
            work.connection,
            throttles.throttle_of_account(texts.user_name_key(user_name) or "", policies),
            throttles.throttle_of_network(network, policies),
            throttles.throttle_of_all(policies),
            work.now,
        )
        if not counted[-1].is_within_limit:  # leaving by the error undoes what was counted
            raise ThrottledError(throttles.retry_after_seconds(counted[-1], work.now))
    in_network, in_all = counted
    return Attempt(credential=credential, in_network=in_network, in_all=in_all)
