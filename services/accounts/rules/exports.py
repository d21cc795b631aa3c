"""Exports: when one may begin, who may open it, and how the secrets of its files rest."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.accounts.model import Account, Export
from services.accounts.rules import totp
from shared.messages.accounts.exports import (
    ExportRefused,
    ExportShown,
)
from shared.policies import AccountPolicies

SHOWN_FOR = timedelta(minutes=1)


def new_export(account: Account, export_id: UUID, now: datetime, policies: AccountPolicies) -> Export:
    """An export of which nothing is made yet."""
    return Export(
        export_id=export_id,
        account_id=account.id,
        asked_at=now,
        expires_at=now + timedelta(days=policies.export_days),
        state="gathering",
    )


def is_there(export: Export, now: datetime) -> bool:
    """Is it made, or being made, and its time not over?"""
    return export.state != "over" and now < export.expires_at


def refuse_export(present: Sequence[Export], now: datetime) -> ExportRefused | None:
    """Why no export can begin now, or None: one at a time."""
    is_one_under_way = any(each.state == "gathering" and is_there(each, now) for each in present)
    return ExportRefused(reason="under_way") if is_one_under_way else None


def refuse_opening(export: Export | None, account: Account, now: datetime) -> ExportRefused | None:
    """Why this account can't open that export, or None; another's is answered as one that never was."""
    if export is None or export.account_id != account.id or not is_there(export, now):
        return ExportRefused(reason="not_found")
    return None if export.state == "ready" else ExportRefused(reason="not_ready")


def shown(export: Export) -> ExportShown:
    """An export as its holder sees it."""
    return ExportShown(
        export_id=export.export_id,
        state=export.state,
        asked_at=export.asked_at,
        expires_at=export.expires_at,
        size_bytes=export.size_bytes,
        sha256=export.sha256,
    )


def finished(export: Export, *, key: str, sha256: str, size_bytes: int, secret: bytes) -> Export:
    """The export once its file is written."""
    return replace(export, state="ready", key=key, sha256=sha256, size_bytes=size_bytes, secret=secret)


def wrap_secret(secret: str, export: Export, *, key: bytes, nonce: bytes) -> bytes:
    """The secret of a file as it rests in a table: encrypted, and bound to this export."""
    return totp.encrypt_secret(
        bytes.fromhex(secret), key=key, nonce=nonce, row_id=export.export_id, account_id=export.account_id
    )


def unwrap_secret(kept: bytes, export: Export, *, key: bytes) -> str:
    """The secret of a file. Raises InvalidTag if it was altered, or is another export's."""
    return totp.decrypt_secret(kept, key=key, row_id=export.export_id, account_id=export.account_id).hex()
