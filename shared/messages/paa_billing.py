"""What is asked of `paa_billing`, and what it announces of firms, usage, statements and money."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import (
    AccountNumber,
    Command,
    CourtId,
    Event,
    LongText,
    Query,
    Reply,
    ShortText,
    Speaker,
)

Quarter = Annotated[str, msgspec.Meta(pattern=r"^\d{4}Q[1-4]$", description="Calendar quarter, as 2024Q1")]
Page = Annotated[int, msgspec.Meta(ge=1, le=500)]


class RegisterFirm(Command, frozen=True, kw_only=True, tag="paa_billing.register_firm.v1"):
    """A PAA administrator founds the firm that the account will pay for."""

    name: ShortText


class FirmRegistered(Event, frozen=True, kw_only=True, tag="paa_billing.firm_registered.v1"):
    """A firm exists, with its first administrator (mail)."""

    paa_id: UUID
    account_id: UUID
    name: str


FirmRefusalReason = Literal[
    "account_not_known_yet",
    "account_not_active",
    "not_a_paa",
    "upgrade_first",
    "firm_exists",
    "firm_not_found",
    "not_an_administrator",
    "not_an_individual",
    "invitation_not_open",
    "invitation_expired",
    "paid_by_another_firm",
    "not_a_member",
    "proof_too_old",
    "session_level_too_low",
    "remark_missing",
]


class FirmRefused(Reply, frozen=True, kw_only=True, tag="paa_billing.firm_refused.v1"):
    """Nothing has changed."""

    reason: FirmRefusalReason


class InviteAccount(Command, frozen=True, kw_only=True, tag="paa_billing.invite_account.v1"):
    """Ask a person to let the firm pay; whether anyone matched is not told to the firm."""

    account_number: AccountNumber
    last_name: ShortText
    remark: LongText = ""


class InvitationAsked(Reply, frozen=True, kw_only=True, tag="paa_billing.invitation_asked.v1"):
    """If number and last name match an account, its holder has been asked."""


class MemberInvited(Event, frozen=True, kw_only=True, tag="paa_billing.member_invited.v1"):
    """A person was asked to let a firm pay (mail to the person)."""

    invitation_id: UUID
    paa_id: UUID
    account_id: UUID
    firm_name: str
    remark: str
    expires_at: datetime


class MyInvitations(Query, frozen=True, kw_only=True, tag="paa_billing.my_invitations.v1"):
    """Which firms ask to pay for me, and what each will see and take over?"""


class InvitationShown(msgspec.Struct, frozen=True, kw_only=True):
    """One open invitation, with what the person agrees to by accepting it."""

    invitation_id: UUID
    firm_name: str
    remark: str
    expires_at: datetime
    moving_balance_cents: int
    firm_will_see: tuple[str, ...]
    firm_will_pay: str


class InvitationsShown(Reply, frozen=True, kw_only=True, tag="paa_billing.invitations_shown.v1"):
    """The open invitations of the asker."""

    invitations: tuple[InvitationShown, ...]


class AcceptInvitation(Command, frozen=True, kw_only=True, tag="paa_billing.accept_invitation.v1"):
    """Let the firm pay from now on; the open balance seen before is the one that moves, else refused."""

    invitation_id: UUID


class DeclineInvitation(Command, frozen=True, kw_only=True, tag="paa_billing.decline_invitation.v1"):
    """Say no."""

    invitation_id: UUID


class InvitationDeclined(Event, frozen=True, kw_only=True, tag="paa_billing.invitation_declined.v1"):
    """The person said no (mail to both sides)."""

    invitation_id: UUID
    paa_id: UUID
    account_id: UUID
    administrator_ids: tuple[UUID, ...]


class MemberJoined(Event, frozen=True, kw_only=True, tag="paa_billing.member_joined.v1"):
    """From this instant the firm pays for the person's new charges (mail to both sides)."""

    membership_id: UUID
    paa_id: UUID
    account_id: UUID
    firm_name: str
    joined_at: datetime
    moved_balance_cents: int
    administrator_ids: tuple[UUID, ...]


