"""Proofs, and the counts that throttle them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.linking.model import Proof, Scope, Throttle
from shared.database import Connection


async def count_attempt(
    connection: Connection, throttles: Sequence[Throttle], now: datetime, window_began_after: datetime
) -> bool:
    """Count one attempt, narrowest first; no if that is one too many, and then no narrower count has it.

    Whom others' guesses at a login or a court keep out has not guessed: elsewhere nothing is used up.
    """
    for place, throttle in enumerate(throttles):
        if await _count(connection, throttle, now, window_began_after) > throttle.limit:
            await forgive_attempt(connection, throttles[:place])
            return False
    return True


async def forgive_attempt(connection: Connection, throttles: Sequence[Throttle]) -> None:
    """Take back one counted attempt that turned out right, or was not made."""
    for throttle in throttles:
        await connection.execute(
            """
            UPDATE throttles SET failure_count = greatest(failure_count - 1, 0)
             WHERE scope = $1 AND subject = $2
            """,
            throttle.scope,
            throttle.subject,
        )


async def _count(
    connection: Connection, throttle: Throttle, now: datetime, window_began_after: datetime
) -> int:
    """How many attempts there are in the window with this one; attempts at once count one by one."""
    count: int = await connection.fetchval(
        """
        INSERT INTO throttles (scope, subject, window_started_at, failure_count)
        VALUES ($1, $2, $3, 1)
        ON CONFLICT (scope, subject) DO UPDATE
           SET failure_count = CASE WHEN throttles.window_started_at <= $4 THEN 1
                                    ELSE least(throttles.failure_count, 1000000) + 1 END,
               window_started_at = CASE WHEN throttles.window_started_at <= $4
                                        THEN excluded.window_started_at
                                        ELSE throttles.window_started_at END
        RETURNING failure_count
        """,
        throttle.scope,
        throttle.subject,
        now,
        window_began_after,
    )
    return count


async def insert_proof(connection: Connection, proof: Proof, at: datetime) -> None:
    """Keep a proof."""
    await connection.execute(
        """
        INSERT INTO proofs (id, account_id, session_id_hash, filing_account_id, proved_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        proof.id,
        proof.account_id,
        proof.session_id_hash,
        proof.filing_account_id,
        at,
        proof.expires_at,
    )


async def find_filing_account_of_proof(connection: Connection, proof_id: UUID) -> UUID | None:
    """Which filing account a proof is for, if there is such a proof."""
    found: UUID | None = await connection.fetchval(
        "SELECT filing_account_id FROM proofs WHERE id = $1", proof_id
    )
    return found


async def lock_proof(connection: Connection, proof_id: UUID) -> Proof | None:
    """A proof, held; lock its filing account first."""
    row = await connection.fetchrow(
        """
        SELECT id, account_id, session_id_hash, filing_account_id, expires_at, used_at, died_at
          FROM proofs
         WHERE id = $1
           FOR UPDATE
        """,
        proof_id,
    )
    return None if row is None else Proof(**row)


async def use_proof(connection: Connection, proof_id: UUID, at: datetime) -> None:
    """The proof has made a link."""
    await connection.execute("UPDATE proofs SET used_at = $2 WHERE id = $1", proof_id, at)


async def end_proofs(connection: Connection, filing_account_ids: Sequence[UUID], at: datetime) -> None:
    """No proof of these filing accounts is good any more."""
    await connection.execute(
        """
        UPDATE proofs SET died_at = $2
         WHERE filing_account_id = ANY($1::uuid[]) AND used_at IS NULL AND died_at IS NULL
        """,
        list(filing_account_ids),
        at,
    )


async def delete_proofs_of_account(connection: Connection, account_id: UUID) -> None:
    """Forget what an account ever proved."""
    await connection.execute("DELETE FROM proofs WHERE account_id = $1", account_id)


async def delete_throttle(connection: Connection, scope: Scope, subject: bytes) -> None:
    """Forget a count."""
    await connection.execute("DELETE FROM throttles WHERE scope = $1 AND subject = $2", scope, subject)


async def delete_old_proofs(connection: Connection, expired_before: datetime, limit: int) -> int:
    """Forget proofs that ended before then, at most so many; answers how many."""
    count: int = await connection.fetchval(
        """
        WITH old AS MATERIALIZED (
            SELECT id FROM proofs WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM proofs AS p USING old WHERE p.id = old.id RETURNING p.id
        )
        SELECT count(*) FROM gone
        """,
        expired_before,
        limit,
    )
    return count


async def delete_old_throttles(connection: Connection, started_before: datetime, limit: int) -> int:
    """Forget counts whose window began before then, at most so many; answers how many."""
    count: int = await connection.fetchval(
        """
        WITH old AS MATERIALIZED (
            SELECT scope, subject FROM throttles
             WHERE window_started_at < $1 ORDER BY window_started_at LIMIT $2
               FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM throttles AS t
             USING old
             WHERE t.scope = old.scope AND t.subject = old.subject
            RETURNING t.scope
        )
        SELECT count(*) FROM gone
        """,
        started_before,
        limit,
    )
    return count
