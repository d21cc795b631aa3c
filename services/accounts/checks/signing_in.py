"""Signing in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from secrets import token_hex
from typing import TypeAlias, TypeVar
from uuid import UUID

from services.accounts import passwords
from services.accounts.checks.guarding import fail
from services.accounts.checks.proving import Proof, prove
from services.accounts.checks.rehashing import rehash
from services.accounts.checks.settling import Workbench, busy
from services.accounts.checks.throttling import Attempt, ThrottledError, admit_stranger
from services.accounts.model import Account, Counted, Credential, Duties, Session
from services.accounts.rules import access, second_factor
from services.accounts.rules.secrecy import normalise
from services.accounts.store import accounts, credentials, saving, sessions
from services.accounts.store.saving import Work
from shared.bounded_threads import BusyError
from shared.messages.accounts import Busy, SignedIn, SignedInFromNewPlace, SignIn, SignInRefused
from shared.sealed import Sealed, to_be_sealed

TOKEN_BYTES = 64  # 128 characters, as existing clients expect
_TOKEN_SHOWN_FOR_SECONDS = 60
R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a stranger gives to be let in; the secrets are opened once it is known that they are looked at."""

    user_name: str
    network: str
    open_password: Callable[[], str]
    open_passcode: Callable[[], str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A counted attempt, and whether its password was right; it prints neither password nor passcode."""

    attempt: Attempt
    is_right: bool
    password: str
    passcode: str | None

    def __repr__(self) -> str:
        return f"Compared({self.attempt.credential})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """Somebody who has proved both factors, and the count of their network, to be taken back."""

    account: Account
    credential: Credential
    duties: Duties
    in_network: Counted


Opening: TypeAlias = Callable[[Proved, Work], Awaitable[R]]
"""What is done for somebody who has proved both factors, while their account is held.

It takes their network's count back, as opening a session does.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session that was opened, its token for the asker, and what a due second factor asks of its holder."""

    session: Session
    token: Sealed
    passed: second_factor.LetBy


async def sign_in(command: SignIn, bench: Workbench) -> SignedIn | SignInRefused | Busy:
    """Let somebody in at the portal."""
    entry = Entry(
        user_name=command.user_name,
        network=command.network,
        open_password=partial(bench.open, command, "password"),
        open_passcode=None if command.passcode is None else partial(bench.open, command, "passcode"),
    )
    return await enter(entry, bench, _open_for_person)


async def enter(entry: Entry, bench: Workbench, opening: Opening[R]) -> R | SignInRefused | Busy:
    """Count, compare outside of any transaction, settle; one answer and the same hashing for each failure."""
    try:
        compared = await _compare(entry, bench)
    except BusyError:
        return busy()
    except ThrottledError as error:
        return Busy(retry_after_seconds=error.retry_after_seconds)
    credential = compared.attempt.credential
    if credential is None:
        return SignInRefused()
    async with bench.transaction() as work:
        if not compared.is_right:
            return await _turn_away(credential.account_id, work)
        proof = Proof(credential=credential, passcode=compared.passcode)
        outcome = await _let_in(proof, compared.attempt.in_network, opening, work)
    if not isinstance(outcome, SignInRefused):
        await rehash(credential, compared.password, bench)
    return outcome


async def _compare(entry: Entry, bench: Workbench) -> Compared:
    """Take a place in line, count, and compare. Raises BusyError or ThrottledError.

    A flood finds no place before anything is read or opened, so that it costs next to nothing; and who has
    one keeps it until the password is compared, so that nobody is counted in vain.
    """
    with bench.resources.hashing.place() as place:
        password = normalise(entry.open_password())
        passcode = None if entry.open_passcode is None else entry.open_passcode()
        attempt = await admit_stranger(entry.user_name, entry.network, bench)
        is_right = await passwords.is_password(bench.resources, attempt.credential, password, place=place)
    return Compared(attempt=attempt, is_right=is_right, password=password, passcode=passcode or None)


async def _turn_away(account_id: UUID, work: Work) -> SignInRefused:
    account = await accounts.lock_account(work.connection, account_id)
    await fail(work, account, await credentials.lock_guard(work.connection, account_id, "password"))
    return SignInRefused()


async def _let_in(proof: Proof, in_network: Counted, opening: Opening[R], work: Work) -> R | SignInRefused:
    """Only a whole success takes the network's count back: a right password with a wrong passcode doesn't."""
    account = await accounts.lock_account(work.connection, proof.credential.account_id)
    found = await prove(proof, account, work)
    if found is None:
        return SignInRefused()
    proved = Proved(account=account, credential=proof.credential, duties=found.duties, in_network=in_network)
    return await opening(proved, work)


def is_restricted(proved: Proved, work: Work) -> bool:
    """Would a session of theirs serve only to put something right first?"""
    policies = work.resources.policies
    must_enrol = second_factor.let_by(proved.account, policies, proved.duties).must_enrol
    return must_enrol or access.is_password_too_old(proved.credential, work.now, policies)


async def open_session(
    proved: Proved, work: Work, *, client_code: str = "", may_search: bool = True
) -> Opened:
    """Open a session for somebody who has proved who they are, and use up a skip where a factor is due."""
    policies, network = work.resources.policies, proved.in_network.throttle.subject
    passed = second_factor.let_by(proved.account, policies, proved.duties)
    after, announcement = second_factor.demand(passed.account, policies, proved.duties)
    await saving.save_account(work, proved.account, after)
    if announcement is not None:
        work.emit(announcement)
    token = token_hex(TOKEN_BYTES)
    session = access.opened_session(
        after,
        saving.hash_token(token),
        now=work.now,
        network=network,
        is_restricted=is_restricted(proved, work),
    )
    session = replace(session, client_code=client_code, serves_search=may_search)
    begun = await sessions.insert_session(work.connection, session, proved.in_network)
    if begun.is_from_new_place:
        work.emit(SignedInFromNewPlace(account_id=after.id, at=work.now))
    said = {"network": network, "level": str(session.level)}
    await saving.record_after(begun.history_end, work, after.id, "signed_in", **said)
    shown_until = work.now + timedelta(seconds=_TOKEN_SHOWN_FOR_SECONDS)
    return Opened(
        session=session,
        token=to_be_sealed(token, reader="portal", expires_at=shown_until),
        passed=passed,
    )


async def _open_for_person(proved: Proved, work: Work) -> SignedIn:
    opened = await open_session(proved, work)
    return SignedIn(
        account_id=proved.account.id,
        token=opened.token,
        level=opened.session.level,
        must_enrol_factor=opened.passed.must_enrol,
        must_change_password=access.is_password_too_old(proved.credential, work.now, work.resources.policies),
        skips_left=opened.passed.skips_left,
    )
