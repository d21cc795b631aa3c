"""Decides what becomes of a court: by the shipped files, and by its own staff."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.linking.model import Court, ShippedCourt
from services.linking.rules.local_time import instant_from
from shared.assertion import Assertion
from shared.messages.base import NotAllowed
from shared.messages.linking import (
    CourtChanged,
    CourtContactRefused,
    CourtShown,
    GoLiveRefused,
    SetCourtContact,
    SetGoLive,
)

STAFF_LEVEL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What loading the shipped courts changes, and at which of these a go-live is to be announced."""

    changed: tuple[Court, ...]
    to_announce: tuple[Court, ...]


def why_not_staff(assertion: Assertion, court_id: str) -> NotAllowed | None:
    """May this account act for the court? Only with the role, and a second factor in this session."""
    if not assertion.holds("court_staff", court_id):
        return NotAllowed(reason="role_missing")
    if assertion.level < STAFF_LEVEL:
        return NotAllowed(reason="session_level_too_low")
    return None


def decide_shipment(shipped: Iterable[ShippedCourt], known: Mapping[str, Court], now: datetime) -> Shipment:
    """Bring the known courts to what is shipped, but for what a court has set itself.

    A court new to the system whose go-live is past counts as live, and nobody is told.
    """
    changed, to_announce = [], []
    for court in shipped:
        before = known.get(court.id)
        after = _first_version(court) if before is None else _next_version(court, before, now)
        if after == before:
            continue
        changed.append(after)
        is_moved = after.go_live_at != (before.go_live_at if before else None)
        if is_moved and not (before is None and after.is_live(now)):
            to_announce.append(after)
    return Shipment(changed=tuple(changed), to_announce=tuple(to_announce))


def decide_go_live(
    command: SetGoLive, assertion: Assertion, court: Court | None, now: datetime
) -> Court | GoLiveRefused | NotAllowed:
    """The court as it is from now on, or why its go-live stays as it is."""
    if (refusal := why_not_staff(assertion, command.court_id)) is not None:
        return refusal
    if court is None:
        return GoLiveRefused(reason="court_not_known")
    if court.is_live(now):
        return GoLiveRefused(reason="already_live")
    go_live_at = instant_from(command.local_time, court.time_zone)
    if go_live_at is None:
        return GoLiveRefused(reason="time_does_not_exist")
    if go_live_at <= now:
        return GoLiveRefused(reason="in_the_past")
    after = replace(court, go_live_at=go_live_at, is_go_live_set_by_court=True)
    if command.help_desk is not None:
        after = replace(after, help_desk=command.help_desk, is_contact_set_by_court=True)
    return replace(after, version=court.version + 1)


def decide_contact(
    command: SetCourtContact, assertion: Assertion, court: Court | None
) -> Court | CourtContactRefused | NotAllowed:
    """The court with its new contact, or why it stays as it is."""
    if (refusal := why_not_staff(assertion, command.court_id)) is not None:
        return refusal
    if court is None:
        return CourtContactRefused(reason="court_not_known")
    return replace(
        court,
        help_desk=command.help_desk,
        contact_email=command.contact_email,
        is_contact_set_by_court=True,
        version=court.version + 1,
    )


def is_go_live_due(court: Court | None, planned_at: datetime, now: datetime) -> bool:
    """Is this the occasion that is still planned, and has it come?"""
    return court is not None and court.go_live_at == planned_at and court.is_live(now)


def announcement_of(court: Court) -> CourtChanged:
    """The court's public state."""
    return CourtChanged(
        court_id=court.id,
        version=court.version,
        name=court.name,
        time_zone=court.time_zone,
        go_live_at=court.go_live_at,
        help_desk=court.help_desk,
        contact_email=court.contact_email,
    )


def shown(court: Court, now: datetime) -> CourtShown:
    """The court as anybody may see it."""
    return CourtShown(
        court_id=court.id,
        name=court.name,
        time_zone=court.time_zone,
        go_live_at=court.go_live_at,
        is_live=court.is_live(now),
        help_desk=court.help_desk,
    )


def _first_version(shipped: ShippedCourt) -> Court:
    return Court(
        id=shipped.id,
        cmecf_code=shipped.cmecf_code,
        type=shipped.type,
        name=shipped.name,
        time_zone=shipped.time_zone,
        go_live_at=_go_live_of(shipped),
        help_desk=shipped.help_desk,
        contact_email="",
        version=1,
        is_go_live_set_by_court=False,
        is_contact_set_by_court=False,
    )


def _next_version(shipped: ShippedCourt, before: Court, now: datetime) -> Court:
    keeps_go_live = before.is_go_live_set_by_court or before.is_live(now)
    after = replace(
        before,
        cmecf_code=shipped.cmecf_code,
        type=shipped.type,
        name=shipped.name,
        time_zone=shipped.time_zone,
        go_live_at=before.go_live_at if keeps_go_live else _go_live_of(shipped),
        help_desk=before.help_desk if before.is_contact_set_by_court else shipped.help_desk,
    )
    return before if after == before else replace(after, version=before.version + 1)


def _go_live_of(shipped: ShippedCourt) -> datetime | None:
    if shipped.go_live_local_time is None:
        return None
    if (go_live_at := instant_from(shipped.go_live_local_time, shipped.time_zone)) is None:
        raise ValueError(f"{shipped.id}: {shipped.go_live_local_time} is no time in {shipped.time_zone}")
    return go_live_at
