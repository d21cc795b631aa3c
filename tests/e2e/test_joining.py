"""Becoming a user with nothing but a browser and the mails."""

import pytest
from playwright.async_api import Page, expect

from shared.messages import accounts
from tests.e2e.conftest import Outside
from tests.e2e.gallery import somebody_from_before
from tests.e2e.walking import (
    enrol,
    fill_person,
    follow,
    follow_mailed_link,
    heading_of,
    next_code,
    press,
    register,
    sign_in,
)
from tests.system.asking import a_person, join_up

pytestmark = pytest.mark.timeout(300)


async def test_somebody_registers_verifies_enrols_and_signs_in_and_out(outside: Outside, page: Page) -> None:
    person = a_person(outside.desk)
    await register(page, person)
    await follow_mailed_link(page, outside, person, "/verify-email")
    await sign_in(page, person)
    await enrol(page, person)
    await press(page, "Sign out")

    await sign_in(page, person)
    refused = await page.get_by_role("alert").inner_text()
    await sign_in(page, person, await next_code(person))
    signed_in_as = await heading_of(page)
    await press(page, "Sign out")

    assert "passcode is wrong" in refused
    assert signed_in_as == person.name
    await expect(page.get_by_text("You are signed out.")).to_be_visible()
    await page.goto("/")
    assert await heading_of(page) == "One login for every federal court"


async def test_a_forgotten_password_is_replaced_by_the_mailed_link(outside: Outside, page: Page) -> None:
    person = await outside.somebody()
    await page.goto("/recover")
    await page.get_by_label("User name").fill(person.user_name)
    await press(page, "Send the mail")

    await page.goto(await outside.link_to(person, "/recover-account"))
    person.password = person.password[::-1]
    await page.get_by_label("New password").fill(person.password)
    await press(page, "Set the password")
    await sign_in(page, person)

    assert await heading_of(page) == person.name


async def test_somebody_locked_out_unlocks_the_account_by_the_mailed_link(
    outside: Outside, page: Page
) -> None:
    person = await outside.somebody()
    right, person.password = person.password, "wrong-" + person.password
    for _ in range(5):
        await sign_in(page, person)
    person.password = right
    await sign_in(page, person)
    locked = await page.get_by_role("alert").inner_text()

    await page.goto(await outside.link_to(person, "/unlock"))
    await press(page, "Unlock my account")
    await sign_in(page, person)

    assert "locked for a while" in locked
    assert await heading_of(page) == person.name


async def test_a_new_address_is_proved_by_its_link_and_taken_back_by_that_of_the_one_before(
    outside: Outside, page: Page
) -> None:
    person = await outside.somebody()
    before, after = person.email, f"new.{person.email}"
    await sign_in(page, person)
    await page.goto("/security/email")
    await page.get_by_label("New e-mail address").fill(after)
    await press(page, "Send the link")
    person.email = after
    await page.goto(await outside.link_to(person, "/confirm-email-change"))
    await press(page, "Use the new address")
    await page.goto("/")
    shown = await page.locator("main").inner_text()

    person.email = before
    await page.goto(await outside.link_to(person, "/undo-email-change"))
    await press(page, "Take the change back")
    taken_back = await heading_of(page)
    await sign_in(page, person)

    assert after in shown
    assert taken_back == "Change taken back"
    assert before in await page.locator("main").inner_text()


async def test_a_person_changes_the_password_ends_sessions_and_reads_the_history(
    outside: Outside, page: Page
) -> None:
    person = await outside.somebody()
    await sign_in(page, person)
    await page.goto("/security/sessions")
    await press(page, "End all others")
    ended = await page.get_by_role("status").inner_text()
    await page.goto("/security/password")
    await page.get_by_label("Present password").fill(person.password)
    person.password = person.password[::-1]
    await page.get_by_label("New password").fill(person.password)
    await press(page, "Change the password")
    await sign_in(page, person)
    await page.goto("/security/history")

    assert ended == "1 session was ended."
    acts = await page.locator("tbody tr").all_inner_texts()
    assert [("Password changed" in act) for act in acts[:2]] == [False, True]
    assert "Registered" in acts[-1]


async def test_an_act_after_a_while_asks_for_the_proof_first_and_comes_back(
    outside: Outside, page: Page
) -> None:
    person = await outside.somebody()
    await sign_in(page, person)
    await page.goto("/security/authenticators/add")
    await outside.wait_minutes(11)
    await page.get_by_label("What do you call it?").fill("telephone")
    await press(page, "Go on")
    asked = await heading_of(page)
    await page.goto("/security/authenticators/add")
    asked_before_the_form = await heading_of(page)
    await page.get_by_label("Password").fill(person.password)
    await press(page, "Go on")

    assert asked == asked_before_the_form == "Is it still you?"
    assert await heading_of(page) == "Add an authenticator"
    await enrol(page, person)


async def test_who_must_have_an_authenticator_is_counted_down_and_then_adds_one_first(
    outside: Outside, page: Page
) -> None:
    person = await join_up(outside.desk, outside.postbox, "paa")
    said = []
    for _ in range(3):
        await sign_in(page, person)
        said.append((await heading_of(page), await page.get_by_role("alert").inner_text()))
    await page.goto("/courts")
    stopped = await heading_of(page)
    await enrol(page, person)
    await page.goto("/")

    assert [heading for heading, _ in said] == [person.name, person.name, "Add an authenticator"]
    assert "1 more sign-in will do" in said[0][1]
    assert stopped == "First things first"
    assert await heading_of(page) == person.name


async def test_who_lost_the_mail_that_verifies_has_another_and_who_forgot_the_user_name_is_mailed_it(
    outside: Outside, page: Page
) -> None:
    person = a_person(outside.desk)
    await register(page, person)
    first = await outside.link_to(person, "/verify-email")
    await outside.wait_minutes(5)
    await page.goto("/sign-in")
    await page.get_by_role("link", name="The link that verifies my address didn't come").click()
    await page.get_by_label("User name").fill(person.user_name)
    await press(page, "Send the mail")
    second = await outside.link_to(person, "/verify-email", but=first)
    await follow(page, first)
    old = await heading_of(page)
    await follow(page, second)

    await page.goto("/sign-in")
    await page.get_by_role("link", name="I don't know my user name").click()
    await page.get_by_label("E-mail address").fill(person.email)
    await press(page, "Send the mail")
    told = await outside.mail_that_says(person, person.user_name)
    await sign_in(page, person)

    assert old == "This link doesn't work"
    assert "user name" in told.lower()
    assert await heading_of(page) == person.name


async def test_an_account_from_before_is_upgraded_and_signs_in_under_its_new_name(
    outside: Outside, page: Page
) -> None:
    person = await somebody_from_before(outside)
    await sign_in(page, person)
    await page.get_by_role("link", name="upgrade it").click()
    await fill_person(page, person)
    person.user_name, person.password = f"new.{person.user_name}", person.password[::-1]
    await page.get_by_label("New user name").fill(person.user_name)
    await page.get_by_label("New password").fill(person.password)
    await press(page, "Upgrade")
    await follow_mailed_link(page, outside, person, "/verify-email")
    await sign_in(page, person)

    assert await heading_of(page) == person.name
    assert await page.get_by_role("link", name="upgrade it").count() == 0


async def test_an_erasure_is_stopped_by_its_mailed_link(outside: Outside, page: Page) -> None:
    person = await outside.somebody()
    await person.ask(accounts.AskErasure(), accounts.ErasureBegun)
    await follow_mailed_link(page, outside, person, "/stop-erasure")
    await sign_in(page, person)

    assert await heading_of(page) == person.name
