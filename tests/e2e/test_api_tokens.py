"""Personal tokens at the JSON API: what they open, and that they open no more once they are over."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.api import Api, an_api, signed_in
from tests.e2e.conftest import COURT, Outside

pytestmark = pytest.mark.timeout(120)
NOT_SIGNED_IN = (401, "not_signed_in")


@pytest.fixture
async def me(outside: Outside) -> AsyncIterator[Api]:
    """The API asked by somebody in a session."""
    async with an_api(outside) as api:
        yield await signed_in(api, await outside.somebody())


async def with_token(me: Api, *scopes: str) -> tuple[Api, str]:
    """The API asked with a new token, and the token's id."""
    made = await me.ask("POST", "/me/personal-tokens", {"name": "watcher", "scopes": scopes, "days": 30})
    assert made.status_code == 201, made.text
    return me.as_somebody(made.json()["token"]), made.json()["token_id"]


async def told(api: Api, method: str, path: str, said: object = None) -> tuple[int, str]:
    """How a request is refused."""
    answer = await api.ask(method, path, said)
    return answer.status_code, answer.json().get("code", "")


async def test_a_token_opens_what_its_scopes_say_and_is_told_what_it_lacks(me: Api) -> None:
    token, _ = await with_token(me, "linking:read")

    links = await token.ask("GET", "/me/links")
    account = await token.ask("GET", "/me")
    booking = await token.ask("POST", "/me/bookings", {"assistance_session_id": "0" * 32})

    assert (links.status_code, links.json()["links"]) == (200, [])
    assert (account.status_code, account.json()["code"]) == (403, "scope_missing")
    assert "accounts:read" in account.json()["detail"]
    assert "linking:write" in booking.json()["detail"]


async def test_no_token_does_what_is_sensitive(me: Api) -> None:
    token, token_id = await with_token(me, "accounts:read", "linking:read", "linking:write")
    proof = {"court_id": COURT, "login": "filer1", "password": "x"}
    another = {"name": "another", "scopes": ["linking:read"], "days": 1}

    refused = [
        await told(token, "POST", "/me/personal-tokens", another),
        await told(token, "DELETE", f"/me/personal-tokens/{token_id}"),
        await told(token, "DELETE", "/me/other-sessions"),
        await told(token, "DELETE", "/me/factor-reset"),
        await told(token, "POST", "/me/deactivation"),
        await told(token, "POST", "/me/filing-accounts/proofs", proof),
    ]

    assert refused == [(403, "scope_missing")] * 6
    assert (await me.ask("GET", "/me")).status_code == 200


async def test_an_ended_token_opens_nothing(me: Api) -> None:
    token, token_id = await with_token(me, "accounts:read")
    before = await token.ask("GET", "/me")

    ended = await me.ask("DELETE", f"/me/personal-tokens/{token_id}")

    assert (before.status_code, ended.status_code) == (200, 200)
    assert await told(token, "GET", "/me") == NOT_SIGNED_IN


async def test_an_expired_token_opens_nothing(outside: Outside, me: Api) -> None:
    token, token_id = await with_token(me, "accounts:read")

    await outside.system.execute(
        "accounts",
        f"UPDATE personal_tokens SET created_at = created_at - interval '30 days',"  # noqa: S608
        f" expires_at = expires_at - interval '30 days' WHERE id = '{token_id}'",
    )

    assert await told(token, "GET", "/me") == NOT_SIGNED_IN


async def test_a_foreign_token_shows_its_own_holder_and_ends_for_nobody_else(
    outside: Outside, me: Api
) -> None:
    async with an_api(outside) as nobody:
        other = await signed_in(nobody, await outside.somebody())
        token, token_id = await with_token(other, "accounts:read")

        shown = await me.as_somebody(token.token).ask("GET", "/me")
        not_ended = await told(me, "DELETE", f"/me/personal-tokens/{token_id}")

        assert shown.json()["account_id"] == (await other.ask("GET", "/me")).json()["account_id"]
        assert not_ended == (404, "no_such_personal_token")
        assert (await token.ask("GET", "/me")).status_code == 200


async def test_the_token_of_a_session_that_has_ended_opens_nothing(me: Api) -> None:
    token, _ = await with_token(me, "accounts:read")

    await me.ask("DELETE", "/session")

    assert await told(me, "GET", "/me") == NOT_SIGNED_IN
    assert await told(me, "DELETE", "/me/other-sessions") == NOT_SIGNED_IN
    assert (await token.ask("GET", "/me")).status_code == 200, "a token doesn't end with the session"


@pytest.mark.parametrize(
    "said",
    ["", "Bearer", "Basic YTpi", "Bearer nextgen_", "Bearer " + "a" * 5000, "Bearer a\u00e9", "Token x"],
)
async def test_what_is_no_token_opens_nothing(outside: Outside, said: str) -> None:
    async with an_api(outside) as nobody:
        answer = await nobody.ask("GET", "/me", headers={"authorization": said})

    assert (answer.status_code, answer.json()["code"]) == NOT_SIGNED_IN
