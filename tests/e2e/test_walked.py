"""My courts, my quarter and security, walked in a real browser."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from shared.messages.accounts.factor_reset import AskFactorReset, FactorResetBegun
from shared.messages.accounts.staff import StaffActRefused
from shared.messages.linking.codes import IssueLinkingCode
from tests.e2e.browsers import a_page
from tests.e2e.conftest import COURT, FILING_PASSWORD, Outside
from tests.e2e.walking import (
    enrol,
    follow_mailed_link,
    heading_of,
    next_code,
    press,
    prove,
    sign_in,
    unlink,
    where_i_may_file,
)
from tests.installation import until
from tests.system.asking import PatientPerson

pytestmark = pytest.mark.timeout(300)


async def test_somebody_proves_a_filing_account_confirms_it_may_file_and_unlinks_it(
    outside: Outside, page: Page, login: str
) -> None:
    person = await outside.somebody()
    await sign_in(page, person)
    before = await where_i_may_file(page)

    await prove(page, COURT, login, FILING_PASSWORD)
    masked = await page.locator("dl.facts").inner_text()
    await press(page, "Yes, link it to my account")
    said = await page.get_by_role("status").inner_text()
    (linked,) = await where_i_may_file(page)
    after = await unlink(page)

    assert "Doe" not in masked
    assert "The filing account is linked" in said
    assert f"Jane Doe ({login})" in linked
    assert (before, after) == ([], [])
    await expect(page.get_by_role("region", name="Links that have ended")).to_contain_text(login)


async def test_who_has_a_linking_code_from_the_clerk_links_without_the_old_password(
    outside: Outside, page: Page, login: str, clerk: PatientPerson
) -> None:
    await sign_in(page, await outside.somebody())
    await clerk.sign_in()
    answer = await clerk.answer(IssueLinkingCode(court_id=COURT, login=login, way="in_person"))
    code = outside.desk.portal.open(answer, "code")

    async def is_proved() -> bool:
        await page.goto("/courts/link")
        await page.get_by_role("link", name="have a linking code").click()
        await page.get_by_label("Court", exact=True).select_option(COURT)
        await page.get_by_label("Linking code").fill(code)
        await press(page, "Go on")
        return await page.get_by_role("heading", name="Is this you?").is_visible()

    await until(is_proved, "linking knows the account")
    await press(page, "Yes, link it to my account")
    (linked,) = await where_i_may_file(page)

    assert f"Jane Doe ({login})" in linked


async def test_who_answers_no_to_is_this_you_has_linked_nothing(
    outside: Outside, page: Page, login: str
) -> None:
    await sign_in(page, await outside.somebody())

    await prove(page, COURT, login, FILING_PASSWORD)
    await page.get_by_role("link", name="No, this isn't me").click()

    await expect(page.get_by_text("You have no filing account linked yet")).to_be_visible()


async def test_somebody_sees_what_was_used_in_the_quarter_and_what_is_left_of_the_waiver(
    outside: Outside, page: Page
) -> None:
    person = await outside.somebody()
    await sign_in(page, person)
    await outside.use(person, description="Motion to dismiss")
    used = page.get_by_role("region", name="What was used")

    async def is_booked() -> bool:
        await page.goto("/usage")
        # The page asks for its sum first: one that was asked before the booking may stand above the use.
        return await page.get_by_text("$29.70 are left").is_visible()

    await until(is_booked, "the use is booked")

    await expect(used.get_by_role("row")).to_have_count(2)
    await expect(used).to_contain_text("Motion to dismiss")
    await expect(used).to_contain_text("$0.30")


async def test_an_authenticator_is_renamed_and_removed_and_then_the_password_is_enough(
    outside: Outside, page: Page
) -> None:
    person = await outside.somebody()
    await sign_in(page, person)
    await enrol(page, person)

    await page.goto("/security")
    await page.get_by_role("link", name="telephone").click()
    await page.get_by_label("Name").fill("tablet")
    await press(page, "Rename")
    await page.get_by_role("link", name="tablet").click()
    await press(page, "Remove this authenticator")
    said = await page.get_by_role("status").inner_text()
    await press(page, "Sign out")
    await sign_in(page, person)

    assert "no longer used" in said
    assert await heading_of(page) == person.name
    await page.goto("/security")
    await expect(page.get_by_text("You have no authenticator")).to_be_visible()


async def test_the_reset_of_a_second_factor_is_stopped_by_its_mailed_link(
    outside: Outside, page: Page, center: PatientPerson
) -> None:
    person = await outside.somebody()
    await sign_in(page, person)
    await enrol(page, person)
    await center.sign_in()
    ask = AskFactorReset(account_id=person.id, remark="lost the telephone")
    await center.ask(ask, FactorResetBegun)
    is_open = await center.ask(ask, StaffActRefused)

    await follow_mailed_link(page, outside, person, "/stop-factor-reset")
    stopped = await heading_of(page)
    await center.ask(ask, FactorResetBegun)
    await sign_in(page, person)
    refused = await page.get_by_role("alert").inner_text()
    await sign_in(page, person, await next_code(person))

    assert (is_open.reason, stopped) == ("reset_is_open", "Reset stopped")
    assert "passcode is wrong" in refused
    assert await heading_of(page) == person.name


async def test_a_session_that_is_ended_is_signed_out_where_it_was(
    outside: Outside, browser: Browser, page: Page
) -> None:
    person = await outside.somebody()
    async with a_page(browser, outside.address) as elsewhere:
        await sign_in(elsewhere, person)
        await sign_in(page, person)
        await page.goto("/security/sessions")
        ends = page.get_by_role("button", name=re.compile("End the session from"))
        counted = await ends.count()

        for _ in range(counted):
            async with page.expect_navigation():
                await ends.first.click()
        await elsewhere.goto("/security")

        assert counted == 2, "one of registering, and the one elsewhere"
        assert await ends.count() == 0
        assert await heading_of(elsewhere) == "Sign in"
        await page.goto("/")
        assert await heading_of(page) == person.name
