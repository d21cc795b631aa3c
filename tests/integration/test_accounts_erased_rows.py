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
from shared.messages.accounts.personal_tokens import MakePersonalToken
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
from tests.builders_factors import mailed_link
from tests.builders_records import DAYS, do_due_work, erase, finish_erasure
from tests.messaging import Workplace

NAME_NOBODY = {
    "erasures",
    "exports",
    "filing_links",
    "history",
    "history_heads",
    "memberships",
    "role_grants",
}
"""Tables whose rows may outlive the account: nothing in them says who it was."""
OF_MESSAGES = {"asked_export_parts", "parked_messages"}
"""Every service has these; how they are emptied is tested where messages are erased."""


@pytest.fixture
async def place(workplace_of: Callable[..., Any]) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def tables_of_accounts(place: Workplace) -> set[str]:
    rows = await place.pool.fetch(
        "SELECT DISTINCT table_name AS name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'account_id'"
    )
    return {row["name"] for row in rows}


async def tables_naming(place: Workplace, member: Member) -> set[str]:
    return {
        name
        for name in await tables_of_accounts(place)
        if await place.pool.fetchval(
            f'SELECT EXISTS (SELECT FROM "{name}" WHERE account_id = $1)',  # noqa: S608
            member.account_id,
        )
    }


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
    await member.ask(ChangeUserName(user_name="Quarrel.Second"))
    member.user_name = "Quarrel.Second"
    await mailed_link(member)
    await member.sign_in(network="192.0.2.0/24")
    await member.ask(MakePersonalToken(name="watcher", scopes=("linking:read",), days=3))
    assert isinstance(await member.ask(AskErasure()), ErasureBegun)
    tables, before = await tables_of_accounts(place), await tables_naming(place, member)

    await finish_erasure(place)

    after = await tables_naming(place, member)
    assert tables - before <= NAME_NOBODY | OF_MESSAGES, "a table without a row shows nothing"
    assert after <= NAME_NOBODY
