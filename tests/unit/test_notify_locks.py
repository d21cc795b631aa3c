"""The letter on a lock: with the link that ends it, where the address was proved, and else without."""

from zoneinfo import ZoneInfo

from services.notify.model import Contact, Directory
from services.notify.rules import accounts, why_not_to_write
from shared.messages.accounts import AccountLocked
from tests.messaging import NOON
from tests.unit.letters import PERSON, SEALED

DIRECTORY = Directory(
    contacts={
        PERSON: Contact(account_id=PERSON, name="Ann Lee", email="ann@example.org", standing="unverified")
    },
    found_court=None,
    business_zone=ZoneInfo("America/Chicago"),
)


def test_who_is_locked_gets_the_token_sealed_for_as_long_as_it_can_be_read() -> None:
    locked = AccountLocked(account_id=PERSON, locked_until=NOON, unlock_token=SEALED)

    (letter,) = accounts.account_locked(locked, DIRECTORY)

    assert (letter.sealed, letter.expires_at) == ({"unlock_token": SEALED}, SEALED.expires_at)


def test_an_address_that_nobody_proved_is_told_of_the_lock_without_a_token() -> None:
    locked = AccountLocked(account_id=PERSON, locked_until=NOON)

    (letter,) = accounts.account_locked(locked, DIRECTORY)

    assert (letter.sealed, letter.expires_at) == ({}, None)
    assert why_not_to_write(letter) is None
