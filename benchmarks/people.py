"""People who sign in: active accounts, whose password is hashed with the service's own parameters."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from argon2 import PasswordHasher

from services.accounts.model import Credential, Standing
from services.accounts.rules import registration
from services.accounts.store import accounts, credentials
from shared.clock import real_clock
from shared.database import Pool
from shared.messages.accounts import Person

PASSWORD = "glowing-ferns-ripple-42"  # noqa: S105 (of nobody)


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Somebody with an account."""

    account_id: UUID
    user_name: str
    network: str


async def settle_holders(pool: Pool, count: int, hasher: PasswordHasher) -> list[Holder]:
    """Accounts as they are once their address is verified; their ids are those of the first filers."""
    password_hash = hasher.hash(PASSWORD)
    return [await _settle(pool, place, password_hash) for place in range(count)]


async def _settle(pool: Pool, place: int, password_hash: str) -> Holder:
    now = real_clock()
    begun = registration.new_account(
        _person(place), f"holder.{place:05}", account_id=UUID(int=place), kind="individual", now=now
    )
    account = replace(registration.verified(begun, Standing()), account_number=f"{1_000_000 + place}")
    credential = Credential(
        account_id=account.id, scheme="argon2id", password_hash=password_hash, changed_at=now
    )
    async with pool.acquire() as connection, connection.transaction():
        await accounts.insert_account(connection, account)
        await credentials.insert_credential(connection, credential)
        await credentials.insert_guards(connection, account.id)
    return Holder(
        account_id=account.id, user_name=account.user_name, network=f"10.0.{place // 256}.{place % 256}"
    )


def _person(place: int) -> Person:
    return Person(
        first_name="Ada",
        last_name=f"Whitfield {place}",
        date_of_birth=date(1979, 5, 23),
        email=f"holder.{place}@chambers.example",
        address="214 College Street",
        city="Asheville",
        state="NC",
        postal_code="28801",
        county="Buncombe",
        phone="828-555-0117",
        user_type="Individual",
    )
