"""Readiness: how many of a court's filers have linked, who has still to act, and reminding them."""

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from shared.messages.base import CLEAN, Command, CourtId, Event, Query, Reply, Speaker
from shared.messages.linking.links import FilingRole
from shared.sealed import Sealed


class ShowReadiness(Query, frozen=True, kw_only=True, tag="linking.show_readiness.v1"):
    """Court staff ask how ready the court's filers are: counts, no persons."""

    court_id: CourtId


class ReadinessCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Of a court's filing accounts: how many are linked, and what seems to be so of the others.

    Before a person links, nothing but the name says that a PACER account is theirs. So `seem_to_have_account`
    counts filing accounts that are not linked and bear the name of a PACER account; a namesake counts too.
    `seem_upgraded` are those of them whose name an upgraded account bears.
    """

    filing_accounts: int
    seem_to_have_account: int
    seem_upgraded: int
    linked: int


class ReadinessDay(msgspec.Struct, frozen=True, kw_only=True):
    """The counts on a day of the business zone, taken once."""

    counted_on: date
    counts: ReadinessCounts


class ReadinessShown(Reply, frozen=True, kw_only=True, tag="linking.readiness_shown.v1"):
    """The counts now, and on up to 400 days before, the newest first."""

    court_id: CourtId
    counts: ReadinessCounts
    days: tuple[ReadinessDay, ...]


class PeopleStillToAct(Query, frozen=True, kw_only=True, tag="linking.people_still_to_act.v1"):
    """Court staff ask who on the court's own roster has not linked yet; the page after a login."""

    court_id: CourtId
    after_login: Annotated[str, msgspec.Meta(max_length=64, pattern=CLEAN)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 100


class PersonToAct(msgspec.Struct, frozen=True, kw_only=True):
    """A filing account as the roster has it, perhaps without address; nothing of any PACER account."""

    filing_account_id: UUID
    login: str
    name: str
    email: str | None
    role: FilingRole


class PeopleToAct(Reply, frozen=True, kw_only=True, tag="linking.people_to_act.v1"):
    """Filing accounts that are not linked, by login; `next_after` begins the next page, if there is one."""

    court_id: CourtId
    people: tuple[PersonToAct, ...]
    next_after: str | None


class RecordReadiness(Command, frozen=True, kw_only=True, tag="linking.record_readiness.v1"):
    """Due work: keep the day's counts of a court; without one, begin the day, each court by itself.

    `after_court_id` isn't read any more.
    """

    spoken_by: ClassVar[Speaker] = "service"
    after_court_id: CourtId | None = None
    court_id: CourtId | None = None


class RemindOfGoLive(Command, frozen=True, kw_only=True, tag="linking.remind_of_go_live.v1"):
    """Due work: go through the roster once, unless the go-live was moved; days before it are negative."""

    spoken_by: ClassVar[Speaker] = "service"
    court_id: CourtId
    go_live_at: datetime
    days_from_go_live: int


class GoLiveReminderDue(Event, frozen=True, kw_only=True, tag="linking.go_live_reminder_due.v1"):
    """A filing account is not linked: so many days before go-live (negative), at it (0), weekly after it.

    `recipient` is name and address on the roster, for `notify` alone: they are no proved contact of anybody.
    """

    filing_account_id: UUID
    court_id: CourtId
    role: FilingRole
    go_live_at: datetime
    days_from_go_live: int
    recipient: Sealed
