"""Signing in."""

from datetime import timedelta
from secrets import token_hex
from uuid import UUID

from services.accounts import passwords
from services.accounts.checks.guarding import fail
from services.accounts.checks.proving import Proof, is_proved
from services.accounts.checks.settling import Workbench, busy
from services.accounts.checks.throttling import ThrottledError, admit_stranger, forgive_stranger
from services.accounts.model import Account, Counted, Credential, Session
from services.accounts.rules import access, second_factor
from services.accounts.rules.secrecy import normalise
from services.accounts.store import accounts, credentials, saving, sessions, throttles
from services.accounts.store.saving import Work
from shared.bounded_threads import BusyError
from shared.messages.accounts import Busy, SignedIn, SignedInFromNewPlace, SignIn, SignInRefused
from shared.sealed import to_be_sealed

TOKEN_BYTES = 64  # 128 characters, as existing clients expect
_TOKEN_SHOWN_FOR_SECONDS = 60


async def sign_in(command: SignIn, bench: Workbench) -> SignedIn | SignInRefused | Busy:
    """Count, compare outside of any transaction, settle; one answer and the same hashing for each failure.

    A flood is told so before anything is read or opened, so that it costs next to nothing.
    """
    if bench.resources.hashing.is_full:
        return busy()
    password = normalise(bench.open(command, "password"))
    passcode = None if command.passcode is None else bench.open(command, "passcode")
    try:
        attempt = await admit_stranger(command, bench)
    except ThrottledError as error:
        return Busy(retry_after_seconds=error.retry_after_seconds)
    try:
        is_right = await passwords.is_password(bench.resources, attempt.credential, password)
        rehashed = await passwords.rehash(bench.resources, attempt.credential, password) if is_right else None
    except BusyError:
        await forgive_stranger(attempt, bench)
        return busy()
    if attempt.credential is None:
        return SignInRefused()
    async with bench.transaction() as work:
        if not is_right:
            return await _turn_away(attempt.credential.account_id, work)
        proof = Proof(credential=attempt.credential, rehashed=rehashed, passcode=passcode)
        return await _let_in(proof, attempt.in_network, work)


async def _turn_away(account_id: UUID, work: Work) -> SignInRefused:
    account = await accounts.lock_account(work.connection, account_id)
    await fail(work, account, await credentials.lock_guard(work.connection, account_id, "password"))
    return SignInRefused()


async def _let_in(proof: Proof, in_network: Counted, work: Work) -> SignedIn | SignInRefused:
    """Only a whole success takes the network's count back: a right password with a wrong passcode doesn't."""
    account = await accounts.lock_account(work.connection, proof.credential.account_id)
    if not await is_proved(proof, account, work):
        return SignInRefused()
    signed_in = await _open_session(account, proof.credential, in_network.throttle.subject, work)
    await throttles.take_back(work.connection, in_network)
    return signed_in


async def _open_session(account: Account, credential: Credential, network: str, work: Work) -> SignedIn:
    policies = work.resources.policies
    duties = await credentials.get_duties(work.connection, account.id, work.now)
    passed = second_factor.let_by(account, policies, duties)
    after, announcement = second_factor.demand(passed.account, policies, duties)
    await saving.save_account(work, account, after)
    if announcement is not None:
        work.emit(announcement)
    token = token_hex(TOKEN_BYTES)
    session = access.opened_session(
        after,
        saving.hash_token(token),
        now=work.now,
        network=network,
        is_restricted=passed.must_enrol or access.is_password_too_old(credential, work.now, policies),
    )
    await sessions.insert_session(work.connection, session)
    await _notice_place(session, work)
    await saving.record(work, after, "signed_in", network=network, level=str(session.level))
    shown_until = work.now + timedelta(seconds=_TOKEN_SHOWN_FOR_SECONDS)
    return SignedIn(
        account_id=account.id,
        token=to_be_sealed(token, reader="portal", expires_at=shown_until),
        level=session.level,
        must_enrol_factor=passed.must_enrol,
        must_change_password=access.is_password_too_old(credential, work.now, policies),
        skips_left=passed.skips_left,
    )


async def _notice_place(session: Session, work: Work) -> None:
    if not session.network:
        return
    before = await sessions.count_known_networks(work.connection, session.account_id)
    is_new = await sessions.insert_known_network(
        work.connection, session.account_id, session.network, work.now
    )
    if is_new and before > 0:
        work.emit(SignedInFromNewPlace(account_id=session.account_id, at=work.now))
