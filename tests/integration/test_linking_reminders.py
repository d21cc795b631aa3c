"""Reminders of a go-live: each of them once to each filing account that isn't linked, until it is."""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.linking import jobs
from shared.messages.linking import SetGoLive
from shared.messages.linking.readiness import GoLiveReminderDue, RemindOfGoLive
from shared.messaging.judge import Verdict
from tests.integration.linking_builders import (
    Make,
    a_row,
    a_workplace,
    do_due_work,
    linked,
    load,
    somebody,
    staff,
)
from tests.messaging import Workplace

NYSBK = "nysbk"
ROUNDS = "go-live reminders"
LIVE = datetime(2024, 7, 1, 4, 0, tzinfo=UTC)
"""July 1 begins in New York."""


class EndedError(Exception):
    """The process ended here."""


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def set_go_live(place: Workplace, local_time: str, court_id: str = NYSBK) -> Any:
    return await place.send(SetGoLive(court_id=court_id, local_time=local_time), by=staff(place, court_id))


async def reach(place: Workplace, instant: datetime) -> None:
    """Move to an instant, and do all that is due by then."""
    place.clock.now = instant
    await place.pool.execute(
        "SELECT ensure_partitions($1, $2)", instant - timedelta(days=2), instant + timedelta(days=2)
    )
    while await do_due_work(place):
        pass
    await place.work_off(ROUNDS)


async def told(place: Workplace) -> Counter[tuple[int, str]]:
    """For how many days from go-live each address was told, and how often."""
    events = await place.emitted(GoLiveReminderDue)
    recipients = await place.pool.fetch(
        "SELECT count(*) FROM outbox WHERE type = $1", GoLiveReminderDue.message_name()
    )
    assert recipients[0]["count"] == len(events)
    addresses = await addresses_told(place)
    return Counter(zip([event.days_from_go_live for event in events], addresses, strict=True))


async def addresses_told(place: Workplace) -> list[str]:
    now, place.clock.now = place.clock.now, datetime(2024, 1, 1, tzinfo=UTC)
    opened = await place.open_emitted(GoLiveReminderDue, "recipient")
    place.clock.now = now
    return [json.loads(recipient)["email"] for recipient in opened]


async def test_each_reminder_is_at_nine_in_the_morning_of_the_court_90_30_7_and_1_days_before(
    place: Workplace,
) -> None:
    await set_go_live(place, "2024-07-01")

    planned = await place.pool.fetch(
        "SELECT due_at FROM due_work WHERE kind = $1 ORDER BY due_at", RemindOfGoLive.message_name()
    )

    assert [f"{row['due_at']:%m-%d %H:%M}" for row in planned] == [
        "04-02 13:00",
        "06-01 13:00",
        "06-24 13:00",
        "06-30 13:00",
        "07-08 13:00",
    ]


async def test_who_has_not_linked_is_told_on_each_occasion_once_and_weekly_after_it_until_linked(
    place: Workplace,
) -> None:
    await load(place, a_row("ann"), a_row("bob"), court_id=NYSBK)
    await set_go_live(place, "2024-07-01")
    who = somebody(place)

    for days in (-90, -30, -7, -1, 0):
        await reach(place, LIVE + timedelta(days=days, hours=9 if days else 0))
        await reach(place, place.clock() + timedelta(hours=1))
    await linked(place, somebody(place, account_id=who.account_id), login="ann", court_id=NYSBK)
    for days in (7, 14, 21):
        await reach(place, LIVE + timedelta(days=days, hours=9))

    both = Counter((days, f"{n}@lawfirm.example") for days in (-90, -30, -7, -1, 0) for n in ("ann", "bob"))
    assert await told(place) == both + Counter((days, "bob@lawfirm.example") for days in (7, 14, 21))


async def test_what_is_past_when_the_date_is_set_is_not_made_up_for(place: Workplace) -> None:
    await load(place, a_row("ann"), court_id=NYSBK)
    await set_go_live(place, "2024-02-11")

    await reach(place, datetime(2024, 2, 4, 13, 59, tzinfo=UTC))
    early = await told(place)
    await reach(place, datetime(2024, 2, 4, 14, 0, tzinfo=UTC))

    assert early == Counter()
    assert await told(place) == Counter({(-7, "ann@lawfirm.example"): 1})


async def test_a_date_moved_before_it_happens_replans_the_reminders(place: Workplace) -> None:
    await load(place, a_row("ann"), court_id=NYSBK)
    await set_go_live(place, "2024-07-01")
    await reach(place, LIVE + timedelta(days=-90, hours=9))
    stale = RemindOfGoLive(court_id=NYSBK, go_live_at=LIVE, days_from_go_live=-30)

    moved = await set_go_live(place, "2024-08-05")
    left = await place.pool.fetchval("SELECT count(*) FROM due_work WHERE occasion LIKE '2024-07-01%'")
    await place.send(stale, sender="linking")
    for days in (-90, -30, -7, -1, 0):
        await reach(place, LIVE + timedelta(days=days, hours=9 if days else 0))
    before_the_new_date = await place.emitted(GoLiveReminderDue)
    for days in (-30, -7, -1, 0, 7):
        await reach(place, moved.go_live_at + timedelta(days=days, hours=9 if days else 0))

    instants = [(event.go_live_at, event.days_from_go_live) for event in before_the_new_date]
    assert left == 0
    assert instants == [(LIVE, -90), (moved.go_live_at, -90)]
    after = (await place.emitted(GoLiveReminderDue))[len(instants) :]
    assert [(e.go_live_at, e.days_from_go_live) for e in after] == [
        (moved.go_live_at, days) for days in (-30, -7, -1, 0, 7)
    ]


