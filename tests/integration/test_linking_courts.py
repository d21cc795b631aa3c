"""Courts: what is shipped, when a court goes live, and who may say so."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.linking.handlers.courts import load_shipped_courts
from services.linking.service import SERVICE
from shared.assertion import Role
from shared.messages.base import NotAllowed
from shared.messages.linking import (
    AnnounceGoLive,
    CourtChanged,
    CourtContactRefused,
    CourtList,
    CourtNotFound,
    CourtShown,
    CourtWentLive,
    GoLiveRefused,
    ListCourts,
    SetCourtContact,
    SetGoLive,
    ShowCourt,
)
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict
from tests.integration.linking_builders import Make, a_workplace, do_due_work, resources, staff
from tests.messaging import NOON, Workplace, an_assertion

BEFORE_NCWBK = datetime(2019, 10, 1, 12, 0, tzinfo=UTC)
NCWBK_LIVE = datetime(2019, 10, 21, 16, 0, tzinfo=UTC)
NOT_LIVE_YET = "nysbk"


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def set_go_live(place: Workplace, local_time: str, court_id: str = NOT_LIVE_YET, **more: Any) -> Any:
    command = SetGoLive(court_id=court_id, local_time=local_time, **more)
    return await place.send(command, by=staff(place, court_id))


async def shown(place: Workplace, court_id: str) -> CourtShown:
    court = await place.send(ShowCourt(court_id=court_id))
    assert isinstance(court, CourtShown)
    return court


async def test_all_205_courts_are_loaded_and_announced_once(place: Workplace) -> None:
    announced = await place.emitted(CourtChanged)
    await load_shipped_courts(place.bench)

    assert len(announced) == len({court.court_id for court in announced}) == 205
    assert {court.version for court in announced} == {1}
    assert len(await place.emitted(CourtChanged)) == 205


async def test_dates_past_when_a_fresh_system_starts_count_as_live_and_nobody_is_told(
    place: Workplace,
) -> None:
    done = await do_due_work(place)

    assert done == 0
    assert (await shown(place, "ncwbk")).is_live
    assert await place.emitted(CourtWentLive) == []


async def test_a_shipped_date_ahead_is_announced_at_noon_of_the_court(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of, now=BEFORE_NCWBK)

    place.clock.now = NCWBK_LIVE - timedelta(seconds=1)
    await do_due_work(place)
    early, was_live = await place.emitted(CourtWentLive), (await shown(place, "ncwbk")).is_live
    place.clock.now = NCWBK_LIVE
    await do_due_work(place)
    await load_shipped_courts(place.bench)
    await do_due_work(place)

    assert (early, was_live) == ([], False)
    assert (await shown(place, "ncwbk")).is_live
    assert await place.emitted(CourtWentLive) == [CourtWentLive(court_id="ncwbk", went_live_at=NCWBK_LIVE)]


@pytest.mark.parametrize(
    ("court_id", "local_time", "instant"),
    [
        ("nysbk", "2024-05-06", datetime(2024, 5, 6, 4, 0, tzinfo=UTC)),
        ("gubk", "2024-05-06T12:00", datetime(2024, 5, 6, 2, 0, tzinfo=UTC)),
        ("gubk", "2024-05-06", datetime(2024, 5, 5, 14, 0, tzinfo=UTC)),
        ("azdc", "2024-07-01T00:00", datetime(2024, 7, 1, 7, 0, tzinfo=UTC)),
        ("nysbk", "2024-03-10T12:00", datetime(2024, 3, 10, 16, 0, tzinfo=UTC)),
        ("nysbk", "2024-03-10T01:59", datetime(2024, 3, 10, 6, 59, tzinfo=UTC)),
        ("nysbk", "2024-03-10T03:00", datetime(2024, 3, 10, 7, 0, tzinfo=UTC)),
        ("nysbk", "2024-11-03T01:30", datetime(2024, 11, 3, 5, 30, tzinfo=UTC)),
    ],
)
async def test_go_live_is_the_instant_of_the_courts_own_clock(
    place: Workplace, court_id: str, local_time: str, instant: datetime
) -> None:
    changed = await set_go_live(place, local_time, court_id)

    assert isinstance(changed, CourtChanged)
    assert (changed.go_live_at, changed.version) == (instant, 2)


@pytest.mark.parametrize(
    ("court_id", "local_time", "reason"),
    [
        ("nysbk", "2024-03-10T02:30", "time_does_not_exist"),
        ("nysbk", "2024-02-30", "time_does_not_exist"),
        ("nysbk", "2024-02-01T24:01", "time_does_not_exist"),
        ("nysbk", "2024-01-31", "in_the_past"),
        ("nysbk", "2024-02-01T13:00", "in_the_past"),
        ("zzbk", "2024-05-06", "court_not_known"),
        ("ncwbk", "2024-05-06", "already_live"),
    ],
)
async def test_a_go_live_that_cannot_be_is_refused(
    place: Workplace, court_id: str, local_time: str, reason: str
) -> None:
    assert await set_go_live(place, local_time, court_id) == GoLiveRefused(reason=reason)  # type: ignore[arg-type]


async def test_only_this_courts_staff_with_a_second_factor_set_its_date(place: Workplace) -> None:
    command = SetGoLive(court_id=NOT_LIVE_YET, local_time="2024-05-06")
    everywhere = Role(role="court_staff", court_id=None)

    stranger = await place.send(command, by=an_assertion("linking"))
    neighbour = await place.send(command, by=staff(place, "nyebk"))
    psc = await place.send(command, by=an_assertion("linking", roles=(Role(role="psc"),)))
    password_only = await place.send(command, by=staff(place, NOT_LIVE_YET, level=1))
    of_all_courts = await place.send(command, by=an_assertion("linking", roles=(everywhere,)))

    assert stranger == neighbour == psc == NotAllowed(reason="role_missing")
    assert password_only == NotAllowed(reason="session_level_too_low")
    assert isinstance(of_all_courts, CourtChanged)


async def test_a_moved_date_is_announced_at_the_new_instant_only(place: Workplace) -> None:
    first = await set_go_live(place, "2024-02-02T09:00")
    second = await set_go_live(place, "2024-02-03T09:00")

    place.clock.now = first.go_live_at
    await do_due_work(place)
    at_first = await place.emitted(CourtWentLive)
    stale = AnnounceGoLive(court_id=NOT_LIVE_YET, go_live_at=first.go_live_at)
    place.clock.now = second.go_live_at
    await place.send(stale, sender="linking")
    after_stale = await place.emitted(CourtWentLive)
    await do_due_work(place)

    assert at_first == after_stale == []
    [announced] = await place.emitted(CourtWentLive)
    assert announced.went_live_at == second.go_live_at


async def test_a_date_moved_earlier_is_announced_then_and_not_again(place: Workplace) -> None:
    late = await set_go_live(place, "2024-02-05")
    early = await set_go_live(place, "2024-02-03")

    place.clock.now = early.go_live_at
    await do_due_work(place)
    place.clock.now = late.go_live_at
    await do_due_work(place)

    [announced] = await place.emitted(CourtWentLive)
    assert announced.went_live_at == early.go_live_at


async def test_nobody_but_the_service_itself_announces_a_go_live(place: Workplace) -> None:
    judgement, _ = await place.judge(AnnounceGoLive(court_id="ncwbk", go_live_at=NCWBK_LIVE), sender="portal")

    assert judgement.verdict is Verdict.PARK


async def test_what_a_court_has_set_is_not_overwritten_at_the_next_start(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of, now=BEFORE_NCWBK)
    moved = await set_go_live(place, "2019-10-28T08:00", "ncwbk", help_desk="(704) 555-0100")

    await load_shipped_courts(place.bench)

    court = await shown(place, "ncwbk")
    assert (court.go_live_at, court.help_desk) == (moved.go_live_at, "(704) 555-0100")
    assert len(await place.emitted(CourtChanged)) == 206


async def test_a_court_may_change_its_contact_also_after_it_is_live(place: Workplace) -> None:
    command = SetCourtContact(
        court_id="ncwbk", help_desk="704 350 7500, 8-5", contact_email="ecf@ncwb.example"
    )

    changed = await place.send(command, by=staff(place, "ncwbk"))
    unknown = await place.send(command.with_changes(court_id="zz"), by=staff(place, "zz"))

    assert isinstance(changed, CourtChanged)
    assert (changed.help_desk, changed.contact_email, changed.version) == (
        "704 350 7500, 8-5",
        "ecf@ncwb.example",
        2,
    )
    assert unknown == CourtContactRefused(reason="court_not_known")


async def test_anybody_may_ask_about_courts(place: Workplace) -> None:
    listed = await place.send(ListCourts())
    missing = await place.send(ShowCourt(court_id="zzbk"))

    assert isinstance(listed, CourtList)
    assert [court.name for court in listed.courts] == sorted(court.name for court in listed.courts)
    assert await shown(place, "ncwbk") in listed.courts
    assert missing == CourtNotFound(court_id="zzbk")


async def test_two_starts_at_once_load_the_courts_once(workplace_of: Make) -> None:
    place = await workplace_of(SERVICE, resources())

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(load_shipped_courts(place.bench))

    assert len(await place.emitted(CourtChanged)) == 205


async def test_a_date_sent_twice_is_set_once(place: Workplace) -> None:
    message_id, by = new_id(NOON), staff(place, NOT_LIVE_YET, account_id=uuid4())
    command = SetGoLive(court_id=NOT_LIVE_YET, local_time="2024-05-06")

    first = await place.send(command, by=by, message_id=message_id)
    second = await place.send(command, by=by, message_id=message_id)

    assert first == second
    assert len(await place.emitted(CourtChanged)) == 206
