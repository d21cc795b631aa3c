"""Who asks for client codes."""

from datetime import datetime
from uuid import UUID

from shared.database import Connection
from shared.messages.paa_billing import ClientCodeRuleChanged


async def save_rule(
    connection: Connection, payer_id: UUID, *, is_required: bool, at: datetime, by: UUID
) -> ClientCodeRuleChanged:
    """Keep a payer's rule under its next version."""
    version = await connection.fetchval(
        """
        INSERT INTO client_code_rules (payer_id, version, is_required, changed_at, changed_by)
        VALUES ($1, 1, $2, $3, $4)
        ON CONFLICT (payer_id) DO UPDATE
           SET version = client_code_rules.version + 1, is_required = excluded.is_required,
               changed_at = excluded.changed_at, changed_by = excluded.changed_by
        RETURNING version
        """,
        payer_id,
        is_required,
        at,
        by,
    )
    return ClientCodeRuleChanged(
        payer_id=payer_id, version=version, is_required=is_required, actor_account_id=by
    )


async def is_required(connection: Connection, payer_id: UUID) -> bool:
    """Does this payer ask for client codes?"""
    return bool(
        await connection.fetchval("SELECT is_required FROM client_code_rules WHERE payer_id = $1", payer_id)
    )