class LeaveFirm(Command, frozen=True, kw_only=True, tag="paa_billing.leave_firm.v1"):
    """The person leaves, at once; nobody can hold them."""

    remark: LongText


class RemoveMember(Command, frozen=True, kw_only=True, tag="paa_billing.remove_member.v1"):
    """The firm stops paying for a person, at once."""

    account_number: AccountNumber
    remark: LongText


class MemberLeft(Event, frozen=True, kw_only=True, tag="paa_billing.member_left.v1"):
    """From this instant the person pays their own new charges (mail to both sides)."""

    membership_id: UUID
    paa_id: UUID
    account_id: UUID
    firm_name: str
    left_at: datetime
    ended_by: Literal["person", "firm", "deactivation"]
    remark: str
    administrator_ids: tuple[UUID, ...]


class RecordUsage(Command, frozen=True, kw_only=True, tag="paa_billing.record_usage.v1"):
    """A court's batch of up to 500 uses; each record is decoded alone, so one bad record harms no other."""

    spoken_by: ClassVar[Speaker] = "court"
    court_id: CourtId
    batch_id: UUID
    records: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=500)]


class UsageRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One use as its court reports it; its fields are checked one by one, so that a reason can name one."""

    usage_id: str
    account_number: str
    used_at: datetime
    kind: str
    pages: int | None = None
    bytes: int | None = None
    records: int | None = None
    description: str = ""
    case_number: str = ""
    client_code: str = ""
    exemption: str = ""
    schema_version: int = 1


class UsageQuarantined(msgspec.Struct, frozen=True, kw_only=True):
    """One record that was not booked: its place in the batch, its id if readable, field and reason."""

    index: int
    usage_id: str | None
    field: str
    reason: str


class UsageBatchSettled(Event, frozen=True, kw_only=True, tag="paa_billing.usage_batch_settled.v1"):
    """What became of a batch; it reaches the court on its own results queue."""

    court_id: CourtId
    batch_id: UUID
    booked: int
    duplicate: int
    waiting: int
    quarantined: tuple[UsageQuarantined, ...] = ()


class MyUsage(Query, frozen=True, kw_only=True, tag="paa_billing.my_usage.v1"):
    """My own uses of a quarter, whoever pays, oldest first."""

    quarter: Quarter
    after: UUID | None = None
    limit: Page = 200


class FirmUsage(Query, frozen=True, kw_only=True, tag="paa_billing.firm_usage.v1"):
    """The uses that the asking administrator's firm pays for; the look is recorded (a check)."""

    quarter: Quarter
    after: UUID | None = None
    limit: Page = 200


class UsageShown(msgspec.Struct, frozen=True, kw_only=True):
    """One priced use, in whole cents."""

    line_id: UUID
    used_at: datetime
    court_id: CourtId
    kind: str
    description: str
    case_number: str
    client_code: str
    pages: int
    gross_cents: int
    exempt_cents: int
    account_number: AccountNumber
    member_name: str


class UsageList(Reply, frozen=True, kw_only=True, tag="paa_billing.usage_list.v1"):
    """A page of uses; ask again with `after` the last line's id while `has_more`."""

    lines: tuple[UsageShown, ...]
    has_more: bool


class MyBalance(Query, frozen=True, kw_only=True, tag="paa_billing.my_balance.v1"):
    """What I owe (an administrator: what the firm owes), and my running quarter."""


class BalanceShown(Reply, frozen=True, kw_only=True, tag="paa_billing.balance_shown.v1"):
    """Issued and unpaid, unapplied credit, and the running quarter; whole cents."""

    payer_id: UUID
    open_cents: int
    credit_cents: int
    running_quarter: Quarter
    running_charged_cents: int
    waiver_cents: int
    paid_by_firm: str | None


