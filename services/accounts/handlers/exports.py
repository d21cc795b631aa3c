"""Exports: asked for, made of each service's part, opened by their holder, and over after some days."""

from secrets import token_bytes

from services.accounts.model import Export
from services.accounts.rules import access
from services.accounts.rules import exports as rules
from services.accounts.rules.totp import NONCE_BYTES
from services.accounts.store import accounts, exports, saving
from services.accounts.store.asking import is_reader_restricted, lock_asker
from services.accounts.store.saving import Work
from shared.messages import linking, notify, paa_billing
from shared.messages.accounts.exports import (
    AskExport,
    ExpireExport,
    ExportAsked,
    ExportOpened,
    ExportRefused,
    ExportsShown,
    MyExports,
    OpenExport,
)
from shared.messages.base import NotAllowed
from shared.messaging import due_work
from shared.messaging.export_parts import ask_part
from shared.sealed import to_be_sealed

PartMade = linking.ExportPartMade | notify.ExportPartMade | paa_billing.ExportPartMade


async def ask_export(command: AskExport, work: Work) -> ExportAsked | ExportRefused | NotAllowed:
    """Begin an export, unless one is under way; the account's row is held, so that it is one."""
    asker = await lock_asker(work)
    present = await exports.list_exports(work.connection, asker.account.id)
    refused = access.refuse_asker(
        asker.account, asker.session, work.now, work.resources.policies
    ) or rules.refuse_export(present, work.now)
    if refused is not None:
        return refused
    await exports.end_exports(work.connection, asker.account.id)
    export = rules.new_export(asker.account, work.new_id(), work.now, work.resources.policies)
    await exports.insert_export(work.connection, export, work.cause)
    await _plan(export, work)
    await saving.record(work, asker.account, "export_asked", export_id=str(export.export_id))
    return ExportAsked(export_id=export.export_id, account_id=export.account_id, expires_at=export.expires_at)


async def add_part(event: PartMade, work: Work) -> None:
    """Another service has written its part; of an export that is over it is swept up."""
    is_late = work.now >= event.secret.expires_at
    export = await exports.lock_export(work.connection, event.export_id)
    if export is None or is_late or export.state != "gathering":
        await exports.sweep_again(work.connection, event.export_id)
        return
    kept = rules.wrap_secret(
        work.open(event, "secret"), export, key=work.resources.factor_key, nonce=token_bytes(NONCE_BYTES)
    )
    await exports.insert_part(work.connection, export.export_id, event.message_owner(), event.key, kept)


async def my_exports(query: MyExports, work: Work) -> ExportsShown | NotAllowed:
    """The asker's exports that are not over."""
    account = await accounts.get_account(work.connection, work.assertion.account_id)
    refused = access.refuse_reader(await is_reader_restricted(work), account)
    if refused is not None:
        return refused
    present = await exports.list_exports(work.connection, account.id)
    return ExportsShown(exports=tuple(rules.shown(e) for e in present if rules.is_there(e, work.now)))


async def open_export(command: OpenExport, work: Work) -> ExportOpened | ExportRefused | NotAllowed:
    """Tell the holder's portal where the file lies and what opens it; the history says so."""
    asker = await lock_asker(work)
    export = await exports.find_export(work.connection, command.export_id)
    refused = access.refuse_asker(
        asker.account, asker.session, work.now, work.resources.policies
    ) or rules.refuse_opening(export, asker.account, work.now)
    if refused is not None or export is None or export.secret is None:
        return refused or ExportRefused(reason="not_ready")
    await saving.record(work, asker.account, "export_opened", export_id=str(export.export_id))
    secret = rules.unwrap_secret(export.secret, export, key=work.resources.factor_key)
    return ExportOpened(
        export_id=export.export_id,
        key=export.key or "",
        sha256=export.sha256 or "",
        secret=to_be_sealed(secret, reader="portal", expires_at=work.now + rules.SHOWN_FOR),
    )


async def expire_export(command: ExpireExport, work: Work) -> None:
    """Drop the secret, without which the objects say nothing; they are swept up afterwards."""
    export = await exports.lock_export(work.connection, command.export_id)
    if export is not None and work.now >= export.expires_at:
        await exports.end_exports(work.connection, export.account_id, export.export_id)


async def _plan(export: Export, work: Work) -> None:
    await ask_part(work, export.export_id, export.account_id, export.expires_at)
    await due_work.plan(
        work,
        ExpireExport(export_id=export.export_id, account_id=export.account_id),
        subject=str(export.export_id),
        occasion="over",
        due_at=export.expires_at,
    )
