"""Exports in `accounts`: one at a time, whole, encrypted, for their holder alone, and not for ever."""

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import obstore
import pytest
from cryptography.exceptions import InvalidTag

from services.accounts.service import SERVICE
from shared.export_files import PartWriter, decrypt, encrypt, put_together
from shared.messages import linking, notify, paa_billing
from shared.messages.accounts import (
    AskErasure,
)
from shared.messages.accounts.exports import (
    AskExport,
    ExportAsked,
    ExportOpened,
    ExportReady,
    ExportRefused,
    MyExports,
    OpenExport,
)
from shared.messages.base import NotAllowed
from shared.messaging.export_parts import folder_of
from shared.objects import get_object, key_for, put_object
from shared.sealed import to_be_sealed
from tests.builders_accounts import (
    Member,
    a_person,
    a_signed_in_member,
    quick_resources,
    tables_holding,
)
from tests.builders_records import do_due_work
from tests.messaging import Workplace

DAYS = 7
OTHERS = {"linking": linking, "notify": notify, "paa_billing": paa_billing}
BIRTH = date(1961, 11, 23)


@pytest.fixture
async def place(workplace_of: Callable[..., Any]) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def a_planted_member(place: Workplace) -> Member:
    person = a_person(first_name="Wilhelmina-Xq", phone="+1 907 555 0173", date_of_birth=BIRTH)
    return await a_signed_in_member(place, person=person)


async def tell_of_part(place: Workplace, asked: ExportAsked, service: str, word: str = "row") -> None:
    """Another service writes its part and says so."""
    writer = PartWriter(service)
    writer.begin_table("table")
    writer.add_row({"word": word})
    rests, secret = encrypt(writer.finish(), f"{asked.export_id} {service}")
    key = key_for(folder_of(asked.export_id), rests, service)
    await put_object(place.resources.objects, key, rests)
    event = OTHERS[service].ExportPartMade(
        export_id=asked.export_id,
        account_id=asked.account_id,
        key=key,
        secret=to_be_sealed(secret, reader="accounts", expires_at=asked.expires_at),
    )
    await place.send(event)


async def make_export(place: Workplace, member: Member) -> ExportAsked:
    """Ask, let every service write its part, and have the file made."""
    asked = await member.ask(AskExport())
    assert isinstance(asked, ExportAsked), asked
    for service in OTHERS:
        await tell_of_part(place, asked, service)
    await place.work_off("export part")
    await place.work_off("export")
    return asked


async def open_file(place: Workplace, opened: ExportOpened) -> bytes:
    """The ZIP, as the portal reads it."""
    rests = await get_object(place.resources.objects, opened.key)
    return decrypt(rests, place.open_reply(opened, "secret"), str(opened.export_id))


async def objects_of(place: Workplace) -> list[bytes]:
    found: list[bytes] = []
    async for chunk in obstore.list(place.resources.objects, prefix="exports"):
        found += [await get_object(place.resources.objects, each["path"]) for each in chunk]
    return found


