"""What registering and upgrading have in common: judge what is applied for, hash, keep the user name."""

from dataclasses import dataclass

from services.accounts import passwords
from services.accounts.checks.settling import Workbench, busy
from services.accounts.model import Account, Credential
from services.accounts.rules import registration
from services.accounts.rules.secrecy import normalise
from services.accounts.store import saving, user_names
from services.accounts.store.saving import Work
from shared.bounded_threads import BusyError
from shared.messages.accounts import (
    Busy,
    RegisterAccount,
    RegistrationRefused,
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


async def is_user_name_free(command: RegisterAccount | UpgradeAccount, work: Work) -> bool:
    """Has nobody the user name that is applied for? Who applies for the same one waits."""
    key = command.user_name.lower()
    await saving.lock_identities(work.connection, (f"user name {key}",))
    return await user_names.find_owner(work.connection, key) is None
