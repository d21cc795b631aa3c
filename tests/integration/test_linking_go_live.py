"""Going live as an operation: from the instant on links count, and everyone concerned is told."""

import asyncio
import json
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.linking.handlers.courts import load_shipped_courts
from services.linking.model import Court
from services.linking.rules.reminders import reminders_to_plan
from shared.messages.linking import (
    CourtChanged,
    CourtWentLive,
    FilingAccountProved,
    GoLiveRefused,
    LinkRefused,
    SetGoLive,
    ShowCourt,
)
from shared.messages.linking.readiness import GoLiveReminderDue
from tests.installation import until
from tests.integration.linking_builders import (
    Make,
    a_row,
    a_workplace,
    do_due_work,
    linked,
    load,
    prove,
    refused,
    rights_of,
    somebody,
    staff,
)
from tests.integration.test_linking_races import are_waiting
from tests.messaging import Workplace

SECOND = timedelta(seconds=1)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def set_go_live(place: Workplace, court_id: str, local_time: str) -> Any:
    return await place.send(SetGoLive(court_id=court_id, local_time=local_time), by=staff(place, court_id))


async def is_live(place: Workplace, court_id: str) -> bool:
    court = await place.send(ShowCourt(court_id=court_id))
    return bool(court.is_live)


async def reach(place: Workplace, instant: datetime) -> None:
    """Move to an instant, and do all that is due by then."""
    place.clock.now = instant
    await place.pool.execute(
        "SELECT ensure_partitions($1, $2)", instant - timedelta(days=2), instant + timedelta(days=2)
    )
    while await do_due_work(place):
        pass
    await place.work_off("go-live reminders")


async def overtaken(place: Workplace, court_id: str, instant: datetime, changing: Awaitable[Any]) -> Any:
    """Let a change of a court wait for its row while the court goes live, and answer what became of it."""
    async with asyncio.TaskGroup() as group, place.pool.acquire() as connection, connection.transaction():
        await connection.fetch("SELECT id FROM courts WHERE id = $1 FOR UPDATE", court_id)
        changed = group.create_task(_finished(changing))
        await until(lambda: are_waiting(place, 1), "the change waits for the court")
        place.clock.now = instant
        group.create_task(do_due_work(place))
        await until(lambda: are_waiting(place, 2), "the announcement waits for the court")
    return changed.result()


async def _finished(something: Awaitable[Any]) -> Any:
    return await something


async def goes_live_at(place: Workplace, court_id: str, local_time: str) -> datetime:
    """Set the date of a court with a roster, and see it turn live at one instant and not before."""
    await load(place, a_row(), court_id=court_id)
    changed = await set_go_live(place, court_id, local_time)
    assert isinstance(changed, CourtChanged), changed
    assert changed.go_live_at is not None

    await reach(place, changed.go_live_at - SECOND)
    early = await prove(place, somebody(place), court_id=court_id)
    was_live, told = await is_live(place, court_id), await place.emitted(CourtWentLive)
    await reach(place, changed.go_live_at)

    assert (early, was_live, told) == (refused("court_not_live", court_id), False, [])
    assert await is_live(place, court_id)
    assert isinstance(await prove(place, somebody(place), court_id=court_id), FilingAccountProved)
    return changed.go_live_at


async def test_at_noon_in_the_courts_zone_logins_stop_and_links_count(place: Workplace) -> None:
    instant = await goes_live_at(place, "nysbk", "2024-05-06T12:00")

    assert instant == datetime(2024, 5, 6, 16, 0, tzinfo=UTC)
    assert await place.emitted(CourtWentLive) == [CourtWentLive(court_id="nysbk", went_live_at=instant)]
    who = somebody(place)
    link = await linked(place, who, court_id="nysbk")
    assert [right.link_id for right in (await rights_of(place, who)).rights] == [link.link_id]


async def test_go_live_in_guam_is_the_day_before_elsewhere(place: Workplace) -> None:
    instant = await goes_live_at(place, "gubk", "2024-05-06")

    assert instant == datetime(2024, 5, 5, 14, 0, tzinfo=UTC)


async def test_reminders_in_guam_are_at_nine_of_guams_own_morning() -> None:
    court = Court(
        id="gubk",
        cmecf_code="gub",
        type="bankruptcy",
        name="Guam",
        time_zone="Pacific/Guam",
        go_live_at=datetime(2024, 5, 5, 14, 0, tzinfo=UTC),
        help_desk="",
        contact_email="",
        version=1,
        is_go_live_set_by_court=True,
        is_contact_set_by_court=False,
    )

    planned = reminders_to_plan(court, datetime(2024, 4, 28, tzinfo=UTC))

    assert [(reminder.days_from_go_live, due_at) for reminder, due_at in planned] == [
        (-7, datetime(2024, 4, 28, 23, 0, tzinfo=UTC)),
        (-1, datetime(2024, 5, 4, 23, 0, tzinfo=UTC)),
        (7, datetime(2024, 5, 12, 23, 0, tzinfo=UTC)),
    ]


