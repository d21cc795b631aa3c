"""Registering: the page on which an account begins."""

from typing import Any, cast

from litestar import Response, get, post

from services.portal.pages import people, words
from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from services.portal.web.limits import Limits
from services.portal.web.problems import Problem
from shared.messages.accounts import AccountRegistered, Kind, RegisterAccount, RegistrationRefused

KINDS = ("individual", "paa")
TEMPLATE = "register.html"
FIELDS = people.FIELDS | {"kind"}


@get("/register")
async def show(browser: Browser) -> Response[str]:
    """The empty form."""
    return browser.show(TEMPLATE, values={"kind": "individual"}, user_types=people.USER_TYPES)


@post("/register")
async def register(browser: Browser, form: Form, caller: Caller, limits: Limits) -> Response[str]:
    """Make the account; its address is then to be verified."""
    texts, kind, password = people.texts_of(form), form.text("kind"), form.secret("password")
    values: dict[str, Any] = {**texts, "kind": kind}
    errors = people.find_errors(texts, password)
    if kind not in KINDS:
        errors = {"kind": "Select what the account is for.", **errors}
    if not errors:
        command = RegisterAccount(
            kind=cast(Kind, kind),
            person=people.person_of(texts),
            user_name=texts["user_name"],
            password=caller.services.sealed(password),
        )
        try:
            await limits.count(caller.network, "register")
            answer = await caller.ask(command, message_id=form.id)
        except Problem as problem:
            return form.show_again(browser, problem, TEMPLATE, values=values, user_types=people.USER_TYPES)
        if isinstance(refused := answer.message, RegistrationRefused):
            errors = words.at_field(refused.reason, refused.field, FIELDS)
        else:
            expect(answer.message, AccountRegistered)
            return browser.go("/registered")
    return browser.show(TEMPLATE, status=422, errors=errors, values=values, user_types=people.USER_TYPES)


@get("/registered")
async def show_registered(browser: Browser) -> Response[str]:
    """What comes next; it says nothing of who asks, so that anyone may look at it."""
    return browser.show(
        "told.html",
        heading="Look into your mail",
        texts=(
            "We have mailed you a link. Open it, and the account works.",
            "The mail comes within a few minutes. Look among unwanted mail, too, before you ask for another.",
        ),
        links=(("/verify-again", "The mail didn't come"), ("/sign-in", "Sign in")),
    )
