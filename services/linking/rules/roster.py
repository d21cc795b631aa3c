"""Decides row by row what of a court's roster is taken, and what it changes."""

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from services.linking.model.rosters import NamedRow, RefusedRow, RosterEntry, RowOutcome, StoredEntry
from services.linking.rules.verifiers import problem_of_verifier
from shared.messages.linking import FilingRole, RosterRow, UnreadableRow

LONGEST_LOGIN, LONGEST_NAME, LONGEST_EMAIL = 64, 200, 254
ROLES: dict[str, FilingRole] = {role: role for role in get_args(FilingRole)}
_EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class _WrongFieldError(ValueError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field)
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRoster:
    """The rows that are right in themselves, by login, and the others."""

    entries: tuple[RosterEntry, ...]
    refused: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChanges:
    """What the right rows do to what is kept."""

    new: tuple[RosterEntry, ...]
    with_new_verifier: tuple[RosterEntry, ...]
    with_new_details: tuple[RosterEntry, ...]
    unchanged: tuple[RosterEntry, ...]
    refused: tuple[RefusedRow, ...]


def login_as_kept(text: str) -> str:
    """A CM/ECF login in the form that is kept and compared: capitals as written, single spaces, NFC."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def check_rows(rows: Sequence[RosterRow], verifiers: Sequence[str]) -> CheckedRoster:
    """Each row by itself, with its verifier, and no login twice: of two rows with one the first counts."""
    entries: list[RosterEntry] = []
    refused = []
    line_of_login: dict[str, int] = {}
    for row, verifier in zip(rows, verifiers, strict=True):
        login = None
        try:
            login = login_as_kept(_text(row.login, "login", LONGEST_LOGIN))
            if login in line_of_login:
                refused.append(repeated(row.line, login, line_of_login[login]))
                continue
            line_of_login[login] = row.line
            entries.append(_entry(row, login, verifier.strip()))
        except _WrongFieldError as error:
            refused.append(RefusedRow(line=row.line, field=error.field, reason=error.reason, login=login))
    by_login = sorted(entries, key=lambda entry: entry.login)
    return CheckedRoster(entries=tuple(by_login), refused=tuple(refused))


def without_repeated(roster: CheckedRoster, named_on_line: Mapping[str, int]) -> CheckedRoster:
    """Refuse the rows whose login a piece of the same roster, loaded before, named on another line."""
    entries, refused = [], []
    for entry in roster.entries:
        if (line := named_on_line.get(entry.login, entry.line)) != entry.line:
            refused.append(repeated(entry.line, entry.login, line))
        else:
            entries.append(entry)
    for row in roster.refused:
        is_elsewhere = row.login is not None and named_on_line.get(row.login, row.line) != row.line
        refused.append(replace(row, is_repeated=row.is_repeated or is_elsewhere))
    return CheckedRoster(entries=tuple(entries), refused=tuple(refused))


def repeated(line: int, login: str, first_line: int) -> RefusedRow:
    """A login is taken from the row that names it first."""
    reason = f"is on line {first_line} already"
    return RefusedRow(line=line, field="login", reason=reason, login=login, is_repeated=True)


def decide_changes(
    entries: Iterable[RosterEntry], stored: Mapping[str, StoredEntry], digests: Mapping[str, bytes]
) -> RosterChanges:
    """Sort the rows by what they change; `digests` holds the keyed digest of each row's verifier, by login.

    The role of a linked filing account stands: the link was made in it. Who had gone and is named again is
    back, which is a change.
    """
    new, with_new_verifier, with_new_details, unchanged, refused = [], [], [], [], []
    for entry in entries:
        before = stored.get(entry.login)
        if before is None:
            new.append(entry)
        elif before.is_linked and before.role != entry.role:
            reason = "can't change while the account is linked"
            refused.append(RefusedRow(line=entry.line, field="role", reason=reason, login=entry.login))
        elif before.roster_digest != digests[entry.login]:
            with_new_verifier.append(entry)
        elif before.is_gone or (before.name, before.email, before.role) != (
            entry.name,
            entry.email,
            entry.role,
        ):
            with_new_details.append(entry)
        else:
            unchanged.append(entry)
    return RosterChanges(
        new=tuple(new),
        with_new_verifier=tuple(with_new_verifier),
        with_new_details=tuple(with_new_details),
        unchanged=tuple(unchanged),
        refused=tuple(refused),
    )


def keep_what_is_hashed(changes: RosterChanges, hashed: Container[str]) -> RosterChanges:
    """What another load changed since verifiers were compared has no hash here: it stays as it is."""
    known = tuple(entry for entry in changes.with_new_verifier if entry.login in hashed)
    others = tuple(entry for entry in changes.with_new_verifier if entry.login not in hashed)
    return replace(changes, with_new_verifier=known, unchanged=(*changes.unchanged, *others))


def unreadable_rows(rows: Iterable[UnreadableRow]) -> tuple[RefusedRow, ...]:
    """What whoever read the file could not send."""
    return tuple(
        RefusedRow(line=row.line, field=row.field, reason=row.reason, is_repeated=row.is_login_known)
        for row in rows
    )


def named_rows(changes: RosterChanges, refused: Iterable[RefusedRow]) -> list[NamedRow]:
    """What each row has become that names a login of its own, by login."""
    outcomes: tuple[tuple[RowOutcome, tuple[RosterEntry, ...]], ...] = (
        ("added", changes.new),
        ("changed", changes.with_new_verifier),
        ("changed", changes.with_new_details),
        ("unchanged", changes.unchanged),
    )
    wrapped = {entry.login for entry in (*changes.new, *changes.with_new_verifier) if entry.has_fast_verifier}
    named = [
        NamedRow(login=entry.login, line=entry.line, outcome=outcome, is_wrapped=entry.login in wrapped)
        for outcome, entries in outcomes
        for entry in entries
    ]
    named += [
        NamedRow(login=row.login, line=row.line, outcome="refused", is_wrapped=False)
        for row in refused
        if row.login is not None and not row.is_repeated
    ]
    return sorted(named, key=lambda row: row.login)


def _entry(row: RosterRow, login: str, verifier: str) -> RosterEntry:
    name = _text(row.name, "name", LONGEST_NAME)
    email = _text(row.email, "email", LONGEST_EMAIL)
    if not _EMAIL.fullmatch(email):
        raise _WrongFieldError("email", "is not an e-mail address")
    role = ROLES.get(row.role) or ROLES.get(re.sub(r"[ _-]+", "_", row.role.strip().lower()))
    if role is None:
        raise _WrongFieldError("role", f"is none of {', '.join(ROLES)}")
    if (problem := problem_of_verifier(verifier)) is not None:
        raise _WrongFieldError("verifier", problem)
    return RosterEntry(line=row.line, login=login, name=name, email=email, role=role, verifier=verifier)


def _text(given: str, field: str, longest: int) -> str:
    """One line of visible text, with single spaces; NFC."""
    if _CONTROL.search(given):
        raise _WrongFieldError(field, "has a control character")
    text = " ".join(unicodedata.normalize("NFC", given).split())
    if not text:
        raise _WrongFieldError(field, "is empty")
    if len(text) > longest:
        raise _WrongFieldError(field, f"is longer than {longest} characters")
    if not text.isprintable():
        raise _WrongFieldError(field, "has an invisible character")
    return text
