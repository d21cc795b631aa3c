"""Where the links in mails lead: a page with a button, since opening a page changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from shared.messages import accounts
from shared.messages.accounts.factor_reset import FactorResetStopped, StopFactorReset
from shared.messages.base import Message
from shared.sealed import Sealed

Said = tuple[str, str]
LONGEST_TOKEN = 200
HELD = (
    "Your address is verified, and you can sign in. Another account has the same name, date of birth and"
    " e-mail address, so the PACER Service Center will look at both before you can search."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedLink:
    """One kind of link: what its page says, what its button sends, and what is said of the outcome."""

    path: str
    heading: str
    text: str
    button: str
    command: Callable[[Sealed], Message]
    said: Callable[[Message], Said]


def _always(kind: type[Message], heading: str, text: str) -> Callable[[Message], Said]:
    def say(outcome: Message) -> Said:
        expect(outcome, kind)
        return heading, text

    return say


def _say_verified(outcome: Message) -> Said:
    verified = expect(outcome, accounts.EmailVerified)
    if verified.status == "held_for_review":
        return "Address verified", HELD
    text = "Your account works. Sign in with the user name and password that you chose."
    if verified.warnings:
        text += (
            " There is another account with some of your data: if it is yours, you may use that one instead."
        )
    return "Address verified", text


LINKS = (
    MailedLink(
        path="/verify-email",
        heading="Verify your e-mail address",
        text="The link that we mailed to you brought you here. Press the button, and the account works.",
        button="Verify my address",
        command=lambda token: accounts.VerifyEmail(token=token),
        said=_say_verified,
    ),
    MailedLink(
        path="/confirm-email-change",
        heading="Use your new e-mail address",
        text="The link that we mailed to your new address brought you here. Press the button to use it.",
        button="Use the new address",
        command=lambda token: accounts.ConfirmEmailChange(token=token),
        said=_always(
            accounts.EmailChangeConfirmed,
            "Address changed",
            "We use your new address from now on, and have told the one before.",
        ),
    ),
    MailedLink(
        path="/undo-email-change",
        heading="Take the change of your address back",
        text="If it wasn't you who changed the address, press the button: this one holds again, and everybody"
        " is signed out.",
        button="Take the change back",
        command=lambda token: accounts.UndoEmailChange(token=token),
        said=_always(
            accounts.EmailChangeUndone,
            "Change taken back",
            "Your address is what it was, and all sessions are ended. Sign in and change your password:"
            " somebody may know it.",
        ),
    ),
    MailedLink(
        path="/unlock",
        heading="Unlock your account",
        text="It is locked after too many wrong attempts to sign in. If they were yours, press the button"
        " and try again.",
        button="Unlock my account",
        command=lambda token: accounts.UnlockAccount(token=token),
        said=_always(accounts.AccountUnlocked, "Account unlocked", "You can sign in again."),
    ),
    MailedLink(
        path="/stop-factor-reset",
        heading="Keep your second factor",
        text="The PACER Service Center was asked to remove the second factor of your account. Press the"
        " button to keep it.",
        button="Keep it",
        command=lambda token: StopFactorReset(token=token),
        said=_always(
            FactorResetStopped,
            "Reset stopped",
            "Your second factor stays. If you had not asked for its removal, somebody else did: change your"
            " password.",
        ),
    ),
    MailedLink(
        path="/stop-erasure",
        heading="Keep your account",
        text="The account was given up, and what is kept about you will be erased. Press the button to keep"
        " it all.",
        button="Keep my account",
        command=lambda token: accounts.StopErasure(token=token),
        said=_always(
            accounts.ErasureStopped, "Erasure stopped", "Your account works as before. Sign in to use it."
        ),
    ),
)


def _routes_of(link: MailedLink) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    @get(link.path, name=f"show {link.path}")
    async def show(browser: Browser, token: str = "") -> Response[str]:
        return browser.show("mailed_link.html", link=link, token=token[:LONGEST_TOKEN])

    @post(link.path, name=f"follow {link.path}")
    async def follow(browser: Browser, form: Form, caller: Caller) -> Response[str]:
        token = caller.services.sealed(form.text("token")[:LONGEST_TOKEN])
        outcome = (await caller.ask(link.command(token), message_id=form.id)).message
        if isinstance(outcome, accounts.TokenRefused):
            return browser.show("link_refused.html", status=410, path=link.path)
        heading, text = link.said(outcome)
        return browser.show("told.html", heading=heading, texts=(text,), links=(("/sign-in", "Sign in"),))

    return show, follow


ROUTES = tuple(route for link in LINKS for route in _routes_of(link))
