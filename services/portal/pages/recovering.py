"""Setting a new password with a mailed link."""

from litestar import Response, get, post

from services.portal.pages import words
from services.portal.pages.mailed_links import LONGEST_TOKEN
from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from services.portal.web.limits import Limits
from shared.messages.accounts import AccountRecovered, RecoverAccount, RecoveryRefused, TokenRefused

ADDRESS = "/recover-account"
TEMPLATE = "recover_account.html"


@get(ADDRESS)
async def show(browser: Browser, token: str = "") -> Response[str]:
    """The form."""
    return browser.show(TEMPLATE, token=token[:LONGEST_TOKEN])


@post(ADDRESS)
async def recover(browser: Browser, form: Form, caller: Caller, limits: Limits) -> Response[str]:
    """Set the password; a refusal leaves the link as good as it was."""
    token, password = form.text("token")[:LONGEST_TOKEN], form.secret("new_password")
    code = form.passcode("passcode")
    errors = {} if password else {"new_password": "Choose a password of 14 characters or more."}
    if not errors:
        await limits.count(caller.network, ADDRESS)
        seal = caller.services.sealed
        answer = await caller.ask(
            RecoverAccount(
                token=seal(token),
                new_password=seal(password),
                passcode=seal(code) if code else None,
                network=caller.network,
            ),
            message_id=form.id,
        )
        match answer.message:
            case TokenRefused():
                return browser.show("link_refused.html", status=410, path=ADDRESS)
            case RecoveryRefused(reason=reason):
                field = "passcode" if reason.startswith("passcode") else "new_password"
                errors = {field: words.say(reason)}
            case outcome:
                expect(outcome, AccountRecovered)
                notice = "The new password is set, and all sessions are ended. Sign in with it."
                return browser.end_session("/sign-in", notice=notice)
    return browser.show(TEMPLATE, status=422, errors=errors, token=token)
