"""Whole rosters: begun, loaded in pieces, finished; who isn't named any more is gone, and comes back."""

from typing import Any

import pytest

from shared.messages.linking import (
    FilingAccountGone,
    FilingAccountProved,
    FilingAccountReturned,
    FilingRefused,
    RosterCounts,
    RosterFinished,
    RosterNotFinished,
    RosterNotOpen,
    WhoFilesHere,
)
from shared.messages.linking.readiness import PeopleStillToAct, ShowReadiness
from tests.integration.linking_builders import (
    COURT,
    PASSWORD,
    Make,
    a_row,
    a_workplace,
    confirm,
    linked,
    prove,
    proved,
    refused,
    rights_of,
    somebody,
    staff,
    verifier_of,
)
from tests.integration.roster_builders import begun, gone_logins, loaded_whole, rows_named
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def everything(place: Workplace) -> list[Any]:
    return await place.pool.fetch("SELECT *, xmin FROM filing_accounts ORDER BY court_id, login")


async def test_loading_the_same_file_twice_changes_nothing(place: Workplace) -> None:
    first = await loaded_whole(place, "ann", "bob")
    before = await everything(place)
    place.clock.forward(days=1)

    again = await loaded_whole(place, "ann", "bob")

    assert first.counts == RosterCounts(rows=2, added=2, wrapped=2)
    assert again.counts == RosterCounts(rows=2, unchanged=2)
    assert again.gone == 0
    assert await everything(place) == before


async def test_a_later_file_marks_who_has_gone_and_nobody_proves_with_it(place: Workplace) -> None:
    await loaded_whole(place, "ann", "bob", "jpublic")
    who = somebody(place)
    proof = await proved(place, who)

    finished = await loaded_whole(place, "ann", "bob")

    assert (finished.gone, finished.gone_while_linked) == (1, 0)
    assert await gone_logins(place) == ["jpublic"]
    assert await confirm(place, who, proof.proof_id) == refused("proof_not_valid")
    assert await prove(place, somebody(place)) == refused("login_or_password_wrong")
    assert await place.emitted(FilingAccountGone) == []
    assert finished in await place.emitted(RosterFinished)


async def test_who_is_named_again_is_back_as_before(place: Workplace) -> None:
    await loaded_whole(place, "ann", "jpublic")
    await loaded_whole(place, "ann")

    finished = await loaded_whole(place, "ann", "jpublic")

    assert finished.counts == RosterCounts(rows=2, changed=1, unchanged=1)
    assert await gone_logins(place) == []
    assert isinstance(await prove(place, somebody(place)), FilingAccountProved)


async def test_a_linked_filing_account_that_is_gone_files_nothing_until_it_is_back(place: Workplace) -> None:
    await loaded_whole(place, "ann", "jpublic")
    who = somebody(place)
    link = await linked(place, who)

    finished = await loaded_whole(place, "ann")
    while_gone = await rights_of(place, who)
    here_while_gone = await place.send(WhoFilesHere(court_id=COURT), by=who)
    await loaded_whole(place, "ann", "jpublic")

    [gone], [back] = await place.emitted(FilingAccountGone), await place.emitted(FilingAccountReturned)
    assert finished.gone_while_linked == 1
    assert (gone.link_id, gone.account_id, gone.role) == (link.link_id, who.account_id, "attorney")
    assert gone.actor_account_id == finished.actor_account_id
    assert while_gone.rights == ()
    assert here_while_gone == FilingRefused(court_id=COURT, reason="not_linked")
    assert back.link_id == link.link_id
    assert [right.link_id for right in (await rights_of(place, who)).rights] == [link.link_id]


async def test_whoever_is_gone_counts_for_no_readiness_and_has_not_to_act(place: Workplace) -> None:
    await loaded_whole(place, "ann", "bob", "jpublic")
    await linked(place, somebody(place))
    await loaded_whole(place, "ann")

    shown = await place.send(ShowReadiness(court_id=COURT), by=staff(place))
    to_act = await place.send(PeopleStillToAct(court_id=COURT), by=staff(place))

    assert (shown.counts.filing_accounts, shown.counts.linked) == (1, 0)
    assert [person.login for person in to_act.people] == ["ann"]


async def test_a_file_cut_short_marks_nobody_as_gone(place: Workplace) -> None:
    await loaded_whole(place, "ann", "bob", "jpublic")
    cut = await begun(place)
    await cut.load(a_row("ann"))

    too_few = await cut.try_finish(3)
    next_load = await begun(place)

    assert too_few == RosterNotFinished(
        roster_id=cut.roster_id, reason="rows_missing", rows_seen=1, would_be_gone=2
    )
    assert await gone_logins(place) == []
    assert await cut.send(a_row("bob", line=3)) == RosterNotOpen(roster_id=cut.roster_id, reason="replaced")
    assert (await cut.shown()).state == "replaced"
    assert (await next_load.shown()).counts == RosterCounts()


