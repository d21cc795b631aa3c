"""Registering and upgrading: what is asked of a person's data, and what becomes of the account."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from services.accounts.model import Account, Likeness, Standing, Verification
from services.accounts.rules import texts
from services.accounts.rules.secrecy import judge_password
from shared.messages.accounts import (
    AccountActivated,
    AccountHeldForReview,
    Kind,
    Person,
    RegistrationRefused,
    Status,
)
from shared.policies import AccountPolicies

_TEXTS = (
    "first_name",
    "last_name",
    "address",
    "city",
    "state",
    "postal_code",
    "county",
    "phone",
    "user_type",
)
_OLDEST_YEARS = 120


def refuse_application(
    person: Person,
    user_name: str,
    password: str,
    *,
    today: date,
    common: frozenset[str],
    policies: AccountPolicies,
) -> RegistrationRefused | None:
    """What must be mended before an account can be made of this, or None; the password is normalised."""
    unclean = texts.first_unclean((name, getattr(person, name)) for name in _TEXTS)
    if unclean is not None:
        return RegistrationRefused(reason="text_not_allowed", field=f"person.{unclean}")
    if not texts.is_email(person.email):
        return RegistrationRefused(reason="email_not_allowed", field="person.email")
    if not 0 <= today.year - person.date_of_birth.year <= _OLDEST_YEARS or person.date_of_birth >= today:
        return RegistrationRefused(reason="date_of_birth_not_possible", field="person.date_of_birth")
    if texts.user_name_key(user_name) is None or len(user_name) not in texts.USER_NAME_LENGTHS:
        return RegistrationRefused(reason="user_name_not_allowed", field="user_name")
    wrong = judge_password(
        password,
        own_texts=(person.first_name, person.last_name, user_name, person.email),
        common=common,
        needs_classes=policies.password_classes,
    )
    return None if wrong is None else RegistrationRefused(reason=wrong, field="password")


def refuse_upgrade(account: Account) -> RegistrationRefused | None:
    """Why this account can't be upgraded, or None."""
    if account.is_upgraded:
        return RegistrationRefused(reason="already_upgraded", field="generation")
    if account.is_shared:
        return RegistrationRefused(reason="shared_login_cannot_be_upgraded", field="user_name")
    return None


def standing(likenesses: list[Likeness]) -> Standing:
    """What an account whose address is proved shares with others, as far as its holder may be told.

    Two of name, date of birth and e-mail address equal: a warning. All three: the account is held for PSC.
    Only who has the same address counts: who was told that name and date of birth alone are equal could try
    dates until one is somebody's.
    """
    shared = [like.equal_fields for like in likenesses if like.is_email_equal and len(like.equal_fields) > 1]
    return Standing(
        is_held=any(len(fields) == len(("name", "date_of_birth", "email")) for fields in shared),
        warnings=tuple(sorted({field for fields in shared for field in fields})),
    )


def new_account(person: Person, user_name: str, *, account_id: UUID, kind: Kind, now: datetime) -> Account:
    """The account as it begins, still without its number; nothing works until its address is verified."""
    blank = blank_account(account_id=account_id, kind=kind, user_name=user_name, now=now)
    return _with_person(replace(blank, generation="upgraded", status="pending_verification"), person)


def upgraded(account: Account, person: Person, user_name: str, *, now: datetime) -> Account:
    """The legacy account as an upgraded one: number and kind stay, the new address must be verified."""
    changed = replace(
        account,
        generation="upgraded",
        status="pending_verification",
        user_name=user_name,
        user_name_key=user_name.lower(),
        is_email_verified=False,
        upgraded_at=now,
    )
    return _with_person(changed, person)


def verified(account: Account, standing: Standing) -> Account:
    """The account once its address is proved: active, unless it is held for review, now or from before."""
    begun: Status = "held_for_review" if standing.is_held else "active"
    status = begun if account.status == "pending_verification" else account.status
    may_search = status == "active" and account.kind == "individual" and not account.is_search_withheld
    return replace(account, is_email_verified=True, status=status, is_search_active=may_search)


def outcome_of_verification(account: Account, standing: Standing) -> AccountActivated | AccountHeldForReview:
    """What is announced of an account whose address was just proved."""
    if account.status == "held_for_review":
        return AccountHeldForReview(account_id=account.id)
    return AccountActivated(account_id=account.id, warnings=standing.warnings)


def deactivated(account: Account, now: datetime) -> Account:
    """The account once it is given up."""
    return replace(account, status="deactivated", is_search_active=False, deactivated_at=now)


def may_mail_again(verification: Verification | None, now: datetime, policies: AccountPolicies) -> bool:
    """Does an address wait to be proved, and was the last mail long enough ago?"""
    pause = timedelta(minutes=policies.verification_pause_minutes)
    return verification is not None and now - verification.created_at >= pause


def blank_account(*, account_id: UUID, kind: Kind, user_name: str, now: datetime) -> Account:
    """An active legacy account of which nothing else is known yet, without a number."""
    return Account(
        id=account_id,
        account_number="",
        version=1,
        kind=kind,
        generation="legacy",
        status="active",
        is_shared=False,
        user_name=user_name,
        user_name_key=user_name.lower(),
        legacy_user_name_key=None,
        first_name="",
        last_name="",
        name_key="",
        email="",
        email_key="",
        is_email_verified=False,
        date_of_birth=None,
        address="",
        city="",
        state="",
        postal_code="",
        county="",
        phone="",
        user_type="",
        is_search_active=False,
        has_second_factor=False,
        is_factor_announced=False,
        factor_skips_used=0,
        created_at=now,
        upgraded_at=None,
        deactivated_at=None,
    )


def _with_person(account: Account, person: Person) -> Account:
    return replace(
        account,
        first_name=person.first_name.strip(),
        last_name=person.last_name.strip(),
        name_key=texts.name_key(person.first_name, person.last_name),
        email=person.email,
        email_key=texts.email_key(person.email),
        date_of_birth=person.date_of_birth,
        address=person.address.strip(),
        city=person.city.strip(),
        state=person.state.strip(),
        postal_code=person.postal_code.strip(),
        county=person.county.strip(),
        phone=person.phone.strip(),
        user_type=person.user_type.strip(),
    )


def is_usable(verification: Verification | None, account: Account, token_hash: bytes, now: datetime) -> bool:
    """Does this token still prove the account's present address? `verification` is the open one, if any."""
    if verification is None or account.status == "deactivated":
        return False
    is_the_open_one = verification.token_hash == token_hash and verification.email == account.email
    return is_the_open_one and now < verification.expires_at
