"""Taking over accounts from before 2014-08-11: what a row must be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from services.accounts.model import Account
from services.accounts.rules import texts
from services.accounts.rules.registration import blank_account
from shared.messages.accounts import Kind, LegacyAccount, RowRefused
from shared.verifiers import Argon2id, Digest, VerifierError, read_verifier

_INDIVIDUAL_USER_NAME = re.compile(r"[a-z]{2}[0-9]{4}", re.ASCII)
_LEAST_MEMORY_KIB, _LEAST_PASSES = 19 * 1024, 2
_MOST_MEMORY_KIB, _MOST_PASSES, _MOST_LANES = 128 * 1024, 16, 16
UNKNOWN = "not_a_known_form"
WEAK = f"weaker_than_argon2id_m{_LEAST_MEMORY_KIB}_t{_LEAST_PASSES}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRow:
    """A row that an account can be made of; `number` is its place in the load, from 1."""

    number: int
    row: LegacyAccount
    verifier: Argon2id | Digest

    @property
    def key(self) -> str:
        """The user name as it is compared."""
        return self.row.user_name.lower()

    @property
    def refused_as_taken(self) -> RowRefused:
        """What is said of it when somebody else has registered with its user name."""
        return RowRefused(row=self.number, field="user_name", reason="taken_by_another_account")


def sort_rows(
    rows: Sequence[LegacyAccount], verifiers: Sequence[str]
) -> tuple[tuple[FitRow, ...], tuple[RowRefused, ...]]:
    """The rows that are fit, by user name, and those that aren't, each with its problem."""
    fit: dict[str, FitRow] = {}
    refused = []
    for number, (row, text) in enumerate(zip(rows, verifiers, strict=True), start=1):
        problem = refuse_row(row)
        verifier = judge_verifier(text)
        if problem is not None:
            refused.append(RowRefused(row=number, field=problem[0], reason=problem[1]))
        elif isinstance(verifier, str):
            refused.append(RowRefused(row=number, field="verifier", reason=verifier))
        elif row.user_name.lower() in fit:
            refused.append(RowRefused(row=number, field="user_name", reason="twice_in_this_load"))
        else:
            fit[row.user_name.lower()] = FitRow(number=number, row=row, verifier=verifier)
    return tuple(fit[key] for key in sorted(fit)), tuple(refused)


def refuse_row(row: LegacyAccount) -> tuple[str, str] | None:
    """The field that is wrong and why, or None; the verifier is looked at apart."""
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
    return None if texts.is_email(row.email) else ("email", "not_an_address")


def judge_verifier(text: str) -> Argon2id | Digest | str:
    """A verifier that may be kept, or wrapped and kept; else why not.

    It is of a known form, not of an empty password, and takes bearable memory and time. A weak argon2id can't
    be wrapped, since its digest comes with salt and parameters, and kept it would be the first to be cracked.
    """
    try:
        found = read_verifier(text)
    except VerifierError:
        return UNKNOWN
    if isinstance(found, Digest):
        return UNKNOWN if found.is_of_nothing else found
    if not _is_affordable(found):
        return UNKNOWN
    return WEAK if found.memory_kib < _LEAST_MEMORY_KIB or found.passes < _LEAST_PASSES else found


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


def _is_affordable(found: Argon2id) -> bool:
    is_small = found.memory_kib <= _MOST_MEMORY_KIB
    return is_small and found.passes <= _MOST_PASSES and found.lanes <= _MOST_LANES
