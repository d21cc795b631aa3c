"""Around every route, seen from outside: hosts, sites, sizes, slowness, and services that are away."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.portal.web.edge import BODY_SECONDS, HEADERS
from tests.e2e.conftest import Outside
from tests.installation import until

CSO = "/services/cso-auth"
NOBODY = {"loginId": "nobody.at.all", "password": "no-password-of-anybody-1"}
INJECTED = "a\r\nset-cookie: planted=1\r\n\r\n<script>planted</script>\x1b[31m{{7*7}}\u2028end"
ASKING_SECONDS = 40


@pytest.fixture
async def browser(outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=outside.address, timeout=ASKING_SECONDS, trust_env=False) as client:
        yield client


def log_of(outside: Outside) -> str:
    return outside.system.log_of("portal").read_text()


def send_slowly(outside: Outside, parts: list[bytes], seconds_between: float) -> tuple[bytes, float]:
    """Send a request in parts, until it is answered or cut; what came, and after how many seconds."""
    host, port = outside.address.removeprefix("http://").split(":")
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=ASKING_SECONDS) as connection:
        for part in parts:
            try:
                connection.sendall(part)
                connection.settimeout(seconds_between)
                if (answer := connection.recv(65536)) or not answer:
                    return answer, time.monotonic() - began
            except TimeoutError:
                continue
            except OSError:
                return b"", time.monotonic() - began
        connection.settimeout(ASKING_SECONDS)
        return connection.recv(65536), time.monotonic() - began


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "", "127.0.0.1@evil.example"])
async def test_a_forged_host_is_refused_and_never_repeated(browser: httpx.AsyncClient, host: str) -> None:
    answer = await browser.post(CSO, json=NOBODY, headers={"host": host})

    assert answer.status_code in (400, 421)
    assert "evil" not in answer.text + str(answer.headers)


async def test_forged_x_forwarded_headers_change_nothing(
    outside: Outside, browser: httpx.AsyncClient
) -> None:
    person = await outside.somebody()
    said = {
        "x-forwarded-for": "198.51.100.9",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "gopher",
        "forwarded": "for=198.51.100.9;host=evil.example",
    }

    answer = await browser.post(
        CSO, json={"loginId": person.user_name, "password": person.password, "redactFlag": "1"}, headers=said
    )

    assert answer.json()["loginResult"] == "0"
    rows = await outside.system.rows(
        "accounts", "SELECT network FROM sessions WHERE account_id = $1 ORDER BY opened_at", person.id
    )
    assert rows[-1]["network"] == "127.0.0.0/24"
    assert "evil" not in answer.text + str(answer.headers)


async def test_a_cross_site_post_is_refused_before_anything_is_asked(browser: httpx.AsyncClient) -> None:
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "same-site"},
    ):
        answer = await browser.post(CSO, json=NOBODY, headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
async def test_nothing_but_a_post_signs_anybody_in(browser: httpx.AsyncClient, method: str) -> None:
    answer = await browser.request(method, CSO)

    assert answer.status_code in (204, 405)
    assert "nextGenCSO" not in answer.text


async def test_each_answer_says_the_same_things_in_its_head(browser: httpx.AsyncClient) -> None:
    for path, body in (("/", None), (CSO, {}), (CSO, NOBODY), ("/nothing/here", None)):
        answer = await (browser.post(path, json=body) if body is not None else browser.get(path))

        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["request-id"]) == 36


async def test_a_body_that_is_too_long_is_refused(browser: httpx.AsyncClient) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 8192

    at_once = await browser.post(CSO, json={**NOBODY, "password": "x" * 200_000})
    chunked = await browser.post(CSO, content=in_pieces(), headers={"content-type": "application/json"})

    assert (at_once.status_code, chunked.status_code) == (413, 413)


async def test_a_slow_body_is_given_up_and_others_are_answered_meanwhile(
    outside: Outside, browser: httpx.AsyncClient
) -> None:
    host = outside.address.removeprefix("http://").encode()
    head = b"POST %b HTTP/1.1\r\nhost: %b\r\ncontent-type: application/json\r\n" % (CSO.encode(), host)
    parts = [head + b"content-length: 1000\r\n\r\n", *[b" "] * 100]

    async with asyncio.TaskGroup() as group:
        slow = group.create_task(asyncio.to_thread(send_slowly, outside, parts, 0.5))
        others = [group.create_task(browser.post(CSO, json=NOBODY)) for _ in range(5)]
    answer, seconds = slow.result()

    assert b"408" in answer.split(b"\r\n", 1)[0]
    assert BODY_SECONDS - 1 < seconds < BODY_SECONDS + 10
    assert {other.result().json()["loginResult"] for other in others} == {"13"}


async def test_a_head_that_comes_slowly_is_cut(outside: Outside) -> None:
    parts = [b"GET / HTTP/1.1\r\n", *[b"x-more: 1\r\n"] * 200]

    answer, seconds = await asyncio.to_thread(send_slowly, outside, parts, 0.5)

    assert b"200" not in answer.split(b"\r\n", 1)[0]
    assert seconds < 30


async def test_a_token_is_in_no_failed_answer_and_in_no_log(
    outside: Outside, browser: httpx.AsyncClient
) -> None:
    person = await outside.somebody()
    right = {"loginId": person.user_name, "password": person.password, "redactFlag": "1"}

    let_in = (await browser.post(CSO, json=right)).json()
    failed = [
        (await browser.post(CSO, json={**right, **wrong})).json()
        for wrong in ({"password": "not-it-at-all-9"}, {"loginId": "nobody.at.all"}, {"otpCode": "123456"})
    ]

    assert len(let_in["nextGenCSO"]) == 128
    assert [each["loginResult"] for each in failed[:2]] == ["13", "13"]
    assert all(each["nextGenCSO"] == "" for each in failed if each["loginResult"] != "0")
    assert all(set(each) == {"nextGenCSO", "loginResult", "errorDescription"} for each in failed)
    assert let_in["nextGenCSO"] not in log_of(outside)
    assert person.password not in log_of(outside)
    assert person.user_name not in log_of(outside)


@pytest.mark.parametrize("field", ["loginId", "password", "otpCode", "clientCode", "redactFlag", "else"])
async def test_what_is_typed_reaches_neither_head_nor_log(
    outside: Outside, browser: httpx.AsyncClient, field: str
) -> None:
    answer = await browser.post(CSO, json={**NOBODY, field: INJECTED})

    assert answer.status_code in (200, 422)
    assert "planted" not in answer.text + str(answer.headers)
    assert "planted" not in log_of(outside)
    for line in log_of(outside).splitlines():
        assert isinstance(json.loads(line), dict)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"loginId": 7}', "application/json", 400),
        (b'"\xff"', "application/json", 400),
        (b'{"loginId": "\\ud800", "password": "x"}', "application/json", 400),
        (b"[" * 5_000, "application/json", 400),
        (b"<CsoAuth>", "application/xml", 400),
        (b"<Else><loginId>a</loginId></Else>", "text/xml", 400),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><CsoAuth><loginId>&e;</loginId></CsoAuth>', "text/xml", 400),
        (b"loginId=a&password=b", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
    ],
)
async def test_a_body_that_is_none_is_refused_by_place(
    browser: httpx.AsyncClient, body: bytes, content_type: str, status: int
) -> None:
    answer = await browser.post(CSO, content=body, headers={"content-type": content_type})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_xml_is_read_and_answered_as_accept_says(browser: httpx.AsyncClient) -> None:
    body = b"<CsoAuth><loginId>nobody.at.all</loginId><password>no-password-1</password></CsoAuth>"

    async def answered(accept: str) -> Any:
        headers = {"content-type": "application/xml", "accept": accept}
        return await browser.post(CSO, content=body, headers=headers)

    as_xml, as_json, as_any = [await answered(a) for a in ("text/xml", "application/json", "*/*")]

    assert as_xml.headers["content-type"].startswith("text/xml")
    assert as_xml.text.count("<CsoAuth>") == 1
    assert "<loginResult>13</loginResult>" in as_xml.text
    assert as_json.json() == as_any.json()
    assert as_any.json()["loginResult"] == "13"


async def test_a_service_that_does_not_answer_is_503_with_retry_after_and_a_late_answer_is_nobodys(
    outside: Outside, browser: httpx.AsyncClient
) -> None:
    with outside.system.paused(["accounts"]):
        began = time.monotonic()
        answer = await browser.post(CSO, json=NOBODY)
        seconds = time.monotonic() - began

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["code"] == "unavailable"
    assert seconds < 15

    async def is_back() -> bool:
        return bool((await browser.post(CSO, json=NOBODY)).status_code == 200)

    await until(is_back, "accounts answers again")
