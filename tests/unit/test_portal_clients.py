"""The PACER Authentication API before stand-ins: what a program is told, in JSON and in XML."""

from typing import Any

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from shared.messages import accounts
from shared.messages.accounts.clients import AuthenticateClient, ClientAuthenticated, ClientLoggedOut
from shared.sealed import Sealed, to_be_sealed
from tests.messaging import NOON
from tests.unit.edges import TOKEN, Answering, an_edge

pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency:DeprecationWarning")
CSO, LOG_OUT = "/services/cso-auth", "/services/cso-logout"
CREDENTIALS = {"loginId": "jane.doe", "password": "a long enough one"}
AS_XML = {"content-type": "application/xml", "accept": "application/xml"}


def a_token() -> Sealed:
    return to_be_sealed(TOKEN, reader="portal", expires_at=NOON)


async def answered(outcome: ClientAuthenticated, **sent: Any) -> httpx.Response:
    async with an_edge(Answering({AuthenticateClient: outcome})) as client:
        return await client.post(CSO, **sent)


def texts_in(answer: httpx.Response) -> list[tuple[str, str]]:
    root = fromstring(answer.content)
    assert root.tag == "CsoAuth"
    return [(child.tag, child.text or "") for child in root]


@pytest.mark.parametrize("result", ["1", "13"])
async def test_a_token_that_comes_with_a_failure_goes_no_further(result: Any) -> None:
    wrongly = ClientAuthenticated(login_result=result, error_description="no", token=a_token())

    answer = await answered(wrongly, json=CREDENTIALS)

    assert answer.json() == {"nextGenCSO": "", "loginResult": result, "errorDescription": "no"}
    assert TOKEN not in answer.text + str(answer.headers)


async def test_who_is_let_in_by_xml_gets_all_three_keys_by_xml() -> None:
    let_in = ClientAuthenticated(login_result="0", error_description="", token=a_token())
    body = b"<CsoAuth><loginId>jane.doe</loginId><password>a long enough one</password></CsoAuth>"

    answer = await answered(let_in, content=body, headers=AS_XML)

    expected = [("nextGenCSO", TOKEN), ("loginResult", "0"), ("errorDescription", "")]
    assert texts_in(answer) == expected


async def test_who_is_refused_by_xml_gets_all_three_keys_too() -> None:
    refused = ClientAuthenticated(login_result="13", error_description="not <this> & not that")

    answer = await answered(refused, json=CREDENTIALS, headers={"accept": "text/xml"})

    expected = [("nextGenCSO", ""), ("loginResult", "13"), ("errorDescription", "not <this> & not that")]
    assert texts_in(answer) == expected


async def test_signing_out_by_xml_is_answered_by_xml() -> None:
    services = Answering({accounts.clients.LogOutClient: ClientLoggedOut()})
    body = f"<CsoAuth><nextGenCSO>{TOKEN}</nextGenCSO></CsoAuth>".encode()

    async with an_edge(services) as client:
        answer = await client.post(LOG_OUT, content=body, headers=AS_XML)

    assert texts_in(answer) == [("loginResult", "0"), ("errorDescription", "")]
    assert len(services.asked) == 1


@pytest.mark.parametrize(
    ("said", "meant"), [(None, ""), ("1", "1"), (1, "1"), (True, "1"), (False, "0"), ("yes", "yes")], ids=str
)
async def test_the_flag_may_be_text_number_or_truth(said: Any, meant: str) -> None:
    services = Answering({AuthenticateClient: ClientAuthenticated(login_result="13", error_description="")})

    async with an_edge(services) as client:
        await client.post(CSO, json={**CREDENTIALS, "redactFlag": said})

    (asked,) = services.asked
    assert isinstance(asked, AuthenticateClient)
    assert asked.redact_flag == meant


@pytest.mark.parametrize(
    "lines", [["203.0.113.7", "192.0.2.9"], ["203.0.113.7, 192.0.2.9"]], ids=["two lines", "one line"]
)
async def test_what_each_proxy_adds_in_a_line_of_its_own_counts(lines: list[str]) -> None:
    services = Answering({AuthenticateClient: ClientAuthenticated(login_result="13", error_description="")})

    async with an_edge(services, trusted_proxies="127.0.0.1/32,192.0.2.0/24") as client:
        headers = [("x-forwarded-for", line) for line in lines]
        await client.post(CSO, json=CREDENTIALS, headers=headers)

    (asked,) = services.asked
    assert isinstance(asked, AuthenticateClient)
    assert asked.network == "203.0.113.0/24"