def tables_in(whole: bytes, service: str) -> dict[str, list[dict[str, Any]]]:
    """A service's tables in the file."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        tables: dict[str, list[dict[str, Any]]] = json.loads(archive.read(f"{service}.json"))["tables"]
    return tables


async def test_the_file_holds_each_services_part_and_all_that_accounts_keeps_but_secrets(
    place: Workplace,
) -> None:
    member = await a_planted_member(place)
    await member.enrol("wilhelmina's phone")
    asked = await make_export(place, member)

    opened = await member.ask(OpenExport(export_id=asked.export_id))

    whole = await open_file(place, opened)
    assert hashlib.sha256(whole).hexdigest() == opened.sha256
    assert [tables_in(whole, service) for service in OTHERS] == [{"table": [{"word": "row"}]}] * 3
    tables = tables_in(whole, "accounts")
    account = tables["accounts"][0]
    assert (account["first_name"], account["date_of_birth"], account["phone"]) == (
        "Wilhelmina-Xq",
        BIRTH.isoformat(),
        "+1 907 555 0173",
    )
    assert [each["name"] for each in tables["authenticators"]] == ["wilhelmina's phone"]
    assert tables["history"][-1]["kind"] == "export_asked"
    columns = {column for rows in tables.values() for row in rows for column in row}
    assert not {name for name in columns if "hash" in name or "secret" in name or "token" in name}


async def test_the_object_store_holds_no_word_of_the_person_in_clear(place: Workplace) -> None:
    member = await a_planted_member(place)
    asked = await make_export(place, member)
    opened = await member.ask(OpenExport(export_id=asked.export_id))

    found = await objects_of(place)

    assert len(found) == 5
    words = (b"Wilhelmina-Xq", BIRTH.isoformat().encode(), b"accounts.json")
    assert [word for word in words for content in found if word in content] == []
    secret = place.open_reply(opened, "secret")
    assert await tables_holding(place.pool, secret) == []
    with pytest.raises(InvalidTag):
        decrypt(await get_object(place.resources.objects, opened.key), secret, str(uuid4()))


async def test_an_export_asked_for_twice_at_once_is_one(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(member.ask(AskExport())) for _ in range(4)]
    outcomes = [task.result() for task in tasks]

    assert sorted(type(each).__name__ for each in outcomes) == ["ExportAsked"] + ["ExportRefused"] * 3
    assert len(await place.emitted(ExportAsked)) == 1


async def test_the_file_is_made_once_all_four_parts_are_there_and_told_of_once(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked = await member.ask(AskExport())
    await place.work_off("export part")
    for service in ("linking", "notify"):
        await tell_of_part(place, asked, service)
        await tell_of_part(place, asked, service, word="told again")

    early = await place.work_off("export")
    refused = await member.ask(OpenExport(export_id=asked.export_id))
    await tell_of_part(place, asked, "paa_billing")
    done = await place.work_off("export")

    assert (early, done) == (0, 1)
    assert refused == ExportRefused(reason="not_ready")
    ready = ExportReady(export_id=asked.export_id, account_id=member.account_id, expires_at=asked.expires_at)
    assert await place.emitted(ExportReady) == [ready]
    (shown,) = (await member.ask(MyExports())).exports
    assert (shown.state, shown.export_id) == ("ready", asked.export_id)
    opened = await member.ask(OpenExport(export_id=asked.export_id))
    assert tables_in(await open_file(place, opened), "linking") == {"table": [{"word": "row"}]}


async def test_an_export_of_somebody_else_is_answered_as_one_that_never_was(place: Workplace) -> None:
    holder, other = await a_signed_in_member(place), await a_signed_in_member(place)
    asked = await make_export(place, holder)

    outcomes = [await other.ask(OpenExport(export_id=each)) for each in (asked.export_id, uuid4())]

    assert outcomes == [ExportRefused(reason="not_found")] * 2
    assert (await other.ask(MyExports())).exports == ()


async def test_an_old_proof_serves_neither_for_asking_nor_for_opening(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked = await make_export(place, member)
    place.clock.forward(minutes=11)

    outcomes = [await member.ask(each) for each in (AskExport(), OpenExport(export_id=asked.export_id))]

    assert outcomes == [NotAllowed(reason="proof_too_old")] * 2


async def test_an_export_is_over_after_its_days_and_its_objects_go(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked = await make_export(place, member)
    place.clock.forward(days=DAYS)
    await do_due_work(place)
    await member.sign_in()

    refused = await member.ask(OpenExport(export_id=asked.export_id))
    await place.work_off("export sweep")

    assert asked.expires_at == place.clock()
    assert refused == ExportRefused(reason="not_found")
    assert await objects_of(place) == []
    assert await place.pool.fetchval("SELECT count(*) FROM exports WHERE secret IS NOT NULL") == 0


async def test_a_part_that_comes_when_the_export_is_over_is_swept_up_too(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked = await member.ask(AskExport())
    place.clock.forward(days=DAYS)
    await do_due_work(place)
    await place.work_off("export sweep")

    await tell_of_part(place, asked, "linking")
    left = len(await objects_of(place))
    await place.work_off("export sweep")

    assert (left, await objects_of(place)) == (1, [])


async def test_a_new_export_takes_the_place_of_the_one_before(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    first = await make_export(place, member)

    second = await make_export(place, member)
    await place.work_off("export sweep")

    (shown,) = (await member.ask(MyExports())).exports
    assert shown.export_id == second.export_id
    assert await member.ask(OpenExport(export_id=first.export_id)) == ExportRefused(reason="not_found")
    assert len(await objects_of(place)) == 5


async def test_exports_go_with_their_account(place: Workplace) -> None:
    member = await a_planted_member(place)
    await make_export(place, member)
    await member.ask(AskErasure())
    place.clock.forward(days=DAYS)
    await do_due_work(place)

    await place.work_off("export sweep")

    assert await objects_of(place) == []
    rows = await place.pool.fetch("SELECT state, secret FROM exports")
    assert [tuple(row) for row in rows] == [("over", None)]
    assert await place.pool.fetchval("SELECT count(*) FROM asked_export_parts") == 0


async def test_taking_and_asking_for_an_export_stand_in_the_history(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    asked = await make_export(place, member)

    await member.ask(OpenExport(export_id=asked.export_id))

    kinds = await place.pool.fetch("SELECT kind FROM history ORDER BY sequence DESC LIMIT 2")
    assert [row["kind"] for row in kinds] == ["export_opened", "export_asked"]


def test_the_same_parts_make_the_same_bytes() -> None:
    parts = {}
    for service in ("b", "a"):
        writer = PartWriter(service)
        for table in ("one", "two"):
            writer.begin_table(table)
            writer.add_row({"id": UUID(int=7), "at": None})
            writer.add_row({"id": UUID(int=8), "at": timedelta(0)})
        parts[service] = writer.finish()

    once, again = put_together(parts), put_together(dict(reversed(parts.items())))

    assert once == again
    assert list(tables_in(once, "a")) == ["one", "two"]
    assert len(tables_in(once, "b")["two"]) == 2
