"""SQL of password verifiers, guards, authenticators, and of who is a filer."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from services.accounts.model import Admission, Authenticator, Credential, Duties, Guard, GuardKind
from shared.database import Connection
from shared.errors import NotYetKnownError


async def insert_credential(connection: Connection, credential: Credential) -> None:
    """Keep the first verifier of an account."""
    await connection.execute(
        """
        INSERT INTO credentials (account_id, scheme, password_hash, changed_at, recipe)
        VALUES ($1, $2, $3, $4, $5)
        """,
        credential.account_id,
        credential.scheme,
        credential.password_hash,
        credential.changed_at,
        credential.recipe,
    )


async def get_credential(connection: Connection, account_id: UUID) -> Credential:
    """Read the verifier of an account."""
    row = await connection.fetchrow(
        """
        SELECT account_id, scheme, password_hash, changed_at, recipe FROM credentials WHERE account_id = $1
        """,
        account_id,
    )
    if row is None:
        raise NotYetKnownError(f"credential of {account_id}")
    return Credential(**row)


async def update_credential(connection: Connection, credential: Credential) -> None:
    """Replace the verifier of an account."""
    await connection.execute(
        """
        UPDATE credentials
           SET scheme = $2, password_hash = $3, changed_at = $4, recipe = $5
         WHERE account_id = $1
        """,
        credential.account_id,
        credential.scheme,
        credential.password_hash,
        credential.changed_at,
        credential.recipe,
    )


async def insert_guards(connection: Connection, account_id: UUID) -> None:
    """Set up both guards of a new account."""
    await connection.execute(
        """
        INSERT INTO guards (account_id, kind, attempts)
        VALUES ($1, 'passcode', '{}'), ($1, 'password', '{}')
        """,
        account_id,
    )


async def lock_guard(connection: Connection, account_id: UUID, kind: GuardKind) -> Guard:
    """Read a guard and hold it, so that attempts made at the same time are counted one by one."""
    row = await connection.fetchrow(
        """
        SELECT account_id, kind, attempts, locked_until
          FROM guards
         WHERE account_id = $1 AND kind = $2
           FOR UPDATE
        """,
        account_id,
        kind,
    )
    if row is None:
        raise NotYetKnownError(f"guard of {account_id}")
    return _guard(row)


async def lock_guarded(connection: Connection, account_id: UUID) -> tuple[Guard, Credential]:
    """Read the password's guard and hold it, and with it what it guards.

    Who may not act on a password that was replaced while the guard was waited for holds the account's row.
    """
    row = await connection.fetchrow(
        """
        SELECT g.account_id, g.kind, g.attempts, g.locked_until,
               c.scheme, c.password_hash, c.changed_at, c.recipe
          FROM guards g
          JOIN credentials c ON c.account_id = g.account_id
         WHERE g.account_id = $1 AND g.kind = 'password'
           FOR UPDATE OF g
        """,
        account_id,
    )
    if row is None:
        raise NotYetKnownError(f"guard and credential of {account_id}")
    return _guarded(row)


async def lock_admission(connection: Connection, account_id: UUID, now: datetime) -> Admission:
    """The same with all else that is looked at before somebody is let in; the account's row is held."""
    row = await connection.fetchrow(
        """
        SELECT g.account_id, g.kind, g.attempts, g.locked_until,
               c.scheme, c.password_hash, c.changed_at, c.recipe,
               EXISTS (SELECT FROM filing_links f
                        WHERE f.account_id = $1 AND f.unlinked_at IS NULL) AS is_filer,
               EXISTS (SELECT FROM role_grants r
                        WHERE r.account_id = $1 AND r.ended_at IS NULL
                          AND (r.ends_at IS NULL OR r.ends_at > $2)) AS has_role,
               EXISTS (SELECT FROM one_time_tokens t
                        WHERE t.account_id = $1 AND t.purpose = 'strangers_reset_stop'
                          AND t.closed_at IS NULL) AS is_strangers_reset_open
          FROM guards g
          JOIN credentials c ON c.account_id = g.account_id
         WHERE g.account_id = $1 AND g.kind = 'password'
           FOR UPDATE OF g
        """,
        account_id,
        now,
    )
    if row is None:
        raise NotYetKnownError(f"guard and credential of {account_id}")
    guard, credential = _guarded(row)
    return Admission(
        guard=guard,
        credential=credential,
        duties=Duties(is_filer=row["is_filer"], has_role=row["has_role"]),
        is_strangers_reset_open=row["is_strangers_reset_open"],
    )


