"""The pages attacked: from other sites, with planted cookies, addresses and texts, and by what only looks."""

import dataclasses
import re
from urllib.parse import urlencode

import httpx
import pytest
from playwright.async_api import Browser, Page, Route

from tests.e2e.browsers import a_page
from tests.e2e.conftest import Outside
from tests.e2e.plain_browser import PlainBrowser, a_plain_browser
from tests.e2e.walking import enrol, heading_of, press, register, sign_in, token_on
from tests.system.asking import PatientPerson, a_person

ELSEWHERE = "http://elsewhere.example/"
SESSION, NOTICE = "__Host-session", "__Host-notice"
PLANTED = "<b class=planted>x</b>"
WAYS_OUT = (
    "https://elsewhere.example/",
    "//elsewhere.example/",
    "/\\elsewhere.example/",
    "\\\\elsewhere.example",
    "/\t/elsewhere.example/",
    "javascript:alert(1)",
    "/security\r\nset-cookie: a=b",
    "elsewhere.example",
)
pytestmark = pytest.mark.timeout(300)


async def signed_in(browser: PlainBrowser, person: PatientPerson) -> PlainBrowser:
    """The browser once a person has signed in there."""
    await browser.open("/sign-in")
    await browser.submit("/sign-in", user_name=person.user_name, password=person.password)
    assert browser.path == "/", browser.text
    return browser


async def test_a_form_sent_from_another_site_is_refused(outside: Outside, browser: Browser) -> None:
    person = await outside.somebody()

    async def lure(route: Route) -> None:
        form = f'<form method="post" action="{outside.address}/sign-out"><button>Win a prize</button></form>'
        await route.fulfill(body=form, content_type="text/html")

    async with a_page(browser, outside.address) as page:
        await sign_in(page, person)
        await page.route(ELSEWHERE, lure)
        await page.goto(ELSEWHERE)
        await press(page, "Win a prize")
        refused = await heading_of(page)
        await page.goto("/")

        assert refused == "Sent from another site"
        assert await heading_of(page) == person.name, "still signed in"


@pytest.mark.parametrize("token", ["", "0" * 64, "somebody else's"])
async def test_a_form_without_its_token_is_refused(outside: Outside, token: str) -> None:
    person, other = await outside.somebody(), await outside.somebody()
    async with a_plain_browser(outside.address) as mine, a_plain_browser(outside.address) as strange:
        await signed_in(mine, person)
        await signed_in(strange, other)
        planted = await token_on(strange, "/security/password") if token == "somebody else's" else token

        refused = await mine.post("/sign-out", {"form_token": planted})
        refused_status, refused_text = refused.status, refused.text

        assert (refused_status, "out of date" in refused_text) == (403, True)
        assert (await mine.open("/")).status == 200
        assert person.name in mine.text, "still signed in"


async def test_a_session_planted_before_the_sign_in_is_not_the_one_after_it(outside: Outside) -> None:
    attacker, victim = await outside.somebody(), await outside.somebody()
    async with a_plain_browser(outside.address) as theirs, a_plain_browser(outside.address) as browser:
        await signed_in(theirs, attacker)
        planted = theirs.cookies[SESSION]
        browser.cookies[SESSION] = planted

        await signed_in(browser, victim)
        again = browser.cookies[SESSION]
        await theirs.open("/")

        assert again != planted
        assert victim.name in browser.text
        assert theirs.path.startswith("/sign-in"), "the planted session has ended"


async def test_signing_out_ends_the_session_and_not_only_the_cookie(outside: Outside) -> None:
    person = await outside.somebody()
    async with a_plain_browser(outside.address) as browser:
        await signed_in(browser, person)
        kept = browser.cookies[SESSION]

        await browser.submit("/sign-out")
        is_forgotten = SESSION not in browser.cookies
        browser.cookies[SESSION] = kept
        await browser.open("/security")

        assert is_forgotten
        assert browser.path.startswith("/sign-in")


async def test_cookies_are_for_this_host_over_tls_and_out_of_reach_of_scripts(outside: Outside) -> None:
    person = await outside.somebody()
    html = {"accept": "text/html"}
    async with httpx.AsyncClient(base_url=outside.address, trust_env=False) as client:
        asked = await client.get("/sign-in", headers=html)
        (visitor,) = asked.headers.get_list("set-cookie")
        (token,) = re.findall(r'name="form_token" value="(.*?)"', asked.text)
        let_in = await client.post(
            "/sign-in",
            data={"form_token": token, **credentials_of(person)},
            headers=html | {"cookie": visitor.partition(";")[0]},
        )

    assert re.fullmatch(r"__Host-visitor=[\w-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", visitor)
    session, forgotten = sorted(let_in.headers.get_list("set-cookie"))
    assert re.fullmatch(r"__Host-session=[\w-]{128}; HttpOnly; Path=/; SameSite=lax; Secure", session)
    assert re.fullmatch(r'__Host-visitor=""; HttpOnly; Max-Age=0; Path=/; SameSite=lax; Secure', forgotten)


