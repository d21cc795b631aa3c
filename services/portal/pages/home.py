"""The first page: who one is here, and what is to be done first."""

from litestar import Response, get

from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from shared.messages.accounts import AccountShown, MyAccount, MySecondFactor, SecondFactorShown


@get("/")
async def show(browser: Browser, caller: Caller) -> Response[str]:
    """The account, or the ways in for whoever isn't signed in."""
    if not browser.session:
        return browser.show("welcome.html")
    account = expect((await caller.ask_as_me(MyAccount())).message, AccountShown)
    factor = None
    if account.generation == "upgraded":
        factor = expect((await caller.ask_as_me(MySecondFactor())).message, SecondFactorShown)
    return browser.show("home.html", account=account, factor=factor)
