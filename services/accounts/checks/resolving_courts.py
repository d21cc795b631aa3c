"""Resolving a court's credential: what every request of a court's machine begins with."""

from datetime import timedelta

from services.accounts.checks.settling import Workbench
from services.accounts.model import CourtCredential
from services.accounts.rules import court_credentials as rules
from services.accounts.rules import throttles
from services.accounts.store import court_credentials as credentials
from services.accounts.store import throttles as counts
from services.accounts.store.saving import Work, hash_token
from shared.assertion import sign_court_assertion
from shared.messages.accounts import Busy
from shared.messages.accounts.court_credentials import CourtNotResolved, CourtResolved, ResolveCourt

NOTED_EACH = timedelta(minutes=1)


async def resolve_court(query: ResolveCourt, bench: Workbench) -> CourtResolved | CourtNotResolved | Busy:
    """Say which court shows a credential, and sign it for one message; a wrong one counts for the network.

    A right one is let in wherever it comes from: courts share networks with strangers, whose guesses must
    not stop a court.
    """
    secret_hash = hash_token(bench.open(query, "credential"))
    async with bench.transaction() as work:
        credential = await credentials.find_in_force(work.connection, secret_hash, work.now)
        if credential is None:
            return await _refuse(query.network, work)
        await credentials.note_use(work.connection, credential.id, work.now - NOTED_EACH, work.now)
        return _resolved(credential, query, work)


async def _refuse(network: str, work: Work) -> CourtNotResolved | Busy:
    throttle = throttles.throttle_of_machines(network, work.resources.policies)
    full = await counts.find_full(work.connection, throttle, work.now)
    if full is not None:
        return Busy(retry_after_seconds=throttles.retry_after_seconds(full, work.now))
    await counts.count_failure(work.connection, throttle, work.now)
    return CourtNotResolved()


def _resolved(credential: CourtCredential, query: ResolveCourt, work: Work) -> CourtResolved:
    assertion = rules.assert_court(credential, query, work.now)
    key, key_id = work.resources.signing_key, work.resources.signing_key_id
    return CourtResolved(
        court_id=credential.court_id,
        credential_id=credential.id,
        assertion="" if assertion is None else sign_court_assertion(assertion, key, key_id),
    )
