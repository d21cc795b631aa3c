"""A statement's files: written before they are named, the same bytes each time, verified from JSON alone."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.tool.verify_statement import verify_statement
from services.paa_billing.jobs import make_next_files
from services.paa_billing.service import SERVICE
from services.paa_billing.statements import verify
from shared.messages.paa_billing import (
    BillingRefused,
    MyStatementFiles,
    MyStatements,
    StatementFile,
    StatementFiles,
    StatementIssued,
    StatementShown,
    WhoLooked,
)
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service
from shared.objects import get_object, open_objects
from shared.spawned_processes import SpawnedProcesses
from tests.billing import Holder, a_firm, a_person, a_use, join, opened, report, resources
from tests.closing import DyingPool, FailingPool, KilledError, close
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture(scope="session")
async def processes() -> AsyncIterator[SpawnedProcesses]:
    with SpawnedProcesses(1) as spawned:
        yield spawned


@pytest.fixture
async def place(workplace_of: Make, processes: SpawnedProcesses, tmp_path: Path) -> Workplace:
    objects = open_objects(tmp_path.as_uri())
    return await opened(
        await workplace_of(SERVICE, replace(resources(), objects=objects, processes=processes))
    )


async def shown_to(place: Workplace, who: Holder) -> list[StatementShown]:
    listed = await place.send(MyStatements(), by=who.asks(place.clock()))
    return list(listed.statements)


async def given_to(place: Workplace, who: Holder, statement_id: UUID) -> tuple[StatementFile, ...]:
    """Where a statement's files lie, as far as it is told."""
    answer = await place.send(MyStatementFiles(statement_id=statement_id), by=who.asks(place.clock()))
    assert isinstance(answer, StatementFiles)
    return answer.files


async def looks_at(place: Workplace, who: Holder) -> list[tuple[str, UUID, str, str]]:
    """What a person is told of firms' looks at their uses."""
    shown = await place.send(WhoLooked(), by=who.asks(place.clock()))
    return [(each.firm_name, each.administrator_id, each.quarter, each.kind) for each in shown.looks]


async def contents(place: Workplace, files: tuple[StatementFile, ...]) -> dict[str, bytes]:
    return {each.form: await get_object(place.resources.objects, each.key) for each in files}


async def an_invoice(place: Workplace) -> Holder:
    person = await a_person(place)
    await report(place, a_use(person, kind="transcript", pages=400, client_code="=SUM(A1)"))
    await close(place)
    return person


async def make_again(place: Workplace) -> None:
    """Have all files made once more, as by a worker that didn't know."""
    await place.pool.execute("INSERT INTO statement_renderings (statement_id) SELECT id FROM statements")
    await place.work_off("files 1")


async def test_files_appear_after_issue_and_carry_their_own_digests(place: Workplace) -> None:
    person = await an_invoice(place)
    (before,) = await shown_to(place, person)

    await place.work_off("files 1")

    (after,) = await shown_to(place, person)
    found = await contents(place, after.files)
    assert (before.files, [each.form for each in after.files]) == ((), ["json", "csv", "pdf"])
    assert [hashlib.sha256(found[each.form]).hexdigest() for each in after.files] == [
        each.sha256 for each in after.files
    ]
    assert (after.total_cents, after.waived_cents, after.due_cents, after.open_cents) == (4000, 0, 4000, 4000)


async def test_json_csv_and_pdf_say_the_digest_that_was_announced(place: Workplace) -> None:
    person = await an_invoice(place)
    await place.work_off("files 1")

    (announced,) = await place.emitted(StatementIssued)
    (shown,) = await shown_to(place, person)
    found = await contents(place, shown.files)

    assert hashlib.sha256(found["json"]).hexdigest() == announced.sha256 == shown.files[0].sha256
    assert announced.sha256.encode() in found["csv"]
    assert b"'=SUM(A1)" in found["csv"]
    assert found["pdf"].startswith(b"%PDF-")


async def test_anyone_can_verify_the_json(place: Workplace, tmp_path: Path) -> None:
    person = await an_invoice(place)
    await place.work_off("files 1")
    (shown,) = await shown_to(place, person)
    said: list[str] = []

    status = verify_statement(tmp_path / shown.files[0].key, said.append)

    assert (status, said[0]) == (0, f"SHA-256 {shown.files[0].sha256}")


