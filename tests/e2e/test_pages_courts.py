"""My courts and my quarter, as somebody without scripts uses them."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from tests.e2e.conftest import COURT, FILING_PASSWORD, Outside
from tests.e2e.gallery import SIGNED_IN
from tests.e2e.plain_browser import PlainBrowser, a_plain_browser
from tests.installation import until
from tests.system.asking import PatientPerson


@pytest.fixture
async def person(outside: Outside) -> PatientPerson:
    return await outside.somebody()


@pytest.fixture
async def browser(outside: Outside, person: PatientPerson) -> AsyncIterator[PlainBrowser]:
    """Somebody signed in."""
    async with a_plain_browser(outside.address) as made:
        await made.open("/sign-in")
        await made.submit("/sign-in", user_name=person.user_name, password=person.password)
        assert made.path == "/", made.text
        yield made


async def prove(browser: PlainBrowser, login: str, password: str = FILING_PASSWORD) -> PlainBrowser:
    await browser.open("/courts/link")
    return await browser.submit("/courts/link", court_id=COURT, login=login, password=password)


async def link(outside: Outside, browser: PlainBrowser, login: str) -> PlainBrowser:
    async def is_proved() -> bool:
        return "Is this you?" in (await prove(browser, login)).text

    await until(is_proved, "linking knows the account")
    return await browser.submit("/courts/confirm")


async def test_somebody_links_a_filing_account_files_and_unlinks_it(
    outside: Outside, browser: PlainBrowser, login: str
) -> None:
    shown = (await browser.open("/courts")).text
    assert "You have no filing account linked yet" in shown

    linked = await link(outside, browser, login)

    assert (linked.path, linked.status) == ("/courts", 200)
    assert "The filing account is linked" in linked.text
    assert f"Jane Doe ({login})" in linked.text
    (unlinking,) = [address for address in linked.links if address.startswith("/courts/unlink/")]

    await browser.open(unlinking)
    ended = await browser.submit(unlinking)

    assert "The link has ended" in ended.text
    assert "Links that have ended" in ended.text
    assert "You have no filing account linked yet" in ended.text


async def test_the_name_is_masked_until_it_is_confirmed_and_the_password_is_nowhere(
    outside: Outside, browser: PlainBrowser, login: str
) -> None:
    async def is_proved() -> bool:
        return "Is this you?" in (await prove(browser, login)).text

    await until(is_proved, "linking knows the account")

    assert "Doe" not in browser.source
    assert FILING_PASSWORD not in browser.source
    assert FILING_PASSWORD not in outside.system.log_of("portal").read_text()


async def test_a_wrong_password_is_said_and_what_was_typed_is_kept_but_the_password(
    browser: PlainBrowser, login: str
) -> None:
    async def is_answered() -> bool:
        answered = await prove(browser, login, "not-the-password")
        return "wrong" in answered.text or "too many" in answered.text

    await until(is_answered, "linking knows the account")

    assert browser.status == 422
    assert login in browser.source
    assert "not-the-password" not in browser.source


@pytest.mark.parametrize("missing", ["court_id", "login", "password"])
async def test_what_is_missing_is_said_at_its_field(browser: PlainBrowser, missing: str) -> None:
    filled = {"court_id": COURT, "login": "jdoe", "password": "some-word", missing: ""}
    await browser.open("/courts/link")

    answered = await browser.submit("/courts/link", **filled)

    assert answered.status == 422
    assert f'id="{missing}-error"' in answered.source
    assert f'href="#{missing}"' in answered.source


async def test_a_wrong_linking_code_is_answered_as_a_wrong_password_is(browser: PlainBrowser) -> None:
    async def is_answered() -> bool:
        await browser.open("/courts/link-by-code")
        answered = await browser.submit("/courts/link-by-code", court_id=COURT, code="ABCD-EFGH")
        return "code is wrong or too old" in answered.text

    await until(is_answered, "linking knows the account")
    assert browser.status == 422


async def test_another_persons_link_is_not_there(outside: Outside, browser: PlainBrowser, login: str) -> None:
    await link(outside, browser, login)
    (unlinking,) = [address for address in browser.links if address.startswith("/courts/unlink/")]
    other = await outside.somebody()

    async with a_plain_browser(outside.address) as stranger:
        await stranger.open("/sign-in")
        await stranger.submit("/sign-in", user_name=other.user_name, password=other.password)
        seen = await stranger.open(unlinking)
        assert (seen.status, "Jane" in seen.source) == (404, False)
        token = (await stranger.open("/courts/link")).source.partition('name="form_token" value="')[2]
        forced = await stranger.post(unlinking, {"form_token": token.partition('"')[0]})

    assert "You have no such link" in forced.text
    assert "Jane Doe" in (await browser.open("/courts")).text


@pytest.mark.parametrize("path", [path for path in (*SIGNED_IN, "/upgrade") if path != "/"])
async def test_who_is_not_signed_in_is_asked_to_before_anything_is_filled_in(
    outside: Outside, path: str
) -> None:
    async with a_plain_browser(outside.address) as stranger:
        seen = await stranger.open(path)

        assert seen.path == f"/sign-in?{urlencode({'return': path})}"
        assert f'name="return" value="{path}"' in seen.source


async def test_what_was_used_is_shown_with_its_charge_and_its_texts_stay_texts(
    outside: Outside, browser: PlainBrowser, person: PatientPerson
) -> None:
    texts = {name: f"<b>{name}</b>" for name in ("description", "case_number", "client_code")}
    await outside.use(person, **texts)

    async def is_booked() -> bool:
        return "$29.70 are left" in (await browser.open("/usage")).text

    await until(is_booked, "the use is booked")

    assert "$0.30" in browser.text
    for text in texts.values():
        assert text in browser.text
        assert text not in browser.source


async def test_my_quarter_is_shown_with_who_pays_and_what_is_left_of_the_waiver(
    browser: PlainBrowser,
) -> None:
    async def is_known() -> bool:
        return (await browser.open("/usage")).status == 200

    await until(is_known, "billing knows the account")

    assert "2024-Q1" in browser.text
    assert "$30.00 are left: your charges are waived if all your uses in the quarter" in browser.text
    assert "Nothing yet." in browser.text
