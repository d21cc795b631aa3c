"""A person with words of their own: all are in the export, and afterwards none is left anywhere."""

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from deploy.demo.desk import Desk
from deploy.local.servers import Servers
from deploy.tool import clock
from shared.export_files import decrypt
from shared.messages import accounts, paa_billing
from shared.messages.accounts import exports
from shared.messages.paa_billing import UsageRecord
from shared.messaging.topology import SERVICES
from shared.objects import get_object, open_objects
from tests.installation import until
from tests.system.asking import PatientPerson, Postbox, a_desk, a_person, data_of, join_up, verify
from tests.system.billing import invite_and_join
from tests.system.courts import Court
from tests.system.running import System, a_system
from tests.system.searching import in_files, in_tables

BEGINS = datetime(2024, 2, 1, 18, tzinfo=UTC)
COURT = "ncwbk"
BIRTH = date(1961, 11, 23)
NETWORK = "192.0.2.0/24"
"""From where everybody signs in here; the firm's administrator is erased of nothing."""
WORDS = {
    "first_name": "Wilhelmina-Xq",
    "last_name": "Zworykin-Vj",
    "email": "wz.unique@quartz-chambers.example",
    "address": "771 Kestrel Alley",
    "phone": "+1 907 555 0173",
}
USER_NAME = "mina.zw-unique"
REMARK = "Off to Port Zebulon"
PLANTED = (*WORDS.values(), USER_NAME, REMARK, BIRTH.isoformat())
pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True, kw_only=True)
class Story:
    """What was found before the erasure and after it, and the lines of use."""

    exported: bytes
    before: set[tuple[str, str]]
    after: set[tuple[str, str]]
    objects_before: int
    objects_after: int
    lines_before: list[str]
    lines_after: list[str]


@pytest.fixture(scope="module")
async def told(servers: Servers, system_folder: Path) -> AsyncIterator[Story]:
    async with a_system(servers, system_folder / "erasure", (COURT,), begins_at=BEGINS) as system:
        await system.start()
        postbox = Postbox(system.story.mail)
        async with a_desk(system) as desk:
            person = await a_planted_person(system, desk, postbox)
            await live(system, desk, postbox, person)
            exported = await take_export(system, person)
            await clock.wait_until_quiet(system.story)
            before, lines = await in_tables(system, PLANTED), await lines_of(system, person)
            objects = objects_in(system)
            await erase(system, person)
            yield Story(
                exported=exported,
                before=before,
                after=await in_tables(system, PLANTED) | in_files([system.story.objects], PLANTED),
                objects_before=len(objects),
                objects_after=len(objects_in(system)),
                lines_before=lines,
                lines_after=await lines_of(system, person),
            )


async def a_planted_person(system: System, desk: Desk, postbox: Postbox) -> PatientPerson:
    """Somebody whom billing knows, signed in."""
    name = f"{WORDS['first_name']} {WORDS['last_name']}"
    person = replace(a_person(desk), name=name, user_name=USER_NAME, email=WORDS["email"])
    data = data_of(person).__struct_fields__
    fields = {field: getattr(data_of(person), field) for field in data} | WORDS | {"date_of_birth": BIRTH}
    registration = accounts.RegisterAccount(
        person=accounts.Person(**fields),
        user_name=USER_NAME,
        password=desk.sealed(person.password, "accounts"),
    )
    registered = await person.ask_openly(registration, accounts.AccountRegistered)
    person.account_id = registered.account_id
    await verify(person, postbox)
    await person.sign_in()

    async def is_known() -> bool:
        query = "SELECT FROM accounts WHERE account_id = $1 AND status = 'active'"
        return bool(await system.rows("paa_billing", query, person.id))

    await until(is_known, "billing knows the person")
    return person


async def live(system: System, desk: Desk, postbox: Postbox, person: PatientPerson) -> None:
    """Use something, pay, join a firm and leave it with a remark."""
    firm = await join_up(desk, postbox, kind="paa")
    await firm.enrol()
    await firm.ask(paa_billing.RegisterFirm(name="Hale & Partner"), paa_billing.FirmRegistered)
    uses = [
        UsageRecord(
            usage_id=f"use {number}",
            account_number=person.account_number,
            used_at=system.story.clock(),
            kind="document",
            pages=3,
        )
        for number in range(3)
    ]
    await Court(system.story, COURT).report([uses])
    payment = paa_billing.RecordPayment(
        account_number=person.account_number, reference="check 17", amount_cents=1000
    )
    await desk.as_operator(payment, paa_billing.PaymentRecorded)
    await person.sign_in()
    await invite_and_join(desk, firm, person)
    await person.ask(paa_billing.LeaveFirm(remark=REMARK), paa_billing.MemberLeft)


async def take_export(system: System, person: PatientPerson) -> bytes:
    """Ask for the file, wait until it is made, and read it as the portal does."""
    asked = await person.ask(exports.AskExport(), exports.ExportAsked)

    async def is_ready() -> bool:
        shown = await person.ask(exports.MyExports(), exports.ExportsShown)
        return [each.state for each in shown.exports] == ["ready"]

    await until(is_ready, "the export is made", deadline_seconds=60)
    answer = await person.answer(exports.OpenExport(export_id=asked.export_id))
    opened = answer.message
    assert isinstance(opened, exports.ExportOpened), opened
    secret = person.desk.portal.open(answer, "secret")
    rests = await get_object(open_objects(system.story.objects.as_uri()), opened.key)
    return decrypt(rests, secret, str(asked.export_id))


async def erase(system: System, person: PatientPerson) -> None:
    """Ask, let the days pass, and wait until every service has gone through all its messages."""
    begun = await person.ask(accounts.AskErasure(), accounts.ErasureBegun)
    await clock.forward(system.story, begun.final_at + timedelta(seconds=1))

    async def is_done() -> bool:
        query = "SELECT FROM erasures WHERE account_id = $1 AND place = 'done'"
        found = [await system.rows(service, query, person.id) for service in SERVICES]
        return all(found) and not objects_in(system)

    await until(is_done, "the erasure is done everywhere", deadline_seconds=120)
    await clock.wait_until_quiet(system.story)


async def lines_of(system: System, person: PatientPerson) -> list[str]:
    query = "SELECT l::text AS line FROM usage_lines AS l WHERE account_id = $1 ORDER BY id"
    return [row["line"] for row in await system.rows("paa_billing", query, person.id)]


def objects_in(system: System) -> list[Path]:
    folder = system.story.objects / "exports"
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


async def test_the_export_holds_what_was_planted_in_each_service(told: Story) -> None:
    with zipfile.ZipFile(io.BytesIO(told.exported)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}

    assert sorted(files) == ["accounts.json", "linking.json", "notify.json", "paa_billing.json"]
    whole = "".join(files.values())
    assert [word for word in (*PLANTED, NETWORK) if word not in whole] == []
    assert "use 2" in files["paa_billing.json"]


async def test_before_the_erasure_the_words_stand_in_every_service(told: Story) -> None:
    assert {word for word, _ in told.before} == set(PLANTED)
    assert {place.partition(".")[0] for _, place in told.before} == set(SERVICES)


async def test_after_the_erasure_no_table_and_no_object_holds_a_word_of_the_person(told: Story) -> None:
    assert told.after == set()
    assert (told.objects_before, told.objects_after) == (5, 0)


async def test_what_was_used_is_under_hold_and_unchanged(told: Story) -> None:
    assert len(told.lines_before) == 3
    assert told.lines_after == told.lines_before
