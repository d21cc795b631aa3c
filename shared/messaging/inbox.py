"""The inbox: the ids of messages already handled; it makes handling a message twice harmless."""

from datetime import datetime

import msgspec

from shared.database import CheckViolationError, Connection
from shared.errors import BadEnvelopeError
from shared.messaging.envelope import Envelope


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a message that was handled before."""

    digest: bytes
    reply_type: str | None
    reply: bytes | None


async def first_time(
    connection: Connection, queue: str, envelope: Envelope, digest: bytes, at: datetime
) -> bool:
    """Note the message as handled, in this transaction, and say whether it is the first time.

    A twin handled at the same time waits here until the other's transaction ends. Raises BadEnvelopeError
    for an id whose time is outside what the inbox keeps: it can't be told whether that was handled before.
    """
    try:
        status = await connection.execute(
            """
            INSERT INTO inbox (queue, message_id, type, sender, digest, correlation_id, causation_id,
                               handled_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT DO NOTHING
            """,
            queue,
            envelope.message_id,
            envelope.type,
            envelope.sender,
            digest,
            envelope.correlation_id,
            envelope.causation_id,
            at,
        )
    except CheckViolationError as error:
        raise BadEnvelopeError("the message id's time is outside what the inbox keeps") from error
    return status == "INSERT 0 1"


async def keep_reply(
    connection: Connection, queue: str, envelope: Envelope, reply_type: str, reply: bytes
) -> None:
    """Keep the outcome for whoever asks the same again."""
    await connection.execute(
        "UPDATE inbox SET reply_type = $3, reply = $4 WHERE queue = $1 AND message_id = $2",
        queue,
        envelope.message_id,
        reply_type,
        reply,
    )


async def get_handled(connection: Connection, queue: str, envelope: Envelope) -> Handled:
    """What is kept of a message that `first_time` refused."""
    row = await connection.fetchrow(
        "SELECT digest, reply_type, reply FROM inbox WHERE queue = $1 AND message_id = $2",
        queue,
        envelope.message_id,
    )
    if row is None:
        raise LookupError("the inbox row has gone")
    return Handled(**row)
