"""Authenticators: adding one, with a picture to scan, renaming it, and no longer using it."""

import re
from typing import Any
from urllib.parse import quote
from uuid import UUID

import segno
from litestar import Response, get, post

from services.portal.pages import words
from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from services.portal.web.problems import Problem
from shared.messages import accounts

ADDING, CONFIRMING = "/security/authenticators/add", "/security/authenticators/confirm"
ONE = "/security/authenticators/{authenticator_id:uuid}"
ADD_TEMPLATE, CONFIRM_TEMPLATE = "authenticator_add.html", "authenticator_confirm.html"
ISSUER = "PACER"
LONGEST_NAME = 200
_SECRET = re.compile(r"[A-Z2-7]{16,64}")


def picture_of(secret: str, name: str) -> str:
    """A QR code that an authenticator reads the secret from, as SVG without a style of its own."""
    label = quote(f"{ISSUER}:{name}")
    address = f"otpauth://totp/{label}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits=6&period=30"
    code = segno.make(address, error="m")
    return code.svg_inline(scale=4, border=4, title="QR code for your authenticator", omitsize=True)


@get(ADDING)
async def show_adding(browser: Browser, caller: Caller) -> Response[str]:
    """What the authenticator is to be called."""
    await caller.be_signed_in(accounts.MyAccount(), is_sensitive=True)
    return browser.show(ADD_TEMPLATE)


@post(ADDING)
async def add(browser: Browser, form: Form, caller: Caller) -> Response[str]:
    """Offer a secret, which is shown on this page alone."""
    name = form.text("name")
    errors = {} if 0 < len(name) <= LONGEST_NAME else {"name": words.say("name_not_allowed")}
    if not errors:
        try:
            answer = await caller.ask_as_me(accounts.EnrolAuthenticator(name=name))
        except Problem as problem:
            return form.show_again(browser, problem, ADD_TEMPLATE, values={"name": name})
        if not isinstance(refused := answer.message, accounts.AuthenticatorRefused):
            offered = expect(refused, accounts.AuthenticatorOffered)
            secret = caller.open(answer, "secret")
            shown = _secret_shown(offered.authenticator_id, secret, name)
            return browser.show(CONFIRM_TEMPLATE, **shown)
        errors = {"name": words.say(refused.reason)}
    return browser.show(ADD_TEMPLATE, status=422, errors=errors, values={"name": name})


@get(CONFIRMING)
async def show_confirming(browser: Browser) -> Response[str]:
    """The secret is shown once: who comes back for it begins anew."""
    return browser.go(ADDING)


@post(CONFIRMING)
async def confirm(browser: Browser, form: Form, caller: Caller) -> Response[str]:
    """Take it into use, by a code of it."""
    authenticator_id, code, secret = _id_of(form), form.passcode("code"), form.text("secret")
    if not _SECRET.fullmatch(secret):
        raise Problem(422, "not_understood", "Not understood", "Begin anew to add the authenticator.")
    errors = {} if code else {"code": "Enter the code that the authenticator shows."}
    shown = _secret_shown(authenticator_id, secret, form.text("name"))
    if not errors:
        command = accounts.ConfirmAuthenticator(
            authenticator_id=authenticator_id, code=caller.services.sealed(code)
        )
        try:
            refused = (await caller.ask_as_me(command, message_id=form.id)).message
        except Problem as problem:
            # The app has the key by now, and the next code is another: so it isn't the same form.
            return form.show_again(browser, problem, CONFIRM_TEMPLATE, is_the_same=False, **shown)
        if not isinstance(refused, accounts.AuthenticatorRefused):
            expect(refused, accounts.AuthenticatorConfirmed)
            return browser.go(
                "/security/backup-codes",
                notice="The authenticator is in use. All other sessions were ended.",
            )
        if refused.reason == "not_found":  # perhaps since it is in use: its list shows it
            return browser.go("/security", notice=words.say(refused.reason), kind="error")
        if refused.reason != "code_wrong":
            return browser.go(ADDING, notice=words.say(refused.reason), kind="error")
        errors = {"code": words.say(refused.reason)}
    return browser.show(CONFIRM_TEMPLATE, status=422, errors=errors, **shown)


@get(ONE)
async def show_one(browser: Browser, caller: Caller, authenticator_id: UUID) -> Response[str]:
    """One authenticator, to rename it or to use it no more."""
    found = await _find(caller, authenticator_id)
    return browser.show("authenticator.html", authenticator=found, values={"name": found.name})


@post(ONE)
async def change_one(browser: Browser, form: Form, caller: Caller, authenticator_id: UUID) -> Response[str]:
    """Rename it, or use it no more."""
    name = form.text("name")
    command: accounts.RemoveAuthenticator | accounts.RenameAuthenticator
    if form.text("act") == "remove":
        command, field = accounts.RemoveAuthenticator(authenticator_id=authenticator_id), ""
        notice = "The authenticator is no longer used. All other sessions were ended."
    elif 0 < len(name) <= LONGEST_NAME:
        command = accounts.RenameAuthenticator(authenticator_id=authenticator_id, name=name)
        field, notice = "name", "The authenticator has its new name."
    else:
        found = await _find(caller, authenticator_id)
        return _refuse_one(browser, found, name, {"name": words.say("name_not_allowed")})
    outcome = (await caller.ask_as_me(command, message_id=form.id)).message
    if isinstance(outcome, accounts.AuthenticatorRefused | accounts.AuthenticatorRemovalRefused):
        found = await _find(caller, authenticator_id)
        return _refuse_one(browser, found, name or found.name, {field: words.say(outcome.reason)})
    return browser.go("/security", notice=notice)


def _refuse_one(
    browser: Browser, found: accounts.AuthenticatorShown, name: str, errors: dict[str, str]
) -> Response[str]:
    values = {"name": name}
    return browser.show("authenticator.html", status=422, errors=errors, values=values, authenticator=found)


def _secret_shown(authenticator_id: UUID, secret: str, name: str) -> dict[str, Any]:
    """A session that serves to enrol alone is told nothing of its account, so the picture holds no more."""
    return {
        "authenticator_id": authenticator_id,
        "secret": secret,
        "name": name,
        "picture": picture_of(secret, name),
    }


async def _find(caller: Caller, authenticator_id: UUID) -> accounts.AuthenticatorShown:
    factor = expect((await caller.ask_as_me(accounts.MySecondFactor())).message, accounts.SecondFactorShown)
    for each in factor.authenticators:
        if each.authenticator_id == authenticator_id:
            return each
    raise Problem(404, "not_found", "Not found", words.say("not_found"))


def _id_of(form: Form) -> UUID:
    try:
        return UUID(form.text("authenticator_id"))
    except ValueError:
        raise Problem(404, "not_found", "Not found", words.say("not_found")) from None
