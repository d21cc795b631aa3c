"""Readiness: how many of a court's filers have linked, now and over time, and who has still to act."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from asyncpg import QueryCanceledError

from services.linking.handlers.readiness import plan_next_count
from services.linking.handlers.starting import prepare
from services.linking.service import SERVICE
from services.linking.store import readiness as store
from shared.messages.accounts import AccountErased
from shared.messages.base import NotAllowed
from shared.messages.linking import CourtNotFound
from shared.messages.linking.readiness import (
    PeopleStillToAct,
    PeopleToAct,
    ReadinessCounts,
    ReadinessShown,
    RecordReadiness,
    ShowReadiness,
)
from shared.messaging.due_work import take_due
from shared.messaging.judge import Verdict
from shared.messaging.registry import decode
from tests.integration.linking_builders import (
    COURT,
    Make,
    a_row,
    a_workplace,
    account_changed,
    do_due_work,
    linked,
    load,
    resources,
    somebody,
    staff,
    unlink,
)
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def readiness(place: Workplace, court_id: str = COURT) -> ReadinessShown:
    shown = await place.send(ShowReadiness(court_id=court_id), by=staff(place, court_id))
    assert isinstance(shown, ReadinessShown), shown
    return shown


async def to_act(place: Workplace, court_id: str = COURT, **how: Any) -> PeopleToAct:
    page = await place.send(PeopleStillToAct(court_id=court_id, **how), by=staff(place, court_id))
    assert isinstance(page, PeopleToAct), page
    return page


def counts(filing_accounts: int, *, account: int = 0, upgraded: int = 0, linked: int = 0) -> ReadinessCounts:
    return ReadinessCounts(
        filing_accounts=filing_accounts, seem_to_have_account=account, seem_upgraded=upgraded, linked=linked
    )


async def knows(place: Workplace, first_name: str, last_name: str, **more: Any) -> Any:
    account = account_changed(first_name=first_name, last_name=last_name, **more)
    await place.send(account)
    return account


async def test_who_seems_to_have_an_account_is_known_by_name_and_who_has_linked_for_sure(
    place: Workplace,
) -> None:
    names = ("Ann Lee", "Bob Q. Ray", "Cher", "Dee Dee Doe", "Eve Unknown")
    await load(place, *(a_row(f"login{n}", name=name, line=n) for n, name in enumerate(names)))
    await knows(place, "Ann", "Lee")
    await knows(place, "BOB", "Ray", generation="legacy", email_verified=False)
    await knows(place, "Dee", "Doe")

    before = (await readiness(place)).counts
    await linked(place, somebody(place), login="login4")
    after = (await readiness(place)).counts

    assert before == counts(5, account=3, upgraded=2)
    assert after == counts(5, account=3, upgraded=2, linked=1)


async def test_who_has_linked_is_not_counted_by_name_as_well(place: Workplace) -> None:
    await load(place, a_row(name="Ann Lee"))
    account = await knows(place, "Ann", "Lee")

    link = await linked(place, somebody(place, account_id=account.account_id))
    while_linked = (await readiness(place)).counts
    await unlink(place, somebody(place, account_id=account.account_id), link.link_id)

    assert while_linked == counts(1, linked=1)
    assert (await readiness(place)).counts == counts(1, account=1, upgraded=1)


@pytest.mark.parametrize("changes", [{"kind": "paa"}, {"status": "deactivated"}])
async def test_an_account_that_cannot_be_the_filers_counts_for_nothing(
    place: Workplace, changes: dict[str, Any]
) -> None:
    await load(place, a_row(name="Ann Lee"))
    await knows(place, "Ann", "Lee", **changes)
    erased = await knows(place, "Ann", "Lee")
    await place.send(AccountErased(account_id=erased.account_id))

    assert (await readiness(place)).counts == counts(1)


async def test_only_the_courts_own_staff_with_a_second_factor_look_and_a_court_must_be_known(
    place: Workplace,
) -> None:
    for query in (ShowReadiness(court_id=COURT), PeopleStillToAct(court_id=COURT)):
        stranger = await place.send(query, by=somebody(place))
        neighbour = await place.send(query, by=staff(place, "nyebk"))
        password_only = await place.send(query, by=staff(place, level=1))

        assert stranger == neighbour == NotAllowed(reason="role_missing")
        assert password_only == NotAllowed(reason="session_level_too_low")
    unknown = await place.send(ShowReadiness(court_id="zzbk"), by=staff(place, None))
    assert unknown == CourtNotFound(court_id="zzbk")


async def test_people_still_to_act_come_in_pages_with_what_the_courts_roster_says(place: Workplace) -> None:
    await load(place, *(a_row(f"filer{n}", line=n) for n in range(1, 6)))
    await load(place, a_row("elsewhere"), court_id="waebk")
    await linked(place, somebody(place), login="filer3")

    first = await to_act(place, limit=2)
    second = await to_act(place, limit=2, after_login=first.next_after)

    assert [person.login for person in first.people] == ["filer1", "filer2"]
    assert [person.login for person in second.people] == ["filer4", "filer5"]
    assert (first.next_after, second.next_after) == ("filer2", None)
    assert first.people[0].email == "filer1@lawfirm.example"


async def test_each_day_is_counted_once_as_it_begins_in_the_business_zone(workplace_of: Make) -> None:
    place = await workplace_of(SERVICE, resources())
    await prepare(place.bench)
    await prepare(place.bench)
    for court_id in (COURT, "waebk"):
        await load(place, a_row(), court_id=court_id)

    place.clock.now = datetime(2024, 2, 2, 5, 59, tzinfo=UTC)
    early = await do_due_work(place)
    place.clock.now = datetime(2024, 2, 2, 6, 0, tzinfo=UTC)
    while await do_due_work(place):
        pass
    await linked(place, somebody(place))
    place.clock.forward(days=1)
    while await do_due_work(place):
        pass

    days = (await readiness(place)).days
    assert early == 0
    assert [(day.counted_on, day.counts) for day in days] == [
        (date(2024, 2, 3), counts(1, linked=1)),
        (date(2024, 2, 2), counts(1)),
    ]
    assert [day.counts.linked for day in (await readiness(place, "waebk")).days] == [0, 0]


async def test_a_court_that_cannot_be_counted_keeps_nothing_else_from_it(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for court_id in (COURT, "waebk"):
        await load(place, a_row(), court_id=court_id)
    count = store.count_readiness

    async def too_long_for_one(connection: Any, court_id: str) -> ReadinessCounts:
        if court_id == COURT:
            raise QueryCanceledError("canceling statement due to statement timeout")
        return await count(connection, court_id)

    monkeypatch.setattr(store, "count_readiness", too_long_for_one)
    await place.send(RecordReadiness(), sender="linking")
    async with place.pool.acquire() as connection, connection.transaction():
        due = await take_due(connection, place.clock(), 100)
    verdicts = [(await place.judge(decode(row.kind, row.body), sender="linking"))[0].verdict for row in due]

    planned = await place.pool.fetch("SELECT due_at FROM due_work WHERE kind = $1", due[0].kind)
    assert verdicts == [Verdict.RETRY, Verdict.ACKNOWLEDGE]
    assert await place.pool.fetch("SELECT court_id FROM readiness_days") == [("waebk",)]
    assert [row["due_at"] for row in planned] == [datetime(2024, 2, 2, 6, 0, tzinfo=UTC)]


async def test_a_count_made_twice_keeps_the_first(place: Workplace) -> None:
    await load(place, a_row())
    await place.send(RecordReadiness(court_id=COURT), sender="linking")
    await linked(place, somebody(place))

    await place.send(RecordReadiness(court_id=COURT), sender="linking")

    (day,) = (await readiness(place)).days
    assert day.counts == counts(1)


async def test_days_on_which_the_service_was_away_are_left_out_and_not_made_up(place: Workplace) -> None:
    await load(place, a_row())
    async with place.bench.transaction() as work:
        await plan_next_count(work)
    place.clock.forward(days=5)
    await place.pool.execute(
        "SELECT ensure_partitions($1, $2)", place.clock() - timedelta(days=7), place.clock()
    )

    while await do_due_work(place):
        pass

    assert [day.counted_on for day in (await readiness(place)).days] == [date(2024, 2, 6)]


async def test_the_search_by_name_uses_its_index(place: Workplace) -> None:
    async with place.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        rows = await connection.fetch(
            """
            EXPLAIN SELECT FROM accounts AS a
             WHERE first_and_last_word(a.first_name || ' ' || a.last_name) = first_and_last_word('Ann Lee')
               AND a.generation = 'upgraded' AND a.kind = 'individual' AND a.status <> 'deactivated'
            """
        )

    assert "accounts_by_name" in "\n".join(row[0] for row in rows)
