"""The jobs of exports: the part of `accounts`, the whole as one file, and removing what is over."""

import asyncio
import hashlib
from functools import partial
from secrets import token_bytes

from services.accounts.model import Export, Gathered
from services.accounts.rules import exports as rules
from services.accounts.rules.totp import NONCE_BYTES
from services.accounts.settings import Resources
from services.accounts.store import exporting, exports
from services.accounts.store.saving import Work
from shared.export_files import decrypt, encrypt, put_together
from shared.messages.accounts.exports import (
    ExportReady,
)
from shared.messaging.bench import Bench
from shared.messaging.export_parts import Part, folder_of, make_next_part
from shared.messaging.leases import LEASE_SECONDS, while_extending
from shared.messaging.topology import SERVICES
from shared.objects import delete_folder, get_object, key_for, put_object

Workbench = Bench[Resources]


async def make_export_part(bench: Workbench) -> bool:
    """Write what `accounts` keeps itself; no if nobody asked."""
    return await make_next_part(bench, exporting.STATEMENTS, _keep_own_part, bench.resources.objects)


async def put_next_export_together(bench: Workbench) -> bool:
    """Make one file of all parts and say that it is there; no if none is complete."""
    async with bench.transaction() as work:
        claimed = await exports.claim_gathered(work.connection, tuple(SERVICES), LEASE_SECONDS)
    if claimed is None:
        return False
    finished = await while_extending(
        _put_together(bench, claimed), partial(_extend, bench, claimed), LEASE_SECONDS
    )
    async with bench.transaction(
        caused_by=claimed.asked_by,
        correlation_id=claimed.correlation_id,
        step=f"finish {claimed.export.export_id}",
    ) as work:
        if not await exports.finish_export(work.connection, finished):
            await exports.sweep_again(work.connection, finished.export_id)
        else:
            work.emit(
                ExportReady(
                    export_id=finished.export_id,
                    account_id=finished.account_id,
                    expires_at=finished.expires_at,
                )
            )
    return True


async def sweep_next_export(bench: Workbench) -> bool:
    """Remove the objects of an export that is over; no if none is left."""
    async with bench.transaction() as work:
        export_id = await exports.find_unswept(work.connection)
    if export_id is None:
        return False
    await delete_folder(bench.resources.objects, folder_of(export_id))
    async with bench.transaction() as work:
        await exports.note_swept(work.connection, export_id)
    return True


async def _keep_own_part(work: Work, part: Part) -> None:
    export = await exports.lock_export(work.connection, part.asked.export_id)
    if export is None or export.state != "gathering":
        await exports.sweep_again(work.connection, part.asked.export_id)
    else:
        kept = _wrap(part.secret, export, work.resources)
        await exports.insert_part(work.connection, export.export_id, "accounts", part.key, kept)


async def _put_together(bench: Workbench, claimed: Gathered) -> Export:
    export, key, objects = claimed.export, bench.resources.factor_key, bench.resources.objects
    async with bench.transaction() as work:
        parts = await exports.list_parts(work.connection, export.export_id)
    contents = {
        part.service: decrypt(
            await get_object(objects, part.key),
            rules.unwrap_secret(part.secret, export, key=key),
            f"{export.export_id} {part.service}",
        )
        for part in parts
    }
    whole = await asyncio.to_thread(put_together, contents)
    rests, secret = encrypt(whole, str(export.export_id))
    object_key = key_for(folder_of(export.export_id), rests, "zip")
    await put_object(objects, object_key, rests)
    return rules.finished(
        export,
        key=object_key,
        sha256=hashlib.sha256(whole).hexdigest(),
        size_bytes=len(whole),
        secret=_wrap(secret, export, bench.resources),
    )


async def _extend(bench: Workbench, claimed: Gathered) -> None:
    async with bench.transaction() as work:
        await exports.extend_export(work.connection, claimed.export.export_id, LEASE_SECONDS)


def _wrap(secret: str, export: Export, resources: Resources) -> bytes:
    return rules.wrap_secret(secret, export, key=resources.factor_key, nonce=token_bytes(NONCE_BYTES))
