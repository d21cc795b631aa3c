"""Issued statements as the database keeps them, their files, and the payments that come in."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.paa_billing.model.quarters import Quarter
from shared.money import Cents

FileForm = Literal["json", "csv", "pdf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedStatement:
    """A statement's head; `sha256` is that of its canonical JSON, which holds all the rest.

    `total_cents` is what the quarter's uses are charged; `balance_cents` what is owed in all (negative: a
    credit).
    """

    id: UUID
    number: int
    quarter: Quarter
    payer_id: UUID
    payer_name: str
    kind: Literal["invoice", "statement_of_account"]
    total_cents: Cents
    waived_cents: Cents
    newly_due_cents: Cents
    balance_cents: Cents
    due_on: date | None
    issued_at: datetime
    sha256: str

    @property
    def due_cents(self) -> Cents:
        """What is to be paid."""
        return Cents(max(self.balance_cents, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A statement whose files are to be made, from its draft; `attempts` counts this one too."""

    statement_id: UUID
    number: int
    issued_at: datetime
    sha256: str
    draft: bytes
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKept:
    """One form of a statement in the object store."""

    form: FileForm
    key: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that came in, and the operation that booked it."""

    reference: str
    payer_id: UUID
    amount_cents: Cents
    paid_by: UUID
    recorded_at: datetime
    operation_id: UUID
