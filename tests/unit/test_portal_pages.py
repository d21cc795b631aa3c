"""Pages beside what they ask: who is a program, what a session's end clears, and what a failure leaves."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
from msgspec import structs

from services.portal.app import ROUTES
from services.portal.pages.routes import PAGES
from services.portal.web.browsing import wants_page
from services.portal.web.cookies import form_token
from services.portal.web.static import send_file
from shared.errors import DeadlinePassedError
from shared.messages.accounts import (
    MyAccount,
    ProveAgain,
    ResolveSession,
    SessionResolved,
    SignedIn,
    SignedOut,
    SignIn,
    SignOut,
)
from shared.messages.base import NotAllowed
from shared.messages.linking import (
    CourtList,
    CourtShown,
    FilingAccountProved,
    LinkRefused,
    ListCourts,
    ProveFilingAccount,
    UnlinkFilingAccount,
    UnlinkRefused,
)
from shared.messaging.ids import new_id
from tests.messaging import NOON
from tests.unit.edges import SESSION, TOKEN, Answering, an_edge
from tests.unit.test_portal_page_limits import LEGACY

pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency:DeprecationWarning")
HTML = {"accept": "text/html, image/gif, */*; q=.2"}
"""What a program may say as well: Java's does by itself."""
CREDENTIALS = {"user_name": "ann.member", "password": "QXZ23456789QXZ"}


COURT = CourtShown(
    court_id="ncwbk",
    name="Western North Carolina",
    time_zone="America/New_York",
    go_live_at=NOON,
    is_live=True,
    help_desk="",
)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """An edge before an `accounts` that lets in, and no longer answers who wants to sign out."""
    signed_in = SignedIn(account_id=new_id(NOON), token=None, level=1)
    services = Answering({SignIn: signed_in, SignOut: DeadlinePassedError("accounts")})
    async with an_edge(services, headers=HTML) as client:
        yield client


async def token_on(client: httpx.AsyncClient, address: str, **headers: str) -> str:
    page = await client.get(address, headers=headers)
    return str(re.findall(r'name="form_token" value="(\w+)"', page.text)[0])


def test_pages_are_for_browsers_and_all_else_for_programs() -> None:
    pages = {path for page in PAGES for path in page.paths}
    others = {path for route in ROUTES if hasattr(route, "paths") for path in route.paths}

    assert not [path for path in pages if not wants_page(path, HTML["accept"])]
    assert not [path for path in others - set(send_file.paths) if wants_page(path, HTML["accept"])]


@pytest.mark.parametrize("address", ["/courts/v1/usage-batches/0190c7a0-0000-7000-8000-000000000001"])
async def test_a_machine_that_is_not_known_is_told_so_and_no_browser_is_signed_out(
    client: httpx.AsyncClient, address: str
) -> None:
    answer = await client.get(address, headers={"cookie": SESSION, "sec-fetch-site": "cross-site"})

    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert "set-cookie" not in answer.headers


async def test_whoever_signs_in_is_in_though_the_session_before_could_not_be_ended(
    client: httpx.AsyncClient,
) -> None:
    token = await token_on(client, "/sign-in", cookie=SESSION)

    answer = await client.post(
        "/sign-in", data={"form_token": token, **CREDENTIALS}, headers={"cookie": SESSION}
    )

    assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith(f"__Host-session={TOKEN};")


async def test_whoever_signs_out_is_out_of_the_browser_and_told_where_the_session_could_not_be_ended(
    client: httpx.AsyncClient,
) -> None:
    token = await token_on(client, "/sign-in", cookie=SESSION)

    answer = await client.post("/sign-out", data={"form_token": token}, headers={"cookie": SESSION})

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    kept = dict(cookie.partition(";")[0].split("=", 1) for cookie in answer.headers.get_list("set-cookie"))
    assert kept["__Host-session"].strip('"') == ""
    assert unquote(kept["__Host-notice"]).startswith("warning You are signed out in this browser")


@pytest.mark.parametrize(
    ("said", "kind", "role"),
    [
        ("success The link has ended.", "success", "status"),
        ("warning Your password is too old.", "warning", "alert"),
        ("error You have no such link.", "error", "alert"),
    ],
)
async def test_what_was_not_done_does_not_look_like_what_was(
    client: httpx.AsyncClient, said: str, kind: str, role: str
) -> None:
    page = await client.get("/sign-in", headers={"cookie": f"__Host-notice={quote(said)}"})

    assert f'<div class="usa-alert usa-alert--{kind} margin-bottom-3" role="{role}">' in page.text
    assert said.partition(" ")[2] in page.text


@pytest.mark.parametrize(
    ("reason", "is_said"),
    [("already_unlinked", "This link had ended already."), ("link_not_found", "no such link")],
)
async def test_a_link_that_was_not_ended_is_an_error_on_top_of_my_courts(reason: Any, is_said: str) -> None:
    link, services = new_id(NOON), Answering({UnlinkFilingAccount: UnlinkRefused(reason=reason)})
    async with an_edge(services, headers=HTML) as client:
        token = form_token(TOKEN)
        answer = await client.post(
            f"/courts/unlink/{link}", data={"form_token": token}, headers={"cookie": SESSION}
        )

    kept = dict(cookie.partition(";")[0].split("=", 1) for cookie in answer.headers.get_list("set-cookie"))
    kind, _, text = unquote(kept["__Host-notice"]).partition(" ")
    assert (kind, is_said in text) == ("error", True)


