"""Taking over accounts from before 2014-08-11: what a row must be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID

import argon2

from services.accounts.model import Account
from services.accounts.rules import texts
from services.accounts.rules.registration import blank_account
from shared.messages.accounts import Kind, LegacyAccount, RowRefused

_INDIVIDUAL_USER_NAME = re.compile(r"[a-z]{2}[0-9]{4}", re.ASCII)
_SHA256 = re.compile(r"sha256\$[0-9a-fA-F]{64}", re.ASCII)
_MOST_MEMORY_KIB, _MOST_PASSES, _MOST_LANES = 1024 * 1024, 16, 16
_SHORTEST_SALT, _SHORTEST_HASH = 8, 16
_SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRow:
    """A row that an account can be made of."""

    row: LegacyAccount
    verifier: str

    @property
    def key(self) -> str:
        """The user name as it is compared."""
        return self.row.user_name.lower()

    @property
    def sha256(self) -> str | None:
        """The hex of a fast hash, which must not rest as it is."""
        scheme, _, digest = self.verifier.partition("$")
        return digest.lower() if scheme == "sha256" else None


def sort_rows(
    rows: Sequence[LegacyAccount], verifiers: Sequence[str]
) -> tuple[tuple[FitRow, ...], tuple[RowRefused, ...]]:
    """The rows that are fit, by user name, and those that aren't, counted from 1, each with its problem."""
    fit, refused = {}, []
    for number, (row, verifier) in enumerate(zip(rows, verifiers, strict=True), start=1):
        problem = refuse_row(row, verifier)
        if problem is not None:
            refused.append(RowRefused(row=number, field=problem[0], reason=problem[1]))
        elif row.user_name.lower() in fit:
            refused.append(RowRefused(row=number, field="user_name", reason="twice_in_this_load"))
        else:
            fit[row.user_name.lower()] = FitRow(row=row, verifier=verifier)
    return tuple(fit[key] for key in sorted(fit)), tuple(refused)


def refuse_row(row: LegacyAccount, verifier: str) -> tuple[str, str] | None:
    """The field that is wrong and why, or None."""
    if row.kind not in ("individual", "paa"):
        return "kind", "not_individual_or_paa"
    if row.kind == "paa" and row.is_shared:
        return "is_shared", "a_paa_is_not_shared"
    is_personal = row.kind == "individual" and not row.is_shared
    if is_personal and not _INDIVIDUAL_USER_NAME.fullmatch(row.user_name):
        return "user_name", "not_two_letters_and_four_digits"
    if texts.user_name_key(row.user_name) is None:
        return "user_name", "not_a_user_name"
    if not texts.is_filled(row.last_name):
        return "last_name", "empty_or_not_clean_text"
    if row.first_name and not texts.is_filled(row.first_name):
        return "first_name", "not_clean_text"
    if not texts.is_email(row.email):
        return "email", "not_an_address"
    return None if is_verifier(verifier) else ("verifier", "not_a_known_form")


def is_verifier(text: str) -> bool:
    """Is it a verifier of a known form, whose checking takes no absurd amount of memory or time?"""
    if text.startswith("$argon2id$"):
        return _is_sane_argon2id(text)
    return _SHA256.fullmatch(text) is not None and not text.lower().endswith(_SHA256_OF_NOTHING)


def taken_over(row: LegacyAccount, *, account_id: UUID, now: datetime) -> Account:
    """The account that a good row makes, still without its number."""
    blank = blank_account(account_id=account_id, kind=cast(Kind, row.kind), user_name=row.user_name, now=now)
    return replace(
        blank,
        is_shared=row.is_shared,
        legacy_user_name_key=row.user_name.lower(),
        first_name=row.first_name.strip(),
        last_name=row.last_name.strip(),
        name_key=texts.name_key(row.first_name, row.last_name),
        email=row.email,
        email_key=texts.email_key(row.email),
    )


def _is_sane_argon2id(text: str) -> bool:
    try:
        found = argon2.extract_parameters(text)
    except argon2.exceptions.InvalidHashError:
        return False
    is_affordable = found.memory_cost <= _MOST_MEMORY_KIB and found.time_cost <= _MOST_PASSES
    is_long = found.salt_len >= _SHORTEST_SALT and found.hash_len >= _SHORTEST_HASH
    return is_affordable and is_long and 1 <= found.parallelism <= _MOST_LANES