async def update_guard(connection: Connection, guard: Guard) -> None:
    """Write what a guard has counted."""
    await connection.execute(
        "UPDATE guards SET attempts = $3, locked_until = $4 WHERE account_id = $1 AND kind = $2",
        guard.account_id,
        guard.kind,
        list(guard.attempts),
        guard.locked_until,
    )


async def list_authenticators(connection: Connection, account_id: UUID) -> Sequence[Authenticator]:
    """The authenticators of an account, one that is only offered included, by name."""
    rows = await connection.fetch(
        """
        SELECT id, account_id, name, name_key, secret, last_step, confirmed_at
          FROM authenticators
         WHERE account_id = $1
         ORDER BY name_key, id
        """,
        account_id,
    )
    return [Authenticator(**row) for row in rows]


async def delete_offered_authenticator(connection: Connection, account_id: UUID) -> None:
    """Forget an offer that was never confirmed."""
    await connection.execute(
        "DELETE FROM authenticators WHERE account_id = $1 AND confirmed_at IS NULL", account_id
    )


async def delete_authenticators(connection: Connection, account_id: UUID) -> None:
    """Remove all of an account's authenticators."""
    await connection.execute("DELETE FROM authenticators WHERE account_id = $1", account_id)


async def insert_authenticator(connection: Connection, authenticator: Authenticator) -> None:
    """Keep an offered authenticator; its secret comes encrypted."""
    await connection.execute(
        """
        INSERT INTO authenticators (id, account_id, name, name_key, secret, last_step, confirmed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        authenticator.id,
        authenticator.account_id,
        authenticator.name,
        authenticator.name_key,
        authenticator.secret,
        authenticator.last_step,
        authenticator.confirmed_at,
    )


async def update_authenticator(connection: Connection, authenticator: Authenticator) -> None:
    """Write the name, the last accepted step, and that the authenticator is confirmed."""
    await connection.execute(
        """
        UPDATE authenticators SET name = $2, name_key = $3, last_step = $4, confirmed_at = $5 WHERE id = $1
        """,
        authenticator.id,
        authenticator.name,
        authenticator.name_key,
        authenticator.last_step,
        authenticator.confirmed_at,
    )


async def delete_authenticator(connection: Connection, authenticator_id: UUID) -> None:
    """Forget an authenticator with its secret."""
    await connection.execute("DELETE FROM authenticators WHERE id = $1", authenticator_id)


async def insert_filing_link(connection: Connection, link_id: UUID, account_id: UUID) -> None:
    """An account is linked, unless the link's end was heard of before."""
    await connection.execute(
        "INSERT INTO filing_links (link_id, account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        link_id,
        account_id,
    )


async def end_filing_link(connection: Connection, link_id: UUID, account_id: UUID, at: datetime) -> None:
    """A link has ended, whether its beginning was heard of or not."""
    await connection.execute(
        """
        INSERT INTO filing_links (link_id, account_id, unlinked_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (link_id) DO UPDATE SET unlinked_at = excluded.unlinked_at
        """,
        link_id,
        account_id,
        at,
    )


async def get_duties(connection: Connection, account_id: UUID, now: datetime) -> Duties:
    """Is the account linked to a filing account now, and has it a role?"""
    (row,) = await connection.fetch(
        """
        SELECT EXISTS (SELECT FROM filing_links WHERE account_id = $1 AND unlinked_at IS NULL) AS is_filer,
               EXISTS (SELECT FROM role_grants
                        WHERE account_id = $1 AND ended_at IS NULL
                          AND (ends_at IS NULL OR ends_at > $2)) AS has_role
        """,
        account_id,
        now,
    )
    return Duties(**row)


def _guarded(row: Record) -> tuple[Guard, Credential]:
    credential = Credential(
        account_id=row["account_id"],
        scheme=row["scheme"],
        password_hash=row["password_hash"],
        changed_at=row["changed_at"],
        recipe=row["recipe"],
    )
    return _guard(row), credential


def _guard(row: Record) -> Guard:
    return Guard(
        account_id=row["account_id"],
        kind=row["kind"],
        attempts=tuple(row["attempts"]),
        locked_until=row["locked_until"],
    )
