"""Every page and each of its states, one after the other, for whoever looks at them."""

import json
from collections.abc import Awaitable, Callable
from uuid import uuid4

from playwright.async_api import Browser, Page

from deploy.demo.cast import fast_verifier
from deploy.demo.desk import totp_of
from shared.messages import accounts
from tests.e2e.browsers import a_page
from tests.e2e.conftest import COURT, LOGINS, Outside
from tests.e2e.walking import ask_for_key, next_code, press, prove, sign_in
from tests.installation import until
from tests.system.asking import PatientPerson, a_person

Look = Callable[[str, Page], Awaitable[None]]
PUBLIC = (
    "/",
    "/register",
    "/registered",
    "/sign-in",
    "/recover",
    "/user-name",
    "/verify-again",
    "/mail-on-its-way",
    "/recover-account?token=x",
    "/verify-email?token=x",
    "/confirm-email-change?token=x",
    "/undo-email-change?token=x",
    "/unlock?token=x",
    "/stop-factor-reset?token=x",
    "/stop-erasure?token=x",
    "/nowhere",
)
SIGNED_IN = (
    "/",
    "/courts",
    "/courts/link",
    "/courts/link-by-code",
    "/usage",
    "/security",
    "/security/password",
    "/security/email",
    "/security/sessions",
    "/security/history",
    "/security/authenticators/add",
    "/security/backup-codes",
    "/prove-again",
)
SENT_EMPTY = (
    ("/register", "Register"),
    ("/sign-in", "Sign in"),
    ("/recover", "Send the mail"),
    ("/user-name", "Send the mail"),
    ("/verify-again", "Send the mail"),
    ("/recover-account?token=x", "Set the password"),
    ("/verify-email?token=x", "Verify my address"),
)
SENT_EMPTY_SIGNED_IN = (
    ("/security/password", "Change the password"),
    ("/security/email", "Send the link"),
    ("/security/authenticators/add", "Go on"),
    ("/prove-again", "Go on"),
    ("/courts/link", "Go on"),
    ("/courts/link-by-code", "Go on"),
)


async def show_all(outside: Outside, browser: Browser, size: tuple[int, int], login: str, look: Look) -> None:
    """Every page at a size; `login` is a filing account that nobody has linked."""
    async with a_page(browser, outside.address, size=size) as page:
        await _show(page, PUBLIC, SENT_EMPTY, "public", look)
        await _show_nothing_chosen(page, look)
    person = await outside.somebody()
    async with a_page(browser, outside.address, size=size) as page:
        await sign_in(page, person)
        await _show(page, SIGNED_IN, SENT_EMPTY_SIGNED_IN, "signed in", look)
        await _show_enrolling(page, person, look)
        await _show_linking(page, login, look)
        await _show_quarter(outside, page, person, look)
    async with a_page(browser, outside.address, size=size) as page:
        await sign_in(page, await somebody_from_before(outside))
        await _show(page, ("/", "/upgrade"), (("/upgrade", "Upgrade"),), "from before", look)
    async with a_page(browser, outside.address, size=size) as page:
        firm = await outside.administrator()
        await sign_in(page, firm, await next_code(firm))
        await _show(page, ("/usage",), (), "of a firm", look)


async def somebody_from_before(outside: Outside) -> PatientPerson:
    """The holder of a legacy account."""
    person = a_person(outside.desk)
    first_name, _, last_name = person.name.partition(" ")
    person.user_name = f"{last_name[:2].lower()}{int.from_bytes(last_name.encode()) % 10_000:04}"
    row = accounts.LegacyAccount(
        user_name=person.user_name,
        kind="individual",
        first_name=first_name,
        last_name=last_name,
        email=person.email,
    )
    verifiers = outside.desk.sealed(json.dumps([fast_verifier(person.password)]), "accounts")
    load = accounts.LoadLegacyAccounts(accounts=(row,), verifiers=verifiers)
    loaded = await outside.desk.as_operator(load, accounts.LegacyAccountsLoaded)
    assert loaded.loaded == 1, loaded
    return person


async def _show(
    page: Page, addresses: tuple[str, ...], empty: tuple[tuple[str, str], ...], who: str, look: Look
) -> None:
    for address in addresses:
        await page.goto(address)
        await look(f"{who} {address}", page)
    for address, button in empty:
        await page.goto(address)
        await press(page, button)
        await look(f"{who} {address} refused", page)


async def _show_nothing_chosen(page: Page, look: Look) -> None:
    """As where somebody's program fills in the form: no browser takes a choice back that was made."""
    await page.goto("/register")
    await page.get_by_role("radio").evaluate_all("all => all.forEach(each => { each.checked = false })")
    await press(page, "Register")
    await look("public /register without a choice", page)


async def _show_enrolling(page: Page, person: PatientPerson, look: Look) -> None:
    person._totp = totp_of(await ask_for_key(page, "telephone"))
    await look("authenticator to confirm", page)
    await page.get_by_label("Code that it shows").fill("000000")
    await press(page, "Use this authenticator")
    await look("authenticator refused", page)
    await page.get_by_label("Code that it shows").fill(await next_code(person))
    await press(page, "Use this authenticator")
    await look("backup codes offered", page)
    await press(page, "Make ten new codes")
    await look("backup codes made", page)
    await page.goto("/security")
    await look("security with an authenticator", page)
    await page.get_by_role("link", name="telephone").click()
    await look("authenticator", page)
    await page.get_by_label("Name").fill("")
    await press(page, "Rename")
    await look("authenticator rename refused", page)


async def _show_linking(page: Page, login: str, look: Look) -> None:
    await prove(page, COURT, login, LOGINS[login])
    await look("link to confirm", page)
    await page.locator("input[name=proof_id]").evaluate(f"each => {{ each.value = '{uuid4()}' }}")
    await press(page, "Yes, link it to my account")
    await look("not linked", page)
    await prove(page, COURT, login, LOGINS[login])
    await press(page, "Yes, link it to my account")
    await look("linked", page)
    await page.get_by_role("link", name="Unlink").click()
    await look("link to end", page)
    address = page.url
    await press(page, "End the link")
    await look("link ended", page)
    await page.goto(address)
    await look("link that has ended", page)


async def _show_quarter(outside: Outside, page: Page, person: PatientPerson, look: Look) -> None:
    await outside.use(person, description="Docket Report", case_number="3:19-bk-30441", client_code="1402-7")
    await outside.use(person, description="Order Confirming Chapter 13 Plan", pages=1)

    async def is_booked() -> bool:
        await page.goto("/usage")
        return await page.get_by_text("Order Confirming").is_visible()

    await until(is_booked, "the uses are booked")
    await look("quarter with uses", page)
