"""What is typed into the JSON API stays what it was: no header, no line in a log, no markup comes of it."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from deploy.tool.openapi_examples import example_of
from services.portal.api.v1.route import Route
from services.portal.api.v1.serving import ROUTES
from tests.e2e.api import Api, an_api, filled, signed_in
from tests.e2e.conftest import Outside

pytestmark = pytest.mark.timeout(180)
PLANTED = "a\r\nset-cookie: planted=1\r\n\r\n<script>planted</script>\x1b[31m{{7*7}}\u2028end"
ENDS_THE_SESSION = ("/me/deactivation", "/me/erasure", "/session")


def texts(said: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a body there is text."""
    if isinstance(said, str):
        yield place
    elif isinstance(said, dict | list):
        for name, each in said.items() if isinstance(said, dict) else enumerate(said):
            yield from texts(each, (*place, name))


def planted(said: Any, place: tuple[Any, ...]) -> Any:
    """The body with the planted text in one place."""
    whole = json.loads(json.dumps(said))
    within = whole
    for name in place[:-1]:
        within = within[name]
    within[place[-1]] = PLANTED
    return whole


FIELDS = [
    pytest.param(route, place, id=f"{route.name} {'.'.join(map(str, place))}")
    for route in ROUTES
    if route.body is not None
    for place in texts(example_of(route.message, route.body))
]
PARAMETERS = [
    pytest.param(route, name, id=f"{route.name} {name}")
    for route in ROUTES
    if route.path not in ENDS_THE_SESSION
    for name in route.parameters.__struct_fields__
]


@pytest.fixture(scope="module")
async def me(outside: Outside) -> AsyncIterator[Api]:
    async with an_api(outside) as api:
        yield await signed_in(api, await outside.somebody())


def check(outside: Outside, answer: Any) -> None:
    """Nothing of the text is in the head or a log, and what is answered is no page."""
    assert answer.status_code < 500, answer.text
    assert "planted" not in str(answer.headers)
    assert answer.headers["content-type"] in ("application/json", "application/problem+json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    for service in ("portal", "accounts", "linking"):
        log = outside.system.log_of(service).read_text()
        assert "planted" not in log
        assert all(line.startswith("{") for line in log.splitlines())


@pytest.mark.parametrize("route, place", FIELDS)
async def test_a_text_in_a_body_stays_a_text(
    outside: Outside, me: Api, route: Route, place: tuple[Any, ...]
) -> None:
    example = example_of(route.message, route.parameters)
    body = planted(example_of(route.message, route.body), place)  # type: ignore[arg-type]
    path = filled(route, {name: str(value) for name, value in example.items()})

    answer = await me.ask(route.method, path, body)

    check(outside, answer)


@pytest.mark.parametrize("route, name", PARAMETERS)
async def test_a_text_in_an_address_stays_a_text(outside: Outside, me: Api, route: Route, name: str) -> None:
    example = {key: str(value) for key, value in example_of(route.message, route.parameters).items()}
    address = filled(route, {**example, name: "a%0d%0aset-cookie:%20planted=1%3Cscript%3E"})
    query = "" if name in route.in_path else f"?{name}=a%0d%0aset-cookie:%20planted=1%3Cscript%3E"

    answer = await me.ask(route.method, address + query)

    check(outside, answer)


async def test_a_text_in_a_head_stays_a_text(outside: Outside, me: Api) -> None:
    heads = (
        "idempotency-key",
        "content-type",
        "accept",
        "user-agent",
        "referer",
        "x-request-id",
        "request-id",
    )

    answers = [await me.ask("POST", "/me/backup-codes", headers={name: "planted<script>"}) for name in heads]

    for answer in answers:
        check(outside, answer)
        assert "planted" not in answer.text
