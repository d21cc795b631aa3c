"""Forms that are sent again: under the same id, filled in as they were, and after the session's end."""

import re
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest

from shared.errors import DeadlinePassedError
from shared.messages import accounts, linking
from shared.messages.base import Message
from shared.messages.linking.codes import ProveByLinkingCode
from shared.messaging.ids import new_id
from tests.messaging import NOON
from tests.unit.edges import SESSION, Answering, an_edge
from tests.unit.test_portal_page_limits import APPLICATION, FORMS, LEGACY
from tests.unit.test_portal_pages import COURT

pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency:DeprecationWarning")
HTML = {"accept": "text/html"}
ID = UUID("018d65d3-dd00-7000-8000-000000000001")
PASSWORD = APPLICATION["password"]
AUTHENTICATOR = f"/security/authenticators/{ID}"
LATE = DeadlinePassedError("accounts")
CODE = {"authenticator_id": str(ID), "secret": "A" * 32, "code": "123456"}
ACTS = {
    "/register": (accounts.RegisterAccount, APPLICATION),
    "/upgrade": (accounts.UpgradeAccount, APPLICATION),
    "/recover": (accounts.AskRecovery, FORMS["/recover"]),
    "/user-name": (accounts.AskUserName, FORMS["/user-name"]),
    "/verify-again": (accounts.AskVerificationAgain, FORMS["/verify-again"]),
    "/security/password": (
        accounts.ChangePassword,
        {"present_password": PASSWORD, "new_password": PASSWORD[::-1]},
    ),
    "/security/sessions": (accounts.EndOtherSessions, {}),
    "/security/authenticators/confirm": (accounts.ConfirmAuthenticator, CODE),
    f"{AUTHENTICATOR}?rename": (accounts.RenameAuthenticator, {"act": "rename", "name": "tablet"}),
    f"{AUTHENTICATOR}?remove": (accounts.RemoveAuthenticator, {"act": "remove"}),
}
"""Where a form acts, what it asks, and what is filled in."""
KEPT = ("/register", "/upgrade", "/recover", "/user-name", "/verify-again")


def services_that_say(reply: Message | Exception) -> Answering:
    """Every act is answered alike."""
    return Answering({accounts.MyAccount: LEGACY, **{act: reply for act, _ in ACTS.values()}})


async def send(client: httpx.AsyncClient, address: str, fields: dict[str, str]) -> httpx.Response:
    cookie = {"cookie": SESSION}
    page = await client.get("/upgrade", headers=cookie)
    hidden = dict(re.findall(r'name="(form_token)" value="(.*?)"', page.text))
    return await client.post(address, data={**hidden, **fields}, headers=cookie)


@pytest.mark.parametrize("address", ACTS)
async def test_a_form_that_is_sent_twice_is_one_command(address: str) -> None:
    act, fields = ACTS[address]
    services = services_that_say(LATE)
    async with an_edge(services, headers=HTML) as client:
        for page in (ID, ID, new_id(NOON)):
            await send(client, address, {"form_id": str(page), **fields})

    under = [
        id_ for asked, id_ in zip(services.asked, services.asked_under, strict=True) if type(asked) is act
    ]
    assert len(under) == 3
    assert under[0] == under[1] != under[2]


@pytest.mark.parametrize("address", KEPT)
async def test_a_form_that_met_a_service_away_is_shown_again_as_it_was_filled_in(address: str) -> None:
    _, fields = ACTS[address]
    async with an_edge(services_that_say(LATE), headers=HTML) as client:
        answer = await send(client, address, {"form_id": str(ID), **fields})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "may have been done all the same" in answer.text
    assert f'name="form_id" value="{ID}"' in answer.text, "sent again, it is the same command"
    kept = {name: text for name, text in fields.items() if name not in ("password", "kind")}
    for text in kept.values():
        assert f'value="{text}"' in answer.text or f"<option selected>{text}" in answer.text
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("away", [LATE, linking.ProvingBusy(retry_after_seconds=5)], ids=["late", "busy"])
@pytest.mark.parametrize(
    ("address", "act", "fields"),
    [
        ("/courts/link", linking.ProveFilingAccount, {"login": "jdoe", "password": PASSWORD}),
        ("/courts/link-by-code", ProveByLinkingCode, {"code": "AAAA-BBBB"}),
    ],
)
async def test_who_links_keeps_court_and_login_while_linking_is_away(
    address: str, act: type[Message], fields: dict[str, str], away: Message | Exception
) -> None:
    services = Answering(
        {accounts.MyAccount: LEGACY, linking.ListCourts: linking.CourtList(courts=(COURT,)), act: away}
    )
    async with an_edge(services, headers=HTML) as client:
        answer = await send(client, address, {"court_id": COURT.court_id, **fields})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert f'<option value="{COURT.court_id}" selected>' in answer.text
    assert ('value="jdoe"' in answer.text) is ("login" in fields)
    assert not {PASSWORD, "AAAA-BBBB"} & set(re.findall(r'value="(.*?)"', answer.text))


