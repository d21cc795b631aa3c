"""Loads the rows of a court's roster: compare, hash what is new, then write."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import msgspec

from services.linking import passwords
from services.linking.model import Verifier
from services.linking.model.rosters import RefusedRow, RosterEntry, StoredEntry
from services.linking.rules.courts import why_not_staff
from services.linking.rules.roster import (
    CheckedRoster,
    RosterChanges,
    check_rows,
    decide_changes,
    keep_what_is_hashed,
    named_rows,
    unreadable_rows,
    without_repeated,
)
from services.linking.rules.throttles import keyed_digest
from services.linking.rules.whole_rosters import LAST_LINE, open_roster, returned
from services.linking.settings import Resources
from services.linking.store import codes, courts, filing_accounts, proofs, rosters
from shared.messages.base import Malformed, NotAllowed
from shared.messages.linking import (
    LoadRoster,
    LoadRosterByOperator,
    RosterBusy,
    RosterLoaded,
    RosterNotOpen,
    RosterRefused,
    RosterRowRefused,
)
from shared.messaging.bench import Bench
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]
Load = LoadRoster | LoadRosterByOperator
Outcome = RosterLoaded | RosterRefused | RosterNotOpen | RosterBusy | Malformed
RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Rows of a roster on their way in; `actor` is None where the operator loads them."""

    court_id: str
    roster_id: UUID | None
    checked: CheckedRoster
    digests: dict[str, bytes]
    unreadable: tuple[RefusedRow, ...]
    actor: UUID | None


async def load_roster(command: LoadRoster, bench: Bench[Resources]) -> Outcome | NotAllowed:
    """Load the rows that are right and name the others; the same rows again change nothing."""
    if (refusal := why_not_staff(bench.assertion, command.court_id)) is not None:
        return refusal
    return await _load_in_turn(command, bench, bench.assertion.account_id)


async def load_roster_by_operator(command: LoadRosterByOperator, bench: Bench[Resources]) -> Outcome:
    """As court staff do, of a file that a court has handed over."""
    return await _load_in_turn(command, bench, None)


async def _load_in_turn(command: Load, bench: Bench[Resources], actor: UUID | None) -> Outcome:
    """A few at a time: the others are told to come again, so that people who prove are answered meanwhile."""
    if bench.resources.roster_loads.locked():
        return RosterBusy(retry_after_seconds=RETRY_AFTER_SECONDS)
    async with bench.resources.roster_loads:
        return await _load(command, bench, actor)


async def _load(command: Load, bench: Bench[Resources], actor: UUID | None) -> Outcome:
    verifiers = _read_verifiers(bench.open(command, "verifiers"))
    if verifiers is None or len(verifiers) != len(command.rows):
        return RosterRefused(reason="not_one_verifier_for_each_row")
    if any(not 0 <= row.line <= LAST_LINE for row in command.rows):
        return Malformed(problem="a line of rows is no line of a file")
    checked, key = check_rows(command.rows, verifiers), bench.resources.digest_key
    piece = Piece(
        court_id=command.court_id,
        roster_id=command.roster_id,
        checked=checked,
        digests={e.login: keyed_digest(key, "verifier", e.login, e.verifier) for e in checked.entries},
        unreadable=unreadable_rows(command.unreadable),
        actor=actor,
    )
    kept = await _kept_forms(piece, bench)
    async with bench.transaction() as work:
        return await _save(piece, kept, work)


def _read_verifiers(text: str) -> list[str] | None:
    try:
        return msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError:
        return None


async def _kept_forms(piece: Piece, bench: Bench[Resources]) -> dict[str, Verifier]:
    """The verifiers as they are kept; of the fast ones only those that are new are wrapped.

    One after the other, so that a long roster leaves a thread to people who are proving.
    """
    entries = piece.checked.entries
    kept = {e.login: passwords.kept_form(e.verifier) for e in entries if not e.has_fast_verifier}
    if len(kept) == len(entries):
        return kept
    async with bench.transaction() as work:
        stored = await filing_accounts.list_stored_entries(
            work.connection, piece.court_id, list(piece.digests)
        )
    changes = decide_changes(entries, stored, piece.digests)
    for entry in (*changes.new, *changes.with_new_verifier):
        if entry.has_fast_verifier:
            wrap = partial(passwords.kept_form, entry.verifier)
            kept[entry.login] = await bench.resources.hashing.run_patiently(wrap)
    return kept


