"""A service that is down, slow, or answers when nobody waits: asked again with the key, it is done once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.portal.web.problems import RETRY_SECONDS
from shared.messaging.ids import new_id
from tests.e2e.api import Api, an_api, registration, signed_in
from tests.e2e.conftest import COURT, Outside
from tests.installation import until

pytestmark = pytest.mark.timeout(180)
UNAVAILABLE = (503, "unavailable", str(RETRY_SECONDS))
HURRY_SECONDS = 0.2


@pytest.fixture
async def api(outside: Outside) -> AsyncIterator[Api]:
    async with an_api(outside) as api:
        yield api


def told(answer: httpx.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["code"], answer.headers.get("retry-after", "")


async def asked_until_answered(api: Api, path: str, said: Any, key: UUID) -> httpx.Response:
    """As a program does: the late word on the first request may answer the second one, too."""

    async def answered() -> httpx.Response | None:
        answer = await api.ask("POST", path, said, key=key)
        return None if answer.status_code == 503 else answer

    found: httpx.Response = await until(answered, "an answer under the same key")
    return found


async def accounts_named(outside: Outside, user_name: str) -> int:
    (row,) = await outside.system.rows(
        "accounts", "SELECT count(*) AS count FROM accounts WHERE user_name = $1", user_name
    )
    return int(row["count"])


async def test_a_service_that_is_slow_is_503_and_the_same_key_does_it_once(
    outside: Outside, api: Api
) -> None:
    key, said = new_id(outside.desk.now()), registration(outside)
    with outside.system.paused(["accounts"]):
        slow = await api.ask("POST", "/accounts", said, key=key)

    again = await asked_until_answered(api, "/accounts", said, key)
    once_more = await api.ask("POST", "/accounts", said, key=key)

    assert told(slow) == UNAVAILABLE
    assert (again.status_code, once_more.status_code) == (201, 201)
    assert again.json() == once_more.json()
    assert await accounts_named(outside, said["user_name"]) == 1


async def test_a_service_that_is_down_is_503_and_is_asked_again_once_it_is_up(
    outside: Outside, api: Api
) -> None:
    me = await signed_in(api, await outside.somebody())
    key, said = new_id(outside.desk.now()), {"court_id": COURT, "role": "trustee"}
    outside.system.kill("linking")

    async with asyncio.TaskGroup() as group:
        query = group.create_task(api.ask("GET", "/courts"))
        command = group.create_task(me.ask("POST", "/me/filing-requests", said, key=key))
    await outside.system.start(["linking"])
    back = await api.ask("GET", "/courts")
    again = await me.ask("POST", "/me/filing-requests", said, key=key)
    made = await me.ask("GET", "/me/filing-requests")

    assert told(query.result()) == told(command.result()) == UNAVAILABLE
    assert back.status_code == 200
    assert again.status_code == 201, again.text
    assert len(made.json()["requests"]) == 1


async def test_an_answer_that_comes_when_its_asker_has_gone_is_given_again_for_the_key(
    outside: Outside, api: Api
) -> None:
    key, said = new_id(outside.desk.now()), registration(outside)
    async with httpx.AsyncClient(base_url=outside.address, timeout=HURRY_SECONDS, trust_env=False) as client:
        with outside.system.paused(["accounts"]), pytest.raises(httpx.ReadTimeout):
            await Api(client).ask("POST", "/accounts", said, key=key)

    async def is_made() -> bool:
        return await accounts_named(outside, said["user_name"]) == 1

    await until(is_made, "the registration happens, though nobody waits for it")

    again = await api.ask("POST", "/accounts", said, key=key)

    assert again.status_code == 201, again.text
    assert await accounts_named(outside, said["user_name"]) == 1