@pytest.mark.parametrize(
    ("address", "act", "fields"),
    [
        ("/security/email", accounts.ChangeEmail, {"email": "new@mail.example"}),
        ("/security/authenticators/add", accounts.EnrolAuthenticator, {"name": "tablet"}),
    ],
)
async def test_what_was_typed_among_the_security_stays_while_accounts_is_away(
    address: str, act: type[Message], fields: dict[str, str]
) -> None:
    services = Answering({accounts.MyAccount: LEGACY, act: LATE})
    async with an_edge(services, headers=HTML) as client:
        answer = await send(client, address, {"form_id": str(ID), **fields})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    for text in fields.values():
        assert f'value="{text}"' in answer.text


async def test_the_key_that_an_app_has_read_is_still_shown_after_an_outage_and_takes_the_next_code() -> None:
    confirming, name = "/security/authenticators/confirm", {"name": "tablet"}
    services = services_that_say(LATE)
    async with an_edge(services, headers=HTML) as client:
        away = await send(client, confirming, {"form_id": str(ID), **CODE, **name})
        (shown,) = re.findall(r'name="form_id" value="(.*?)"', away.text)[-1:]
        await send(client, confirming, {"form_id": shown, **CODE, **name, "code": "654321"})

    assert (away.status_code, away.headers["retry-after"]) == (503, "5")
    assert CODE["secret"] in away.text
    assert "<svg" in away.text
    assert CODE["code"] not in away.text
    first, second = [
        id_
        for asked, id_ in zip(services.asked, services.asked_under, strict=True)
        if isinstance(asked, accounts.ConfirmAuthenticator)
    ]
    assert first != second, "another code under the id of the first would be refused"


async def test_an_authenticator_in_use_since_an_answer_was_lost_is_looked_for_among_the_others() -> None:
    services = services_that_say(accounts.AuthenticatorRefused(reason="not_found"))
    async with an_edge(services, headers=HTML) as client:
        answer = await send(client, "/security/authenticators/confirm", {**CODE, "name": "tablet"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/security")


@pytest.mark.parametrize("address", KEPT)
async def test_a_form_that_was_sent_too_often_is_shown_again_as_it_was_filled_in(address: str) -> None:
    _, fields = ACTS[address]
    async with an_edge(services_that_say(LATE), headers=HTML, requests_a_minute=1) as client:
        await send(client, address, {"form_id": str(ID), **fields})
        answer = await send(client, address, {"form_id": str(ID), **fields})

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert "Wait a minute" in answer.text
    shown = fields.get("email") or fields["user_name"]
    assert f'value="{shown}"' in answer.text


async def test_whoever_sends_a_form_after_it_has_ended_the_session_is_told_that_it_may_be_done() -> None:
    act, fields = ACTS["/security/password"]
    services = Answering({act: LATE, accounts.MyAccount: LEGACY})
    async with an_edge(services, headers=HTML) as client:
        page = await client.get("/security/password", headers={"cookie": SESSION})
        (token,) = set(re.findall(r'name="form_token" value="(.*?)"', page.text))
        services.forget_session()
        looked = await client.get("/security/password", headers={"cookie": SESSION})
        answer = await client.post(
            "/security/password", data={"form_token": token, **fields}, headers={"cookie": SESSION}
        )

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?return=%2Fsecurity%2Fpassword")
    assert "it may have been done then" in unquote(answer.headers["set-cookie"])
    assert "may have been done" not in unquote(looked.headers["set-cookie"]), "who only looks sent nothing"
