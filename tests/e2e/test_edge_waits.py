"""Who is slow, silent or gone, and a service that is: seen from outside of the edge."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from services.accounts.store.saving import hash_token
from services.portal.web.edge import BODY_SECONDS
from tests.e2e.conftest import Outside
from tests.e2e.programs import ASKING_SECONDS, CSO, NOBODY, a_program, credentials_of, log_of
from tests.installation import until

HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
"""What HTTP/2 begins with: its preface, and settings that change nothing."""


@pytest.fixture
async def browser(outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    async with a_program(outside) as client:
        yield client


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


async def test_who_sends_no_whole_head_is_cut_however_they_begin(
    outside: Outside, browser: httpx.AsyncClient
) -> None:
    beginnings = {
        "slowly": [b"GET / HTTP/1.1\r\n", *[b"x-more: 1\r\n"] * 200],
        "with nothing": [],
        "in HTTP/2": [HTTP_2],
        "half in HTTP/2": [HTTP_2[:10]],
    }

    async with asyncio.TaskGroup() as group:
        sending = [
            group.create_task(asyncio.to_thread(send_slowly, outside, parts, 0.5))
            for parts in beginnings.values()
        ]
        other = group.create_task(browser.post(CSO, json=NOBODY))

    for answer, seconds in (each.result() for each in sending):
        assert b"200" not in answer.split(b"\r\n", 1)[0]
        assert seconds < 20
    assert other.result().json()["loginResult"] == "13"


async def test_who_goes_away_in_the_middle_is_no_mistake_of_ours(outside: Outside) -> None:
    host, port = outside.address.removeprefix("http://").split(":")
    head = f"POST {CSO} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\n"

    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}content-length: 1000\r\n\r\n{{".encode())

    async def was_noted() -> bool:
        return '"status":499' in log_of(outside).replace(" ", "")

    await until(was_noted, "it is noted that somebody went away")
    assert "http_failed" not in log_of(outside)


async def test_a_service_that_does_not_answer_is_503_with_retry_after_and_a_late_answer_is_nobodys(
    outside: Outside, browser: httpx.AsyncClient
) -> None:
    late, other = [await outside.somebody() for _ in range(2)]
    with outside.system.paused(["accounts"]):
        began = time.monotonic()
        answer = await browser.post(CSO, json=credentials_of(late))
        seconds = time.monotonic() - began

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (answer.json()["code"], "nextGenCSO" in answer.text) == ("unavailable", False)
    assert seconds < 15

    async def token_of_other() -> str:
        again = await browser.post(CSO, json=credentials_of(other))
        return str(again.json().get("nextGenCSO", ""))

    token = await until(token_of_other, "accounts answers again")
    rows = await outside.system.rows(
        "accounts", "SELECT account_id FROM sessions WHERE token_hash = $1", hash_token(token)
    )
    assert [row["account_id"] for row in rows] == [other.id]
