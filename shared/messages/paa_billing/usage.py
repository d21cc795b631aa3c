"""What courts report to `paa_billing`, and what people and firms may see of it."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

import msgspec

from shared.messages.base import AccountNumber, Command, CourtId, Event, Query, Reply, Speaker
from shared.messages.paa_billing.batches import cut_out_records
from shared.messages.paa_billing.values import Page, Quarter


class RecordUsage(Command, frozen=True, kw_only=True, tag="paa_billing.record_usage.v1"):
    """A court's batch of up to 500 uses; each record is decoded alone, so one bad record harms no other."""

    spoken_by: ClassVar[Speaker] = "court"
    court_id: CourtId
    batch_id: UUID
    records: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=500)]

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        """The batch in a body; half a surrogate pair in one record spoils that record, not the batch."""
        try:
            return msgspec.json.decode(body, type=cls)
        except msgspec.DecodeError as error:
            if isinstance(error, msgspec.ValidationError):
                raise
            try:
                outline, records = cut_out_records(body)
            except (ValueError, RecursionError):
                raise error from None
            batch = msgspec.json.decode(outline, type=cls)
            return batch.with_changes(records=[msgspec.Raw(record) for record in records])


class UsageRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One use as its court reports it; its fields are checked one by one, so that a reason can name one.

    What a field says by default is not written: the digest that is kept of a use for ever is over what is
    written, and a field that is added later must not change it.
    """

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
    """What became of a batch; it reaches the court on its own results queue (mail if any is quarantined).

    A batch of which uses waited is settled once more for those that can't be booked in the end, alone: then
    `is_after_waiting`, and nothing else is counted.
    """

    court_id: CourtId
    batch_id: UUID
    booked: int
    duplicate: int
    waiting: int
    quarantined: tuple[UsageQuarantined, ...] = ()
    is_after_waiting: bool = False


class UsageBatchParked(Event, frozen=True, kw_only=True, tag="paa_billing.usage_batch_parked.v1"):
    """A court's message was parked whole and no use in it is booked; on its own results queue, and by mail.

    Nothing in the body may be readable, so the message id that the court gave it tells which one it is.
    `reason` is that of the parked message, as `undecodable`.
    """

    court_id: CourtId
    message_id: UUID
    reason: str
    parked_at: datetime


class RetryWaitingUsage(Command, frozen=True, kw_only=True, tag="paa_billing.retry_waiting_usage.v1"):
    """Due work: book uses that waited for this account, or for any; give up those that waited too long."""

    spoken_by: ClassVar[Speaker] = "service"
    account_number: AccountNumber | None = None


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
    """One priced use, in whole cents; to the person it says which firm pays, if one does."""

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
    paid_by_firm: str | None = None


class UsageList(Reply, frozen=True, kw_only=True, tag="paa_billing.usage_list.v1"):
    """A page of uses; ask again with `after` the last line's id while `has_more`."""

    lines: tuple[UsageShown, ...]
    has_more: bool


class WhoLooked(Query, frozen=True, kw_only=True, tag="paa_billing.who_looked.v1"):
    """When did a firm look at uses of mine, or take a statement with them?"""


class LookShown(msgspec.Struct, frozen=True, kw_only=True):
    """One look of a firm's administrator at a quarter in which the firm pays for uses of the asker.

    `statement`: the files of the quarter's statement were given to the administrator.
    """

    firm_name: str
    administrator_id: UUID
    quarter: Quarter
    looked_at: datetime
    kind: Literal["usage", "statement"] = "usage"


class LooksShown(Reply, frozen=True, kw_only=True, tag="paa_billing.looks_shown.v1"):
    """The last 200 looks, newest first."""

    looks: tuple[LookShown, ...]
