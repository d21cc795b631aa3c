"""Proving: a password that was right, and the passcode with it, settled under the account's lock."""

from dataclasses import dataclass
from functools import partial

from services.accounts import passwords
from services.accounts.checks.guarding import count_guess, fail, forgive, is_passcode
from services.accounts.checks.rehashing import rehash
from services.accounts.checks.settling import Workbench, busy, find_settled, settle_once
from services.accounts.model import Account, Admission, Credential
from services.accounts.rules import access, guards
from services.accounts.rules.secrecy import normalise
from services.accounts.store import accounts, credentials, resets, saving, sessions
from services.accounts.store.asking import lock_asker
from services.accounts.store.saving import Work
from shared.bounded_threads import BusyError
from shared.messages.accounts import ProofRefused, ProveAgain, ProvedAgain
from shared.messages.base import Message, NotAllowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A counted attempt whose password was right, and the passcode given with it."""

    credential: Credential
    passcode: str | None


async def prove(proof: Proof, account: Account, work: Work) -> Admission | None:
    """The password was right: what has changed since it was compared counts, and then the second factor.

    Answers with what was looked at, or None for who is not let in.
    """
    found = await credentials.lock_admission(work.connection, account.id, work.now)
    is_current = found.credential.changed_at == proof.credential.changed_at
    is_stopped = found.is_strangers_reset_open or guards.is_locked(found.guard, work.now)
    if not is_current or is_stopped or not access.may_sign_in(account):
        await fail(work, account, found.guard)
        return None
    await credentials.update_guard(work.connection, guards.after_success(found.guard))
    if not account.has_second_factor:
        return found
    if proof.passcode is None or not await is_passcode(work, account, proof.passcode):
        return None
    await resets.stop_since_proved(work, account)
    return found


async def prove_again(command: ProveAgain, bench: Workbench) -> Message:
    """Count, compare outside of any transaction, settle; one answer and the same hashing for each failure."""
    password = normalise(bench.open(command, "password"))
    passcode = None if command.passcode is None else bench.open(command, "passcode")
    async with bench.transaction() as work:
        asker = await lock_asker(work)
        answer = await find_settled(command, bench, work) or access.refuse_proving_again(
            asker.account, asker.session
        )
        credential = None
        if answer is None:
            guarded = await credentials.lock_guarded(work.connection, asker.account.id)
            credential = await count_guess(*guarded, work)
    if answer is not None:
        return answer
    try:
        is_right = await passwords.is_password(bench.resources, credential, password)
    except BusyError:
        await forgive(credential, bench)
        return busy()
    if credential is None:
        return ProofRefused()
    proof = Proof(credential=credential, passcode=passcode)
    outcome = await settle_once(command, bench, partial(_refresh, proof) if is_right else _count_failure)
    if isinstance(outcome, ProvedAgain):
        await rehash(credential, password, bench)
    return outcome


async def _refresh(proof: Proof, work: Work) -> ProvedAgain | ProofRefused | NotAllowed:
    asker = await lock_asker(work)
    refused = access.refuse_proving_again(asker.account, asker.session)
    if refused is not None or asker.session is None:
        return refused or NotAllowed(reason="assertion_invalid")
    if await prove(proof, asker.account, work) is None:
        return ProofRefused()
    proved = access.proved_again(asker.account, asker.session, work.now)
    await sessions.update_session(work.connection, proved)
    await saving.record(work, asker.account, "proved_again", level=str(proved.level))
    return ProvedAgain(level=proved.level, proved_at=proved.proved_at)


async def _count_failure(work: Work) -> ProofRefused:
    account = await accounts.lock_account(work.connection, work.assertion.account_id)
    await fail(work, account, await credentials.lock_guard(work.connection, account.id, "password"))
    return ProofRefused()
