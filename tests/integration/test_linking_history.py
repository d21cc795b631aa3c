"""The history of links: a person's own, and those of a filing account for its court's staff."""

from typing import Any
from uuid import uuid4

import pytest

from shared.messages.base import NotAllowed
from shared.messages.linking.history import LinksOf, MyCourts, MyLinks
from tests.integration.linking_builders import (
    COURT,
    Make,
    a_row,
    a_workplace,
    again,
    linked,
    load,
    somebody,
    staff,
    unlink,
    verifier_of,
)
from tests.integration.linking_help_builders import a_person, uses_told
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def links_of(place: Workplace, *, by: Any = None, **how: Any) -> Any:
    command = LinksOf(**{"court_id": COURT, "login": "jpublic", **how})
    return await place.send(command, by=by or staff(place))


async def test_a_person_sees_links_present_and_past_with_who_ended_them_and_why(place: Workplace) -> None:
    who, other = somebody(place), somebody(place)
    first = await linked(place, who)
    await unlink(place, again(place, who), first.link_id)
    place.clock.forward(seconds=1)
    second = await linked(place, again(place, who))
    await unlink(place, staff(place), second.link_id, "wrong person")
    await load(place, a_row(), verifiers=[verifier_of("new")])
    place.clock.forward(seconds=1)
    third = await linked(place, again(place, who), password="new")

    shown = await place.send(MyLinks(), by=again(place, who))
    of_other = await place.send(MyLinks(), by=again(place, other))

    assert [(link.link_id, link.unlinked_by, link.remark) for link in shown.links] == [
        (third.link_id, None, ""),
        (second.link_id, "court", "wrong person"),
        (first.link_id, "holder", ""),
    ]
    newest = shown.links[0]
    assert (newest.login, newest.name, newest.linked_at) == ("jpublic", "Jane Q. Public", place.clock())
    assert (newest.unlinked_at, shown.has_more, of_other.links) == (None, False, ())


async def test_the_own_links_come_in_pages(place: Workplace) -> None:
    who = somebody(place)
    ids = []
    for _ in range(3):
        link = await linked(place, again(place, who))
        await unlink(place, again(place, who), link.link_id)
        ids.append(link.link_id)
        place.clock.forward(seconds=1)

    first = await place.send(MyLinks(limit=2), by=again(place, who))
    second = await place.send(MyLinks(limit=2, before=first.links[-1].link_id), by=again(place, who))

    assert [link.link_id for link in (*first.links, *second.links)] == ids[::-1]
    assert (first.has_more, second.has_more) == (True, False)


async def test_my_courts_are_where_i_may_file_and_the_links_that_have_ended(place: Workplace) -> None:
    who, other = somebody(place), somebody(place)
    await load(place, a_row(), a_row("jtrustee", line=3, role="trustee", name="Jane Public, Trustee"))
    ended = await linked(place, who)
    await unlink(place, again(place, who), ended.link_id)
    place.clock.forward(seconds=1)
    kept = await linked(place, again(place, who), login="jtrustee")

    mine = await place.send(MyCourts(), by=again(place, who))
    of_other = await place.send(MyCourts(), by=again(place, other))

    assert [(right.link_id, right.login) for right in mine.rights] == [(kept.link_id, "jtrustee")]
    assert [(link.link_id, link.unlinked_by) for link in mine.ended] == [(ended.link_id, "holder")]
    assert (mine.reason, of_other.rights, of_other.ended) == (None, (), ())


async def test_who_may_not_file_sees_why_beside_the_links_that_have_ended(place: Workplace) -> None:
    who = somebody(place)
    link = await linked(place, who)
    await unlink(place, again(place, who), link.link_id)
    await linked(place, again(place, who))

    mine = await place.send(MyCourts(), by=again(place, who, status="deactivated"))
    legacy = await place.send(MyCourts(), by=somebody(place, generation="legacy"))

    assert (mine.rights, mine.reason) == ((), "account_not_active")
    assert [ended.link_id for ended in mine.ended] == [link.link_id]
    assert (legacy.rights, legacy.ended, legacy.reason) == ((), (), "upgrade_first")


async def test_staff_see_who_has_held_a_filing_account_and_each_of_them_reads_it(place: Workplace) -> None:
    first, second = await a_person(place, last_name="First"), await a_person(place, last_name="Second")
    clerk, viewer = staff(place), staff(place)
    link = await linked(place, first)
    await unlink(place, clerk, link.link_id, "left the office")
    await load(place, a_row(), verifiers=[verifier_of("new")])
    place.clock.forward(seconds=1)
    await linked(place, again(place, second), password="new")

    shown = await links_of(place, by=viewer, login=" jpublic ")
    page = await links_of(place, limit=1, before=shown.links[0].link_id)

    assert [(each.person.last_name, each.unlinked_by, each.remark) for each in shown.links] == [
        ("Second", None, ""),
        ("First", "court", "left the office"),
    ]
    assert shown.links[1].unlinked_by_account_id == clerk.account_id
    assert [each.link_id for each in page.links] == [link.link_id]
    told = [use for use in await uses_told(place, "links_of") if use.actor_account_id == viewer.account_id]
    assert {use.account_id for use in told} == {first.account_id, second.account_id}


async def test_nobody_else_sees_who_has_held_it(place: Workplace) -> None:
    await linked(place, await a_person(place))
    missing = NotAllowed(reason="role_missing")

    assert await links_of(place, by=somebody(place)) == await links_of(place, by=staff(place, "nyebk"))
    assert await links_of(place, by=somebody(place)) == missing
    assert (await links_of(place, login="nobody")).links == ()
    assert await uses_told(place, "links_of") == []


@pytest.mark.parametrize(
    ("column", "index"),
    [("account_id", "links_of_an_account"), ("filing_account_id", "links_of_a_filing_account")],
)
async def test_the_history_of_links_is_read_by_index(place: Workplace, column: str, index: str) -> None:
    async with place.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch(
            f"EXPLAIN SELECT id FROM links WHERE {column} = $1 ORDER BY id DESC LIMIT 51",  # noqa: S608
            uuid4(),
        )

    assert index in "\n".join(row[0] for row in plan)
