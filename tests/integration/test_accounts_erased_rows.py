"""What stays of erased accounts: user names, those from before an upgrade too, and rows that name nobody."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AskErasure,
    ChangeUserName,
    ErasureBegun,
    MakeBackupCodes,
    UserNameChanged,
)
from tests.builders_accounts import (
    LEGACY_PASSWORD,
    PASSWORD,
    Member,
    a_legacy_row,
    a_person,
    a_signed_in_member,
    an_upgrade,
    load,
    quick_resources,
    tables_holding,
    verify,
)
from tests.builders_records import DAYS, do_due_work, erase
from tests.messaging import Workplace


@pytest.fixture
async def place(workplace_of: Callable[..., Any]) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_a_legacy_file_loaded_again_does_not_bring_an_erased_account_back(place: Workplace) -> None:
    row = a_legacy_row(user_name="qx4711", email="old@quartz.example")
    await load(place, row)
    account_id = await place.pool.fetchval("SELECT id FROM accounts")
    member = Member(place, account_id, row.user_name, LEGACY_PASSWORD)
    await member.sign_in()
    upgrade = an_upgrade(place)
    await member.ask(upgrade)
    await verify(place, account_id)
    upgraded = Member(place, account_id, upgrade.user_name, "glowing-ferns-ripple-42")
    await upgraded.sign_in()
    await erase(place, upgraded)

    loaded = await load(place, row)

    assert (loaded.loaded, loaded.known_before) == (0, 1)
    assert await place.pool.fetchval("SELECT count(*) FROM accounts") == 1
    assert await tables_holding(place.pool, "qx4711") == []
    assert await tables_holding(place.pool, "old@quartz.example") == []


async def test_messages_are_searched_for_each_address_and_user_name_that_the_account_had(
    place: Workplace,
) -> None:
    row = a_legacy_row(user_name="qx4711", email="old@quartz.example")
    await load(place, row)
    account_id = await place.pool.fetchval("SELECT id FROM accounts")
    member = Member(place, account_id, row.user_name, LEGACY_PASSWORD)
    await member.sign_in()
    person = a_person()
    await member.ask(an_upgrade(place, person=person, user_name="Quarrel.First"))
    await verify(place, account_id)
    upgraded = Member(place, account_id, "Quarrel.First", PASSWORD)
    await upgraded.sign_in()
    assert isinstance(await upgraded.ask(ChangeUserName(user_name="Quarrel.Second")), UserNameChanged)
    assert isinstance(await upgraded.ask(AskErasure()), ErasureBegun)
    place.clock.forward(days=DAYS)

    await do_due_work(place)

    terms = await place.pool.fetchval("SELECT terms FROM erasures")
    names = ("qx4711", "quarrel.first", "quarrel.second")
    named = {f'"{field}":"{name}"' for field in ("user_name", "login_id") for name in names}
    assert set(terms) == {f'"{person.email}"', *named}


async def test_each_table_with_accounts_loses_its_rows_or_is_one_whose_rows_name_nobody(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)
    await member.enrol()
    await member.ask(MakeBackupCodes())
    await erase(place, member)
    tables = await place.pool.fetch(
        "SELECT DISTINCT table_name AS name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'account_id'"
    )

    left = {
        row["name"]
        for row in tables
        if await place.pool.fetchval(
            f'SELECT EXISTS (SELECT FROM "{row["name"]}" WHERE account_id = $1)',  # noqa: S608
            member.account_id,
        )
    }

    assert len(tables) > 12
    assert left <= {
        "erasures",
        "exports",
        "filing_links",
        "history",
        "history_heads",
        "memberships",
        "role_grants",
    }
