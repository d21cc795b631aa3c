"""What registering and upgrading have in common: judge what is applied for, hash, look for likenesses."""

from dataclasses import dataclass
from uuid import UUID

from services.accounts import passwords
from services.accounts.checks.settling import Workbench, busy
from services.accounts.model import Account, Credential
from services.accounts.rules import registration, texts
from services.accounts.rules.secrecy import normalise
from services.accounts.store import accounts, saving
from services.accounts.store.saving import Work
from shared.bounded_threads import BusyError
from shared.messages.accounts import (
    Busy,
    RegisterAccount,
    RegistrationRefused,
    Status,
    UpgradeAccount,
)

TAKEN = RegistrationRefused(reason="user_name_taken", field="user_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """The verifier that was made of a password that is good enough."""

    password_hash: str

    def credential(self, account: Account, work: Work) -> Credential:
        """The verifier as it is kept for an account."""
        return Credential(
            account_id=account.id,
            scheme="argon2id",
            password_hash=self.password_hash,
            changed_at=work.now,
        )


async def hash_if_fit(
    command: RegisterAccount | UpgradeAccount, bench: Workbench
) -> Hashed | RegistrationRefused | Busy:
    """Judge person, user name and password; then hash, outside of any transaction."""
    password = normalise(bench.open(command, "password"))
    refused = registration.refuse_application(
        command.person,
        command.user_name,
        password,
        today=bench.now().date(),
        common=bench.resources.common_passwords,
        policies=bench.resources.policies,
    )
    if refused is not None:
        return refused
    try:
        return Hashed(password_hash=await passwords.hash_password(bench.resources, password))
    except BusyError:
        return busy()


async def find_standing(
    command: RegisterAccount | UpgradeAccount, account_id: UUID, work: Work
) -> tuple[Status, tuple[str, ...]] | RegistrationRefused:
    """The status that the account begins with, and what it shares with others; like applications wait."""
    person = command.person
    name_key = texts.name_key(person.first_name, person.last_name)
    email_key = texts.email_key(person.email)
    identities = (
        f"user name {command.user_name.lower()}",
        f"address {email_key}",
        f"name {name_key} {person.date_of_birth.isoformat()}",
    )
    await saving.lock_identities(work.connection, identities)
    if await accounts.is_user_name_taken(work.connection, command.user_name.lower()):
        return TAKEN
    likenesses = await accounts.list_likenesses(
        work.connection, account_id, name_key, person.date_of_birth, email_key
    )
    return registration.standing(likenesses)
