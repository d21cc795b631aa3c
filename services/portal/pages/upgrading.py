"""Upgrading an account from before August 2014."""

from litestar import Response, get, post

from services.portal.pages import people, words
from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from services.portal.web.limits import Limits
from services.portal.web.problems import Problem, not_signed_in
from shared.messages.accounts import (
    AccountShown,
    AccountUpgraded,
    MyAccount,
    RegistrationRefused,
    UpgradeAccount,
)

ADDRESS = "/upgrade"
TEMPLATE = "upgrade.html"


@get(ADDRESS)
async def show(browser: Browser, caller: Caller) -> Response[str]:
    """The form, with what is known already."""
    account = expect((await caller.ask_as_me(MyAccount())).message, AccountShown)
    if account.generation == "upgraded":
        return browser.go("/", notice="Your account is upgraded already.")
    known = {"first_name": account.first_name, "last_name": account.last_name, "email": account.email}
    return browser.show(TEMPLATE, values=known, user_types=people.USER_TYPES)


@post(ADDRESS)
async def upgrade(browser: Browser, form: Form, caller: Caller, limits: Limits) -> Response[str]:
    """Upgrade it; its sessions end, and its address is to be verified."""
    if not browser.session:
        raise not_signed_in()
    texts, password = people.texts_of(form), form.secret("password")
    errors = people.find_errors(texts, password)
    if not errors:
        command = UpgradeAccount(
            person=people.person_of(texts),
            user_name=texts["user_name"],
            password=caller.services.sealed(password),
        )
        try:
            await limits.count(caller.network, "upgrade")
            refused = (await caller.ask_as_me(command, message_id=form.id)).message
        except Problem as problem:
            return form.show_again(browser, problem, TEMPLATE, values=texts, user_types=people.USER_TYPES)
        if not isinstance(refused, RegistrationRefused):
            expect(refused, AccountUpgraded)
            return browser.end_session("/registered", notice="Your account is upgraded.")
        errors = words.at_field(refused.reason, refused.field, people.FIELDS)
    return browser.show(TEMPLATE, status=422, errors=errors, values=texts, user_types=people.USER_TYPES)
