"""Taking over accounts from before 2014-08-11."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from services.accounts import passwords
from services.accounts.checks.settling import Workbench
from services.accounts.model import Credential
from services.accounts.model.credentials import Scheme
from services.accounts.rules import legacy
from services.accounts.store import accounts, saving
from services.accounts.store.saving import Work
from shared.messages.accounts import LegacyAccount, LegacyAccountsLoaded, LoadLegacyAccounts, RowRefused

ROWS_A_TRANSACTION = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepable:
    """A row that is fit, and its verifier in a form that may rest in our tables."""

    row: LegacyAccount
    scheme: Scheme
    password_hash: str


async def load_legacy_accounts(command: LoadLegacyAccounts, bench: Workbench) -> LegacyAccountsLoaded:
    """Check each row alone, wrap fast hashes, add what is new; a load cut short goes on when sent again."""
    verifiers = _read_verifiers(bench.open(command, "verifiers"))
    if len(verifiers) != len(command.accounts):
        wrong = RowRefused(row=0, field="verifiers", reason="not_one_for_each_account")
        return LegacyAccountsLoaded(loaded=0, known_before=0, refused=(wrong,))
    fit, refused = legacy.sort_rows(command.accounts, verifiers)
    loaded = 0
    for start in range(0, len(fit), ROWS_A_TRANSACTION):
        loaded += await _load_chunk(fit[start : start + ROWS_A_TRANSACTION], bench)
    return LegacyAccountsLoaded(loaded=loaded, known_before=len(fit) - loaded, refused=refused)


async def _load_chunk(chunk: Sequence[legacy.FitRow], bench: Workbench) -> int:
    async with bench.transaction() as work:
        names = [fit.key for fit in chunk]
        known = await accounts.list_known_legacy_names(work.connection, names)
    keepable = [await _make_keepable(fit, bench) for fit in chunk if fit.key not in known]
    async with bench.transaction() as work:
        await saving.lock_identities(
            work.connection, [f"user name {k.row.user_name.lower()}" for k in keepable]
        )
        return sum([await _take_over(each, work) for each in keepable])


async def _make_keepable(fit: legacy.FitRow, bench: Workbench) -> Keepable:
    if fit.sha256 is None:
        return Keepable(row=fit.row, scheme="argon2id", password_hash=fit.verifier)
    wrapped = await passwords.wrap_verifier(bench.resources, fit.sha256)
    return Keepable(row=fit.row, scheme="argon2id_of_sha256", password_hash=wrapped)


async def _take_over(keepable: Keepable, work: Work) -> bool:
    if await accounts.is_user_name_taken(work.connection, keepable.row.user_name.lower()):
        return False
    account = legacy.taken_over(keepable.row, account_id=work.new_id(), now=work.now)
    credential = Credential(
        account_id=account.id,
        scheme=keepable.scheme,
        password_hash=keepable.password_hash,
        changed_at=work.now,
    )
    account = await saving.add_account(work, account, credential, act="taken_over")
    work.emit(account.contact())
    return True


def _read_verifiers(text: str) -> list[str]:
    try:
        return msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError:
        return []
