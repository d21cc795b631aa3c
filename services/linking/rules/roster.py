"""Decides row by row what of a court's roster is taken, and what it changes."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from services.linking.model import RosterEntry, StoredEntry
from services.linking.rules.verifiers import problem_of_verifier
from shared.messages.linking import FilingRole, RosterRow, RosterRowRefused

LONGEST_LOGIN, LONGEST_NAME, LONGEST_EMAIL = 64, 200, 254
ROLES: dict[str, FilingRole] = {role: role for role in get_args(FilingRole)}
_EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+", re.ASCII)


class _WrongFieldError(ValueError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field)
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRoster:
    """The rows that are right in themselves, by login, and the others."""

    entries: tuple[RosterEntry, ...]
    refused: tuple[RosterRowRefused, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChanges:
    """What the right rows do to what is kept."""

    new: tuple[RosterEntry, ...]
    with_new_verifier: tuple[RosterEntry, ...]
    with_new_details: tuple[RosterEntry, ...]
    unchanged_count: int
    refused: tuple[RosterRowRefused, ...]


def login_as_kept(text: str) -> str:
    """A CM/ECF login in the form that is kept and compared: capitals as written, single spaces, NFC."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def check_rows(rows: Sequence[RosterRow], verifiers: Sequence[str]) -> CheckedRoster:
    """Each row by itself, with its verifier, and no login twice: of two with one the second is refused."""
    entries: dict[str, RosterEntry] = {}
    refused = []
    for row, verifier in zip(rows, verifiers, strict=True):
        try:
            entry = _entry(row, verifier.strip())
            if entry.login in entries:
                raise _WrongFieldError("login", f"is on line {entries[entry.login].line} already")
            entries[entry.login] = entry
        except _WrongFieldError as error:
            refused.append(RosterRowRefused(line=row.line, field=error.field, reason=error.reason))
    by_login = sorted(entries.values(), key=lambda entry: entry.login)
    return CheckedRoster(entries=tuple(by_login), refused=tuple(refused))


def decide_changes(
    entries: Iterable[RosterEntry], stored: Mapping[str, StoredEntry], digests: Mapping[str, bytes]
) -> RosterChanges:
    """Sort the rows by what they change; `digests` holds the keyed digest of each row's verifier, by login.

    The role of a linked filing account stands: the link was made in it.
    """
    new, with_new_verifier, with_new_details, refused = [], [], [], []
    unchanged_count = 0
    for entry in entries:
        before = stored.get(entry.login)
        if before is None:
            new.append(entry)
        elif before.is_linked and before.role != entry.role:
            refused.append(
                RosterRowRefused(
                    line=entry.line, field="role", reason="can't change while the account is linked"
                )
            )
        elif before.roster_digest != digests[entry.login]:
            with_new_verifier.append(entry)
        elif (before.name, before.email, before.role) != (entry.name, entry.email, entry.role):
            with_new_details.append(entry)
        else:
            unchanged_count += 1
    return RosterChanges(
        new=tuple(new),
        with_new_verifier=tuple(with_new_verifier),
        with_new_details=tuple(with_new_details),
        unchanged_count=unchanged_count,
        refused=tuple(refused),
    )


def _entry(row: RosterRow, verifier: str) -> RosterEntry:
    login = login_as_kept(_text(row.login, "login", LONGEST_LOGIN))
    name = _text(row.name, "name", LONGEST_NAME)
    email = _text(row.email, "email", LONGEST_EMAIL)
    if not _EMAIL.fullmatch(email):
        raise _WrongFieldError("email", "is not an e-mail address")
    role = ROLES.get(re.sub(r"[ _-]+", "_", row.role.strip().lower()))
    if role is None:
        raise _WrongFieldError("role", f"is none of {', '.join(ROLES)}")
    if (problem := problem_of_verifier(verifier)) is not None:
        raise _WrongFieldError("verifier", problem)
    return RosterEntry(line=row.line, login=login, name=name, email=email, role=role, verifier=verifier)


def _text(given: str, field: str, longest: int) -> str:
    """One line of visible text, with single spaces; NFC."""
    if any(unicodedata.category(character) == "Cc" for character in given):
        raise _WrongFieldError(field, "has a control character")
    text = " ".join(unicodedata.normalize("NFC", given).split())
    if not text:
        raise _WrongFieldError(field, "is empty")
    if len(text) > longest:
        raise _WrongFieldError(field, f"is longer than {longest} characters")
    if not text.isprintable():
        raise _WrongFieldError(field, "has an invisible character")
    return text
