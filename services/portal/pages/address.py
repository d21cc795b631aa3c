"""Changing the e-mail address: the new one is proved by a mailed link first."""

from litestar import Response, get, post

from services.portal.pages import words
from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from services.portal.web.limits import Limits
from services.portal.web.problems import Problem
from shared.messages.accounts import ChangeEmail, EmailChangeBegun, EmailChangeRefused, MyAccount

ADDRESS = "/security/email"
TEMPLATE = "address.html"
LONGEST = 254


@get(ADDRESS)
async def show(browser: Browser, caller: Caller) -> Response[str]:
    """The form."""
    await caller.be_signed_in(MyAccount(), is_sensitive=True)
    return browser.show(TEMPLATE)


@post(ADDRESS)
async def change(browser: Browser, form: Form, caller: Caller, limits: Limits) -> Response[str]:
    """Have a link mailed to the new address."""
    email = form.text("email")
    errors = {} if 0 < len(email) <= LONGEST else {"email": words.say("email_not_allowed")}
    if not errors:
        try:
            await limits.count(caller.network, ADDRESS)
            outcome = (await caller.ask_as_me(ChangeEmail(email=email), message_id=form.id)).message
        except Problem as problem:
            return form.show_again(browser, problem, TEMPLATE, values={"email": email})
        if not isinstance(outcome, EmailChangeRefused):
            expect(outcome, EmailChangeBegun)
            notice = (
                "A link is on its way to the new address. The present one stays until you have opened it."
            )
            return browser.go("/security", notice=notice)
        errors = {"email": words.say(outcome.reason)}
    return browser.show(TEMPLATE, status=422, errors=errors, values={"email": email})
