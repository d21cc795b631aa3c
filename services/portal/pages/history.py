"""The security history: what was done with the account, by its holder, by staff and by the system."""

from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get

from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from shared.messages.accounts import HistoryShown, MyHistory

_KINDS = {
    "deactivated": "The account was given up",
    "deactivated_by_staff": "The PACER Service Center ended the account",
    "email_change_asked": "A change of the e-mail address was asked for",
    "erased": "What was kept about you was erased",
    "factor_reset": "The second factor was reset",
    "factor_reset_asked": "The PACER Service Center began to reset the second factor",
    "factor_reset_stopped": "The reset of the second factor was stopped",
    "held_for_review": "The account was held for review",
    "personal_token_made": "A personal token was made",
    "personal_token_ended": "A personal token was ended",
    "proved_again": "You proved again who you are",
    "recovered": "A new password was set with a mailed link",
    "recovery_asked": "A link to set a new password was asked for",
    "reviewed": "The PACER Service Center reviewed the account",
    "sessions_ended": "Sessions were ended",
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "staff_act_refused": "Staff tried to change the account, and were refused",
    "staff_used_data": "Staff looked at data about you",
    "taken_over": "The account was taken over from the system before",
    "unlocked": "The account was unlocked with a mailed link",
    "unlocked_by_staff": "The PACER Service Center unlocked the account",
    "user_name_asked": "The user name was asked for",
}
"""In words, where the kind's own name isn't plain enough."""


@dataclass(frozen=True, slots=True)
class Line:
    """One act as it is shown: when, what, and what more is known of it."""

    at: datetime
    what: str
    details: str


def lines_of(history: HistoryShown) -> list[Line]:
    """The acts of a page of the history, in words."""
    return [Line(act.at, _in_words(act.kind), _details_of(act.details)) for act in history.acts]


@get("/security/history")
async def show(browser: Browser, caller: Caller, before: int | None = None) -> Response[str]:
    """A page of the history, the newest first; `before` continues it."""
    question = MyHistory(before=max(before, 1) if before is not None else None)
    history = expect((await caller.ask_as_me(question)).message, HistoryShown)
    older = history.acts[-1].sequence if history.has_more else None
    return browser.show("history.html", acts=lines_of(history), older=older, is_first=before is None)


def _in_words(kind: str) -> str:
    return _KINDS.get(kind) or kind.replace("_", " ").capitalize()


def _details_of(details: dict[str, str]) -> str:
    """Ids of ours mean nothing to anybody, and are left out."""
    told = {name: text for name, text in details.items() if text and not name.endswith("_id")}
    if level := told.pop("level", ""):
        told["with"] = "password" if level == "1" else "password and passcode"
    if "actor_account_id" in details:
        told["done by account"] = details["actor_account_id"] or "the operator"
    return "; ".join(f"{name.replace('_', ' ')}: {text}" for name, text in told.items())
