"""Signing in."""

from dataclasses import dataclass, replace
from datetime import timedelta
from secrets import token_hex
from uuid import UUID

from services.accounts import passwords
from services.accounts.checks.guarding import admit, fail, forgive, is_passcode
from services.accounts.checks.settling import Workbench, busy
from services.accounts.model import Account, Credential, Session
from services.accounts.rules import access, guards, second_factor, texts
from services.accounts.rules.secrecy import normalise
from services.accounts.store import accounts, credentials, saving, sessions
from services.accounts.store.saving import Work
from shared.bounded_threads import BusyError
from shared.messages.accounts import Busy, SignedIn, SignedInFromNewPlace, SignIn, SignInRefused
from shared.sealed import to_be_sealed

TOKEN_BYTES = 64  # 128 characters, as existing clients expect
_TOKEN_SHOWN_FOR_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A counted attempt whose password was right; `rehashed` is a better verifier, if there is one."""

    credential: Credential
    rehashed: str | None
    passcode: str | None
    network: str


async def sign_in(command: SignIn, bench: Workbench) -> SignedIn | SignInRefused | Busy:
    """Count, compare outside of any transaction, settle; one answer and the same hashing for each failure."""
    password = normalise(bench.open(command, "password"))
    passcode = None if command.passcode is None else bench.open(command, "passcode")
    credential = await admit(await _find(command.user_name, bench), bench)
    try:
        is_right = await passwords.is_password(bench.resources, credential, password)
        rehashed = await passwords.rehash(bench.resources, credential, password) if is_right else None
    except BusyError:
        await forgive(credential, bench)
        return busy()
    if credential is None:
        return SignInRefused()
    proof = Proof(credential=credential, rehashed=rehashed, passcode=passcode, network=command.network)
    async with bench.transaction() as work:
        return await (_let_in(proof, work) if is_right else _turn_away(credential.account_id, work))


async def _find(user_name: str, bench: Workbench) -> UUID | None:
    key = texts.user_name_key(user_name)
    if key is None:
        return None
    async with bench.transaction() as work:
        return await accounts.find_id_by_user_name(work.connection, key)


async def _turn_away(account_id: UUID, work: Work) -> SignInRefused:
    account = await accounts.lock_account(work.connection, account_id)
    await fail(work, account, await credentials.lock_guard(work.connection, account_id, "password"))
    return SignInRefused()


async def _let_in(proof: Proof, work: Work) -> SignedIn | SignInRefused:
    """The password was right; what has changed since it was compared counts."""
    account = await accounts.lock_account(work.connection, proof.credential.account_id)
    guard = await credentials.lock_guard(work.connection, account.id, "password")
    present = await credentials.get_credential(work.connection, account.id)
    is_current = present.changed_at == proof.credential.changed_at and not guards.is_locked(guard, work.now)
    if not is_current or not access.may_sign_in(account):
        await fail(work, account, guard)
        return SignInRefused()
    await credentials.update_guard(work.connection, guards.after_success(guard))
    if proof.rehashed is not None and present == proof.credential:
        better = replace(present, scheme="argon2id", password_hash=proof.rehashed, recipe="")
        await credentials.update_credential(work.connection, better)
    if account.has_second_factor and not await _is_second_proved(proof, account, work):
        return SignInRefused()
    return await _open_session(account, present, proof.network, work)


async def _is_second_proved(proof: Proof, account: Account, work: Work) -> bool:
    return proof.passcode is not None and await is_passcode(work, account, proof.passcode)


async def _open_session(account: Account, credential: Credential, network: str, work: Work) -> SignedIn:
    policies = work.resources.policies
    duties = await credentials.get_duties(work.connection, account.id)
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
