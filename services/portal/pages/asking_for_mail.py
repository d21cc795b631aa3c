"""Pages that have something mailed: the answer is the same whoever exists, and a network may ask so often."""

from collections.abc import Callable
from dataclasses import dataclass

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from services.portal.web.asking import Caller
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from services.portal.web.limits import Limits
from services.portal.web.problems import Problem
from shared.messages import accounts
from shared.messages.base import Message

LONGEST_USER_NAME, LONGEST = 45, 254


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMail:
    """One kind of mail to ask for: what its page says, and what is asked with the text and the network."""

    path: str
    heading: str
    text: str
    field: str
    label: str
    type: str
    autocomplete: str
    question: Callable[[str, str], Message]
    longest: int = LONGEST


MAILS = (
    AskedMail(
        path="/verify-again",
        heading="Have the link mailed again",
        text="If the mail that verifies your address didn't come, we send another to the address you gave."
        " The link before stops working.",
        field="user_name",
        label="User name",
        type="text",
        autocomplete="username",
        longest=LONGEST_USER_NAME,
        question=lambda text, _: accounts.AskVerificationAgain(user_name=text),
    ),
    AskedMail(
        path="/recover",
        heading="Set a new password",
        text="We mail a link to your verified address: for 15 minutes, it lets you set a new password.",
        field="user_name",
        label="User name",
        type="text",
        autocomplete="username",
        question=lambda text, network: accounts.AskRecovery(user_name=text, network=network),
    ),
    AskedMail(
        path="/user-name",
        heading="Have your user name mailed",
        text="Give the e-mail address of your account: we mail the user name there.",
        field="email",
        label="E-mail address",
        type="email",
        autocomplete="email",
        question=lambda text, _: accounts.AskUserName(email=text),
    ),
)


def _routes_of(mail: AskedMail) -> tuple[HTTPRouteHandler, HTTPRouteHandler]:
    @get(mail.path, name=f"show {mail.path}")
    async def show(browser: Browser) -> Response[str]:
        return browser.show("ask_mail.html", mail=mail)

    @post(mail.path, name=f"ask {mail.path}")
    async def ask(browser: Browser, form: Form, caller: Caller, limits: Limits) -> Response[str]:
        text = form.text(mail.field)
        if not text or len(text) > mail.longest:
            error = {mail.field: f"Enter your {mail.label.lower()}."}
            return browser.show(
                "ask_mail.html", status=422, errors=error, values={mail.field: text}, mail=mail
            )
        try:
            await limits.count(caller.network, mail.path)
            await caller.ask(mail.question(text, caller.network), message_id=form.id)
        except Problem as problem:
            return form.show_again(browser, problem, "ask_mail.html", values={mail.field: text}, mail=mail)
        return browser.go("/mail-on-its-way")

    return show, ask


@get("/mail-on-its-way")
async def show_sent(browser: Browser) -> Response[str]:
    """What comes next, whether or not there is such an account."""
    return browser.show(
        "told.html",
        heading="Look into your mail",
        texts=(
            "If there is such an account, a mail is on its way to its address.",
            "It comes within a few minutes. Look among unwanted mail, too, before you ask again.",
        ),
        links=(("/sign-in", "Sign in"),),
    )


ROUTES = (*(route for mail in MAILS for route in _routes_of(mail)), show_sent)
