"""People as rows name them: what court staff are shown of who links, claims or asks."""

from asyncpg import Record

from shared.messages.linking.staff import PersonSeen

_TEXTS = ("account_number", "first_name", "last_name")


def person_seen(row: Record, prefix: str = "") -> PersonSeen:
    """The person in a row with these columns, of which all begin with `prefix`."""
    texts = {name: row[f"{prefix}{name}"] or "" for name in _TEXTS}
    return PersonSeen(account_id=row[f"{prefix}account_id"], **texts)
