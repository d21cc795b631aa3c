"""Linking codes in the database."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.linking.model.cases import CodeSubject, LinkingCode
from shared.database import Connection


async def lock_login(connection: Connection, court_id: str, login: str) -> None:
    """Hold a court's filing account by its login, if there is one; read what counts of it after."""
    await connection.execute(
        "SELECT id FROM filing_accounts WHERE court_id = $1 AND login = $2 FOR UPDATE", court_id, login
    )


async def find_subject(connection: Connection, court_id: str, login: str) -> CodeSubject | None:
    """What counts of a filing account that a code is asked for, unless it is gone."""
    row = await connection.fetchrow(
        """
        SELECT filing_accounts.id AS filing_account_id, filing_accounts.name, filing_accounts.email,
               courts.go_live_at AS court_go_live_at,
               EXISTS (SELECT FROM links
                        WHERE links.filing_account_id = filing_accounts.id AND unlinked_at IS NULL)
               AS is_linked
          FROM filing_accounts
          JOIN courts ON courts.id = filing_accounts.court_id
         WHERE filing_accounts.court_id = $1 AND filing_accounts.login = $2
           AND filing_accounts.gone_at IS NULL
        """,
        court_id,
        login,
    )
    return None if row is None else CodeSubject(**row)


async def insert_code(connection: Connection, code: LinkingCode) -> None:
    """Keep a new code; end the one before it first."""
    await connection.execute(
        """
        INSERT INTO linking_codes (id, court_id, filing_account_id, code_digest, way, issued_by_account_id,
                                   issued_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        code.id,
        code.court_id,
        code.filing_account_id,
        code.code_digest,
        code.way,
        code.issued_by_account_id,
        code.issued_at,
        code.expires_at,
    )


async def end_codes(connection: Connection, filing_account_ids: Sequence[UUID], at: datetime) -> None:
    """No code of these filing accounts is good any more."""
    await connection.execute(
        """
        UPDATE linking_codes SET died_at = $2
         WHERE filing_account_id = ANY($1::uuid[]) AND used_at IS NULL AND died_at IS NULL
        """,
        list(filing_account_ids),
        at,
    )


async def find_code(connection: Connection, court_id: str, code_digest: bytes) -> LinkingCode | None:
    """A code of a court, good or not, but for one of a filing account that is gone.

    What is read after locking the filing account stays so.
    """
    row = await connection.fetchrow(
        """
        SELECT linking_codes.id, linking_codes.court_id, filing_account_id, code_digest, way,
               issued_by_account_id, issued_at, expires_at, used_at, died_at
          FROM linking_codes
          JOIN filing_accounts ON filing_accounts.id = filing_account_id AND gone_at IS NULL
         WHERE linking_codes.court_id = $1 AND code_digest = $2
        """,
        court_id,
        code_digest,
    )
    return None if row is None else LinkingCode(**row)


async def use_code(connection: Connection, code_id: UUID, account_id: UUID, at: datetime) -> None:
    """The code has made a proof."""
    await connection.execute(
        "UPDATE linking_codes SET used_at = $3, used_by_account_id = $2 WHERE id = $1",
        code_id,
        account_id,
        at,
    )
