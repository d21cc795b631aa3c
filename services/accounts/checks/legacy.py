"""Taking over accounts from before 2014-08-11."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from services.accounts import passwords
from services.accounts.checks.settling import Workbench
from services.accounts.model import Credential
from services.accounts.model.credentials import Scheme
from services.accounts.rules import legacy
from services.accounts.store import accounts, saving, user_names
from services.accounts.store.saving import Work
from shared.messages.accounts import LegacyAccountsLoaded, LoadLegacyAccounts, RowRefused
from shared.verifiers import Argon2id

ROWS_A_TRANSACTION = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepable:
    """A row that is fit, and its verifier in a form that may rest in our tables."""

    fit: legacy.FitRow
    scheme: Scheme
    password_hash: str
    recipe: str


async def load_legacy_accounts(command: LoadLegacyAccounts, bench: Workbench) -> LegacyAccountsLoaded:
    """Check each row alone, wrap fast hashes, add what is new; a load cut short goes on when sent again."""
    verifiers = _read_verifiers(bench.open(command, "verifiers"))
    if len(verifiers) != len(command.accounts):
        wrong = RowRefused(row=0, field="verifiers", reason="not_one_for_each_account")
        return LegacyAccountsLoaded(loaded=0, known_before=0, refused=(wrong,))
    fit, refused = legacy.sort_rows(command.accounts, verifiers)
    known: set[str] = set()
    taken: list[RowRefused] = []
    for start in range(0, len(fit), ROWS_A_TRANSACTION):
        part = await _load_part(fit[start : start + ROWS_A_TRANSACTION], bench)
        known |= part[0]
        taken += part[1]
    return LegacyAccountsLoaded(
        loaded=len(fit) - len(known) - len(taken),
        known_before=len(known),
        refused=tuple(sorted((*refused, *taken), key=lambda each: each.row)),
    )


async def _load_part(part: Sequence[legacy.FitRow], bench: Workbench) -> tuple[set[str], list[RowRefused]]:
    """The names that were known, and the rows whose name somebody else has who registered with it."""
    names = [fit.key for fit in part]
    async with bench.transaction() as work:
        known = await accounts.list_known_legacy_names(work.connection, names)
    keepable = [await _make_keepable(fit, bench) for fit in part if fit.key not in known]
    async with bench.transaction() as work:
        await saving.lock_identities(work.connection, [f"user name {each.fit.key}" for each in keepable])
        known = await accounts.list_known_legacy_names(work.connection, names)
        new = [each for each in keepable if each.fit.key not in known]
        return known, [each.fit.refused_as_taken for each in new if not await _take_over(each, work)]


async def _make_keepable(fit: legacy.FitRow, bench: Workbench) -> Keepable:
    verifier = fit.verifier
    if isinstance(verifier, Argon2id):
        return Keepable(fit=fit, scheme="argon2id", password_hash=verifier.phc, recipe="")
    wrapped = await passwords.wrap_digest(bench.resources, verifier)
    return Keepable(fit=fit, scheme="argon2id_of_digest", password_hash=wrapped, recipe=verifier.recipe)


async def _take_over(keepable: Keepable, work: Work) -> bool:
    if await user_names.find_owner(work.connection, keepable.fit.key) is not None:
        return False
    account = legacy.taken_over(keepable.fit.row, account_id=work.new_id(), now=work.now)
    credential = Credential(
        account_id=account.id,
        scheme=keepable.scheme,
        password_hash=keepable.password_hash,
        changed_at=work.now,
        recipe=keepable.recipe,
    )
    account = await saving.add_account(work, account, credential, act="taken_over")
    work.emit(account.contact())
    return True


def _read_verifiers(text: str) -> list[str]:
    try:
        return msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError:
        return []
