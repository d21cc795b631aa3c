"""The JSON API as a program uses it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx

from services.portal.api.v1.route import Route
from services.portal.api.v1.serving import PREFIX
from tests.e2e.conftest import Outside
from tests.system.asking import PatientPerson, a_person, data_of

ANSWER_SECONDS = 20


class Api:
    """Asks the JSON API, as somebody or as nobody."""

    def __init__(self, client: httpx.AsyncClient, token: str = "") -> None:
        self._client, self.token = client, token

    async def ask(
        self,
        method: str,
        path: str,
        said: Any = None,
        *,
        key: UUID | str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """One request."""
        head = dict(headers or {})
        if self.token:
            head.setdefault("authorization", f"Bearer {self.token}")
        if key is not None:
            head["idempotency-key"] = str(key)
        sent = [(name.encode(), value.encode("latin-1")) for name, value in head.items()]
        body = {"content": said} if isinstance(said, bytes) else {"json": said}
        return await self._client.request(method, PREFIX + path, headers=sent, **body)

    async def follow(self, link: str) -> httpx.Response:
        """Ask for the next page, as an answer's head names it."""
        address = link.partition("<")[2].partition(">")[0]
        return await self._client.get(address, headers={"authorization": f"Bearer {self.token}"})

    def as_somebody(self, token: str) -> "Api":
        """The same, with another token."""
        return Api(self._client, token)


@asynccontextmanager
async def an_api(outside: Outside) -> AsyncIterator[Api]:
    """The API of a running system, asked by nobody."""
    async with httpx.AsyncClient(base_url=outside.address, timeout=ANSWER_SECONDS, trust_env=False) as client:
        yield Api(client)


async def signed_in(api: Api, person: PatientPerson, passcode: str | None = None) -> Api:
    """The API asked by a person, in a new session."""
    credentials = {"user_name": person.user_name, "password": person.password, "passcode": passcode}
    answer = await api.ask("POST", "/sessions", {name: text for name, text in credentials.items() if text})
    assert answer.status_code == 201, answer.text
    return api.as_somebody(answer.json()["token"])


def filled(route: Route, places: dict[str, str]) -> str:
    """A route's path with something in each place."""
    path = route.path
    for name in route.in_path:
        path = path.replace(f"{{{name}}}", places.get(name, "0" * 36))
    return path


def registration(outside: Outside) -> dict[str, Any]:
    """What somebody new says to have an account."""
    person = a_person(outside.desk)
    data = data_of(person)
    own = {name: str(getattr(data, name)) for name in data.__struct_fields__}
    return {"person": own, "user_name": person.user_name, "password": person.password}
