"""Filing requests in the database."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.linking.model import FilingAccount, Verifier
from services.linking.model.cases import FilingRequest
from services.linking.store.people import person_seen
from shared.database import Connection
from shared.messages.linking.requests import (
    FilingRequestMade,
    FilingRequestSeen,
    MyFilingRequest,
    RequestState,
)

_NO_DIGEST = bytes(32)


async def insert_request(connection: Connection, made: FilingRequestMade, remark: str) -> bool:
    """Keep a request; answers False if one for this account, court and role is open."""
    status = await connection.execute(
        """
        INSERT INTO filing_requests (id, court_id, account_id, role, remark, asked_at, state, reason)
        VALUES ($1, $2, $3, $4, $5, $6, 'open', '')
        ON CONFLICT (account_id, court_id, role) WHERE state = 'open' DO NOTHING
        """,
        made.request_id,
        made.court_id,
        made.account_id,
        made.role,
        remark,
        made.asked_at,
    )
    return status == "INSERT 0 1"


async def find_account_of_request(connection: Connection, request_id: UUID) -> UUID | None:
    """Who made a request, if there is one."""
    found: UUID | None = await connection.fetchval(
        "SELECT account_id FROM filing_requests WHERE id = $1", request_id
    )
    return found


async def lock_request(connection: Connection, request_id: UUID) -> FilingRequest | None:
    """A request, held so that it is decided once; lock the account of who asked first."""
    row = await connection.fetchrow(
        "SELECT id, court_id, account_id, role, state FROM filing_requests WHERE id = $1 FOR UPDATE",
        request_id,
    )
    return None if row is None else FilingRequest(**row)


async def decide_request(
    connection: Connection,
    request_id: UUID,
    state: RequestState,
    at: datetime,
    *,
    by: UUID | None = None,
    reason: str = "",
) -> None:
    """Note what became of a request; `by` is the staff who decided it."""
    await connection.execute(
        """
        UPDATE filing_requests SET state = $2, decided_at = $3, decided_by_account_id = $4, reason = $5
         WHERE id = $1
        """,
        request_id,
        state,
        at,
        by,
        reason,
    )


async def list_roles_linked(connection: Connection, account_id: UUID, court_id: str) -> frozenset[str]:
    """The roles in which an account has links at a court now."""
    rows = await connection.fetch(
        "SELECT role FROM links WHERE account_id = $1 AND court_id = $2 AND unlinked_at IS NULL",
        account_id,
        court_id,
    )
    return frozenset(row["role"] for row in rows)


async def find_name(connection: Connection, account_id: UUID) -> str:
    """First and last name of an account as our copy has them; empty if it isn't known."""
    name: str | None = await connection.fetchval(
        "SELECT first_name || ' ' || last_name FROM accounts WHERE account_id = $1", account_id
    )
    return (name or "").strip()


async def insert_filing_account(
    connection: Connection, made: FilingAccount, verifier: Verifier, at: datetime
) -> bool:
    """Keep a filing account without an address; answers False if the login is in use.

    Its roster digest is that of no verifier, so that the first roster that names it gives it its own.
    """
    status = await connection.execute(
        """
        INSERT INTO filing_accounts (id, court_id, login, name, role, verifier_scheme, verifier,
                                     roster_digest, loaded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (court_id, login) DO NOTHING
        """,
        made.id,
        made.court_id,
        made.login,
        made.name,
        made.role,
        verifier.scheme,
        verifier.phc,
        _NO_DIGEST,
        at,
    )
    return status == "INSERT 0 1"


async def list_open_requests(
    connection: Connection, court_id: str, after: UUID | None, limit: int
) -> Sequence[FilingRequestSeen]:
    """The open requests at a court after one of them, with who asked."""
    rows = await connection.fetch(
        """
        SELECT filing_requests.id, filing_requests.account_id, accounts.account_number, accounts.first_name,
               accounts.last_name, filing_requests.role, filing_requests.remark, filing_requests.asked_at
          FROM filing_requests
          LEFT JOIN accounts ON accounts.account_id = filing_requests.account_id
         WHERE filing_requests.court_id = $1 AND filing_requests.state = 'open'
           AND ($2::uuid IS NULL OR filing_requests.id > $2)
         ORDER BY filing_requests.id
         LIMIT $3
        """,
        court_id,
        after,
        limit,
    )
    return [
        FilingRequestSeen(
            request_id=row["id"],
            person=person_seen(row),
            role=row["role"],
            remark=row["remark"],
            asked_at=row["asked_at"],
        )
        for row in rows
    ]


async def list_requests_of(
    connection: Connection, account_id: UUID, limit: int
) -> tuple[MyFilingRequest, ...]:
    """An account's requests, the newest first."""
    rows = await connection.fetch(
        """
        SELECT filing_requests.id AS request_id, filing_requests.court_id, courts.name AS court_name,
               filing_requests.role, filing_requests.remark, filing_requests.asked_at, filing_requests.state,
               filing_requests.decided_at, filing_requests.reason
          FROM filing_requests
          JOIN courts ON courts.id = filing_requests.court_id
         WHERE filing_requests.account_id = $1
         ORDER BY filing_requests.id DESC
         LIMIT $2
        """,
        account_id,
        limit,
    )
    return tuple(MyFilingRequest(**row) for row in rows)


async def blank_requests_of_account(connection: Connection, account_id: UUID, at: datetime) -> None:
    """Withdraw what an account asked for, and blank what was written with it."""
    await connection.execute(
        """
        UPDATE filing_requests
           SET state = CASE state WHEN 'open' THEN 'withdrawn' ELSE state END,
               decided_at = coalesce(decided_at, $2),
               remark = '',
               reason = CASE state WHEN 'refused' THEN '(erased)' ELSE '' END
         WHERE account_id = $1
        """,
        account_id,
        at,
    )