async def test_a_second_making_and_a_second_download_are_byte_identical(
    place: Workplace, tmp_path: Path
) -> None:
    firm, member = await a_firm(place), await a_person(place)
    await join(place, firm, member)
    await report(place, *[a_use(member, pages=pages) for pages in (1, 30, 31)])
    await close(place)
    await place.work_off("files 1")
    (first,) = await shown_to(place, firm)
    first_contents = await contents(place, await given_to(place, firm, first.statement_id))
    lying = sorted(path.name for path in (tmp_path / "statements").iterdir())

    await make_again(place)

    (second,) = await shown_to(place, firm)
    assert second == first
    assert await contents(place, await given_to(place, firm, second.statement_id)) == first_contents
    assert sorted(path.name for path in (tmp_path / "statements").iterdir()) == lying
    assert verify(first_contents["json"]) == ()


async def test_a_file_is_named_only_when_it_lies_there(place: Workplace, tmp_path: Path) -> None:
    person = await an_invoice(place)
    dying: Any = DyingPool(place.pool, 1)

    with pytest.raises(KilledError):
        await make_next_files(replace(place.bench, pool=dying))

    (between,) = await shown_to(place, person)
    assert between.files == ()
    assert len(list((tmp_path / "statements").iterdir())) == 3
    assert not await make_next_files(place.bench)
    await place.pool.execute(
        "UPDATE statement_renderings SET leased_until = clock_timestamp() - interval '1 s'"
    )
    assert await make_next_files(place.bench)
    (after,) = await shown_to(place, person)
    assert len(after.files) == 3


async def test_a_member_and_a_stranger_see_nothing_of_a_firms_statements(place: Workplace) -> None:
    firm, member, stranger = await a_firm(place), await a_person(place), await a_person(place)
    await join(place, firm, member)
    await report(place, a_use(member))

    await close(place)

    assert len(await shown_to(place, firm)) == 1
    assert await shown_to(place, member) == await shown_to(place, stranger) == []


async def test_a_firm_that_takes_a_statements_files_has_looked_at_the_uses_on_it(place: Workplace) -> None:
    firm, member, another = await a_firm(place), await a_person(place), await a_person(place)
    await join(place, firm, member)
    await join(place, firm, another)
    await report(place, a_use(member))
    await close(place)
    await place.work_off("files 1")

    (listed,) = await shown_to(place, firm)
    before = await looks_at(place, member)
    files = await given_to(place, firm, listed.statement_id)

    assert (listed.files, before) == ((), [])
    assert [each.form for each in files] == ["json", "csv", "pdf"]
    assert await looks_at(place, member) == [("Hale & Partner", firm.account_id, "2024-Q1", "statement")]
    assert await looks_at(place, another) == []


async def test_files_that_are_not_given_are_no_look(place: Workplace) -> None:
    firm, member, stranger = await a_firm(place), await a_person(place), await a_firm(place, "Others")
    await join(place, firm, member)
    await report(place, a_use(member))
    await close(place)
    (listed,) = await shown_to(place, firm)

    assert await given_to(place, firm, listed.statement_id) == ()
    await place.work_off("files 1")
    for who in (member, stranger):
        assert await given_to(place, who, listed.statement_id) == ()

    assert await looks_at(place, member) == []


async def test_who_takes_their_own_statement_is_no_firm_that_looks(place: Workplace) -> None:
    person = await an_invoice(place)
    await place.work_off("files 1")

    (shown,) = await shown_to(place, person)

    assert await given_to(place, person, shown.statement_id) == shown.files != ()
    assert await looks_at(place, person) == []


async def test_no_file_is_told_if_the_look_can_not_be_recorded(place: Workplace) -> None:
    firm, member = await a_firm(place), await a_person(place)
    await join(place, firm, member)
    await report(place, a_use(member))
    await close(place)
    await place.work_off("files 1")
    (listed,) = await shown_to(place, firm)
    pool: Any = FailingPool(place.pool, "INSERT INTO firm_looks")

    judgement, _ = await replace(place, pool=pool).judge(
        MyStatementFiles(statement_id=listed.statement_id), by=firm.asks(place.clock())
    )

    assert (judgement.verdict, judgement.reply) == (Verdict.RETRY, None)


async def test_an_administrator_without_a_firm_has_no_statements_to_take(place: Workplace) -> None:
    lonely = await a_person(place, kind="paa", first_name="", last_name="Nobody's")

    refused = await place.send(MyStatementFiles(statement_id=uuid4()), by=lonely.asks(place.clock()))

    assert refused == BillingRefused(reason="firm_not_found")
