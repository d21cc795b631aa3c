"""The pure rules of second factors and recovery: backup codes, who needs a factor, who gets back in how."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.accounts.model import Account, Duties, OneTimeToken
from services.accounts.rules import recovery, second_factor, staff
from services.accounts.rules.backup_codes import (
    CODE_COUNT,
    codes_from,
    hash_code,
)
from services.accounts.rules.registration import blank_account
from shared.messages.accounts import WhyRequired
from shared.policies import read_policies
from shared.typed_codes import CODE_BYTES, plain_code
from tests.messaging import NOON

POLICIES = read_policies().accounts
KEY = bytes(range(32))


def an_account(**changes: Any) -> Account:
    """An upgraded, active individual whose address is verified; name what differs."""
    blank = blank_account(account_id=uuid4(), kind="individual", user_name="ann.lee.1980", now=NOON)
    usual = {"generation": "upgraded", "is_email_verified": True, "email": "ann@example.org"}
    return replace(blank, **{**usual, **changes})


@given(some.binary(min_size=CODE_COUNT * CODE_BYTES, max_size=CODE_COUNT * CODE_BYTES))
def test_ten_codes_carry_eighty_bits_each_and_can_be_typed_as_they_are_shown(randomness: bytes) -> None:
    codes = codes_from(randomness)

    assert len(codes) == 10
    assert CODE_BYTES * 8 == 80
    assert [plain_code(code) for code in codes] == [code.replace("-", "") for code in codes]
    assert len({randomness[i : i + CODE_BYTES] for i in range(0, 100, CODE_BYTES)}) == len(set(codes))


@given(some.binary(min_size=CODE_BYTES, max_size=CODE_BYTES), some.data())
def test_a_code_is_the_same_whatever_its_case_spaces_and_dashes(
    randomness: bytes, data: some.DataObject
) -> None:
    (code,) = codes_from(randomness)

    signs = some.sampled_from(["", " ", "-", "\u2013", "\u00a0", "\t"])
    typed = "".join(data.draw(some.sampled_from([c, c.lower()])) + data.draw(signs) for c in code)

    assert plain_code(typed) == code.replace("-", "")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "123456",
        "7QK2-9XYM-40TD-R3G",
        "7QK2-9XYM-40TD-R3GVV",
        "7QK2-9XYM-40TD-R3GU",
        "7QK2-9XYM-40TD-R3G\u0667",
    ],
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert plain_code(typed) is None


@given(some.text(max_size=40))
def test_any_text_is_a_code_of_sixteen_characters_or_none(typed: str) -> None:
    plain = plain_code(typed)

    assert plain is None or (len(plain) == 16 and plain_code(plain) == plain)


def test_what_is_misread_is_read_right() -> None:
    assert plain_code("oooo-iiii-llll-0101") == "0000111111110101"


def test_a_hash_belongs_to_a_code_an_account_and_a_key() -> None:
    account_id, plain = uuid4(), "0000111111110101"
    kept = hash_code(plain, key=KEY, account_id=account_id)

    assert kept == hash_code(plain, key=KEY, account_id=account_id)
    assert kept != hash_code(plain, key=KEY, account_id=uuid4())
    assert kept != hash_code(plain, key=bytes(32), account_id=account_id)
    assert kept != hash_code("0000111111110102", key=KEY, account_id=account_id)


@pytest.mark.parametrize(
    ("changes", "duties", "why"),
    [
        ({}, Duties(), None),
        ({}, Duties(is_filer=True), "linked_filer"),
        ({}, Duties(has_role=True), "role_holder"),
        ({"kind": "paa"}, Duties(), "paa_administrator"),
        ({"generation": "legacy"}, Duties(is_filer=True, has_role=True), None),
        ({"generation": "legacy", "kind": "paa"}, Duties(), None),
    ],
)
def test_administrators_linked_filers_and_holders_of_roles_must_have_a_second_factor(
    changes: dict[str, Any], duties: Duties, why: WhyRequired | None
) -> None:
    account = an_account(**changes)

    assert second_factor.required_for(account, duties) == why
    assert second_factor.is_due(account, duties) == (why is not None)
    assert not second_factor.is_due(replace(account, has_second_factor=True), duties)


@pytest.mark.parametrize(
    ("changes", "way"),
    [
        ({}, "link"),
        ({"status": "held_for_review"}, "link"),
        ({"status": "locked"}, "link"),
        ({"status": "deactivated"}, None),
        ({"status": "pending_verification", "is_email_verified": False}, None),
        ({"is_email_verified": False}, None),
        ({"generation": "legacy", "is_email_verified": False}, "service_center"),
        ({"generation": "legacy", "is_email_verified": False, "is_shared": True}, "service_center"),
        ({"generation": "legacy", "status": "deactivated"}, None),
    ],
)
def test_only_a_proved_address_gets_a_link(changes: dict[str, Any], way: recovery.Way | None) -> None:
    assert recovery.way_back(an_account(**changes)) == way


def test_a_token_recovers_only_while_the_address_is_the_one_it_was_sent_to() -> None:
    account = an_account()
    token = OneTimeToken(
        token_hash=bytes(32),
        account_id=account.id,
        purpose="recovery",
        email=account.email,
        created_at=NOON,
        expires_at=NOON + timedelta(minutes=15),
        closed_at=None,
    )

    assert recovery.is_for(token, account)
    assert not recovery.is_for(token, replace(account, email="ann@elsewhere.example"))
    assert not recovery.is_for(token, replace(account, status="deactivated"))


def test_without_a_factor_no_passcode_is_asked_for_and_with_one_it_is() -> None:
    account, common = an_account(first_name="Ann", last_name="Lee"), frozenset({"password"})

    def refuse(account: Account, password: str, *, has_passcode: bool) -> str | None:
        refused = recovery.refuse_recovery(
            account, password, has_passcode=has_passcode, common=common, policies=POLICIES
        )
        return None if refused is None else refused.reason

    good, enrolled = "glowing-ferns-ripple-42", replace(account, has_second_factor=True)
    assert refuse(account, good, has_passcode=False) is None
    assert refuse(enrolled, good, has_passcode=False) == "passcode_missing"
    assert refuse(enrolled, good, has_passcode=True) is None
    assert refuse(enrolled, "too short", has_passcode=False) == "password_too_short"


def a_reset(account: Account, **changes: Any) -> OneTimeToken:
    """A reset that PSC began; name what differs."""
    usual = {
        "token_hash": b"",
        "account_id": account.id,
        "purpose": "factor_reset",
        "email": account.email,
        "created_at": NOON - timedelta(hours=72),
        "expires_at": NOON,
        "closed_at": None,
    }
    return OneTimeToken(**{**usual, **changes})


def test_a_reset_happens_at_its_instant_and_only_while_it_is_open_and_there_is_a_factor() -> None:
    account = an_account(has_second_factor=True)
    reset = a_reset(account)

    assert staff.is_reset_due(account, reset, NOON, NOON)
    assert not staff.is_reset_due(account, reset, NOON, NOON - timedelta(seconds=1))
    assert not staff.is_reset_due(account, a_reset(account, expires_at=NOON + timedelta(1)), NOON, NOON)
    assert not staff.is_reset_due(account, None, NOON, NOON)
    assert not staff.is_reset_due(replace(account, status="deactivated"), reset, NOON, NOON)
    assert not staff.is_reset_due(replace(account, has_second_factor=False), reset, NOON, NOON)
