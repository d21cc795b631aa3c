"""The steps that somebody takes through the pages, one after the other."""

import re

from playwright.async_api import Page, expect

from deploy.demo.desk import totp_of
from tests.e2e.conftest import Outside
from tests.e2e.plain_browser import PlainBrowser
from tests.installation import until
from tests.system.asking import PatientPerson, data_of


async def press(page: Page, button: str) -> None:
    """Press a button, and wait for the page that comes."""
    async with page.expect_navigation():
        await page.get_by_role("button", name=button, exact=True).click()


async def heading_of(page: Page) -> str:
    """What the page calls itself."""
    return await page.get_by_role("heading", level=1).inner_text()


async def fill_person(page: Page, person: PatientPerson) -> None:
    """Fill in what a person says of themselves."""
    data = data_of(person)
    for label, text in {
        "First name": data.first_name,
        "Last name": data.last_name,
        "Date of birth": data.date_of_birth.isoformat(),
        "E-mail address": data.email,
        "Telephone": data.phone,
        "Street address": data.address,
        "City": data.city,
        "State or territory": data.state,
        "ZIP or postal code": data.postal_code,
        "County": data.county,
    }.items():
        await page.get_by_label(label, exact=True).fill(text)
    await page.get_by_label("What are you?").select_option("Attorney")


async def register(page: Page, person: PatientPerson) -> None:
    """Make an account."""
    await page.goto("/register")
    await fill_person(page, person)
    await page.get_by_label("User name").fill(person.user_name)
    await page.get_by_label("Password").fill(person.password)
    await press(page, "Register")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")


async def follow_mailed_link(page: Page, outside: Outside, person: PatientPerson, path: str) -> None:
    """Open a link that was mailed to a person, and press its button."""
    await follow(page, await outside.link_to(person, path))


async def follow(page: Page, link: str) -> None:
    """Open a mailed link, and press its button."""
    await page.goto(link)
    async with page.expect_navigation():
        await page.locator("main").get_by_role("button").click()


async def sign_in(page: Page, person: PatientPerson, passcode: str = "") -> None:
    """Sign in, or try to."""
    await page.goto("/sign-in")
    await page.get_by_label("User name").fill(person.user_name)
    await page.get_by_label("Password").fill(person.password)
    await page.get_by_label("One-time passcode").fill(passcode)
    await press(page, "Sign in")


async def token_on(browser: PlainBrowser, address: str) -> str:
    """The token of the forms on a page."""
    source = (await browser.open(address)).source
    return re.findall(r'name="form_token" value="(\w+)"', source)[0]


async def enrol(page: Page, person: PatientPerson, name: str = "telephone") -> None:
    """Add an authenticator, and have backup codes made."""
    person._totp = totp_of(await ask_for_key(page, name))
    await show_code(page, await next_code(person))


async def ask_for_key(page: Page, name: str) -> str:
    """Begin to add an authenticator: the key that the page shows for it."""
    await page.goto("/security/authenticators/add")
    await page.get_by_label("What do you call it?").fill(name)
    await press(page, "Go on")
    return await page.locator("main p .secret").inner_text()


async def show_code(page: Page, code: str) -> list[str]:
    """Take the authenticator into use by a code of it, and have backup codes made: these."""
    await page.get_by_label("Code that it shows").fill(code)
    await press(page, "Use this authenticator")
    await press(page, "Make ten new codes")
    await expect(page.locator(".codes li")).to_have_count(10)
    return await page.locator(".codes li").all_inner_texts()


async def prove(page: Page, court_id: str, login: str, password: str) -> None:
    """Show that a filing account is mine, once the court's side knows my account."""

    async def is_proved() -> bool:
        await page.goto("/courts/link")
        await page.get_by_label("Court", exact=True).select_option(court_id)
        await page.get_by_label("CM/ECF login at this court").fill(login)
        await page.get_by_label("CM/ECF password").fill(password)
        await press(page, "Go on")
        return await page.get_by_role("heading", name="Is this you?").is_visible()

    await until(is_proved, "linking knows the account")


async def link(page: Page, court_id: str, login: str, password: str) -> list[str]:
    """Prove a filing account and confirm the link: where I may file then, line by line."""
    await prove(page, court_id, login, password)
    await press(page, "Yes, link it to my account")
    return await where_i_may_file(page)


async def unlink(page: Page) -> list[str]:
    """End the one link that I have: where I may file then, line by line."""
    await page.goto("/courts")
    await page.get_by_role("link", name="Unlink").click()
    await press(page, "End the link")
    return await where_i_may_file(page)


async def where_i_may_file(page: Page) -> list[str]:
    """What *my courts* says of where I may file, line by line."""
    await page.goto("/courts")
    return await page.get_by_role("region", name="Where you may file").locator("tbody tr").all_inner_texts()


async def next_code(person: PatientPerson) -> str:
    """A code of the person's authenticator that was not used yet."""
    return await person._code()
