"""SQL of backup codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.database import Connection


async def insert_backup_codes(
    connection: Connection, account_id: UUID, code_hashes: Sequence[bytes], at: datetime
) -> None:
    """Keep the hashes of codes that are being shown."""
    await connection.execute(
        """
        INSERT INTO backup_codes (account_id, code_hash, made_at)
        SELECT $1, code_hash, $3 FROM unnest($2::bytea[]) AS code_hash
        """,
        account_id,
        list(code_hashes),
        at,
    )


async def use_backup_code(connection: Connection, account_id: UUID, code_hash: bytes) -> bool:
    """Take a code out, so that it is used once; False where it isn't one, or not any more."""
    status = await connection.execute(
        "DELETE FROM backup_codes WHERE account_id = $1 AND code_hash = $2", account_id, code_hash
    )
    return status == "DELETE 1"


async def delete_backup_codes(connection: Connection, account_id: UUID) -> None:
    """No code of this account works any more."""
    await connection.execute("DELETE FROM backup_codes WHERE account_id = $1", account_id)


async def count_backup_codes(connection: Connection, account_id: UUID) -> int:
    """How many codes of this account are left?"""
    return int(
        await connection.fetchval("SELECT count(*) FROM backup_codes WHERE account_id = $1", account_id)
    )
