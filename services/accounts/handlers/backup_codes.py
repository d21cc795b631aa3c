"""Backup codes: making ten new ones."""

import json
import secrets

from services.accounts.model import Account
from services.accounts.rules import access, second_factor
from services.accounts.rules.backup_codes import (
    CODE_COUNT,
    codes_from,
    hash_code,
    refuse_making,
)
from services.accounts.store import backup_codes, saving
from services.accounts.store.asking import lock_asker
from services.accounts.store.saving import Work
from shared.messages.accounts import (
    BackupCodesMade,
    BackupCodesRefused,
    BackupCodesReplaced,
    MakeBackupCodes,
)
from shared.messages.base import NotAllowed
from shared.sealed import to_be_sealed
from shared.typed_codes import CODE_BYTES, plain_code


async def make_backup_codes(
    command: MakeBackupCodes, work: Work
) -> BackupCodesMade | BackupCodesRefused | NotAllowed:
    """Show ten new codes once; whoever has found older ones can use them no more."""
    asker = await lock_asker(work)
    refused = access.refuse_asker(
        asker.account, asker.session, work.now, work.resources.policies
    ) or refuse_making(asker.account)
    if refused is not None:
        return refused
    codes = codes_from(secrets.token_bytes(CODE_COUNT * CODE_BYTES))
    await _replace(work, asker.account, codes)
    shown_until = work.now + second_factor.OFFER_SHOWN_FOR
    return BackupCodesMade(codes=to_be_sealed(json.dumps(codes), reader="portal", expires_at=shown_until))


async def _replace(work: Work, account: Account, codes: tuple[str, ...]) -> None:
    key = work.resources.factor_key
    hashes = [hash_code(plain_code(code) or "", key=key, account_id=account.id) for code in codes]
    await backup_codes.delete_backup_codes(work.connection, account.id)
    await backup_codes.insert_backup_codes(work.connection, account.id, hashes, work.now)
    await saving.record(work, account, "backup_codes_made")
    work.emit(BackupCodesReplaced(account_id=account.id))
