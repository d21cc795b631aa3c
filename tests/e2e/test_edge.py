"""Around every route, seen from outside: hosts, sites, sizes, and what each answer's head says."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Outside
from tests.e2e.programs import CSO, NOBODY, a_program, credentials_of, log_of

INJECTED = "a\r\nset-cookie: planted=1\r\n\r\n<script>planted</script>\x1b[31m{{7*7}}\u2028end"
EACH_HEAD = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


@pytest.fixture
async def browser(outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    async with a_program(outside) as client:
        yield client


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

    answer = await browser.post(CSO, json=credentials_of(person), headers=said)

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
    page = await browser.get("/sign-in", headers={"accept": "text/html"})
    style_sheet = re.findall(r'href="(/[^"]+[.]css)"', page.text)[0]
    answers = {
        200: page,
        404: await browser.get("/nothing/here"),
        403: await browser.post(CSO, json=NOBODY, headers={"origin": "null"}),
        421: await browser.get("/", headers={"host": "evil.example"}),
        400: await browser.post(CSO, content=b"{", headers={"content-type": "application/json"}),
    }
    kept = await browser.get(style_sheet)

    assert {status: answer.status_code for status, answer in answers.items()} == {s: s for s in answers}
    for answer in (*answers.values(), await browser.post(CSO, json=NOBODY), kept):
        assert {name: answer.headers[name] for name in EACH_HEAD} == EACH_HEAD
        assert len(answer.headers["request-id"]) == 36
    assert {answer.headers["cache-control"] for answer in answers.values()} == {"no-store"}
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_whoever_asks_for_the_head_alone_gets_that_of_the_page(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/sign-in", headers={"accept": "text/html"})
    head = await browser.head("/sign-in", headers={"accept": "text/html"})
    nothing = await browser.head("/nothing/here")

    changing = {"date", "request-id", "set-cookie"}
    assert (head.status_code, head.content, nothing.status_code) == (200, b"", 404)
    assert head.headers.keys() == page.headers.keys()
    assert {k: v for k, v in head.headers.items() if k not in changing} == {
        k: v for k, v in page.headers.items() if k not in changing
    }


async def test_a_body_that_is_too_long_is_refused(browser: httpx.AsyncClient) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 8192

    at_once = await browser.post(CSO, json={**NOBODY, "password": "x" * 200_000})
    chunked = await browser.post(CSO, content=in_pieces(), headers={"content-type": "application/json"})

    assert (at_once.status_code, chunked.status_code) == (413, 413)


@pytest.mark.parametrize("body", [b"form_token=\xff\xfe", b"form_token=%ff%fe", b"a=1&" * 200])
async def test_a_form_that_is_no_text_is_refused(browser: httpx.AsyncClient, body: bytes) -> None:
    headers = {"accept": "text/html", "content-type": "application/x-www-form-urlencoded"}

    answer = await browser.post("/register", content=body, headers=headers)

    assert answer.status_code == 400
    assert "UTF-8" in answer.text


@pytest.mark.parametrize("charset", ["utf-8", "foo", "utf-7"])
async def test_a_form_of_another_type_is_refused(browser: httpx.AsyncClient, charset: str) -> None:
    files = {"form_token": (None, b"a", f"text/plain; charset={charset}")}

    answer = await browser.post("/sign-in", files=files, headers={"accept": "text/html"})

    assert answer.status_code == 415
    assert "x-www-form-urlencoded" in answer.text


@pytest.mark.parametrize(
    "unset", [{"otpCode": None, "clientCode": None}, {"redactFlag": 1}, {"redactFlag": None}], ids=str
)
async def test_what_a_program_leaves_unset_may_be_null_and_the_flag_a_number(
    outside: Outside, browser: httpx.AsyncClient, unset: dict[str, Any]
) -> None:
    person = await outside.somebody()

    answer = await browser.post(CSO, json={"loginId": person.user_name, "password": person.password} | unset)

    assert (answer.status_code, answer.json()["loginResult"]) == (200, "0")
    assert len(answer.json()["nextGenCSO"]) == 128


async def test_a_token_is_in_no_failed_answer_and_in_no_log(
    outside: Outside, browser: httpx.AsyncClient
) -> None:
    person = await outside.somebody()
    right = credentials_of(person)

    let_in = (await browser.post(CSO, json=right)).json()
    failed = [
        (await browser.post(CSO, json={**right, **wrong})).json()
        for wrong in ({"password": "not-it-at-all-9"}, {"loginId": "nobody.at.all"}, {"password": ""})
    ]

    assert len(let_in["nextGenCSO"]) == 128
    assert [(each["loginResult"], each["nextGenCSO"]) for each in failed] == [("13", "")] * 3
    assert all(set(each) == {"nextGenCSO", "loginResult", "errorDescription"} for each in failed)
    assert let_in["nextGenCSO"] not in log_of(outside)
    assert person.password not in log_of(outside)
    assert person.user_name not in log_of(outside)


@pytest.mark.parametrize("field", ["loginId", "password", "otpCode", "clientCode", "redactFlag", "else"])
async def test_what_is_typed_reaches_neither_head_nor_log(
    outside: Outside, browser: httpx.AsyncClient, field: str
) -> None:
    answer = await browser.post(CSO, json={**NOBODY, field: INJECTED})

    assert answer.status_code in (200, 400)
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
        *(
            (f'<?xml version="1.0" encoding="{name}"?><CsoAuth/>'.encode(), "application/xml", 400)
            for name in ("foo", "utf-7", "idna", "utf-16")
        ),
        (
            b'{"loginId": "a", "password": "b", "clientCode": "123456789012345678901234567890123"}',
            "application/json",
            400,
        ),
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
