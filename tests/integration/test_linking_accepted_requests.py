"""Filing requests that are accepted: the filing account that is made, and what keeps it from being made."""

import pytest

from shared.messages.linking import FilingAccountLinked
from shared.messages.linking.codes import IssueLinkingCode, LinkingCodeRefused
from shared.messages.linking.requests import (
    FilingRequestDecided,
    FilingRequestKept,
    FilingRequestMade,
)
from tests.integration.linking_builders import (
    COURT,
    Make,
    a_row,
    a_workplace,
    account_changed,
    again,
    linked,
    load,
    prove,
    refused,
    rights_of,
    somebody,
    staff,
    unlink,
)
from tests.integration.linking_help_builders import a_person, accept, asked, mine, prove_by_code, uses_told
from tests.integration.roster_builders import gone_logins, loaded_whole
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def test_an_accepted_request_makes_the_filing_account_already_linked(place: Workplace) -> None:
    who, clerk = await a_person(place, first_name="Ada", last_name="Whitfield"), staff(place)
    request = await asked(place, who)

    decided = await accept(place, request.request_id, login=" jnew ", by=clerk)

    assert (decided.decision, decided.actor_account_id) == ("accepted", clerk.account_id)
    assert await place.emitted(FilingRequestMade) == [request]
    assert await place.emitted(FilingRequestDecided) == [decided]
    [link] = await place.emitted(FilingAccountLinked)
    [right] = (await rights_of(place, who)).rights
    assert (right.link_id, right.login, right.name, right.role) == (
        link.link_id,
        "jnew",
        "Ada Whitfield",
        "attorney",
    )
    [shown] = await mine(place, who)
    assert (shown.state, shown.decided_at, shown.reason) == ("accepted", place.clock(), "")
    [use] = await uses_told(place, "accept_filing_request")
    assert (use.account_id, use.actor_account_id) == (who.account_id, clerk.account_id)


@pytest.mark.parametrize("login", ["jpublic", "  jpublic "])
async def test_a_login_that_the_court_uses_makes_no_filing_account(place: Workplace, login: str) -> None:
    request = await asked(place, await a_person(place))

    outcome = await accept(place, request.request_id, login=login)

    assert outcome == FilingRequestKept(reason="login_taken")
    assert await place.emitted(FilingAccountLinked) == []
    assert isinstance(await accept(place, request.request_id), FilingRequestDecided)


@pytest.mark.parametrize("login", ["   ", "a\u2060b".replace("\u2060", "\u00ad")])
async def test_a_login_that_shows_nothing_is_refused(place: Workplace, login: str) -> None:
    request = await asked(place, await a_person(place))

    assert await accept(place, request.request_id, login=login) == FilingRequestKept(reason="login_unusable")


async def test_who_asked_may_have_changed_before_the_court_accepts(place: Workplace) -> None:
    unknown, who = somebody(place), await a_person(place)
    too_early, request = await asked(place, unknown), await asked(place, who)
    await place.send(account_changed(who.account_id, version=2, status="deactivated"))

    assert await accept(place, too_early.request_id) == FilingRequestKept(reason="account_not_known_yet")
    assert await accept(place, request.request_id) == FilingRequestKept(reason="account_not_active")
    await place.send(account_changed(who.account_id, version=3))
    await linked(place, again(place, who, account_version=3))
    assert await accept(place, request.request_id) == FilingRequestKept(reason="role_already_linked_at_court")


async def test_no_password_proves_a_filing_account_made_on_request_until_a_roster_names_it(
    place: Workplace,
) -> None:
    who, other = await a_person(place), somebody(place)
    await accept(place, (await asked(place, who)).request_id)
    [right] = (await rights_of(place, who)).rights
    no_password = await prove(place, other, login="jnew")

    await load(place, a_row(), a_row("jnew", line=3, name="Jane New"))
    still = await rights_of(place, who)
    await unlink(place, who, right.link_id)

    assert no_password == refused("login_or_password_wrong")
    assert [(kept.link_id, kept.name) for kept in still.rights] == [(right.link_id, "Jane New")]
    assert await linked(place, other, login="jnew")


async def test_a_filing_account_without_an_address_gets_its_code_in_person_only(place: Workplace) -> None:
    who = await a_person(place)
    await accept(place, (await asked(place, who)).request_id)
    [right] = (await rights_of(place, who)).rights
    await unlink(place, who, right.link_id)

    mailed = await place.send(IssueLinkingCode(court_id=COURT, login="jnew", way="mailed"), by=staff(place))
    given = await place.send(IssueLinkingCode(court_id=COURT, login="jnew", way="in_person"), by=staff(place))

    assert mailed == LinkingCodeRefused(reason="address_missing")
    proof = await prove_by_code(place, who, place.open_reply(given, "code"))
    assert proof.masked_name == "J*** P***"


async def test_a_roster_that_never_had_it_makes_no_filing_account_gone_that_was_made_on_request(
    place: Workplace,
) -> None:
    who = await a_person(place)
    await accept(place, (await asked(place, who)).request_id)

    finished = await loaded_whole(place, "jpublic")

    assert finished.gone == 0
    assert await gone_logins(place) == []
    assert [right.login for right in (await rights_of(place, who)).rights] == ["jnew"]
