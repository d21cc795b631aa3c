"""How often a network may send the forms that cost a hash or a mail; nobody needs to sign in for them."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from services.portal.pages.people import USER_TYPES
from shared.messages.accounts import (
    AccountShown,
    AskRecovery,
    AskUserName,
    AskVerificationAgain,
    ChangeEmail,
    EmailChangeRefused,
    MyAccount,
    RecoverAccount,
    RecoveryAsked,
    RecoveryRefused,
    RegisterAccount,
    RegistrationRefused,
    UpgradeAccount,
)
from shared.messaging.ids import new_id
from tests.messaging import NOON
from tests.unit.edges import SESSION, Answering, an_edge

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
    "/recover-account": {"token": "mailed", "new_password": "QXZ23456789QXZ"},
    "/upgrade": APPLICATION,
    "/security/email": {"email": "ann@mail.example"},
}
SIGNED_IN = ("/upgrade", "/security/email")
LEGACY = AccountShown(
    account_id=new_id(NOON),
    account_number="1234567",
    user_name="am4711",
    kind="individual",
    generation="legacy",
    status="active",
    email_verified=False,
    has_second_factor=False,
)


@pytest.fixture
def services() -> Answering:
    refused = RegistrationRefused(reason="user_name_taken", field="user_name")
    return Answering(
        {
            MyAccount: LEGACY,
            RegisterAccount: refused,
            UpgradeAccount: refused,
            RecoverAccount: RecoveryRefused(reason="password_too_common", field="new_password"),
            ChangeEmail: EmailChangeRefused(reason="email_not_new"),
            **dict.fromkeys((AskRecovery, AskUserName, AskVerificationAgain), RecoveryAsked()),
        }
    )


@pytest.fixture
async def client(services: Answering) -> AsyncIterator[httpx.AsyncClient]:
    async with an_edge(services, headers={"accept": "text/html"}, requests_a_minute=MOST) as client:
        yield client


@pytest.mark.parametrize("address", FORMS)
async def test_a_network_that_sends_a_form_too_often_waits(
    client: httpx.AsyncClient, services: Answering, address: str
) -> None:
    own = {"cookie": SESSION} if address in SIGNED_IN else {}
    page = await client.get(address, headers=own)
    cookie = own.get("cookie") or page.headers["set-cookie"].partition(";")[0]
    token = re.findall(r'name="form_token" value="(\w+)"', page.text)[0]

    async def send() -> httpx.Response:
        fields = {**FORMS[address], "form_token": token}
        return await client.post(address, data=fields, headers={"cookie": cookie})

    services.asked.clear()
    answered = [(await send()).status_code for _ in range(MOST)]
    refused = await send()

    assert answered in ([303] * MOST, [422] * MOST)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert "Wait a minute" in refused.text
    assert len(services.asked) == MOST, "the one that was refused reached nobody"
