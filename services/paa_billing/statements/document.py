"""What stands on a statement: the one document that its JSON, CSV and PDF are made from."""

import hashlib
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from services.paa_billing.model import PayerKind, UsageKind, WaiverSubject

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
StatementKind = Literal["invoice", "statement_of_account"]
AdjustmentKind = Literal[
    "credit",
    "debit",
    "payment",
    "returned_payment",
    "returned_payment_fee",
    "refund",
    "write_off",
    "balance_moved",
]
SubtotalLevel = Literal["member", "court", "client_code"]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the document; amounts are whole US cents, instants UTC."""


class Payer(Part, frozen=True, kw_only=True):
    """Who owes the money: a person or a firm."""

    id: UUID
    kind: PayerKind
    account_number: str
    name: str


class BilledQuarter(Part, frozen=True, kw_only=True):
    """The quarter, as `2026-Q1`, with its edges; `ends_at` is the first instant after it."""

    name: str
    starts_at: Instant
    ends_at: Instant


class PoliciesInForce(Part, frozen=True, kw_only=True):
    """The policies that touch what stands on a statement, with their values when it was made."""

    business_zone: str
    due_days: int
    move_balance_on_join: bool
    show_search_terms: bool
    waiver_schedule: Literal["quarter_end"]
    waiver_subject: WaiverSubject


class Line(Part, frozen=True, kw_only=True):
    """One use: who, when, what, how large, and what it costs for which reasons.

    Of the sizes one is given, as the court reported it; `billed_pages` are the pages counted from it, before
    any cap. A prior-period line was used in an earlier quarter and reported after that one's close.
    """

    account_number: str
    account_name: str
    court_id: str
    client_code: str | None
    used_at: Instant
    usage_id: str
    kind: UsageKind
    page_count: int | None
    byte_count: int | None
    record_count: int | None
    billed_pages: int | None
    description: str
    case_number: str | None
    schedule_effective_on: date
    gross_cents: int
    exempt_cents: int
    charged_cents: int
    exemption_id: UUID | None
    reasons: tuple[str, ...]
    used_quarter: str
    is_prior_period: bool


class Adjustment(Part, frozen=True, kw_only=True):
    """A change of the balance since the last statement; a negative amount lowers what is owed."""

    id: UUID
    at: Instant
    kind: AdjustmentKind
    amount_cents: int
    explanation: str
    court_id: str | None = None
    usage_id: str | None = None


class WaiverLook(Part, frozen=True, kw_only=True):
    """What was held against the waiver's limit, and what was given up.

    `account_number` names the person whose threshold it was, None the firm as a whole. `looked_at_cents`
    counts that person's charges at all payers; on a firm's statement it is None: a firm sees what it pays.
    """

    account_number: str | None
    limit_cents: int
    looked_at_cents: int | None
    charged_cents: int
    waived_cents: int


class Subtotal(Part, frozen=True, kw_only=True):
    """The sum of some lines; the level says which of the three keys are meant (a None code is "no code")."""

    level: SubtotalLevel
    account_number: str | None
    court_id: str | None
    client_code: str | None
    line_count: int
    gross_cents: int
    exempt_cents: int
    charged_cents: int


class Totals(Part, frozen=True, kw_only=True):
    """The sums: gross = exempt + waived + credited + newly due; balance = carried + adjustments + billed."""

    line_count: int
    gross_cents: int
    exempt_cents: int
    charged_cents: int
    waived_cents: int
    billed_cents: int
    carried_cents: int
    adjustments_cents: int
    credited_cents: int
    newly_due_cents: int
    balance_cents: int
    due_cents: int
    credit_cents: int


class StatementDraft(Part, frozen=True, kw_only=True):
    """All of a statement that is known before it is issued."""

    kind: StatementKind
    payer: Payer
    quarter: BilledQuarter
    cut_off_at: Instant
    policies: PoliciesInForce
    lines: tuple[Line, ...]
    subtotals: tuple[Subtotal, ...]
    waiver_schedule_on: date
    waivers: tuple[WaiverLook, ...]
    adjustments: tuple[Adjustment, ...]
    totals: Totals


class Statement(StatementDraft, frozen=True, kw_only=True):
    """An issued statement; `due_on` is a date in the business zone, None if nothing is due."""

    schema: Literal["paa_billing.statement.v1"] = "paa_billing.statement.v1"
    number: int
    issued_at: Instant
    due_on: date | None


_encoder = msgspec.json.Encoder(order="sorted")
_statement_decoder = msgspec.json.Decoder(Statement)
_draft_decoder = msgspec.json.Decoder(StatementDraft)


def canonical_json(document: StatementDraft) -> bytes:
    """The one way to write a document: UTF-8, keys sorted, no spaces, no floats."""
    return _encoder.encode(document)


def digest_of(canonical: bytes) -> str:
    """The SHA-256 that the database keeps and each form of the statement prints."""
    return hashlib.sha256(canonical).hexdigest()


def read_statement(canonical: bytes) -> Statement:
    """The statement in its JSON; a msgspec.DecodeError says what isn't one."""
    return _statement_decoder.decode(canonical)


def read_draft(canonical: bytes) -> StatementDraft:
    """The draft in its JSON; a msgspec.DecodeError says what isn't one."""
    return _draft_decoder.decode(canonical)
