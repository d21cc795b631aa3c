"""Another person's id in every route of the JSON API: nothing is shown, and nothing changes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.tool.openapi_examples import example_of
from services.portal.api.v1.reading import KEY
from services.portal.api.v1.route import Route
from services.portal.api.v1.serving import ROUTES
from shared.messages.base import Command
from shared.messages.linking.assistance import AssistanceSessionScheduled, ScheduleAssistanceSession
from shared.messaging.ids import new_id
from tests.e2e.api import Api, an_api, filled, signed_in
from tests.e2e.conftest import COURT, LOGINS, Outside
from tests.system.asking import PatientPerson

pytestmark = pytest.mark.timeout(180)
SPOKEN_FOR = [route for route in ROUTES if route.is_for_account]
NAMING = [
    route
    for route in ROUTES
    if route.is_for_account and any(name.endswith("_id") for name in route.message.__struct_fields__)
]
"""Whatever names something by an id; in a path or in a body."""
THEIRS = ("profile", "sessions", "second-factor", "personal-tokens", "links", "filing-requests", "roles")
KEPT_OUT = {"role_missing", "session_level_too_low", "proof_not_valid", "login_or_password_wrong"}
"""Why somebody may not; else what isn't theirs is answered as what doesn't exist."""
OPEN_TO_ALL = {"AskFilingPrivileges", "BookAssistanceSession", "ListAssistanceSessions"}
"""What names a court, or a session that it offers, which are nobody's own."""


@dataclass
class Owner:
    """Somebody who has one of each thing that has an id, and what those ids are."""

    api: Api
    ids: dict[str, str]

    async def all_that_is_theirs(self) -> list[Any]:
        """What the owner is shown of it."""
        paths = ["/me", *(f"/me/{name}" for name in THEIRS), f"/courts/{COURT}/assistance-sessions"]
        shown = [await self.api.ask("GET", path) for path in paths]
        assert all(answer.status_code == 200 for answer in shown)
        return [_lasting(answer.json()) for answer in shown]


def _lasting(said: Any) -> Any:
    """Without what others change rightly: when something was last used, and how many places are left."""
    passing = ("last_used_at", "places_left")
    if isinstance(said, dict):
        return {name: _lasting(each) for name, each in said.items() if name not in passing}
    return [_lasting(each) for each in said] if isinstance(said, list) else said


@pytest.fixture(scope="module")
async def owner(outside: Outside, clerk: PatientPerson) -> AsyncIterator[Owner]:
    """Somebody with a link, a request, a place in a session, a token, and an authenticator offered."""
    person = await outside.somebody()
    schedule = ScheduleAssistanceSession(
        court_id=COURT, local_time="2024-03-05T10:00", place="Room 12", capacity=5
    )
    await clerk.sign_in()
    session = await clerk.ask(schedule, AssistanceSessionScheduled)
    async with an_api(outside) as nobody:
        api = await signed_in(nobody, person)
        used, unused = [await proof_of(api, login) for login in ("filer1", "filer2")]
        linked = await done(api, "/me/links", {"proof_id": used})
        asked = await done(api, "/me/filing-requests", {"court_id": COURT, "role": "trustee"})
        place = {"assistance_session_id": str(session.assistance_session_id)}
        booked = await done(api, "/me/bookings", place)
        scopes = {"name": "watcher", "scopes": ["linking:read"], "days": 3}
        token = await done(api, "/me/personal-tokens", scopes)
        offered = await done(api, "/me/authenticators", {"name": "phone"})
        sessions = (await api.ask("GET", "/me/sessions")).json()["sessions"]
        this_one = next(each["session_id"] for each in sessions if each["is_this_one"])
        ids = {
            **place,
            "account_id": str(person.id),
            "authenticator_id": offered["authenticator_id"],
            "booking_id": booked["booking_id"],
            "court_id": COURT,
            "link_id": linked["link_id"],
            "proof_id": unused,
            "request_id": asked["request_id"],
            "session_id": this_one,
            "token_id": token["token_id"],
        }
        yield Owner(api=api, ids=ids)


@pytest.fixture(scope="module")
async def stranger(outside: Outside) -> AsyncIterator[Api]:
    """The API asked by somebody else."""
    async with an_api(outside) as nobody:
        yield await signed_in(nobody, await outside.somebody())


async def proof_of(api: Api, login: str) -> str:
    """A proof of a filing account, which serves for a link of whoever gave it."""
    said = {"court_id": COURT, "login": login, "password": LOGINS[login]}
    return str((await done(api, "/me/filing-accounts/proofs", said))["proof_id"])


async def done(api: Api, path: str, said: dict[str, Any]) -> Any:
    answer = await api.ask("POST", path, said)
    assert answer.status_code == 201, answer.text
    return answer.json()


def is_kept_out(answer: httpx.Response) -> bool:
    return answer.status_code == 404 or answer.json().get("code") in KEPT_OUT


def asking_with(route: Route, ids: dict[str, str]) -> tuple[str, Any]:
    """The address and body that name somebody else's things, and for the rest say what is usual."""
    usual = example_of(route.message, route.parameters)
    places = {name: str(value) for name, value in usual.items()} | ids
    query = "&".join(f"{name}={ids[name]}" for name in usual if name in ids and name not in route.in_path)
    body = None if route.body is None else example_of(route.message, route.body)
    if body is not None:
        body |= {name: value for name, value in ids.items() if name in body}
    return filled(route, places) + (f"?{query}" if query else ""), body


@pytest.mark.parametrize("route", NAMING, ids=lambda route: route.name)
async def test_another_persons_id_opens_nothing(owner: Owner, stranger: Api, route: Route) -> None:
    before = await owner.all_that_is_theirs()
    address, body = asking_with(route, owner.ids)

    answer = await stranger.ask(route.method, address, body)

    assert owner.ids["account_id"] not in answer.text
    assert is_kept_out(answer) or route.message.__name__ in OPEN_TO_ALL, answer.text
    assert await owner.all_that_is_theirs() == before


async def test_a_proof_makes_a_link_for_whoever_gave_it_and_for_nobody_else(
    outside: Outside, stranger: Api
) -> None:
    async with an_api(outside) as nobody:
        giver = await signed_in(nobody, await outside.somebody())
        said = {"proof_id": await proof_of(giver, "filer3")}

        foreign = await stranger.ask("POST", "/me/links", said)
        own = await giver.ask("POST", "/me/links", said)

    assert (foreign.status_code, foreign.json()["code"]) == (409, "proof_not_valid")
    assert own.status_code == 201, "it was good all the while"


@pytest.mark.parametrize("route", SPOKEN_FOR, ids=lambda route: route.name)
async def test_nobody_gets_anywhere_without_a_token(outside: Outside, owner: Owner, route: Route) -> None:
    address, body = asking_with(route, owner.ids)
    key = {KEY: str(new_id(outside.desk.now()))} if issubclass(route.message, Command) else {}
    async with an_api(outside) as nobody:
        wrong = nobody.as_somebody("nextgen_" + "A" * 43)

        answers = [await api.ask(route.method, address, body, headers=key) for api in (nobody, wrong)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "not_signed_in")] * 2
