"""Unlinking, where one may file, and what accounts do meanwhile."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from shared.messages.accounts import AccountErased
from shared.messages.linking import (
    FilingAccountUnlinked,
    UnlinkRefused,
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
    rights_of,
    somebody,
    staff,
    text_of_all_tables,
    unlink,
    verifier_of,
)
from tests.integration.linking_help_builders import a_code
from tests.messaging import Workplace

NCWBK_LIVE = datetime(2019, 10, 21, 16, 0, tzinfo=UTC)


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    made = await a_workplace(workplace_of)
    await load(made, a_row())
    return made


async def test_the_holder_unlinks_and_the_history_stays(place: Workplace) -> None:
    who = somebody(place)
    link = await linked(place, who)
    place.clock.forward(minutes=3)
    now = again(place, who)

    ended = await unlink(place, now, link.link_id)
    repeated = await unlink(place, now, link.link_id)

    assert isinstance(ended, FilingAccountUnlinked)
    assert (ended.unlinked_by, ended.actor_account_id) == ("holder", who.account_id)
    assert await place.emitted(FilingAccountUnlinked) == [ended]
    assert repeated == UnlinkRefused(reason="already_unlinked")
    row = await place.pool.fetchrow("SELECT linked_at, unlinked_at FROM links")
    assert tuple(row or ()) == (link.linked_at, ended.unlinked_at)
    assert (await rights_of(place, now)).rights == ()
    assert await linked(place, now)


async def test_unlinking_is_a_sensitive_act(place: Workplace) -> None:
    who = somebody(place)
    link = await linked(place, who)

    place.clock.forward(minutes=10, seconds=1)
    stale = again(place, who, proved_at=who.proved_at)

    assert await unlink(place, stale, link.link_id) == UnlinkRefused(reason="proof_too_old")
    assert isinstance(await unlink(place, again(place, who), link.link_id), FilingAccountUnlinked)


async def test_court_staff_unlink_with_a_remark_only(place: Workplace) -> None:
    link = await linked(place, somebody(place))
    clerk = staff(place)

    without = await unlink(place, clerk, link.link_id, "  ")
    password_only = await unlink(place, staff(place, level=1), link.link_id, "wrong person")
    ended = await unlink(place, clerk, link.link_id, " wrong person ")

    assert without == UnlinkRefused(reason="remark_missing")
    assert password_only == UnlinkRefused(reason="session_level_too_low")
    assert (ended.unlinked_by, ended.remark, ended.actor_account_id) == (
        "court",
        "wrong person",
        clerk.account_id,
    )


async def test_for_everybody_else_a_link_is_not_there(place: Workplace) -> None:
    link = await linked(place, somebody(place))
    nothing = UnlinkRefused(reason="link_not_found")

    assert await unlink(place, somebody(place), link.link_id, "mine") == nothing
    assert await unlink(place, staff(place, "nyebk"), link.link_id, "theirs") == nothing
    assert await unlink(place, somebody(place), uuid4()) == nothing


async def test_a_deactivated_account_keeps_its_links_but_files_nowhere(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)
    state = account_changed(who.account_id, version=2, status="deactivated")

    await place.send(state)
    stopped = await rights_of(place, who)
    await place.send(state.with_changes(version=3, status="active"))

    assert (stopped.rights, stopped.reason) == ((), "account_not_active")
    assert len((await rights_of(place, who)).rights) == 1
    assert await place.emitted(FilingAccountUnlinked) == []


async def test_filing_goes_on_while_search_is_inactive(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)

    await place.send(account_changed(who.account_id, version=2, is_search_active=False))

    assert len((await rights_of(place, who)).rights) == 1


async def test_an_older_state_of_an_account_changes_nothing(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)

    await place.send(account_changed(who.account_id, version=5))
    await place.send(account_changed(who.account_id, version=4, status="deactivated"))

    assert len((await rights_of(place, who)).rights) == 1
    assert await place.pool.fetchval("SELECT version FROM accounts") == 5


async def test_a_link_files_only_while_its_court_is_live(place: Workplace) -> None:
    who = somebody(place)
    await linked(place, who)

    place.clock.now = NCWBK_LIVE - timedelta(seconds=1)

    assert (await rights_of(place, again(place, who))).rights == ()


async def test_an_erased_account_leaves_ids_and_instants(place: Workplace) -> None:
    who, clerk = somebody(place), staff(place)
    await place.send(account_changed(who.account_id, first_name="Ermintrude", account_number="7654321"))
    first = await linked(place, who)
    await unlink(place, clerk, first.link_id, "Ermintrude called")
    await load(place, a_row(), verifiers=[verifier_of("new")])
    await linked(place, who, password="new")

    await place.send(AccountErased(account_id=who.account_id))
    await place.send(account_changed(who.account_id, version=99, first_name="Ermintrude"))

    rows = await place.pool.fetch("SELECT unlinked_at, remark FROM links ORDER BY linked_at, id")
    assert {row["remark"] for row in rows} == {"(erased)", ""}
    assert all(row["unlinked_at"] for row in rows)
    kept = await place.pool.fetchrow("SELECT first_name, account_number, status FROM accounts")
    assert tuple(kept or ()) == ("", "", "deactivated")
    assert (await rights_of(place, who)).reason == "account_not_active"
    assert [end.unlinked_by for end in await place.emitted(FilingAccountUnlinked)] == ["court", "holder"]


async def test_the_database_itself_refuses_a_second_open_link(place: Workplace) -> None:
    link = await linked(place, somebody(place))
    values = (uuid4(), link.court_id, link.filing_account_id, place.clock())
    statement = (
        "INSERT INTO links (id, account_id, court_id, filing_account_id, role, linked_at)"
        " VALUES (gen_random_uuid(), $1, $2, $3, $4, $5)"
    )

    with pytest.raises(asyncpg.UniqueViolationError, match="one_open_link_for_a_filing_account"):
        await place.pool.execute(statement, *values[:3], "trustee", values[3])
    await load(place, a_row("jother"))
    other_id = await place.pool.fetchval("SELECT id FROM filing_accounts WHERE login = 'jother'")
    with pytest.raises(asyncpg.UniqueViolationError, match="account_court_and_role"):
        await place.pool.execute(statement, link.account_id, COURT, other_id, "attorney", values[3])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM links",
        "UPDATE links SET account_id = gen_random_uuid()",
        "UPDATE links SET linked_at = linked_at - interval '1 day'",
        "DELETE FROM filing_accounts",
        "DELETE FROM courts",
        "UPDATE filing_accounts SET court_id = court_id",
        "UPDATE filing_accounts SET login = login",
        "DELETE FROM conflicts",
        "UPDATE conflicts SET filing_account_id = gen_random_uuid()",
        "UPDATE conflicts SET claimant_account_id = gen_random_uuid()",
        "UPDATE conflicts SET holder_account_id = gen_random_uuid()",
        "UPDATE conflicts SET found_at = found_at - interval '1 day'",
        "UPDATE proofs SET filing_account_id = gen_random_uuid()",
        "UPDATE proofs SET account_id = gen_random_uuid()",
        "UPDATE proofs SET session_id_hash = ''",
        "UPDATE proofs SET expires_at = expires_at + interval '1 day'",
        "UPDATE rosters SET begun_by_account_id = NULL",
        "UPDATE rosters SET remark = ''",
        "DELETE FROM rosters",
        "TRUNCATE links",
    ],
)
async def test_the_service_cannot_rewrite_history(place: Workplace, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await place.pool.execute(statement)


async def test_the_database_itself_refuses_a_conflict_at_another_court_than_its_filing_account(
    place: Workplace,
) -> None:
    link = await linked(place, somebody(place))
    statement = """
        INSERT INTO conflicts
               (id, court_id, filing_account_id, holder_account_id, claimant_account_id, found_at)
        VALUES (gen_random_uuid(), 'waebk', $1, $2, gen_random_uuid(), $3)
        """

    with pytest.raises(asyncpg.ForeignKeyViolationError, match="conflict_is_at_the_court"):
        await place.pool.execute(statement, link.filing_account_id, link.account_id, place.clock())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proofs SET used_at = expires_at",
        "UPDATE linking_codes SET used_at = expires_at, used_by_account_id = gen_random_uuid()",
    ],
)
async def test_the_database_itself_refuses_what_is_used_too_late(place: Workplace, statement: str) -> None:
    await a_code(place)
    await prove(place, somebody(place))

    with pytest.raises(asyncpg.CheckViolationError, match="used_in_time"):
        await place.pool.execute(statement)


async def test_no_name_or_address_leaves_with_an_event(place: Workplace) -> None:
    who = somebody(place)
    link = await linked(place, who)
    await prove(place, somebody(place))
    await unlink(place, who, link.link_id)

    bodies = [bytes(row["body"]).decode() for row in await place.pool.fetch("SELECT body FROM outbox")]

    assert len(bodies) == 205 + 3
    assert not [body for body in bodies if "Jane" in body or "jpublic" in body]
    assert "Jane" in await text_of_all_tables(place.pool)
