"""Weekly reminders go on at every court that is live, however it came to be: people still have to link."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from services.linking.handlers.courts import load_shipped_courts
from services.linking.handlers.starting import prepare
from services.linking.service import SERVICE
from shared.messages.linking.readiness import GoLiveReminderDue, RemindOfGoLive
from tests.integration.linking_builders import (
    COURT,
    Make,
    a_row,
    a_workplace,
    linked,
    load,
    resources,
    somebody,
)
from tests.integration.test_linking_reminders import reach
from tests.messaging import Workplace

NCWBK_LIVE = datetime(2019, 10, 21, 16, 0, tzinfo=UTC)
NINE_ON_FEBRUARY_5 = datetime(2024, 2, 5, 14, 0, tzinfo=UTC)
"""A Monday, as its go-live was: 224 weeks after it."""
DAYS = 224 * 7


@pytest.fixture
async def started(workplace_of: Make) -> Workplace:
    """A fresh system after its first start, at which 21 courts have long been live."""
    place = await workplace_of(SERVICE, resources())
    await prepare(place.bench)
    return place


async def told(place: Workplace) -> Counter[tuple[str, int]]:
    """At which courts, and how many days after their go-live, somebody was told, and how many were."""
    return Counter(
        (event.court_id, event.days_from_go_live) for event in await place.emitted(GoLiveReminderDue)
    )


async def test_people_of_a_court_that_was_live_at_the_first_start_are_reminded_weekly_until_linked(
    started: Workplace,
) -> None:
    await load(started, a_row("ann"), a_row("bob", line=3))

    await reach(started, NINE_ON_FEBRUARY_5 - timedelta(seconds=1))
    early = await told(started)
    await reach(started, NINE_ON_FEBRUARY_5)
    await linked(started, somebody(started), login="ann")
    await reach(started, NINE_ON_FEBRUARY_5 + timedelta(days=7))

    assert early == Counter()
    assert await told(started) == Counter({(COURT, DAYS): 2, (COURT, DAYS + 7): 1})


async def test_a_roster_loaded_later_is_reminded_from_the_next_week_on_and_nothing_is_made_up_for(
    started: Workplace,
) -> None:
    await reach(started, NINE_ON_FEBRUARY_5 + timedelta(days=1))
    await load(started, a_row())

    await reach(started, NINE_ON_FEBRUARY_5 + timedelta(days=2))
    at_first = await told(started)
    await reach(started, NINE_ON_FEBRUARY_5 + timedelta(days=7))

    assert at_first == Counter()
    assert await told(started) == Counter({(COURT, DAYS + 7): 1})


async def test_starting_again_and_again_plans_each_weekly_reminder_once(started: Workplace) -> None:
    await load(started, a_row())
    for day in range(15):
        await reach(started, NINE_ON_FEBRUARY_5 + timedelta(days=day))
        await prepare(started.bench)
        await prepare(started.bench)

    await reach(started, NINE_ON_FEBRUARY_5 + timedelta(days=15))

    planned = await started.pool.fetchval(
        "SELECT count(*) FROM due_work WHERE kind = $1 AND subject = $2", RemindOfGoLive.message_name(), COURT
    )
    assert await told(started) == Counter({(COURT, DAYS + days): 1 for days in (0, 7, 14)})
    assert planned == 1


async def test_a_shipped_date_that_comes_ten_days_late_begins_with_the_week_still_ahead(
    workplace_of: Make,
) -> None:
    place = await a_workplace(workplace_of, now=NCWBK_LIVE + timedelta(days=10))
    await place.pool.execute("UPDATE courts SET go_live_at = NULL WHERE id = $1", COURT)
    await load(place, a_row())

    await load_shipped_courts(place.bench)
    await reach(place, place.clock())
    at_once = await told(place)
    await reach(place, NCWBK_LIVE + timedelta(days=17))

    assert at_once == Counter({(COURT, 0): 1})
    assert await told(place) - at_once == Counter({(COURT, 14): 1})
