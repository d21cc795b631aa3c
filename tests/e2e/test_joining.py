"""Becoming a user with nothing but a browser and the mails, with scripts and without."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.browsers import a_page
from tests.e2e.conftest import Outside
from tests.e2e.walking import open_mailed_link, press, register, sign_in
from tests.system.asking import a_person

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_somebody_registers_verifies_signs_in_and_out(
    outside: Outside, browser: Browser, has_scripts: bool
) -> None:
    person = a_person(outside.desk)
    async with a_page(browser, outside.address, has_scripts=has_scripts) as page:
        await register(page, person)
        await open_mailed_link(page, outside.postbox, person)
        await press(page, "Verify my address")
        await sign_in(page, person)
        await expect(page.get_by_role("heading", level=1)).to_have_text(person.name)

        await press(page, "Sign out")

        await expect(page.get_by_text("You are signed out.")).to_be_visible()
        assert await is_signed_out(page)


async def is_signed_out(page: Page) -> bool:
    """Does the first page know nobody any more?"""
    await page.goto("/")
    return await page.get_by_role("heading", name="One login for every federal court").is_visible()
