"""What a payer owes, and the money that comes in."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import AccountNumber, Command, Event, Query, Reply, Speaker
from shared.messages.paa_billing.values import Quarter


class MyBalance(Query, frozen=True, kw_only=True, tag="paa_billing.my_balance.v1"):
    """What I owe (an administrator: what the firm owes), and my running quarter."""


class BalanceShown(Reply, frozen=True, kw_only=True, tag="paa_billing.balance_shown.v1"):
    """Issued and unpaid, unapplied credit, and the running quarter; whole cents.

    `unissued_charged_cents` is charged in quarters that are over, but stand on no statement yet.
    `held_against_waiver_cents` is what the running quarter's waiver looks at: of a person what all payers are
    charged for them, of a firm what it is charged; None where each of a firm's people has a waiver of their
    own. `own_firm` is the firm whose balance this is, where an administrator asks.
    """

    payer_id: UUID
    open_cents: int
    credit_cents: int
    running_quarter: Quarter
    running_charged_cents: int
    unissued_charged_cents: int = 0
    waiver_cents: int
    paid_by_firm: str | None
    held_against_waiver_cents: int | None = None
    own_firm: str | None = None


class RecordPayment(Command, frozen=True, kw_only=True, tag="paa_billing.record_payment.v1"):
    """Book money that came in, once per reference; what is not owed stands as credit.

    Only the operator says that money came in, as the payment processor or the lockbox told it; never the
    payer. `account_number` is the payer's, or that of an administrator of the paying firm.
    """

    spoken_by: ClassVar[Speaker] = "operator"
    account_number: AccountNumber
    reference: Annotated[str, msgspec.Meta(pattern=r"^[!-~]([ -~]{0,62}[!-~])?$(?!\n)")]
    amount_cents: Annotated[int, msgspec.Meta(ge=1, le=2_499_999)]


class PaymentRecorded(Event, frozen=True, kw_only=True, tag="paa_billing.payment_recorded.v1"):
    """Money was booked (mail to the payer)."""

    payer_id: UUID
    reference: str
    amount_cents: int
    open_cents: int
    recipient_ids: tuple[UUID, ...]


class PaymentRepeated(Reply, frozen=True, kw_only=True, tag="paa_billing.payment_repeated.v1"):
    """This payment was booked before under the same reference: nothing has changed."""

    payer_id: UUID
    reference: str
    amount_cents: int
    open_cents: int


class PaymentRefused(Reply, frozen=True, kw_only=True, tag="paa_billing.payment_refused.v1"):
    """No money was booked; a reference that was used for another payer or amount can't be used again."""

    reason: Literal["reference_used", "nobody_to_pay_for", "account_not_found"]