@pytest.mark.parametrize("address", WAYS_OUT)
async def test_no_return_address_leads_elsewhere(outside: Outside, address: str) -> None:
    person = await outside.somebody()
    async with a_plain_browser(outside.address) as browser:
        await browser.open(f"/sign-in?{urlencode({'return': address})}")
        offered = re.findall(r'name="return" value="(.*?)"', browser.source)
        await browser.submit("/sign-in", **{"return": address}, **credentials_of(person))
        signed_in_to = browser.path
        await browser.open("/prove-again")
        await browser.submit("/prove-again", **{"return": address}, password=person.password)

        assert (offered, signed_in_to, browser.path) == (["/"], "/", "/")


async def test_who_is_asked_to_sign_in_comes_back_to_where_they_were(outside: Outside) -> None:
    person = await outside.somebody()
    async with a_plain_browser(outside.address) as browser:
        await browser.open("/security/history")

        await browser.submit("/sign-in", **credentials_of(person))

        assert browser.path == "/security/history"


async def test_no_text_that_somebody_gives_becomes_html(outside: Outside, browser: Browser) -> None:
    person = dataclasses.replace(a_person(outside.desk), name=f"{PLANTED} Marked{PLANTED}")
    async with a_page(browser, outside.address) as page:
        await page.goto("/register")
        await page.locator("main input:not([type=radio], [type=hidden], [type=date])").evaluate_all(
            f"all => all.forEach(each => {{ each.value = {PLANTED!r} }})"
        )
        await press(page, "Register")
        refused = await planted_in(page)
        await register(page, person)
        await page.goto(await outside.link_to(person, "/verify-email"))
        await press(page, "Verify my address")
        await sign_in(page, person)
        home = (await heading_of(page), await planted_in(page))
        await page.goto("/security/authenticators/add")
        await enrol(page, person, name=PLANTED)
        await page.goto("/security")
        security = await planted_in(page)
        await page.get_by_role("link", name=PLANTED).click()

        assert home == (person.name, 0)
        assert (refused, security, await planted_in(page)) == (0, 0, 0)


@pytest.mark.parametrize(
    "address",
    ["/sign-in?return=/%22%3E{}", "/verify-email?token=%22%3E{}", "/recover-account?token=%22%3E{}", "/{}"],
)
async def test_nothing_in_an_address_becomes_html(outside: Outside, browser: Browser, address: str) -> None:
    async with a_page(browser, outside.address) as page:
        await page.goto(address.format("%3Cb%20class=planted%3E"))

        assert await planted_in(page) == 0


async def test_a_planted_notice_is_text(outside: Outside) -> None:
    async with a_plain_browser(outside.address) as browser:
        browser.cookies[NOTICE] = "error%20%3Cb%20class=planted%3Ex"

        await browser.open("/")

        assert "<b class=planted>" not in browser.source
        assert "&lt;b class=planted&gt;x" in browser.source
        assert NOTICE not in browser.cookies, "said once"


async def test_a_notice_of_no_kind_that_we_say_is_not_said(outside: Outside) -> None:
    async with a_plain_browser(outside.address) as browser:
        browser.cookies[NOTICE] = "error%22%20planted%20Your%20account%20is%20locked"

        await browser.open("/")

        assert "planted" not in browser.source
        assert "locked" not in browser.source


async def test_a_problem_is_a_page_for_people_and_json_for_programs(outside: Outside) -> None:
    async with httpx.AsyncClient(base_url=outside.address, trust_env=False) as client:
        page = await client.get("/nowhere", headers={"accept": "text/html,*/*"})
        data = await client.get("/nowhere")
        strange_host = await client.get("/", headers={"accept": "text/html", "host": "elsewhere.example"})

    assert (page.status_code, data.status_code) == (404, 404)
    assert (strange_host.status_code, "Wrong host" in strange_host.text) == (421, True)
    assert {each.headers["content-type"] for each in (page, strange_host)} == {"text/html; charset=utf-8"}
    assert data.headers["content-type"] == "application/problem+json"


async def test_files_are_kept_for_ever_under_the_digest_of_their_contents_alone(outside: Outside) -> None:
    async with httpx.AsyncClient(base_url=outside.address, trust_env=False) as client:
        source = (await client.get("/sign-in")).text
        addresses = re.findall(r'"(/static/[^"]+)"', source)
        answers = [await client.get(address) for address in addresses]
        other = await client.get(re.sub(r"/static/\w+", "/static/0123456789abcdef", addresses[0]))

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=31536000, immutable"}
    assert (other.status_code, other.headers["cache-control"]) == (404, "no-store")


def credentials_of(person: PatientPerson) -> dict[str, str]:
    """What a person signs in with."""
    return {"user_name": person.user_name, "password": person.password}


async def planted_in(page: Page) -> int:
    """How often a planted text has become a part of the page."""
    return await page.locator(".planted").count()