async def test_after_the_service_was_away_nobody_is_told_of_what_is_past_and_once_of_what_is_not(
    place: Workplace,
) -> None:
    await load(place, a_row("ann"), court_id=NYSBK)
    await set_go_live(place, "2024-07-01")

    await reach(place, LIVE + timedelta(days=-5))
    await reach(place, LIVE + timedelta(days=25))
    await reach(place, LIVE + timedelta(days=28, hours=9))

    assert await told(place) == Counter((days, "ann@lawfirm.example") for days in (-7, 0, 7, 28))


async def test_a_round_under_way_stops_when_the_date_is_moved(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ROSTER_CHUNK_ROWS", 1)
    await load(place, a_row("ann"), a_row("bob"), court_id=NYSBK)
    await set_go_live(place, "2024-07-01")
    place.clock.now = LIVE + timedelta(days=-90, hours=9)
    await do_due_work(place)
    await jobs.remind_next_of_go_live(place.bench)

    await set_go_live(place, "2024-09-30")
    await place.work_off(ROUNDS)

    assert await told(place) == Counter({(-90, "ann@lawfirm.example"): 1})


@pytest.mark.parametrize("is_seen_moved", [True, False])
async def test_a_round_under_way_goes_on_when_the_date_is_moved_back_and_tells_nobody_twice(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, is_seen_moved: bool
) -> None:
    monkeypatch.setattr(jobs, "ROSTER_CHUNK_ROWS", 1)
    await load(place, a_row("ann"), a_row("bob"), a_row("cem"), court_id=NYSBK)
    await set_go_live(place, "2024-07-01")
    place.clock.now = LIVE + timedelta(days=-90, hours=9)
    await do_due_work(place)
    await jobs.remind_next_of_go_live(place.bench)

    await set_go_live(place, "2024-09-30")
    if is_seen_moved:
        await place.work_off(ROUNDS)
    place.clock.forward(hours=2)
    await set_go_live(place, "2024-07-01")
    await place.work_off(ROUNDS)

    assert await told(place) == Counter((-90, f"{name}@lawfirm.example") for name in ("ann", "bob", "cem"))


async def test_a_date_moved_while_a_stretch_begins_leaves_the_round_to_be_gone_on_with(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(place, a_row("ann"), court_id=NYSBK)
    await set_go_live(place, "2024-07-01")
    place.clock.now = LIVE + timedelta(days=-90, hours=9)
    await do_due_work(place)
    lock_round = jobs.reminders.lock_round

    async def moved_meanwhile(*found: Any) -> bool:
        await set_go_live(place, "2024-09-30")
        return await lock_round(*found)

    with monkeypatch.context() as patch:
        patch.setattr(jobs.reminders, "lock_round", moved_meanwhile)
        await jobs.remind_next_of_go_live(place.bench)
    told_of_the_old_date = await told(place)
    await set_go_live(place, "2024-07-01")
    await place.work_off(ROUNDS)

    assert told_of_the_old_date == Counter()
    assert await told(place) == Counter({(-90, "ann@lawfirm.example"): 1})


async def test_a_roster_is_gone_through_in_stretches_and_nobody_left_out_or_told_twice(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ROSTER_CHUNK_ROWS", 7)
    rows = [a_row(f"filer{n:02}", line=n) for n in range(2, 42)]
    await load(place, *rows, court_id=NYSBK)
    await set_go_live(place, "2024-07-01")
    place.clock.now = LIVE + timedelta(days=-90, hours=9)
    await do_due_work(place)
    again = RemindOfGoLive(court_id=NYSBK, go_live_at=LIVE, days_from_go_live=-90)

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(place.work_off(ROUNDS))
    await place.send(again, sender="linking")
    steps = await place.work_off(ROUNDS)

    assert await told(place) == Counter((-90, row.email) for row in rows)
    assert steps <= 1


async def test_a_stretch_that_is_killed_tells_nobody_and_is_done_again(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(place, a_row("ann"), a_row("bob"), court_id=NYSBK)
    await set_go_live(place, "2024-07-01")
    place.clock.now = LIVE + timedelta(days=-90, hours=9)
    await do_due_work(place)

    async def killed(*_: Any) -> None:
        raise EndedError

    with monkeypatch.context() as patch, pytest.raises(EndedError):
        patch.setattr(jobs.reminders, "move_round", killed)
        await jobs.remind_next_of_go_live(place.bench)
    after_kill = await told(place)
    await place.work_off(ROUNDS)

    assert after_kill == Counter()
    assert await told(place) == Counter({(-90, "ann@lawfirm.example"): 1, (-90, "bob@lawfirm.example"): 1})


async def test_name_and_address_of_the_roster_are_for_the_mail_service_alone(place: Workplace) -> None:
    await load(place, a_row("ann", name="Ann Hidden"), court_id=NYSBK)
    await set_go_live(place, "2024-07-01")

    await reach(place, LIVE + timedelta(days=-90, hours=9))

    body = await place.pool.fetchval(
        "SELECT body FROM outbox WHERE type = $1", GoLiveReminderDue.message_name()
    )
    (recipient,) = await place.open_emitted(GoLiveReminderDue, "recipient")
    assert json.loads(recipient) == {"name": "Ann Hidden", "email": "ann@lawfirm.example"}
    assert b"Hidden" not in body
    assert b"lawfirm" not in body


async def test_nobody_but_the_service_itself_reminds(place: Workplace) -> None:
    command = RemindOfGoLive(court_id=NYSBK, go_live_at=LIVE, days_from_go_live=-90)

    judgement, _ = await place.judge(command, sender="portal")

    assert judgement.verdict is Verdict.PARK