@pytest.mark.parametrize(
    "address", ["/courts/link", "/courts/link-by-code", "/security/email", "/security/authenticators/add"]
)
async def test_nobody_fills_in_a_form_whose_proof_is_too_old_already(address: str) -> None:
    resolved = SessionResolved(
        account_id=new_id(NOON), assertion="of somebody", expires_at=NOON, is_proof_fresh=False
    )
    services = Answering({ResolveSession: resolved, ListCourts: CourtList(courts=(COURT,))})
    async with an_edge(services, headers=HTML) as client:
        page = await client.get(address, headers={"cookie": SESSION})

    assert (page.status_code, page.headers["location"]) == (
        303,
        f"/prove-again?return={quote(address, safe='')}",
    )


async def test_a_session_for_one_thing_alone_whose_proof_is_too_old_is_begun_anew() -> None:
    services = Answering(
        {ProveAgain: NotAllowed(reason="session_restricted"), SignOut: SignedOut(), MyAccount: LEGACY}
    )
    async with an_edge(services, headers=HTML) as client:
        token = await token_on(client, "/prove-again", cookie=SESSION)
        answer = await client.post(
            "/prove-again",
            data={"form_token": token, "password": "a password", "return": "/security/authenticators/add"},
            headers={"cookie": SESSION},
        )

    expected = "/sign-in?return=%2Fsecurity%2Fauthenticators%2Fadd"
    assert (answer.status_code, answer.headers["location"]) == (303, expected)
    assert any(isinstance(asked, SignOut) for asked in services.asked)


async def test_who_is_sent_to_a_court_is_told_how_to_reach_it_and_which_courts_have_to_wait() -> None:
    helped = structs.replace(COURT, help_desk="704-350-7400, help@court.example")
    later = structs.replace(
        COURT,
        court_id="gubk",
        name="Guam",
        time_zone="Pacific/Guam",
        is_live=False,
        go_live_at=datetime(2024, 5, 5, 14, tzinfo=UTC),
    )
    unknown = structs.replace(COURT, court_id="nysbk", name="New York", is_live=False, go_live_at=None)
    refused = LinkRefused(court_id="ncwbk", reason="login_or_password_wrong")
    services = Answering(
        {ListCourts: CourtList(courts=(helped, later, unknown)), ProveFilingAccount: refused}
    )
    async with an_edge(services, headers=HTML) as client:
        token = await token_on(client, "/courts/link", cookie=SESSION)
        answer = await client.post(
            "/courts/link",
            data={"form_token": token, "court_id": "ncwbk", "login": "jdoe", "password": "old-court-word-1"},
            headers={"cookie": SESSION},
        )

    assert "Its help desk: 704-350-7400, help@court.example" in answer.text
    assert "<option disabled>Guam, from May 6, 2024</option>" in answer.text
    assert "<option disabled>New York</option>" in answer.text


@pytest.mark.parametrize("phone", ["", "800-676-6856"])
async def test_a_page_gives_the_number_to_call_if_there_is_one(phone: str) -> None:
    async with an_edge(Answering({}), headers=HTML, service_center_phone=phone) as client:
        page = await client.get("/sign-in")

    called = "Call the PACER Service Center at 800-676-6856, 8 AM" in page.text
    assert called is bool(phone)


async def test_who_proves_what_they_hold_already_is_not_told_of_a_conflict() -> None:
    refused = LinkRefused(court_id="ncwbk", reason="filing_account_already_linked", is_own=True)
    services = Answering({ListCourts: CourtList(courts=(COURT,)), ProveFilingAccount: refused})
    async with an_edge(services, headers=HTML) as client:
        token = await token_on(client, "/courts/link", cookie=SESSION)
        answer = await client.post(
            "/courts/link",
            data={"form_token": token, "court_id": "ncwbk", "login": "jdoe", "password": "old-court-word-1"},
            headers={"cookie": SESSION},
        )

    assert "You have linked this filing account already" in answer.text
    assert "another PACER account" not in answer.text


async def test_nothing_is_asked_between_a_proof_and_the_page_that_shows_it() -> None:
    proved = FilingAccountProved(
        proof_id=new_id(NOON), court_id="ncwbk", masked_name="J*** D***", role="attorney", expires_at=NOON
    )
    services = Answering({ListCourts: CourtList(courts=(COURT,)), ProveFilingAccount: proved})
    async with an_edge(services, headers=HTML) as client:
        token = await token_on(client, "/courts/link", cookie=SESSION)
        services.asked.clear()

        answer = await client.post(
            "/courts/link",
            data={"form_token": token, "court_id": "ncwbk", "login": "jdoe", "password": "old-court-word-1"},
            headers={"cookie": SESSION},
        )

    assert "J*** D***" in answer.text
    assert [type(message) for message in services.asked] == [ListCourts, ProveFilingAccount]


async def test_browsers_correct_names_and_streets_and_leave_alone_what_is_compared_by_its_letters(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/register")).text + (await client.get("/sign-in")).text

    fields = re.findall(r'<input class="usa-input" [^>]*>', page)
    alone = {re.findall(r'name="(\w+)"', field)[0] for field in fields if "autocapitalize" in field}
    assert alone == {"email", "user_name", "password", "passcode"}


async def test_what_is_wrong_in_a_choice_is_said_at_the_choice(client: httpx.AsyncClient) -> None:
    page = await client.get("/register")
    visitor = page.headers["set-cookie"].partition(";")[0]
    (token,) = re.findall(r'name="form_token" value="(\w+)"', page.text)

    answer = await client.post("/register", data={"form_token": token}, headers={"cookie": visitor})

    assert answer.status_code == 422
    assert '<a href="#kind">' in answer.text
    assert re.search(r'<fieldset [^>]*aria-describedby="kind-error">', answer.text)
    assert re.search(r'<input [^>]*id="kind" type="radio"', answer.text)