async def _save(piece: Piece, verifiers: dict[str, Verifier], work: Work) -> Outcome:
    """Locks the roster, then its logins in their order."""
    checked = piece.checked
    if piece.roster_id is None:
        if await courts.find_court(work.connection, piece.court_id) is None:
            return RosterRefused(reason="court_not_known")
    else:
        found = await rosters.lock_roster(work.connection, piece.roster_id)
        roster = open_roster(found, piece.court_id, piece.roster_id)
        if isinstance(roster, RosterNotOpen):
            return roster
        logins = [*piece.digests, *(row.login for row in checked.refused if row.login is not None)]
        named = await rosters.list_named_lines(work.connection, piece.roster_id, logins)
        checked = without_repeated(checked, named)
    changes = await _save_entries(piece, checked.entries, verifiers, work)
    refused = sorted(
        (*checked.refused, *changes.refused, *piece.unreadable), key=lambda row: (row.line, row.field)
    )
    if piece.roster_id is not None:
        await rosters.insert_rows(work.connection, piece.roster_id, named_rows(changes, refused))
        await rosters.insert_refusals(work.connection, piece.roster_id, refused)
    return RosterLoaded(
        court_id=piece.court_id,
        added=len(changes.new),
        changed=len(changes.with_new_verifier) + len(changes.with_new_details),
        unchanged=len(changes.unchanged),
        refused=tuple(RosterRowRefused(line=r.line, field=r.field, reason=r.reason) for r in refused),
    )


async def _save_entries(
    piece: Piece, entries: Sequence[RosterEntry], verifiers: dict[str, Verifier], work: Work
) -> RosterChanges:
    """Whatever changes of a filing account, what was shown or given out for it before is good no more."""
    connection, court_id = work.connection, piece.court_id
    stored, changes = await _hold(piece, entries, verifiers, work)
    changed = (*changes.with_new_verifier, *changes.with_new_details)
    if not changed:
        return changes
    await filing_accounts.update_details(connection, court_id, changed, work.now)
    await filing_accounts.update_verifiers(
        connection, court_id, changes.with_new_verifier, verifiers, piece.digests
    )
    ids = [stored[entry.login].id for entry in changed]
    await proofs.end_proofs(connection, ids, work.now)
    await codes.end_codes(connection, ids, work.now)
    back = [entry.login for entry in changed if stored[entry.login].is_gone]
    for link in await rosters.list_open_links_of_logins(connection, court_id, back):
        work.emit(returned(link, court_id, piece.actor, work.now))
    return changes


async def _hold(
    piece: Piece, entries: Sequence[RosterEntry], verifiers: dict[str, Verifier], work: Work
) -> tuple[dict[str, StoredEntry], RosterChanges]:
    """Adds what is new, holds what will change, and looks again: a row that stays as it is isn't even locked.

    A login that somebody else has added by then, as an accepted request does, is known like any other.
    """
    connection, court_id, logins = work.connection, piece.court_id, [entry.login for entry in entries]
    stored = await filing_accounts.list_stored_entries(connection, court_id, logins)
    changes = decide_changes(entries, stored, piece.digests)
    added: frozenset[str] = frozenset()
    if changes.new:
        ids = work.new_ids(len(changes.new))
        added = await filing_accounts.insert_entries(
            connection, court_id, changes.new, ids, verifiers, piece.digests, work.now
        )
    touched = (*changes.new, *changes.with_new_verifier, *changes.with_new_details)
    if to_hold := [entry.login for entry in touched if entry.login not in added]:
        await filing_accounts.lock_entries(connection, court_id, to_hold)
        stored |= await filing_accounts.list_stored_entries(connection, court_id, to_hold)
        changes = decide_changes(entries, stored, piece.digests)
    return stored, keep_what_is_hashed(changes, verifiers)
