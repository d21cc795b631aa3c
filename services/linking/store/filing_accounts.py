"""Filing accounts in the database: what rosters load and proofs look at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.linking.model import Claim, FilingAccount, Verifier
from services.linking.model.rosters import RosterEntry, StoredEntry
from shared.database import Connection
from shared.errors import NotYetKnownError

_FILING_ACCOUNT_COLUMNS = ("id", "court_id", "login", "name", "role")


async def find_nearest_verifier(
    connection: Connection, court_id: str, login: str
) -> tuple[UUID, str | None, Verifier] | None:
    """Id, login and verifier of a court's filing account with this login, else of the next one after it.

    So an unknown login costs a look and a hash like those of its neighbours, and so does one that is gone,
    which answers no login.
    """
    row = await connection.fetchrow(
        """
        SELECT id, CASE WHEN gone_at IS NULL THEN login END AS login, verifier_scheme, verifier
          FROM filing_accounts
         WHERE court_id = $1 AND login >= $2
         ORDER BY login
         LIMIT 1
        """,
        court_id,
        login,
    )
    if row is None:
        return None
    return row["id"], row["login"], Verifier(scheme=row["verifier_scheme"], phc=row["verifier"])


async def lock_filing_account(connection: Connection, filing_account_id: UUID) -> None:
    """Hold a filing account, so that two people linking it follow one another; read its claim after."""
    await connection.execute("SELECT id FROM filing_accounts WHERE id = $1 FOR UPDATE", filing_account_id)


async def get_claim(connection: Connection, filing_account_id: UUID, account_id: UUID) -> Claim:
    """What counts when an account wants to link a filing account.

    A statement of its own, after the lock: one that waited for the lock would not see the links made
    meanwhile.
    """
    row = await connection.fetchrow(
        """
        SELECT filing_accounts.id, filing_accounts.court_id, filing_accounts.login, filing_accounts.name,
               filing_accounts.role, courts.go_live_at,
               (SELECT account_id FROM links
                 WHERE filing_account_id = filing_accounts.id AND unlinked_at IS NULL) AS holder_account_id,
               ARRAY(SELECT links.role FROM links
                      WHERE account_id = $2 AND links.court_id = filing_accounts.court_id
                        AND unlinked_at IS NULL) AS roles_linked_at_court
          FROM filing_accounts
          JOIN courts ON courts.id = filing_accounts.court_id
         WHERE filing_accounts.id = $1
        """,
        filing_account_id,
        account_id,
    )
    if row is None:
        raise NotYetKnownError(f"filing account {filing_account_id}")
    return Claim(
        filing_account=FilingAccount(**{name: row[name] for name in _FILING_ACCOUNT_COLUMNS}),
        court_go_live_at=row["go_live_at"],
        holder_account_id=row["holder_account_id"],
        roles_linked_at_court=frozenset(row["roles_linked_at_court"]),
    )


async def end_login(connection: Connection, filing_account_id: UUID, at: datetime) -> None:
    """From now on the CM/ECF login is good for nothing but proving who it belongs to."""
    await connection.execute(
        "UPDATE filing_accounts SET login_ended_at = coalesce(login_ended_at, $2) WHERE id = $1",
        filing_account_id,
        at,
    )


async def end_verifier(connection: Connection, filing_account_id: UUID, nobodys: Verifier) -> None:
    """The password of a filing account proves no more, after the same work as any other.

    Its roster digest stays: a roster that brings the same verifier again changes nothing, and does not bring
    it back; one with another does.
    """
    await connection.execute(
        "UPDATE filing_accounts SET verifier_scheme = $2, verifier = $3 WHERE id = $1",
        filing_account_id,
        nobodys.scheme,
        nobodys.phc,
    )


async def list_stored_entries(
    connection: Connection, court_id: str, logins: Sequence[str]
) -> dict[str, StoredEntry]:
    """What is kept of these logins of a court, by login."""
    rows = await connection.fetch(
        """
        SELECT id, login, name, email, role, roster_digest,
               EXISTS (SELECT FROM links
                        WHERE links.filing_account_id = filing_accounts.id AND unlinked_at IS NULL)
               AS is_linked,
               gone_at IS NOT NULL AS is_gone
          FROM filing_accounts
         WHERE court_id = $1 AND login = ANY($2::text[])
        """,
        court_id,
        logins,
    )
    return {row["login"]: StoredEntry(**row) for row in rows}


async def lock_entries(connection: Connection, court_id: str, logins: Sequence[str]) -> None:
    """Hold these logins of a court, so that none is linked or loaded meanwhile."""
    await connection.execute(
        """
        SELECT id FROM filing_accounts
         WHERE court_id = $1 AND login = ANY($2::text[])
         ORDER BY login
           FOR UPDATE
        """,
        court_id,
        logins,
    )


async def insert_entries(
    connection: Connection,
    court_id: str,
    entries: Sequence[RosterEntry],
    ids: Sequence[UUID],
    verifiers: Mapping[str, Verifier],
    digests: Mapping[str, bytes],
    at: datetime,
) -> frozenset[str]:
    """Keep new entries, in the order of their logins; answers which weren't there already."""
    rows = await connection.fetch(
        """
        INSERT INTO filing_accounts (id, court_id, login, name, email, role, verifier_scheme, verifier,
                                     roster_digest, loaded_at)
        SELECT id, $1, login, name, email, role, verifier_scheme, verifier, roster_digest, $2
          FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                      $10::bytea[])
               AS given (id, login, name, email, role, verifier_scheme, verifier, roster_digest)
        ON CONFLICT (court_id, login) DO NOTHING
        RETURNING login
        """,
        court_id,
        at,
        list(ids),
        [entry.login for entry in entries],
        [entry.name for entry in entries],
        [entry.email for entry in entries],
        [entry.role for entry in entries],
        [verifiers[entry.login].scheme for entry in entries],
        [verifiers[entry.login].phc for entry in entries],
        [digests[entry.login] for entry in entries],
    )
    return frozenset(row["login"] for row in rows)


async def update_verifiers(
    connection: Connection,
    court_id: str,
    entries: Sequence[RosterEntry],
    verifiers: Mapping[str, Verifier],
    digests: Mapping[str, bytes],
) -> None:
    """Write the new verifiers of known logins."""
    await connection.execute(
        """
        UPDATE filing_accounts
           SET verifier_scheme = given.verifier_scheme,
               verifier = given.verifier,
               roster_digest = given.roster_digest
          FROM unnest($2::text[], $3::text[], $4::text[], $5::bytea[])
               AS given (login, verifier_scheme, verifier, roster_digest)
         WHERE filing_accounts.court_id = $1 AND filing_accounts.login = given.login
        """,
        court_id,
        [entry.login for entry in entries],
        [verifiers[entry.login].scheme for entry in entries],
        [verifiers[entry.login].phc for entry in entries],
        [digests[entry.login] for entry in entries],
    )


async def update_details(
    connection: Connection, court_id: str, entries: Sequence[RosterEntry], at: datetime
) -> None:
    """Write what has changed of known logins, their verifiers aside; who was gone is back."""
    await connection.execute(
        """
        UPDATE filing_accounts
           SET name = given.name, email = given.email, role = given.role, loaded_at = $2, gone_at = NULL
          FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS given (login, name, email, role)
         WHERE filing_accounts.court_id = $1 AND filing_accounts.login = given.login
        """,
        court_id,
        at,
        [entry.login for entry in entries],
        [entry.name for entry in entries],
        [entry.email for entry in entries],
        [entry.role for entry in entries],
    )
