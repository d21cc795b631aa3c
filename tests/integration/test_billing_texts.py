"""Texts that firms and people give: what can't be kept or shown is refused at once, by its field."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from services.paa_billing.service import SERVICE
from shared.messages.base import Malformed, Message
from shared.messages.paa_billing import (
    FirmRegistered,
    InviteAccount,
    LeaveFirm,
    RegisterFirm,
    RemoveMember,
)
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service, decode
from tests.billing import a_firm, opened, resources
from tests.messaging import Workplace, an_assertion

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
NUMBER = "7304118"
EVIL = ("NUL\x00", "Evil\r\nBcc: x@y.example", "\u202eabc", "\u2028")


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await opened(await workplace_of(SERVICE, resources()))


@pytest.mark.parametrize(
    ("command", "field"),
    [
        *((RegisterFirm(name=text), "name") for text in (*EVIL, "   ")),
        *((InviteAccount(account_number=NUMBER, last_name=text), "last_name") for text in (*EVIL, " ")),
        *((InviteAccount(account_number=NUMBER, last_name="Roe", remark=text), "remark") for text in EVIL),
        *((LeaveFirm(remark=text), "remark") for text in EVIL),
        *((RemoveMember(account_number=NUMBER, remark=text), "remark") for text in EVIL),
    ],
)
async def test_a_text_that_cannot_be_kept_or_shown_is_refused_at_once_by_its_field(
    place: Workplace, command: Message, field: str
) -> None:
    judgement, _ = await place.judge(command, by=an_assertion("paa_billing", kind="paa"))

    assert judgement.reply is not None
    answer = decode(judgement.reply.type, judgement.reply.body)
    assert isinstance(answer, Malformed)
    assert f"`$.{field}`" in answer.problem
    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "undecodable")
    assert await place.pool.fetchval("SELECT count(*) FROM firms") == 0


async def test_a_name_with_signs_and_accents_is_taken_as_it_is(place: Workplace) -> None:
    firm = await a_firm(place, "Núñez & Søn, PLLC")

    (event,) = await place.emitted(FirmRegistered)
    assert (event.paa_id, event.name) == (firm.paa_id, "Núñez & Søn, PLLC")
