"""Payments: money that came in, once for each reference."""

from services.paa_billing.model.issued import Payment
from shared.database import Connection

_LOCK_CLASS = 1_907
"""The first key of the advisory locks on references; the second is a hash of the reference."""


_LOCK_CLASS = 1_907
"""The first key of the advisory locks on references; the second is a hash of the reference."""


async def lock_reference(connection: Connection, reference: str) -> None:
    """Of two payments under one reference the second waits until the first is booked."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCK_CLASS, reference)


async def find_payment(connection: Connection, reference: str) -> Payment | None:
    row = await connection.fetchrow(
        """
        SELECT reference, payer_id, amount_cents, paid_by, recorded_at, operation_id
          FROM payments
         WHERE reference = $1
        """,
        reference,
    )
    return None if row is None else Payment(**row)


async def insert_payment(connection: Connection, payment: Payment) -> None:
    """Keep the money that an operation of this transaction books."""
    await connection.execute(
        """
        INSERT INTO payments (reference, payer_id, amount_cents, paid_by, recorded_at, operation_id)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        payment.reference,
        payment.payer_id,
        payment.amount_cents,
        payment.paid_by,
        payment.recorded_at,
        payment.operation_id,
    )
