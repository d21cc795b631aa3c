"""Changing the password."""

from litestar import Response, get, post

from services.portal.pages import words
from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from shared.messages.accounts import ChangePassword, MyAccount, PasswordChanged, PasswordChangeRefused

ADDRESS = "/security/password"
_MISSING = {
    "present_password": "Enter the present password.",
    "new_password": "Choose a password of 14 characters or more.",
}


@get(ADDRESS)
async def show(browser: Browser, caller: Caller) -> Response[str]:
    """The form."""
    await caller.be_signed_in(MyAccount())
    return browser.show("password.html")


@post(ADDRESS)
async def change(browser: Browser, form: Form, caller: Caller) -> Response[str]:
    """Change it; all sessions end, this one too."""
    errors = {name: text for name, text in _MISSING.items() if not form.secret(name)}
    if not errors:
        seal = caller.services.sealed
        command = ChangePassword(
            present_password=seal(form.secret("present_password")),
            new_password=seal(form.secret("new_password")),
        )
        refused = (await caller.ask_as_me(command, message_id=form.id)).message
        if not isinstance(refused, PasswordChangeRefused):
            expect(refused, PasswordChanged)
            return browser.end_session(
                "/sign-in", notice="The password is changed. Sign in with the new one."
            )
        field = refused.field if refused.field in _MISSING else "new_password"
        errors = {field: words.say(refused.reason)}
    return browser.show("password.html", status=422, errors=errors)
