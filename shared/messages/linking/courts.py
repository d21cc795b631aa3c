"""Courts: their go-live instants, their help desks, and what anybody may know of them."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from shared.messages.base import CLEAN, Command, CourtId, Event, Query, Reply, Speaker

LocalTime = Annotated[str, msgspec.Meta(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?$(?!\n)")]
"""A date, or a date and time, on the court's own clocks; a date alone means 00:00."""
HelpDesk = Annotated[str, msgspec.Meta(max_length=200, pattern=CLEAN)]
"""Telephone number and hours, in one line."""
ContactEmail = Annotated[str, msgspec.Meta(max_length=254, pattern=r"^([!-?A-~]+@[!-?A-~]+)?$(?!\n)")]
"""An address in ASCII, or nothing."""


class SetGoLive(Command, frozen=True, kw_only=True, tag="linking.set_go_live.v1"):
    """Court staff set the date and time, in the court's own zone, from which only PACER logins file.

    Of a time that comes twice, when clocks are set back, the first is meant.
    """

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    local_time: LocalTime
    help_desk: HelpDesk | None = None


class GoLiveRefused(Reply, frozen=True, kw_only=True, tag="linking.go_live_refused.v1"):
    """The date stays as it was."""

    reason: Literal["court_not_known", "already_live", "time_does_not_exist", "in_the_past"]


class SetCourtContact(Command, frozen=True, kw_only=True, tag="linking.set_court_contact.v1"):
    """Court staff set, at any time, whom people may call and where mail to the court goes."""

    is_sensitive: ClassVar[bool] = True
    court_id: CourtId
    help_desk: HelpDesk
    contact_email: ContactEmail


class CourtContactRefused(Reply, frozen=True, kw_only=True, tag="linking.court_contact_refused.v1"):
    """The court's contact stays as it was."""

    reason: Literal["court_not_known"]


class CourtChanged(Event, frozen=True, kw_only=True, tag="linking.court_changed.v1"):
    """The whole public state of a court; a copy applies only a higher version. Instants in UTC."""

    court_id: CourtId
    version: int
    name: str
    time_zone: str
    go_live_at: datetime | None
    help_desk: str
    contact_email: str


class CourtWentLive(Event, frozen=True, kw_only=True, tag="linking.court_went_live.v1"):
    """From this instant only PACER logins file at the court."""

    court_id: CourtId
    went_live_at: datetime


class AnnounceGoLive(Command, frozen=True, kw_only=True, tag="linking.announce_go_live.v1"):
    """Due work: the go-live instant that was planned has come, unless it was moved since."""

    spoken_by: ClassVar[Speaker] = "service"
    court_id: CourtId
    go_live_at: datetime


class ShowCourt(Query, frozen=True, kw_only=True, tag="linking.show_court.v1"):
    """What is publicly known of a court."""

    spoken_by: ClassVar[Speaker] = "anyone"
    court_id: CourtId


class CourtShown(Reply, frozen=True, kw_only=True, tag="linking.court_shown.v1"):
    """A court's public data; `is_live` as of now."""

    court_id: CourtId
    name: str
    time_zone: str
    go_live_at: datetime | None
    is_live: bool
    help_desk: str


class CourtNotFound(Reply, frozen=True, kw_only=True, tag="linking.court_not_found.v1"):
    """No court has this id."""

    court_id: CourtId


class ListCourts(Query, frozen=True, kw_only=True, tag="linking.list_courts.v1"):
    """Which courts are there?"""

    spoken_by: ClassVar[Speaker] = "anyone"


class CourtList(Reply, frozen=True, kw_only=True, tag="linking.court_list.v1"):
    """All courts, by name."""

    courts: tuple[CourtShown, ...]
