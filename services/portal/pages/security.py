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
    factor = expect((await caller.ask_as_me(MySecondFactor())).message, SecondFactorShown)
    sessions = expect((await caller.ask_as_me(MySessions())).message, SessionsShown)
    history = expect((await caller.ask_as_me(MyHistory(limit=ACTS_SHOWN))).message, HistoryShown)
    return browser.show(
        "security.html", factor=factor, session_count=len(sessions.sessions), acts=lines_of(history)
    )
