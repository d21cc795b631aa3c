"""Accounts for tests: people who register, verify, sign in and enrol, through the service itself."""

import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from services.accounts.rules import totp
from services.accounts.settings import Resources, Settings, open_resources
from shared.assertion import Assertion, verify_assertion
from shared.database import Pool
from shared.messages.accounts import (
    AuthenticatorConfirmed,
    ChangePassword,
    ConfirmAuthenticator,
    EmailVerificationAsked,
    EmailVerified,
    EnrolAuthenticator,
    GrantFirstRole,
    LegacyAccount,
    LegacyAccountsLoaded,
    LoadLegacyAccounts,
    MyAccount,
    Person,
    Profile,
    RegisterAccount,
    ResolveSession,
    RoleGranted,
    SessionResolved,
    SignedIn,
    SignIn,
    UpgradeAccount,
    VerifyEmail,
)
from shared.messages.base import Message
from shared.policies import AccountPolicies, read_policies
from shared.sealed import Sealed, to_be_sealed
from tests.messaging import Workplace, signing_key

PASSWORD = "glowing-ferns-ripple-42"
OTHER_PASSWORD = "quiet-moss-bells-81-up"
LEGACY_PASSWORD = "Tulip7!"
QUICK_MEMORY_KIB = 64


@asynccontextmanager
async def quick_resources(
    policies: AccountPolicies | None = None, *, hashing_threads: int = 2, waiting_limit: int = 100
) -> AsyncIterator[Resources]:
    """What the service works with, but hashing so weakly that a test takes no time."""
    settings = Settings(
        database_url="unused",
        broker_url="unused",
        sealing_key="unused",
        sealing_public_keys_file=Path("unused"),
        assertion_public_keys_file=Path("unused"),
        signing_key=signing_key().private_bytes_raw().hex(),
        signing_key_id="test",
        factor_key=secrets.token_hex(32),
        password_memory_kib=QUICK_MEMORY_KIB,
        password_passes=1,
        hashing_threads=hashing_threads,
        hashing_waiting_limit=waiting_limit,
        query_worker_count=hashing_threads + waiting_limit + 1,
    )
    async with open_resources(settings, read_policies()) as resources:
        yield resources if policies is None else replace(resources, policies=policies)


def a_person(**changes: Any) -> Person:
    """A person like no other; name what matters."""
    mark = "".join(secrets.choice("bdkvzxj") for _ in range(8))
    usual = {
        "first_name": f"Q{mark[:4]}",
        "last_name": f"X{mark[4:]}",
        "date_of_birth": date(1980, 1, 1) + timedelta(days=secrets.randbelow(9000)),
        "email": f"{mark}@chambers.example",
        "address": "1 Court Square",
        "city": "Wilmington",
        "state": "DE",
        "postal_code": "19801",
        "county": "New Castle",
        "phone": "302-555-0100",
        "user_type": "Individual",
    }
    return Person(**{**usual, **changes})


def a_profile(**changes: Any) -> Profile:
    """A person's profile; name what matters."""
    person = a_person()
    return Profile(**{**{field: getattr(person, field) for field in Profile.__struct_fields__}, **changes})


def a_user_name() -> str:
    """A user name that nobody has."""
    return f"zq.{secrets.randbelow(10**12):012}"


@dataclass
class Member:
    """Somebody with an account, as a test drives them."""

    place: Workplace
    account_id: UUID
    user_name: str
    password: str
    token: str = ""
    secret: bytes = b""

    async def sign_in(self, **how: Any) -> Any:
        """Sign in with the right password and, if one is enrolled, a passcode; keeps the session's token."""
        if self.secret and "passcode" not in how:
            how["passcode"] = self.passcode()
        outcome = await sign_in(self.place, self.user_name, how.pop("password", self.password), **how)
        if isinstance(outcome, SignedIn):
            self.token = self.place.open_reply(outcome, "token")
        return outcome

    async def resolve(self, audience: str = "accounts") -> Assertion:
        """The assertion for one service."""
        outcome = await resolve(self.place, self.token, audience)
        assert isinstance(outcome, SessionResolved), outcome
        return verify_assertion(outcome.assertion, {"test": signing_key().public_key()}, audience=audience)

    async def ask(self, message: Message) -> Any:
        """Send a message as this person, with a fresh assertion."""
        return await self.place.send(message, by=await self.resolve())

    async def enrol(self, name: str = "phone") -> None:
        """Enrol and confirm an authenticator; the clock moves on, so that the next code is a new one."""
        offered = await self.ask(EnrolAuthenticator(name=name))
        secret = from_base32(self.place.open_reply(offered, "secret"))
        code = totp.passcode(secret, totp.step_at(self.place.clock()))
        command = ConfirmAuthenticator(
            authenticator_id=offered.authenticator_id, code=sealed(self.place, code)
        )
        outcome = await self.ask(command)
        assert isinstance(outcome, AuthenticatorConfirmed), outcome
        self.secret = secret
        self.place.clock.forward(seconds=30)

    def passcode(self) -> str:
        """What the authenticator shows now."""
        return totp.passcode(self.secret, totp.step_at(self.place.clock()))


def from_base32(text: str) -> bytes:
    """The secret in an authenticator."""
    return base64.b32decode(text + "=" * (-len(text) % 8))


def sealed(place: Workplace, text: str, reader: str = "accounts") -> Sealed:
    """A secret on its way to the service."""
    return to_be_sealed(text, reader=reader, expires_at=place.clock() + timedelta(minutes=1))


