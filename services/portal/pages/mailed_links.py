"""Where the links in mails lead: a page with a button, since opening a page changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from services.portal.web.asking import Caller
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from shared.messages import accounts
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


def _always(heading: str, text: str) -> Callable[[Message], Said]:
    return lambda _: (heading, text)


def _say_verified(outcome: Message) -> Said:
    if isinstance(outcome, accounts.EmailVerified) and outcome.status == "held_for_review":
        return "Address verified", HELD
    text = "Your account works. Sign in with the user name and password that you chose."
    if isinstance(outcome, accounts.EmailVerified) and outcome.warnings:
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
)


def _routes_of(link: MailedLink) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    @get(link.path, name=f"show {link.path}")
    async def show(browser: Browser, token: str = "") -> Response[str]:
        return browser.show("mailed_link.html", link=link, token=token[:LONGEST_TOKEN])

    @post(link.path, name=f"follow {link.path}")
    async def follow(browser: Browser, form: Form, caller: Caller) -> Response[str]:
        token = caller.services.sealed(form.text("token")[:LONGEST_TOKEN])
        outcome = (await caller.ask(link.command(token))).message
        if isinstance(outcome, accounts.TokenRefused):
            return browser.show("link_refused.html", status=410, link=link)
        heading, text = link.said(outcome)
        return browser.show("told.html", heading=heading, texts=(text,), links=(("/sign-in", "Sign in"),))

    return show, follow


ROUTES = tuple(route for link in LINKS for route in _routes_of(link))