async def test_on_the_night_that_clocks_are_set_forward_the_skipped_hour_is_refused(
    place: Workplace,
) -> None:
    skipped = await set_go_live(place, "nysbk", "2024-03-10T02:30")

    instant = await goes_live_at(place, "nysbk", "2024-03-10T03:00")

    assert skipped == GoLiveRefused(reason="time_does_not_exist")
    assert instant == datetime(2024, 3, 10, 7, 0, tzinfo=UTC)


async def test_on_the_night_that_clocks_are_set_back_the_first_of_the_doubled_hours_counts(
    place: Workplace,
) -> None:
    instant = await goes_live_at(place, "nysbk", "2024-11-03T01:30")
    await reach(place, instant + timedelta(hours=1))

    assert instant == datetime(2024, 11, 3, 5, 30, tzinfo=UTC)
    assert len(await place.emitted(CourtWentLive)) == 1


async def test_reminders_across_a_change_of_clocks_stay_at_nine(place: Workplace) -> None:
    await load(place, a_row(), court_id="nysbk")
    await set_go_live(place, "nysbk", "2024-03-11")

    await reach(place, datetime(2024, 3, 4, 14, 0, tzinfo=UTC))
    before = len(await place.emitted(GoLiveReminderDue))
    await reach(place, datetime(2024, 3, 10, 13, 0, tzinfo=UTC) - SECOND)
    early = len(await place.emitted(GoLiveReminderDue))
    await reach(place, datetime(2024, 3, 10, 13, 0, tzinfo=UTC))

    assert (before, early, len(await place.emitted(GoLiveReminderDue))) == (1, 1, 2)


async def test_a_date_that_was_moved_counts_alone_and_a_live_court_cannot_be_moved(
    place: Workplace,
) -> None:
    first = await set_go_live(place, "nysbk", "2024-05-06T12:00")

    second = await goes_live_at(place, "nysbk", "2024-05-13T12:00")

    assert first.go_live_at < second
    [announced] = await place.emitted(CourtWentLive)
    assert announced.went_live_at == second
    assert await set_go_live(place, "nysbk", "2024-06-01") == GoLiveRefused(reason="already_live")


async def test_a_court_that_goes_live_while_a_new_date_waits_stays_live(place: Workplace) -> None:
    planned = await set_go_live(place, "nysbk", "2024-05-06T12:00")
    await reach(place, planned.go_live_at - SECOND)

    outcome = await overtaken(
        place, "nysbk", planned.go_live_at, set_go_live(place, "nysbk", "2024-06-03T12:00")
    )

    assert outcome == GoLiveRefused(reason="already_live")
    assert await is_live(place, "nysbk")
    assert [went.went_live_at for went in await place.emitted(CourtWentLive)] == [planned.go_live_at]


async def test_a_court_that_goes_live_while_the_shipped_dates_are_loaded_stays_live(place: Workplace) -> None:
    planned = await set_go_live(place, "nysbk", "2024-05-06T12:00")
    await reach(place, planned.go_live_at - SECOND)
    await place.pool.execute(
        "UPDATE courts SET is_go_live_set_by_court = false, name = 'S.D.N.Y.' WHERE id = 'nysbk'"
    )

    await overtaken(place, "nysbk", planned.go_live_at, load_shipped_courts(place.bench))

    assert await is_live(place, "nysbk")
    assert len(await place.emitted(CourtWentLive)) == 1


async def test_a_date_that_is_being_moved_when_its_instant_comes_is_not_announced(place: Workplace) -> None:
    planned = await set_go_live(place, "nysbk", "2024-05-06T12:00")
    await reach(place, planned.go_live_at - SECOND)

    async with asyncio.TaskGroup() as group, place.pool.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE courts SET go_live_at = go_live_at + '1 day' WHERE id = 'nysbk'")
        place.clock.now = planned.go_live_at
        group.create_task(do_due_work(place))
        await until(lambda: are_waiting(place, 1), "the announcement waits for the court")

    assert await place.emitted(CourtWentLive) == []
    assert not await is_live(place, "nysbk")


async def test_at_the_old_instant_of_a_date_that_was_moved_nobody_links(place: Workplace) -> None:
    await load(place, a_row(), court_id="nysbk")
    first = await set_go_live(place, "nysbk", "2024-05-06T12:00")
    await set_go_live(place, "nysbk", "2024-05-13T12:00")

    await reach(place, first.go_live_at)

    answer = await prove(place, somebody(place), court_id="nysbk")
    assert isinstance(answer, LinkRefused)
    assert answer.reason == "court_not_live"


async def test_everyone_on_the_roster_is_told_at_go_live_but_who_has_linked_by_then(
    place: Workplace,
) -> None:
    await load(place, a_row("ann"), a_row("bob", line=3), a_row("cem", line=4), court_id="nysbk")
    changed = await set_go_live(place, "nysbk", "2024-02-02T12:00")
    place.clock.now = changed.go_live_at
    await do_due_work(place)
    await linked(place, somebody(place), login="bob", court_id="nysbk")

    await place.work_off("go-live reminders")

    told = sorted(
        json.loads(recipient)["email"]
        for recipient in await place.open_emitted(GoLiveReminderDue, "recipient")
    )
    assert told == ["ann@lawfirm.example", "cem@lawfirm.example"]
    assert {event.days_from_go_live for event in await place.emitted(GoLiveReminderDue)} == {0}
