"""An erased account in mail: what was written to its holder goes, and what mail to others says of them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.mail_sink import MailSink, mail_sink, read_mails
from services.notify.service import SERVICE
from shared.messages.accounts import AccountErased, ErasureAsked
from shared.messages.paa_billing import MemberJoined, MemberLeft
from shared.messaging.registry import Service
from shared.sealed import to_be_sealed
from tests.integration.notify_builders import TOKEN, a_known_person, everything_in, resources_for
from tests.messaging import NOON, Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
NAME = "Wilhelmina Zworykin"


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[MailSink]:
    async with mail_sink(tmp_path) as running:
        yield running


@pytest.fixture
async def place(workplace_of: Make, sink: MailSink) -> Workplace:
    return await workplace_of(SERVICE, resources_for(sink.port))


def of_firm(member: UUID, administrator: UUID) -> dict[str, Any]:
    return {
        "paa_id": uuid4(),
        "membership_id": uuid4(),
        "firm_name": "Smith LLP",
        "account_id": member,
        "administrator_ids": (administrator,),
    }


async def test_mail_to_a_firm_no_longer_names_an_erased_member(place: Workplace, sink: MailSink) -> None:
    member = await a_known_person(place, name=NAME, email="wz@quartz.example")
    administrator = await a_known_person(place, name="Bob Ray", email="bob@firm.example")
    firm = of_firm(member, administrator)
    await place.send(MemberJoined(**firm, joined_at=NOON, moved_balance_cents=0))
    await place.work_off("mail")
    await place.send(MemberLeft(**firm, left_at=NOON, ended_by="person", remark=f"{NAME} moves on"))

    await place.send(AccountErased(account_id=member))
    await place.work_off("mail")

    kept = await everything_in(place)
    assert [word for word in (NAME, "wz@quartz.example") if word in kept] == []
    late = [mail for mail in read_mails(sink.folder) if mail.kind == "member_left_firm"]
    assert [mail.to for mail in late] == ["bob@firm.example"]
    assert "A person whose account no longer exists" in late[0].text
    assert "Bob Ray" in kept


async def test_the_mail_says_what_is_kept_and_holds_the_link_that_takes_the_erasure_back(
    place: Workplace, sink: MailSink
) -> None:
    account_id = await a_known_person(place)
    final_at = NOON.replace(day=8)
    token = to_be_sealed(TOKEN, reader="notify", expires_at=final_at)
    await place.send(ErasureAsked(account_id=account_id, final_at=final_at, token=token))

    await place.work_off("mail")

    (mail,) = read_mails(sink.folder)
    assert f"https://accounts.example/stop-erasure?token={TOKEN}" in mail.text
    assert "February 8, 2024" in mail.text
    assert "ledger" in mail.text
