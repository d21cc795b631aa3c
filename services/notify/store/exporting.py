"""What `notify` gives of itself into an export: for each table the statement that reads an account's rows."""

from collections.abc import Mapping

STATEMENTS: Mapping[str, str] = {
    "contacts": """
        SELECT account_id, version, name, email, is_verified FROM contacts WHERE account_id = $1
        """,
    "notifications": """
        SELECT id, kind, mail_class, recipient_name, email, subject, details::text AS details, state, reason,
               attempts, queued_at, sent_at
          FROM notifications
         WHERE account_id = $1
         ORDER BY queued_at, id
        """,
    # Mail to others that is about the asker: that it was written, and when.
    "mentions": """
        SELECT id, kind, state, queued_at, sent_at
          FROM notifications
         WHERE concerned_ids @> ARRAY[$1::uuid]
         ORDER BY queued_at, id
        """,
}
LEFT_OUT: Mapping[str, str] = {
    "suppressions": "digests of addresses, in no relation to an account",
}
"""Tables that hold something of an account and give none of it, and why."""
