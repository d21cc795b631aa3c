"""Loads the rows of a court's roster: compare, hash what is new, then write."""

from functools import partial

import msgspec

from services.linking import passwords
from services.linking.model import RosterEntry, Verifier
from services.linking.rules.courts import why_not_staff
from services.linking.rules.roster import CheckedRoster, check_rows, decide_changes
from services.linking.rules.throttles import keyed_digest
from services.linking.settings import Resources
from services.linking.store import courts, filing_accounts, proofs
from shared.messages.base import NotAllowed
from shared.messages.linking import LoadRoster, RosterLoaded, RosterRefused
from shared.messaging.bench import Bench
from shared.messaging.unit_of_work import UnitOfWork

Work = UnitOfWork[Resources]
Digests = dict[str, bytes]


async def load_roster(
    command: LoadRoster, bench: Bench[Resources]
) -> RosterLoaded | RosterRefused | NotAllowed:
    """Load the rows that are right and name the others; the same rows again change nothing."""
    if (refusal := why_not_staff(bench.assertion, command.court_id)) is not None:
        return refusal
    verifiers = _read_verifiers(bench.open(command, "verifiers"))
    if verifiers is None or len(verifiers) != len(command.rows):
        return RosterRefused(reason="not_one_verifier_for_each_row")
    roster = check_rows(command.rows, verifiers)
    key = bench.resources.digest_key
    digests = {e.login: keyed_digest(key, "verifier", e.login, e.verifier) for e in roster.entries}
    async with bench.transaction() as work:
        if await courts.find_court(work.connection, command.court_id) is None:
            return RosterRefused(reason="court_not_known")
        stored = await filing_accounts.list_stored_entries(work.connection, command.court_id, list(digests))
    changes = decide_changes(roster.entries, stored, digests)
    hashed = await _hashed((*changes.new, *changes.with_new_verifier), bench.resources)
    async with bench.transaction() as work:
        return await _save(command.court_id, roster, digests, hashed, work)


def _read_verifiers(text: str) -> list[str] | None:
    try:
        return msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError:
        return None


async def _hashed(entries: tuple[RosterEntry, ...], resources: Resources) -> dict[str, Verifier]:
    """One after the other, so that a long roster leaves a thread to people who are proving."""
    return {
        entry.login: await resources.hashing.run_patiently(partial(passwords.kept_form, entry.verifier))
        for entry in entries
    }


async def _save(
    court_id: str, roster: CheckedRoster, digests: Digests, verifiers: dict[str, Verifier], work: Work
) -> RosterLoaded:
    logins = list(digests)
    await filing_accounts.lock_entries(work.connection, court_id, logins)
    stored = await filing_accounts.list_stored_entries(work.connection, court_id, logins)
    changes = decide_changes(roster.entries, stored, digests)
    # What another load changed since the first look, so that it has no hash here, stays as that load made it.
    reset = [entry for entry in changes.with_new_verifier if entry.login in verifiers]
    saved = sorted((*changes.new, *reset), key=lambda entry: entry.login)
    ids = [work.new_id() for _ in saved]
    await filing_accounts.save_entries(work.connection, court_id, saved, ids, verifiers, digests, work.now)
    await filing_accounts.update_details(work.connection, court_id, changes.with_new_details, work.now)
    await proofs.end_proofs_of_logins(work.connection, court_id, [entry.login for entry in reset], work.now)
    refused = sorted((*roster.refused, *changes.refused), key=lambda row: row.line)
    changed_count = len(reset) + len(changes.with_new_details)
    return RosterLoaded(
        court_id=court_id,
        added=len(changes.new),
        changed=changed_count,
        unchanged=len(digests) - len(changes.new) - changed_count - len(changes.refused),
        refused=tuple(refused),
    )
