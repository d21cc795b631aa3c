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
    mine = await caller.ask_all_as_me(MyAccount(), MySecondFactor())
    account, factor = expect(mine[0].message, AccountShown), expect(mine[1].message, SecondFactorShown)
    is_upgraded = account.generation == "upgraded"
    return browser.show("home.html", account=account, factor=factor if is_upgraded else None)
