"""SQL of user names, those given up among them: none is ever given to somebody else."""

from datetime import datetime
from uuid import UUID

from shared.database import Connection


async def find_owner(connection: Connection, user_name_key: str) -> UUID | None:
    """Whose user name is it, or was it, before an upgrade or a change?

    Of one that an erased account had nobody knows whose: it is answered as that of no account.
    """
    found: UUID | None = await connection.fetchval(
        """
        SELECT id FROM accounts WHERE user_name_key = $1
         UNION ALL
        SELECT id FROM accounts WHERE legacy_user_name_key = $1
         UNION ALL
        SELECT account_id FROM former_user_names WHERE user_name_key = $1
         UNION ALL
        SELECT '00000000-0000-0000-0000-000000000000'::uuid
          FROM taken_user_names WHERE name_hash = sha256(convert_to($1, 'UTF8'))
         LIMIT 1
        """,
        user_name_key,
    )
    return found


async def insert_former(
    connection: Connection, user_name_key: str, account_id: UUID, given_up_at: datetime
) -> None:
    """Keep a user name for the account that gives it up; it may have been taken back and given up before."""
    await connection.execute(
        """
        INSERT INTO former_user_names (user_name_key, account_id, given_up_at)
        VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
        """,
        user_name_key,
        account_id,
        given_up_at,
    )
