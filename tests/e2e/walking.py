"""The steps that somebody takes through the pages, one after the other."""

from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.system.asking import PatientPerson, Postbox, data_of

BUSY_TRIES = 10


async def press(page: Page, button: str) -> None:
    """Press a button."""
    await page.get_by_role("button", name=button, exact=True).click()


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


async def open_mailed_link(page: Page, postbox: Postbox, person: PatientPerson) -> None:
    """Open the first link that was mailed to a person."""
    await postbox.token_for(person.email)
    mail = next(mail for mail in postbox.mails() if mail.to == person.email and "token=" in mail.text)
    link = urlsplit(next(word for word in mail.text.split() if "token=" in word))
    await page.goto(f"{link.path}?{link.query}")


async def sign_in(page: Page, person: PatientPerson, passcode: str = "") -> None:
    """Sign in."""
    await page.goto("/sign-in")
    await page.get_by_label("User name").fill(person.user_name)
    await page.get_by_label("Password").fill(person.password)
    await page.get_by_label("One-time passcode").fill(passcode)
    await press(page, "Sign in")
