"""Opening a page changes nothing, neither for whom it is nor where a mail leads to it."""

import re
from collections.abc import Awaitable, Callable

import pytest

from services.portal.pages import recovering
from services.portal.pages.mailed_links import LINKS
from services.portal.pages.routes import PAGES
from shared.messages import accounts
from shared.messages.accounts.factor_reset import AskFactorReset, FactorResetBegun
from tests.e2e.conftest import Outside
from tests.e2e.owners import an_owner, what_is_kept
from tests.e2e.plain_browser import a_plain_browser
from tests.system.asking import PatientPerson, a_person, a_secret, register

Receiver = Callable[[Outside, PatientPerson], Awaitable[PatientPerson]]
WRONG_SIGN_INS = 5
pytestmark = pytest.mark.timeout(180)


async def somebody_new(outside: Outside, _center: PatientPerson) -> PatientPerson:
    person = a_person(outside.desk)
    await register(person)
    return person


async def somebody_forgetful(outside: Outside, _center: PatientPerson) -> PatientPerson:
    person = await outside.somebody()
    await person.ask_openly(accounts.AskRecovery(user_name=person.user_name), accounts.RecoveryAsked)
    return person


async def somebody_moving(outside: Outside, _center: PatientPerson) -> PatientPerson:
    person = await outside.somebody()
    person.email = f"new.{person.email}"
    await person.ask(accounts.ChangeEmail(email=person.email), accounts.EmailChangeBegun)
    return person


async def somebody_moved(outside: Outside, center: PatientPerson) -> PatientPerson:
    person = await somebody_moving(outside, center)
    _, _, token = (await outside.link_to(person, "/confirm-email-change")).partition("token=")
    command = accounts.ConfirmEmailChange(token=outside.desk.sealed(token, "accounts"))
    await person.ask_openly(command, accounts.EmailChangeConfirmed)
    person.email = person.email.removeprefix("new.")
    return person


async def somebody_locked_out(outside: Outside, _center: PatientPerson) -> PatientPerson:
    person = await outside.somebody()
    for _ in range(WRONG_SIGN_INS):
        wrong = outside.desk.sealed(person.password[::-1], "accounts")
        command = accounts.SignIn(user_name=person.user_name, password=wrong, network="192.0.2.0/24")
        await person.ask_openly(command, accounts.SignInRefused)
    return person


async def somebody_without_telephone(outside: Outside, center: PatientPerson) -> PatientPerson:
    person = await outside.somebody()
    await person.enrol()
    await center.sign_in()
    command = AskFactorReset(account_id=person.id, remark="The telephone was lost.")
    await center.ask(command, FactorResetBegun)
    return person


async def somebody_leaving(outside: Outside, _center: PatientPerson) -> PatientPerson:
    person = await outside.somebody()
    await person.ask(accounts.AskErasure(), accounts.ErasureBegun)
    return person


RECEIVERS: dict[str, Receiver] = {
    "/verify-email": somebody_new,
    recovering.ADDRESS: somebody_forgetful,
    "/confirm-email-change": somebody_moving,
    "/undo-email-change": somebody_moved,
    "/unlock": somebody_locked_out,
    "/stop-factor-reset": somebody_without_telephone,
    "/stop-erasure": somebody_leaving,
}


@pytest.mark.parametrize("path", [recovering.ADDRESS, *(link.path for link in LINKS)])
async def test_a_mailed_link_changes_nothing_before_its_button_is_pressed_and_once_then(
    outside: Outside, center: PatientPerson, path: str
) -> None:
    person = await RECEIVERS[path](outside, center)
    link = await outside.link_to(person, path)
    filled = {"new_password": a_secret()} if path == recovering.ADDRESS else {}
    before = await what_is_kept(outside, person)
    async with a_plain_browser(outside.address) as browser:
        for _ in range(3):
            await browser.open(link)
        opened = (browser.status, await what_is_kept(outside, person) == before)

        await browser.submit(path, **filled)
        pressed = (browser.status, await what_is_kept(outside, person) == before)
        await browser.open(link)
        await browser.submit(path, **filled)

        assert (opened, pressed, browser.status) == ((200, True), (200, False), 410)
        assert "This link doesn't work" in browser.text


async def test_whoever_is_signed_in_changes_nothing_by_opening_every_address(outside: Outside) -> None:
    owner = await an_owner(outside)
    addresses = {path for page in PAGES for path in page.paths}
    filled = {path: re.sub(r"{(\w+):uuid}", lambda name: owner.ids[name[1]], path) for path in addresses}
    async with a_plain_browser(outside.address) as browser:
        owner.take_over(browser)
        before = await what_is_kept(outside, owner.person)

        answers = {path: (await browser.open(filled[path])).status for path in sorted(addresses)}

        assert await what_is_kept(outside, owner.person) == before
        assert {answers[path] for path in addresses if filled[path] != path} == {200}
        assert (await browser.open("/")).status == 200
        assert owner.person.name in browser.text
