"""Security: what guards the account, where it is signed in, and what was done with it."""

from litestar import Response, get

from services.portal.pages.history import lines_of
from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from shared.messages.accounts import (
    HistoryShown,
    MyHistory,
    MySecondFactor,
    MySessions,
    SecondFactorShown,
    SessionsShown,
)

ACTS_SHOWN = 5


@get("/security")
async def show(browser: Browser, caller: Caller) -> Response[str]:
    """Everything at a glance, each with the way to change it."""
    mine = await caller.ask_all_as_me(MySecondFactor(), MySessions(), MyHistory(limit=ACTS_SHOWN))
    sessions = expect(mine[1].message, SessionsShown)
    return browser.show(
        "security.html",
        factor=expect(mine[0].message, SecondFactorShown),
        session_count=len(sessions.sessions),
        acts=lines_of(expect(mine[2].message, HistoryShown)),
    )
