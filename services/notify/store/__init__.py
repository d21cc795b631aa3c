"""All SQL of notify: contacts, courts, notifications, suppressions; one function, one statement."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from services.notify.model import CLASS_OF, Contact, Court, Letter, Notification
from shared.database import Connection
from shared.messages.accounts import ContactChanged
from shared.messages.linking import CourtChanged
from shared.messages.notify import MessageShown
from shared.messaging.envelope import Envelope
from shared.sealed import Sealed


async def upsert_contact(connection: Connection, contact: ContactChanged) -> None:
    """Keep a newer version of a contact; nothing comes back once the account is erased."""
    await connection.execute(
        """
        INSERT INTO contacts (account_id, version, name, email, is_verified)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account_id) DO UPDATE
           SET version = excluded.version, name = excluded.name, email = excluded.email,
               is_verified = excluded.is_verified
         WHERE contacts.version < excluded.version AND contacts.erased_at IS NULL
        """,
        contact.account_id,
        contact.version,
        contact.name,
        contact.email,
        contact.is_verified,
    )


async def list_contacts(connection: Connection, account_ids: Sequence[UUID]) -> dict[UUID, Contact]:
    """The contacts that are known of these accounts."""
    rows = await connection.fetch(
        """
        SELECT account_id, name, email,
               CASE WHEN erased_at IS NOT NULL THEN 'erased' WHEN is_verified THEN 'verified'
                    ELSE 'unverified' END AS standing
          FROM contacts
         WHERE account_id = ANY($1::uuid[])
        """,
        list(account_ids),
    )
    return {row["account_id"]: Contact(**row) for row in rows}


async def upsert_court(connection: Connection, court: CourtChanged) -> None:
    """Keep a newer version of a court."""
    await connection.execute(
        """
        INSERT INTO courts (court_id, version, name, time_zone, help_desk, contact_email)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (court_id) DO UPDATE
           SET version = excluded.version, name = excluded.name, time_zone = excluded.time_zone,
               help_desk = excluded.help_desk, contact_email = excluded.contact_email
         WHERE courts.version < excluded.version
        """,
        court.court_id,
        court.version,
        court.name,
        court.time_zone,
        court.help_desk,
        court.contact_email,
    )


async def find_court(connection: Connection, court_id: str | None) -> Court | None:
    """A court, if it is known."""
    row = await connection.fetchrow(
        """
        SELECT court_id, name, time_zone, help_desk, contact_email
          FROM courts
         WHERE court_id = $1
        """,
        court_id,
    )
    return None if row is None else Court(**row)


async def insert_notification(
    connection: Connection,
    notification_id: UUID,
    letter: Letter,
    subject: str,
    cause: Envelope,
    queued_at: datetime,
    why_not_sent: str | None,
    concerned_ids: Sequence[UUID] = (),
) -> bool:
    """Keep a letter, once for each event, recipient and kind; one with a reason is kept without its address.

    `concerned_ids`: whom it is about beside whom it goes to. Answers False if it was kept before.
    """
    status = await connection.execute(
        """
        INSERT INTO notifications (id, event_id, correlation_id, recipient, kind, mail_class, account_id,
                                   recipient_name, email, subject, details, sealed, expires_at, queued_at,
                                   state, reason, concerned_ids)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $15::text IS NULL THEN $9::text END, $10,
                $11::text::jsonb, CASE WHEN $15 IS NULL THEN $12::text::jsonb END, $13, $14,
                CASE WHEN $15 IS NULL THEN 'queued' ELSE 'suppressed' END, $15, $16)
        ON CONFLICT (event_id, recipient, kind) DO NOTHING
        """,
        notification_id,
        cause.message_id,
        cause.correlation_id,
        letter.recipient,
        letter.kind,
        CLASS_OF[letter.kind],
        letter.account_id,
        letter.name,
        letter.email,
        subject,
        msgspec.json.encode(letter.details).decode(),
        msgspec.json.encode(letter.sealed).decode() if letter.sealed else None,
        letter.expires_at,
        queued_at,
        why_not_sent,
        concerned_ids,
    )
    return status == "INSERT 0 1"


async def claim_notification(connection: Connection, lease: timedelta) -> Notification | None:
    """Take the most urgent mail that may be sent now, for as long as the lease.

    One found in `sending` belonged to a worker that ended before it knew, or wrote down, the outcome.
    """
    row = await connection.fetchrow(
        """
        WITH next AS MATERIALIZED (
               SELECT id
                 FROM notifications
                WHERE state IN ('queued', 'sending') AND not_before <= clock_timestamp()
                ORDER BY priority, not_before
                LIMIT 1
                  FOR UPDATE SKIP LOCKED)
        UPDATE notifications AS n
           SET attempts = n.attempts + 1,
               not_before = clock_timestamp() + $1,
               is_possible_duplicate = n.is_possible_duplicate OR n.state = 'sending'
          FROM next
         WHERE n.id = next.id
        RETURNING n.id, n.event_id, n.correlation_id, n.account_id, n.kind, n.recipient_name, n.email,
                  n.subject, n.details::text, n.sealed::text, n.expires_at, n.attempts
        """,
        lease,
    )
    if row is None:
        return None
    details = msgspec.json.decode(row["details"], type=dict[str, str | tuple[str, ...]])
    sealed = row["sealed"] and msgspec.json.decode(row["sealed"], type=dict[str, Sealed])
    return Notification(**{**row, "details": details, "sealed": sealed})


async def is_suppressed(connection: Connection, address: str, at: datetime) -> bool:
    """Does this address get no mail for now?"""
    return bool(
        await connection.fetchval(
            """
            SELECT EXISTS (SELECT 1 FROM suppressions WHERE address_digest = $1 AND expires_at > $2)
            """,
            hashlib.sha256(address.lower().encode()).digest(),
            at,
        )
    )


async def extend_lease(connection: Connection, claimed: Notification, lease: timedelta) -> bool:
    """Keep a mail for as long as the lease once more; no if another worker has claimed it since."""
    return await _is_one(
        connection,
        """
        UPDATE notifications
           SET not_before = clock_timestamp() + $3
         WHERE id = $1 AND attempts = $2 AND state IN ('queued', 'sending')
        """,
        claimed,
        lease,
    )


async def mark_sending(connection: Connection, claimed: Notification, lease: timedelta) -> bool:
    """Write down that the mail goes out now; no if another worker has claimed it since."""
    return await _is_one(
        connection,
        """
        UPDATE notifications
           SET state = 'sending', not_before = clock_timestamp() + $3
         WHERE id = $1 AND attempts = $2 AND state IN ('queued', 'sending')
        """,
        claimed,
        lease,
    )


async def mark_sent(connection: Connection, claimed: Notification, at: datetime) -> bool:
    """Settle a mail that the server took, and erase its secrets."""
    return await _is_one(
        connection,
        """
        UPDATE notifications
           SET state = 'sent', sent_at = $3, reason = NULL, sealed = NULL
         WHERE id = $1 AND attempts = $2 AND state IN ('queued', 'sending')
        """,
        claimed,
        at,
    )


async def postpone(
    connection: Connection, claimed: Notification, delay: timedelta, reason: str, is_outcome_unknown: bool
) -> bool:
    """Send a mail again later."""
    return await _is_one(
        connection,
        """
        UPDATE notifications
           SET state = 'queued', not_before = clock_timestamp() + $3, reason = $4,
               is_possible_duplicate = is_possible_duplicate OR $5
         WHERE id = $1 AND attempts = $2 AND state IN ('queued', 'sending')
        """,
        claimed,
        delay,
        reason,
        is_outcome_unknown,
    )


async def give_up(connection: Connection, claimed: Notification, state: str, reason: str) -> bool:
    """Settle a mail as `abandoned` or `suppressed`, and erase its secrets."""
    return await _is_one(
        connection,
        """
        UPDATE notifications
           SET state = $3, reason = $4, sealed = NULL
         WHERE id = $1 AND attempts = $2 AND state IN ('queued', 'sending')
        """,
        claimed,
        state,
        reason,
    )


async def list_messages(connection: Connection, account_id: UUID, limit: int) -> tuple[MessageShown, ...]:
    """What was written to an account, newest first."""
    rows = await connection.fetch(
        """
        SELECT id AS notification_id, kind, subject, state, queued_at, sent_at,
               CASE WHEN state IN ('abandoned', 'suppressed') THEN reason END AS reason
          FROM notifications
         WHERE account_id = $1
         ORDER BY queued_at DESC, id DESC
         LIMIT $2
        """,
        account_id,
        limit,
    )
    return tuple(MessageShown(**row) for row in rows)


async def _is_one(connection: Connection, statement: str, claimed: Notification, *values: object) -> bool:
    return await connection.execute(statement, claimed.id, claimed.attempts, *values) == "UPDATE 1"
