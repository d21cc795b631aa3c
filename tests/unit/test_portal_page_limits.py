"""How often a network may send the forms that cost a hash or a mail; nobody needs to sign in for them."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.portal.pages.people import USER_TYPES
from shared.messages.accounts import RecoveryAsked, RegistrationRefused
from shared.messages.base import Message
from shared.messaging.ids import new_id
from shared.messaging.requests import Answer
from tests.messaging import NOON
from tests.unit.edges import an_edge

pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency:DeprecationWarning")
MOST = 2
APPLICATION = {
    **dict.fromkeys(("first_name", "last_name", "address", "city", "state", "county", "phone"), "x"),
    "postal_code": "28202",
    "email": "ann@mail.example",
    "date_of_birth": "1980-05-17",
    "user_type": USER_TYPES[0],
    "user_name": "ann.member",
    "password": "QXZ23456789QXZ",
    "kind": "individual",
}
FORMS = {
    "/register": APPLICATION,
    "/recover": {"user_name": "ann.member"},
    "/user-name": {"email": "ann@mail.example"},
    "/verify-again": {"user_name": "ann.member"},
}


class Accounts:
    """Stands in for the services: refuses registrations, and says that a mail is on its way."""

    def __init__(self) -> None:
        self.asked: list[Message] = []

    async def ask(self, message: Message, **_: Any) -> Answer:
        """Answer as for somebody who is known."""
        self.asked.append(message)
        reply: Message = RecoveryAsked()
        if message.message_name() == "accounts.register_account.v1":
            reply = RegistrationRefused(reason="user_name_taken", field="user_name")
        id_ = new_id(NOON)
        return Answer(message=reply, reply_id=id_, correlation_id=id_)


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
async def client(accounts: Accounts) -> AsyncIterator[httpx.AsyncClient]:
    async with an_edge(accounts, headers={"accept": "text/html"}, requests_a_minute=MOST) as client:
        yield client


@pytest.mark.parametrize("address", FORMS)
async def test_a_network_that_sends_a_form_too_often_waits(
    client: httpx.AsyncClient, accounts: Accounts, address: str
) -> None:
    page = await client.get(address)
    cookie = page.headers["set-cookie"].partition(";")[0]
    token = re.findall(r'name="form_token" value="(\w+)"', page.text)[0]

    async def send() -> httpx.Response:
        fields = {**FORMS[address], "form_token": token}
        return await client.post(address, data=fields, headers={"cookie": cookie})

    answered = [(await send()).status_code for _ in range(MOST)]
    refused = await send()

    assert answered in ([303] * MOST, [422] * MOST)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert "Too many requests" in refused.text
    assert len(accounts.asked) == MOST, "the one that was refused reached nobody"
