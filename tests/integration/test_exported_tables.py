"""Every table that says something of an account is in its export, or named with the reason why not."""

import importlib
import io
import json
import re
import zlib
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.store import exporting as exporting_of_accounts
from services.notify.service import SERVICE as NOTIFY
from services.paa_billing.service import SERVICE as BILLING
from shared.database import Pool
from shared.export_files import decrypt
from shared.messages import linking, notify, paa_billing
from shared.messages.accounts import (
    AccountErased,
)
from shared.messages.accounts.exports import (
    ExportAsked,
)
from shared.messaging.topology import SERVICES
from shared.objects import get_object
from tests import billing
from tests.integration import linking_builders, notify_builders
from tests.messaging import NOON, Workplace

OF_MESSAGES = {"erasures", "asked_export_parts", "parked_messages"}
"""Tables of every service: what is erased, what is asked for, and copies of what was said elsewhere."""


async def tables_of_accounts(pool: Pool) -> set[str]:
    """The tables that have a column for an account."""
    rows = await pool.fetch(
        """
        SELECT DISTINCT c.relname AS name
          FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND (a.attname ~ 'account_id$' OR a.attname IN ('payer_id', 'administrator_id', 'account_number'))
        """
    )
    return {row["name"] for row in rows} - OF_MESSAGES


@pytest.mark.parametrize("service", SERVICES)
async def test_each_table_of_accounts_is_exported_or_left_out_for_a_reason(
    pool_of: Callable[[str], Awaitable[Pool]], service: str
) -> None:
    exporting = importlib.import_module(f"services.{service}.store.exporting")
    pool = await pool_of(service)

    tables = await tables_of_accounts(pool)

    assert tables - {*exporting.STATEMENTS, *exporting.LEFT_OUT} == set()
    assert not {*exporting.STATEMENTS} & {*exporting.LEFT_OUT}
    for statement in exporting.STATEMENTS.values():
        assert await pool.fetch(statement, uuid4()) == []


async def columns_of(pool: Pool, table: str) -> set[str]:
    rows = await pool.fetch(
        """
        SELECT attname AS name FROM pg_attribute
         WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
        """,
        table,
    )
    return {row["name"] for row in rows}


@pytest.mark.parametrize("table", exporting_of_accounts.STATEMENTS)
async def test_each_column_of_a_table_of_accounts_is_exported_or_left_out_for_a_reason(
    pool_of: Callable[[str], Awaitable[Pool]], table: str
) -> None:
    selected, _, _ = exporting_of_accounts.STATEMENTS[table].partition("FROM")
    exported = set(re.findall(r"\w+", selected))
    named = [name for names in exporting_of_accounts.COLUMNS_LEFT_OUT for name in names.split()]
    left_out = {column for where, _, column in (n.partition(".") for n in named) if where in ("*", table)}

    columns = await columns_of(await pool_of("accounts"), table)

    assert columns
    assert columns - exported - left_out == set()
    assert exported & left_out == set()


async def part_of(place: Workplace, account_id: Any, kind: Any) -> dict[str, Any]:
    """Ask a service for its part, and read that as `accounts` does."""
    asked = ExportAsked(export_id=uuid4(), account_id=account_id, expires_at=NOON.replace(day=8))
    await place.send(asked)
    assert await place.work_off("export part") == 1
    (made,) = await place.emitted(kind)
    (secret,) = await place.open_emitted(kind, "secret", reader="accounts")
    assert (made.export_id, made.account_id) == (asked.export_id, account_id)
    rests = await get_object(place.resources.objects, made.key)
    part = decrypt(rests, secret, f"{asked.export_id} {place.service.name}")
    written = json.load(io.BytesIO(zlib.decompress(part)))
    assert written["service"] == place.service.name
    tables: dict[str, Any] = written["tables"]
    return tables


async def test_billing_exports_what_a_person_used_and_who_paid(workplace_of: Callable[..., Any]) -> None:
    place = await billing.opened(await workplace_of(BILLING, billing.resources()))
    person, other = await billing.a_person(place, first_name="Wil"), await billing.a_person(place)
    firm = await billing.a_firm(place)
    await billing.join(place, firm, person)
    await billing.report(place, billing.a_use(person), billing.a_use(other), billing.a_use(person, pages=-1))

    tables = await part_of(place, person.account_id, paa_billing.ExportPartMade)

    assert [row["first_name"] for row in tables["accounts"]] == ["Wil"]
    assert [(row["description"], row["is_paid_by_firm"]) for row in tables["usage_lines"]] == [
        ("Motion", True)
    ]
    assert [row["firm_name"] for row in tables["memberships"]] == ["Hale & Partner"]
    assert [row["field"] for row in tables["quarantined_usage"]] == ["pages"]


async def test_notify_exports_contact_and_mail(workplace_of: Callable[..., Any]) -> None:
    place = await workplace_of(NOTIFY, notify_builders.resources_for(1))
    account_id = await notify_builders.a_known_person(place)

    tables = await part_of(place, account_id, notify.ExportPartMade)

    assert [row["email"] for row in tables["contacts"]] == ["ann@example.org"]


async def test_linking_exports_links_with_their_logins(workplace_of: Callable[..., Any]) -> None:
    place = await linking_builders.a_workplace(workplace_of)
    await linking_builders.load(place, linking_builders.a_row())
    who = linking_builders.somebody(place)
    link = await linking_builders.linked(place, who)

    tables = await part_of(place, who.account_id, linking.ExportPartMade)

    assert [row["id"] for row in tables["links"]] == [str(link.link_id)]


async def test_no_part_is_made_for_an_erased_account(workplace_of: Callable[..., Any]) -> None:
    place = await workplace_of(NOTIFY, notify_builders.resources_for(1))
    account_id = await notify_builders.a_known_person(place)
    asked = ExportAsked(export_id=uuid4(), account_id=account_id, expires_at=NOON.replace(day=8))
    await place.send(asked)
    await place.send(AccountErased(account_id=account_id))

    await place.send(asked.with_changes(export_id=uuid4()))

    assert await place.work_off("export part") == 0
