"""What the messages of billing share: a quarter, a page of an answer, why a request is refused."""

from typing import Annotated, Literal

import msgspec

from shared.messages.base import Reply

Quarter = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{4}-Q[1-4]$(?!\n)", description="Calendar quarter, as 2024-Q1")
]
Page = Annotated[int, msgspec.Meta(ge=1, le=500)]

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
    "balance_changed",
]


class BillingRefused(Reply, frozen=True, kw_only=True, tag="paa_billing.billing_refused.v1"):
    """The question can't be answered for who asks."""

    reason: FirmRefusalReason