async def test_a_file_that_lost_its_end_at_a_line_marks_nobody_as_gone_unasked(place: Workplace) -> None:
    everybody = [f"login{n:02}" for n in range(30)]
    await loaded_whole(place, *everybody)
    short = await begun(place)
    await short.load(*rows_named(everybody[:19]))

    unasked = await short.try_finish(19)
    before = await gone_logins(place)
    meant = await short.finish(19, is_large_removal_meant=True)

    assert (unasked.reason, unasked.would_be_gone, before) == ("too_many_gone", 11, [])
    assert meant.gone == 11
    assert await gone_logins(place) == everybody[19:]


async def test_an_empty_file_marks_nobody_as_gone_whatever_is_meant(place: Workplace) -> None:
    await loaded_whole(place, "ann")
    empty = await begun(place)

    outcome = await empty.try_finish(0, is_large_removal_meant=True)

    assert outcome.reason == "no_rows"
    assert await gone_logins(place) == []


async def test_whose_row_is_refused_is_not_gone_and_an_unreadable_row_may_be_anybodys(
    place: Workplace,
) -> None:
    await loaded_whole(place, "ann", "bob", "carl")
    whole = await begun(place)
    await whole.load(a_row("ann"), a_row("bob", line=3, email="nobody"))
    named = await whole.finish(2)
    other = await begun(place)
    unreadable = {"line": 3, "field": "", "reason": "has 4 fields instead of 5"}

    await other.load(a_row("ann"), unreadable=(unreadable,))
    unnamed = await other.finish(2)

    assert (named.counts.refused, named.counts.unnamed, named.gone) == (1, 0, 1)
    assert (unnamed.counts.refused, unnamed.counts.unnamed, unnamed.gone) == (1, 1, 0)
    assert await gone_logins(place) == ["carl"]


async def test_duplicate_logins_are_refused_across_pieces_and_the_first_counts(place: Workplace) -> None:
    whole = await begun(place)
    await whole.load(a_row("ann"), a_row("bob", line=3))

    later = await whole.load(
        a_row("ann", line=4, name="Somebody Else"),
        a_row("bob", line=5, email="nobody"),
        a_row("carl", line=6),
    )
    finished = await whole.finish(5)

    assert [(row.line, row.reason) for row in later.refused] == [
        (4, "is on line 2 already"),
        (5, "is not an e-mail address"),
    ]
    assert finished.counts == RosterCounts(rows=5, added=3, refused=2, wrapped=3)
    assert (
        await place.pool.fetchval("SELECT name FROM filing_accounts WHERE login = 'ann'") == "Jane Q. Public"
    )


async def test_a_piece_that_is_sent_again_counts_once(place: Workplace) -> None:
    whole = await begun(place)
    rows = (a_row("ann"), a_row("bob", line=3, role="judge"), a_row("ann", line=4))

    answers = [await whole.load(*rows) for _ in range(2)]
    open_counts = (await whole.shown()).counts
    finished = await whole.finish(3)

    assert [answer.added for answer in answers] == [1, 0]
    assert answers[0].refused == answers[1].refused
    assert open_counts == finished.counts == RosterCounts(rows=3, added=1, refused=2, wrapped=1)


async def test_a_linked_account_that_is_gone_and_named_in_another_role_stays_gone(place: Workplace) -> None:
    await loaded_whole(place, "ann", "jpublic")
    await linked(place, somebody(place))
    await loaded_whole(place, "ann")
    whole = await begun(place)

    loaded = await whole.load(a_row("ann"), a_row("jpublic", line=3, role="trustee"))
    finished = await whole.finish(2)

    assert [(row.line, row.field) for row in loaded.refused] == [(3, "role")]
    assert (finished.counts.refused, finished.gone) == (1, 0)
    assert await gone_logins(place) == ["jpublic"]


async def test_a_changed_verifier_brings_back_too_and_kills_open_proofs(place: Workplace) -> None:
    await loaded_whole(place, "ann", "jpublic")
    who = somebody(place)
    proof = await proved(place, who)
    await loaded_whole(place, "ann")
    whole = await begun(place)

    await whole.load(a_row("jpublic"), verifiers=[verifier_of("new")])

    assert await gone_logins(place) == []
    assert await confirm(place, who, proof.proof_id) == refused("proof_not_valid")
    assert await prove(place, somebody(place), password=PASSWORD) == refused("login_or_password_wrong")
    assert isinstance(await prove(place, somebody(place), password="new"), FilingAccountProved)
