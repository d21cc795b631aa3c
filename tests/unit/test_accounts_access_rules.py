"""The pure rules of who may do what, and of what an application must hold."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.accounts.model import Account, PersonalToken, Session
from services.accounts.rules import access, court_credentials, personal_tokens, registration, second_factor
from services.accounts.rules.registration import blank_account
from shared.messages.accounts import AuthenticatorRefused, GrantRole, RegistrationRefused, ResolveSession
from shared.messages.base import NotAllowed
from shared.policies import read_policies
from tests.builders_accounts import PASSWORD, a_person
from tests.messaging import NOON

POLICIES = read_policies().accounts


def an_account(**changes: Any) -> Account:
    """An upgraded, active individual whose address is verified."""
    blank = blank_account(account_id=uuid4(), kind="individual", user_name="ann.lee.1980", now=NOON)
    return replace(blank, generation="upgraded", is_email_verified=True, **changes)


def a_session(account: Account) -> Session:
    """A session that was opened just now, by password alone."""
    return access.opened_session(account, b"hash", now=NOON, network="", is_restricted=False)


def refused(**changes: Any) -> RegistrationRefused | None:
    """What is said of the application of such a person."""
    return registration.refuse_application(
        a_person(**changes),
        "zq.1234567890",
        PASSWORD,
        today=date(2024, 3, 1),
        common=frozenset(),
        policies=POLICIES,
    )


def test_nobody_acts_as_staff_by_password_alone() -> None:
    account = an_account()

    outcome = access.refuse_psc(account, a_session(account), (), now=NOON, policies=POLICIES)

    assert outcome == NotAllowed(reason="session_level_too_low")


def test_nobody_acts_for_a_court_by_password_alone() -> None:
    account = an_account()

    outcome = court_credentials.refuse_court_staff(
        account, a_session(account), (), "ncwbk", or_psc=True, now=NOON, policies=POLICIES
    )

    assert outcome == NotAllowed(reason="session_level_too_low")


def test_a_token_says_nothing_of_an_account_that_could_not_sign_in() -> None:
    account = replace(an_account(), status="deactivated")
    token = PersonalToken(
        id=uuid4(),
        token_hash=b"hash",
        account_id=account.id,
        name="script",
        scopes=("linking:read",),
        level=2,
        created_at=NOON,
        expires_at=NOON + timedelta(days=1),
    )
    query = ResolveSession(token=None, audience="linking")  # type: ignore[arg-type]  # it isn't looked at

    assert personal_tokens.assert_for(account, token, query=query, now=NOON) is None


def test_an_address_that_no_mail_reaches_makes_no_account() -> None:
    assert refused(email="ann@nowhere") == RegistrationRefused(
        reason="email_not_allowed", field="person.email"
    )


@pytest.mark.parametrize(
    ("born", "is_possible"),
    [
        (date(2024, 3, 1), False),
        (date(2024, 2, 29), True),
        (date(2025, 1, 1), False),
        (date(1904, 1, 1), True),
        (date(1903, 12, 31), False),
    ],
)
def test_a_date_of_birth_is_before_today_and_within_a_lifetime(born: date, is_possible: bool) -> None:
    wrong = RegistrationRefused(reason="date_of_birth_not_possible", field="person.date_of_birth")

    assert refused(date_of_birth=born) == (None if is_possible else wrong)


@pytest.mark.parametrize("name", ["", " ", "a\x00b"])
def test_an_authenticator_has_a_name_that_can_be_shown(name: str) -> None:
    assert second_factor.refuse_name(name, []) == AuthenticatorRefused(reason="name_not_allowed")


@pytest.mark.parametrize(
    ("ends_at", "is_taken"), [("2024-05-01T00:00:00Z", True), ("2024-05-01T00:00:00", False)]
)
def test_the_end_of_a_role_is_an_instant_whose_zone_is_told(ends_at: str, is_taken: bool) -> None:
    said = {"type": "accounts.grant_role.v1", "account_id": str(uuid4()), "role": "psc", "ends_at": ends_at}
    told = msgspec.json.encode(said)

    if is_taken:
        assert msgspec.json.decode(told, type=GrantRole).ends_at is not None
    else:
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(told, type=GrantRole)
