"""The JSON API: what a program does with it, and what it is told when that isn't possible."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.messaging.ids import new_id
from tests.e2e.api import Api, an_api, registration, signed_in
from tests.e2e.conftest import COURT, Outside
from tests.system.asking import a_secret

pytestmark = pytest.mark.timeout(120)
UUID_OF_VERSION_4 = "de28c6b4-7a92-4e25-ab5c-1ccbe9c48a9b"


@pytest.fixture
async def api(outside: Outside) -> AsyncIterator[Api]:
    """The API, asked by nobody."""
    async with an_api(outside) as api:
        yield api


async def test_somebody_registers_proves_the_address_signs_in_and_out(outside: Outside, api: Api) -> None:
    said = registration(outside)
    email = said["person"]["email"]  # type: ignore[index]

    registered = await api.ask("POST", "/accounts", said)
    token = await outside.postbox.token_for(email)
    verified = await api.ask("POST", "/email-verifications", {"token": token})
    sign_in = {"user_name": said["user_name"], "password": said["password"]}
    opened = await api.ask("POST", "/sessions", sign_in)
    me = api.as_somebody(opened.json()["token"])
    account = await me.ask("GET", "/me")
    profile = await me.ask("GET", "/me/profile")
    closed = await me.ask("DELETE", "/session")
    after = await me.ask("GET", "/me")

    assert (registered.status_code, verified.status_code, opened.status_code) == (201, 200, 201)
    assert registered.json()["type"] == "accounts.account_registered.v1"
    assert account.json()["account_id"] == registered.json()["account_id"]
    assert profile.json()["profile"]["date_of_birth"] == "1980-05-17"
    assert closed.json() == {"type": "accounts.signed_out.v1"}
    assert (after.status_code, after.json()["code"]) == (401, "not_signed_in")
    assert after.headers["www-authenticate"] == "Bearer"
    assert not [name for answer in (opened, account, closed) for name in answer.headers if "cookie" in name]


async def test_a_cookie_opens_nothing(outside: Outside, api: Api) -> None:
    me = await signed_in(api, await outside.somebody())

    answer = await api.ask("GET", "/me", headers={"cookie": f"__Host-session={me.token}"})

    assert answer.status_code == 401


async def test_a_refusal_is_a_problem_with_its_reason_as_the_code(outside: Outside, api: Api) -> None:
    said = registration(outside)
    said["password"] = "short"

    answer = await api.ask("POST", "/accounts", said)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["field"]) == ("password_too_short", "password")


async def test_anybody_sees_the_courts(api: Api) -> None:
    all_courts = await api.ask("GET", "/courts")
    one = await api.ask("GET", f"/courts/{COURT}")
    none = await api.ask("GET", "/courts/zzzzz")

    assert COURT in {court["court_id"] for court in all_courts.json()["courts"]}
    assert one.json()["court_id"] == COURT
    assert none.status_code == 404


async def test_a_history_comes_in_pages_each_with_a_link_to_the_next(outside: Outside, api: Api) -> None:
    me = await signed_in(api, await outside.somebody())
    whole = (await me.ask("GET", "/me/history")).json()["acts"]

    first = await me.ask("GET", "/me/history?limit=1")
    second = await me.follow(first.headers["link"])

    assert [*first.json()["acts"], *second.json()["acts"]] == whole[:2]
    assert second.request.url.params["limit"] == "1"


async def test_a_key_used_twice_at_once_does_it_once_and_answers_the_same(outside: Outside, api: Api) -> None:
    key, said = new_id(outside.desk.now()), registration(outside)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(api.ask("POST", "/accounts", said, key=key)) for _ in range(4)]

    answers = [task.result() for task in tasks]
    assert [answer.status_code for answer in answers] == [201] * 4, answers[0].text
    assert len({answer.text for answer in answers}) == 1
    (made,) = await outside.system.rows(
        "accounts", "SELECT count(*) AS count FROM accounts WHERE user_name = $1", said["user_name"]
    )
    assert made["count"] == 1


async def test_a_registration_sent_twice_under_one_key_is_one(outside: Outside, api: Api) -> None:
    key, said = new_id(outside.desk.now()), registration(outside)

    first = await api.ask("POST", "/accounts", said, key=key)
    second = await api.ask("POST", "/accounts", said, key=key)
    without_key = await api.ask("POST", "/accounts", said)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert (without_key.status_code, without_key.json()["code"]) == (409, "user_name_taken")


async def test_a_key_that_was_used_for_something_else_is_refused(outside: Outside, api: Api) -> None:
    key = new_id(outside.desk.now())
    await api.ask("POST", "/accounts", registration(outside), key=key)

    answer = await api.ask("POST", "/accounts", registration(outside), key=key)

    assert (answer.status_code, answer.json()["code"]) == (409, "id_reused")


async def test_one_key_of_two_people_and_for_two_routes_does_each_of_them(outside: Outside, api: Api) -> None:
    one = await signed_in(api, await outside.somebody())
    other = await signed_in(api, await outside.somebody())
    key = new_id(outside.desk.now())

    names = [
        await each.ask("POST", "/me/authenticators", {"name": "phone"}, key=key) for each in (one, other)
    ]
    codes = await one.ask("POST", "/me/backup-codes", key=key)

    assert [answer.status_code for answer in names] == [201, 201]
    assert names[0].json()["authenticator_id"] != names[1].json()["authenticator_id"]
    assert codes.json()["code"] == "no_authenticator", "it was looked at, and not taken for the other"


@pytest.mark.parametrize("key", ["1", "", UUID_OF_VERSION_4, "too_old"])
async def test_a_key_that_is_no_uuidv7_of_today_is_refused(outside: Outside, api: Api, key: str) -> None:
    old = new_id(outside.desk.now() - timedelta(hours=25))

    answer = await api.ask(
        "POST", "/recovery-mails", {"user_name": "nobody"}, key=old if key == "too_old" else key
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_unusable")


async def test_a_secret_that_was_shown_once_is_not_shown_again(outside: Outside, api: Api) -> None:
    me = await signed_in(api, await outside.somebody())
    key = new_id(outside.desk.now())

    first = await me.ask("POST", "/me/authenticators", {"name": "phone"}, key=key)
    second = await me.ask("POST", "/me/authenticators", {"name": "phone"}, key=key)

    assert first.json()["secret"]
    assert second.json()["secret"] is None
    assert second.json()["secret_shown_once"]
    assert second.json()["authenticator_id"] == first.json()["authenticator_id"]


async def test_a_body_that_cannot_be_taken_is_refused_and_says_where(outside: Outside, api: Api) -> None:
    whole = registration(outside)
    json = {"content-type": "application/json"}
    secret = a_secret()

    def ask(said: object, **headers: str) -> object:
        return api.ask("POST", "/accounts", said, headers=headers or json)

    not_json = await ask(b'{"user_name": ', **json)
    other_type = await ask(b"user_name=a", **{"content-type": "application/x-www-form-urlencoded"})
    too_long = await ask(b" " * (64 * 1024 + 1), **json)
    missing = await ask({**whole, "person": {}})
    wrong_type = await ask({**whole, "password": [secret]})
    unknown = await ask({**whole, secret: secret})

    answers = (not_json, other_type, too_long, missing, wrong_type, unknown)
    assert [answer.status_code for answer in answers] == [400, 415, 413, 422, 422, 422]
    assert missing.json()["field"] == "person.first_name"
    assert wrong_type.json()["field"] == "password"
    assert secret not in wrong_type.text + unknown.text
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in answers)


async def test_a_parameter_given_twice_or_unknown_is_refused(outside: Outside, api: Api) -> None:
    me = await signed_in(api, await outside.somebody())

    answers = [
        await me.ask("GET", f"/me/history?{query}")
        for query in ("limit=1&limit=2", "limits=1", "limit=0", "limit=x", "before=%ff")
    ]

    assert [answer.status_code for answer in answers] == [422] * 5
