"""How often one network may ask the JSON API for what costs a hash or a mail and names no account."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from deploy.tool.openapi_examples import example_of
from services.portal.api.v1.route import Route
from services.portal.api.v1.serving import PREFIX, ROUTES
from shared.messages.accounts import SignInRefused, TokenRefused
from shared.messages.base import Message
from shared.messaging.ids import new_id
from shared.messaging.requests import Answer
from tests.messaging import NOON
from tests.unit.edges import PEER, an_edge

pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency:DeprecationWarning")
LIMITED = [route for route in ROUTES if route.is_limited]
MOST = 2
HOME, ELSEWHERE = {"x-forwarded-for": "192.0.2.7"}, {"x-forwarded-for": "198.51.100.7"}


class Refusing:
    """Stands in for the services: answers everything with a refusal, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Message] = []

    async def ask(self, message: Message, **_: Any) -> Answer:
        self.asked.append(message)
        id_ = new_id(NOON)
        return Answer(message=TokenRefused(), reply_id=id_, correlation_id=id_)


@pytest.fixture
def services() -> Refusing:
    return Refusing()


@pytest.fixture
async def client(services: Refusing) -> AsyncIterator[httpx.AsyncClient]:
    async with an_edge(services, trusted_proxies=f"{PEER}/32", requests_a_minute=MOST) as client:
        yield client


async def ask(client: httpx.AsyncClient, route: Route, headers: dict[str, str]) -> httpx.Response:
    assert route.body is not None
    body = example_of(route.message, route.body)
    return await client.request(route.method, PREFIX + route.path, json=body, headers=headers)


@pytest.mark.parametrize("route", LIMITED, ids=lambda route: route.name)
async def test_a_network_that_asks_too_often_waits_and_another_does_not(
    client: httpx.AsyncClient, services: Refusing, route: Route
) -> None:
    answered = [await ask(client, route, HOME) for _ in range(MOST)]

    refused = await ask(client, route, HOME)
    other = await ask(client, route, ELSEWHERE)

    assert all(answer.status_code != 429 for answer in answered)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert int(refused.headers["retry-after"]) == 60
    assert other.status_code != 429
    assert len(services.asked) == MOST + 1, "what is refused here costs no service anything"


async def test_each_route_is_counted_by_itself(client: httpx.AsyncClient) -> None:
    for route in LIMITED:
        answers = [await ask(client, route, HOME) for _ in range(MOST)]

        assert all(answer.status_code != 429 for answer in answers)


async def test_signing_in_is_not_counted_here_since_accounts_counts_it(client: httpx.AsyncClient) -> None:
    (route,) = [route for route in ROUTES if SignInRefused in route.answers]

    answers = [await ask(client, route, HOME) for _ in range(MOST + 1)]

    assert all(answer.status_code != 429 for answer in answers)


def test_what_costs_a_hash_or_a_mail_and_names_no_account_is_limited() -> None:
    limited = {route.message.__name__ for route in LIMITED}

    assert limited == {
        "RegisterAccount",
        "AskRecovery",
        "AskUserName",
        "AskVerificationAgain",
        "RecoverAccount",
    }
