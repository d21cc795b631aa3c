"""What is typed into a page stays what it was: no header, no line in a log, no markup comes of it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.portal.pages.routes import PAGES
from services.portal.web.browsing import TEMPLATES
from tests.e2e.conftest import Outside
from tests.e2e.gallery import PUBLIC, SIGNED_IN
from tests.e2e.plain_browser import PlainBrowser, PlainForm, a_plain_browser, forms_in
from tests.e2e.test_api_injection import PLANTED

pytestmark = pytest.mark.timeout(180)
OURS = "form_token"
"""Whoever changes this field is refused before anything is read."""
TYPED = {
    "email": "somebody@mail.example",
    "date_of_birth": "1970-01-01",
    "password": "a rather long pass-phrase",
    "court_id": "ncwbk",
}
NOT_TRIED = {"/courts/confirm", "/courts/unlink", "/security/authenticators"}
"""Of these forms ids alone are told, which `test_pages_of_others.py` tries, or what the add page is told."""


@pytest.fixture(scope="module")
async def somebody(outside: Outside) -> AsyncIterator[PlainBrowser]:
    """Somebody's browser, signed in."""
    person = await outside.somebody()
    async with a_plain_browser(outside.address) as browser:
        await browser.open("/sign-in")
        await browser.submit("/sign-in", user_name=person.user_name, password=person.password)
        yield browser


@pytest.fixture(scope="module")
async def nobody(outside: Outside) -> AsyncIterator[PlainBrowser]:
    async with a_plain_browser(outside.address) as browser:
        yield browser


def plausible(form: PlainForm) -> dict[str, str]:
    """The form as somebody fills it in who wants no harm."""
    return {name: text or TYPED.get(name, "something") for name, text in form.fields.items()}


async def send(browser: PlainBrowser, action: str, fields: dict[str, str]) -> httpx.Response:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"accept": "text/html", "cookie": cookies}
    return await browser.client.post(action, data=fields, headers=headers)


async def try_forms_of(browser: PlainBrowser, address: str, outside: Outside) -> set[str]:
    """Plant the text in each field of each form of a page, one after the other; which forms these were."""
    await browser.open(address)
    forms = [form for form in forms_in(browser.source) if form.action != "/sign-out"]
    for form in forms:
        for name in form.fields.keys() - {OURS}:
            answer = await send(browser, form.action, {**plausible(form), name: PLANTED})
            assert answer.status_code < 500, (name, answer.text)
            assert "planted" not in str(answer.headers), name
            assert "<script" not in answer.text, name
            check_logs(outside)
    return {form.action for form in forms}


def check_logs(outside: Outside) -> None:
    for service in ("portal", "accounts", "linking"):
        log = outside.system.log_of(service).read_text()
        assert "planted" not in log
        assert all(line.startswith("{") for line in log.splitlines())


@pytest.mark.parametrize("address", [each for each in PUBLIC if each != "/nowhere"])
async def test_what_a_stranger_types_stays_a_text(
    outside: Outside, nobody: PlainBrowser, address: str
) -> None:
    await try_forms_of(nobody, address, outside)


@pytest.mark.parametrize("address", SIGNED_IN)
async def test_what_somebody_types_stays_a_text(
    outside: Outside, somebody: PlainBrowser, address: str
) -> None:
    await try_forms_of(somebody, address, outside)

    assert (somebody.path, somebody.status) == (address, 200), "still signed in"


def test_every_page_that_takes_a_form_is_tried() -> None:
    taking = {path for page in PAGES if "POST" in page.http_methods for path in page.paths}
    shown = {address.partition("?")[0] for address in (*PUBLIC, *SIGNED_IN)}

    left = {path for path in taking - shown - {"/sign-out"} if not path.startswith(tuple(NOT_TRIED))}

    assert left == {"/upgrade"}, "its fields are those of /register"
    assert (TEMPLATES / "upgrade.html").exists()
