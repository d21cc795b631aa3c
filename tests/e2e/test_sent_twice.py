"""Forms whose button is pressed twice: done once, and answered alike."""

import re
from uuid import uuid4

import pytest

from services.portal.pages.people import USER_TYPES
from tests.e2e.conftest import COURT, LOGINS, Outside
from tests.e2e.plain_browser import a_plain_browser
from tests.installation import until
from tests.system.asking import PatientPerson, a_person, data_of

pytestmark = pytest.mark.timeout(300)


def application_of(person: PatientPerson) -> dict[str, str]:
    """What a person fills in to register."""
    data = data_of(person)
    lines = ("first_name", "last_name", "email", "phone", "address", "city", "state", "postal_code", "county")
    return {
        **{name: getattr(data, name) for name in lines},
        "date_of_birth": data.date_of_birth.isoformat(),
        "user_type": USER_TYPES[0],
        "kind": "individual",
        "user_name": person.user_name,
        "password": person.password,
    }


async def test_an_account_is_made_once_and_its_address_verified_once(outside: Outside) -> None:
    person = a_person(outside.desk)
    async with a_plain_browser(outside.address) as browser:
        await browser.open("/register")
        made = await browser.submit_twice("/register", **application_of(person))
        await browser.open(await outside.link_to(person, "/verify-email"))
        verified = await browser.submit_twice("/verify-email")

    assert [(each.path, each.status) for each in made] == [("/registered", 200)] * 2
    assert [("Address verified" in each.text, each.status) for each in verified] == [(True, 200)] * 2
    kinds = await outside.system.rows(
        "accounts",
        "SELECT h.kind FROM history h JOIN accounts a ON a.id = account_id WHERE user_name = $1 ORDER BY 1",
        person.user_name,
    )
    assert [row["kind"] for row in kinds] == ["email_verified", "registered"]


async def test_a_filing_account_is_linked_once_and_unlinked_once(
    outside: Outside, clerk: PatientPerson
) -> None:
    person = await outside.somebody()
    async with a_plain_browser(outside.address) as browser:
        await browser.open("/sign-in")
        await browser.submit("/sign-in", user_name=person.user_name, password=person.password)

        async def is_proved() -> bool:
            await browser.open("/courts/link")
            await browser.submit("/courts/link", court_id=COURT, login="filer6", password=LOGINS["filer6"])
            return "Is this you?" in browser.text

        await until(is_proved, "linking knows the account")
        linked = await browser.submit_twice("/courts/confirm")
        (unlinking,) = [each for each in linked[0].links if each.startswith("/courts/unlink/")]
        await browser.open(unlinking)
        ended = await browser.submit_twice(unlinking)

    for each, notice in ((linked, "The filing account is linked"), (ended, "The link has ended")):
        assert [(one.path, notice in one.text) for one in each] == [("/courts", True)] * 2
    links = await outside.system.rows(
        "linking", "SELECT unlinked_at FROM links WHERE account_id = $1", person.id
    )
    assert [row["unlinked_at"] is None for row in links] == [False]


async def test_sessions_are_ended_once_and_a_password_is_changed_once(outside: Outside) -> None:
    person = await outside.somebody()
    passwords = {"present_password": person.password, "new_password": person.password[::-1]}
    async with a_plain_browser(outside.address) as browser:
        await browser.open("/sign-in")
        await browser.submit("/sign-in", user_name=person.user_name, password=person.password)
        await browser.open("/security/sessions")
        hidden = dict(re.findall(r'name="(form_token|form_id)" value="(.*?)"', browser.source))
        ended = [(await browser.post("/security/sessions", hidden)).text for _ in range(2)]
        await browser.open("/security/password")
        changed = await browser.submit_twice("/security/password", **passwords)

    assert ["1 session was ended." in text for text in ended] == [True, True]
    said = ("The password is changed.", "it may have been done then")
    assert [(any(text in each.text for text in said), each.status) for each in changed] == [(True, 200)] * 2
    acts = await outside.system.rows(
        "accounts", "SELECT kind FROM history WHERE account_id = $1 ORDER BY sequence", person.id
    )
    assert [row["kind"] for row in acts].count("password_changed") == 1


async def test_a_form_sent_again_with_other_content_is_refused_and_a_strange_id_is_none(
    outside: Outside,
) -> None:
    person, other = a_person(outside.desk), a_person(outside.desk)
    async with a_plain_browser(outside.address) as browser:
        await browser.open("/register")
        await browser.submit_twice("/register", **application_of(person))
        again = (await browser.submit("/register", **application_of(other))).status
        await browser.open("/register")
        made = await browser.submit("/register", **application_of(other), form_id=str(uuid4()))

    assert again == 409
    assert made.path == "/registered"