class RecordPayment(Command, frozen=True, kw_only=True, tag="paa_billing.record_payment.v1"):
    """Book money that came in, once per reference; what is not owed stands as credit."""

    spoken_by: ClassVar[Speaker] = "account"
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    amount_cents: Annotated[int, msgspec.Meta(ge=1, le=2_499_999)]


class PaymentRecorded(Event, frozen=True, kw_only=True, tag="paa_billing.payment_recorded.v1"):
    """Money was booked (mail to the payer)."""

    payer_id: UUID
    reference: str
    amount_cents: int
    open_cents: int
    recipient_ids: tuple[UUID, ...]


class PaymentRefused(Reply, frozen=True, kw_only=True, tag="paa_billing.payment_refused.v1"):
    """No money was booked."""

    reason: Literal["reference_used", "nobody_to_pay_for"]


class CloseQuarter(Command, frozen=True, kw_only=True, tag="paa_billing.close_quarter.v1"):
    """Close a quarter that is over and issue its statements (PSC, or planned as due work)."""

    spoken_by: ClassVar[Speaker] = "operator"
    quarter: Quarter


class QuarterClosing(Reply, frozen=True, kw_only=True, tag="paa_billing.quarter_closing.v1"):
    """The cut-off stands; settling, sealing and issuing go on in the background."""

    quarter: Quarter
    cut_off_at: datetime


class QuarterRefused(Reply, frozen=True, kw_only=True, tag="paa_billing.quarter_refused.v1"):
    """The quarter stays as it was."""

    quarter: Quarter
    reason: Literal["not_over", "an_earlier_one_is_open", "waiver_is_yearly", "nothing_known"]


class ShowClose(Query, frozen=True, kw_only=True, tag="paa_billing.show_close.v1"):
    """How far is a quarter's close?"""

    spoken_by: ClassVar[Speaker] = "operator"
    quarter: Quarter


class CloseShown(Reply, frozen=True, kw_only=True, tag="paa_billing.close_shown.v1"):
    """A quarter's state and how many payers stand at each stage."""

    quarter: Quarter
    state: Literal["open", "closing", "settled", "sealed", "closed"]
    payers: int
    settled: int
    sealed: int
    issued: int
    parked: int


class StatementIssued(Event, frozen=True, kw_only=True, tag="paa_billing.statement_issued.v1"):
    """A payer's statement for a quarter exists, immutable (mail to the payer alone)."""

    statement_id: UUID
    number: str
    kind: Literal["invoice", "statement_of_account"]
    payer_id: UUID
    quarter: Quarter
    total_cents: int
    due_cents: int
    due_on: date | None
    sha256: str
    recipient_ids: tuple[UUID, ...]


class MyStatements(Query, frozen=True, kw_only=True, tag="paa_billing.my_statements.v1"):
    """The statements of the asker, or of the firm that the asker administers."""


class StatementFile(msgspec.Struct, frozen=True, kw_only=True):
    """Where a statement's file lies in the object store, and its SHA-256."""

    form: Literal["json", "csv", "pdf"]
    key: str
    sha256: str


class StatementShown(msgspec.Struct, frozen=True, kw_only=True):
    """One statement; its files appear as they are made, shortly after issue."""

    statement_id: UUID
    number: str
    kind: Literal["invoice", "statement_of_account"]
    payer_id: UUID
    payer_name: str
    quarter: Quarter
    total_cents: int
    waived_cents: int
    due_cents: int
    due_on: date | None
    issued_at: datetime
    files: tuple[StatementFile, ...]


class StatementList(Reply, frozen=True, kw_only=True, tag="paa_billing.statement_list.v1"):
    """All statements, newest first."""

    statements: tuple[StatementShown, ...]


class BillingRefused(Reply, frozen=True, kw_only=True, tag="paa_billing.billing_refused.v1"):
    """The question can't be answered for who asks."""

    reason: FirmRefusalReason
