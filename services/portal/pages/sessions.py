"""Open sessions: where the account is signed in, and ending that."""

from litestar import Response, get, post

from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from services.portal.web.problems import Problem
from shared.messages.accounts import (
    EndOtherSessions,
    EndSession,
    MySessions,
    NoSuchSession,
    SessionsEnded,
    SessionsShown,
)

ADDRESS = "/security/sessions"
DIGEST_LENGTH = 64


@get(ADDRESS)
async def show(browser: Browser, caller: Caller) -> Response[str]:
    """The sessions, the one that was used last first."""
    shown = expect((await caller.ask_as_me(MySessions())).message, SessionsShown)
    return browser.show("sessions.html", sessions=shown.sessions)


@post(ADDRESS)
async def end(browser: Browser, form: Form, caller: Caller) -> Response[str]:
    """End one, or all but this one."""
    session_id = form.text("session_id")
    if session_id and (len(session_id) != DIGEST_LENGTH or not set(session_id) <= set("0123456789abcdef")):
        raise Problem(404, "not_found", "Not found", "There is no such session.")
    command = EndSession(session_id=session_id) if session_id else EndOtherSessions()
    outcome = (await caller.ask_as_me(command, message_id=form.id)).message
    if isinstance(outcome, NoSuchSession):
        return browser.go(ADDRESS, notice="No other session was open any more.")
    count = expect(outcome, SessionsEnded).session_count
    return browser.go(ADDRESS, notice=f"{count} session{' was' if count == 1 else 's were'} ended.")
