"""The part of billing in an export of all that is kept about a person."""

from uuid import UUID

from shared.messages.base import Event
from shared.sealed import Sealed


class ExportPartMade(Event, frozen=True, kw_only=True, tag="paa_billing.export_part_made.v1"):
    """What is kept here about an account lies encrypted at `key`; `secret` opens it, for `accounts` alone."""

    export_id: UUID
    account_id: UUID
    key: str
    secret: Sealed