def a_registration(place: Workplace, **changes: Any) -> RegisterAccount:
    """A registration that is accepted; name what matters."""
    password = changes.pop("password", PASSWORD)
    usual: dict[str, Any] = {"person": a_person(), "user_name": a_user_name()}
    return RegisterAccount(**{**usual, **changes}, password=sealed(place, password))


async def mailed_token(place: Workplace, account_id: UUID) -> str:
    """The latest verification token in the mail to an account."""
    asked = await place.emitted(EmailVerificationAsked)
    tokens = await place.open_emitted(EmailVerificationAsked, "token")
    return [token for event, token in zip(asked, tokens, strict=True) if event.account_id == account_id][-1]


async def verify(place: Workplace, account_id: UUID) -> Any:
    """Follow the link in the latest mail."""
    return await place.send(VerifyEmail(token=sealed(place, await mailed_token(place, account_id))))


async def a_member(place: Workplace, **changes: Any) -> Member:
    """Somebody registered and verified, not signed in."""
    command = a_registration(place, **changes)
    registered = await place.send(command)
    assert isinstance(await verify(place, registered.account_id), EmailVerified)
    return Member(place, registered.account_id, command.user_name, changes.get("password", PASSWORD))


async def a_signed_in_member(place: Workplace, **changes: Any) -> Member:
    """Somebody registered, verified and signed in."""
    member = await a_member(place, **changes)
    await member.sign_in()
    return member


async def sign_in(place: Workplace, user_name: str, password: str, **how: Any) -> Any:
    """Try to sign in."""
    passcode = how.pop("passcode", None)
    command = SignIn(
        user_name=user_name,
        password=sealed(place, password),
        passcode=None if passcode is None else sealed(place, passcode),
        **how,
    )
    return await place.send(command)


async def resolve(place: Workplace, token: str, audience: Any = "accounts") -> Any:
    """Ask who holds a token."""
    return await place.send(ResolveSession(token=sealed(place, token), audience=audience))


def a_legacy_row(**changes: Any) -> LegacyAccount:
    """One row of the file of legacy accounts."""
    mark = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(2))
    usual = {
        "user_name": f"{mark}{secrets.randbelow(10_000):04}",
        "kind": "individual",
        "first_name": "Old",
        "last_name": "Timer",
        "email": f"{secrets.token_hex(4)}@firm.example",
    }
    return LegacyAccount(**{**usual, **changes})


def sha256_verifier(password: str = LEGACY_PASSWORD) -> str:
    """The fast hash of a password, as legacy files have it."""
    return "sha256$" + hashlib.sha256(password.encode()).hexdigest()


async def load(
    place: Workplace, *rows: LegacyAccount, verifiers: list[str] | None = None
) -> LegacyAccountsLoaded:
    """Load legacy accounts as the operator does."""
    texts = [sha256_verifier() for _ in rows] if verifiers is None else verifiers
    command = LoadLegacyAccounts(accounts=rows, verifiers=sealed(place, json.dumps(texts)))
    outcome = await place.send(command, sender="operator")
    assert isinstance(outcome, LegacyAccountsLoaded)
    return outcome


async def a_legacy_member(place: Workplace, **changes: Any) -> Member:
    """Somebody whose account is from before 2014, signed in."""
    row = a_legacy_row(**changes)
    assert (await load(place, row)).loaded == 1
    account_id = await place.pool.fetchval("SELECT id FROM accounts WHERE user_name = $1", row.user_name)
    member = Member(place, account_id, row.user_name, LEGACY_PASSWORD)
    await member.sign_in()
    return member


def an_upgrade(place: Workplace, **changes: Any) -> UpgradeAccount:
    """An upgrade that is accepted; name what matters."""
    password = changes.pop("password", PASSWORD)
    usual: dict[str, Any] = {"person": a_person(), "user_name": a_user_name()}
    return UpgradeAccount(**{**usual, **changes}, password=sealed(place, password))


async def tables_holding(pool: Pool, text: str) -> list[str]:
    """The tables in which a text stands anywhere, as text or as bytes."""
    names = await pool.fetch(
        """
        SELECT relname FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
           AND has_table_privilege(oid, 'SELECT')
        """
    )
    assert len(names) > 10
    found = []
    for name in (row["relname"] for row in names):
        is_in = f'SELECT bool_or(position($1 in t::text) + position($2 in t::text) > 0) FROM "{name}" t'  # noqa: S608
        if await pool.fetchval(is_in, text, text.encode().hex()):
            found.append(name)
    return found


async def an_enrolled_member(place: Workplace) -> Member:
    """Somebody signed in with both factors."""
    member = await a_signed_in_member(place)
    await member.enrol()
    return member


async def a_psc_member(place: Workplace) -> Member:
    """The first PSC account, signed in with both factors."""
    member = await a_signed_in_member(place)
    await member.enrol()
    number = (await member.ask(MyAccount())).account_number
    granted = await place.send(GrantFirstRole(account_number=number), sender="operator")
    assert granted == RoleGranted(account_id=member.account_id, role="psc")
    return member


def a_password_change(place: Workplace, present: str = PASSWORD, new: str = OTHER_PASSWORD) -> Any:
    """A change of password that is accepted; name what matters."""
    return ChangePassword(present_password=sealed(place, present), new_password=sealed(place, new))
