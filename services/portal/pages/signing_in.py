"""Signing in and out, and proving once more who one is."""

from typing import Annotated
from urllib.parse import urlencode

import structlog
from litestar import Response, get, post
from litestar.params import QueryParameter

from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form, local
from services.portal.web.problems import Problem
from shared.messages.accounts import (
    MyAccount,
    ProofRefused,
    ProveAgain,
    ProvedAgain,
    SignedIn,
    SignIn,
    SignInRefused,
    SignOut,
)
from shared.sealed import Sealed

ReturnTo = Annotated[str, QueryParameter(name="return")]
NOT_LET_IN = (
    "The user name, the password or the one-time passcode is wrong, or the account is locked for a while."
    " An account signs in once its e-mail address is verified."
)
SIGNED_OUT = "You are signed out."
SIGNED_OUT_HERE = (
    "You are signed out in this browser. The session itself could not be ended just now: it ends once it has"
    " not been used for a while, or when you end it among your sessions."
)
ANEW = "Sign in anew to go on: too much time has passed."
NOT_PROVED = "The password or the one-time passcode is wrong, or the account is locked for a while."
_MISSING = {"user_name": "Enter your user name.", "password": "Enter your password."}


@get("/sign-in")
async def show_sign_in(browser: Browser, return_to: ReturnTo = "/") -> Response[str]:
    """The form; `return` says where to go on."""
    return browser.show("sign_in.html", return_to=local(return_to))


@post("/sign-in")
async def sign_in(browser: Browser, form: Form, caller: Caller) -> Response[str]:
    """Open a session; one that this browser had before is ended."""
    user_name, password, back = form.text("user_name"), form.secret("password"), local(form.text("return"))
    given = {"user_name": user_name, "password": password}
    errors = {name: text for name, text in _MISSING.items() if not given[name]}
    if not errors:
        answer = await caller.ask(
            SignIn(
                user_name=user_name[:254],
                password=caller.services.sealed(password),
                passcode=_passcode(form, caller),
                network=caller.network,
            )
        )
        if isinstance(answer.message, SignInRefused):
            errors = {"": NOT_LET_IN}
        else:
            address, notice = _what_is_next(expect(answer.message, SignedIn), back)
            token = caller.open(answer, "token")
            begun = browser.begin_session(token, address, notice=notice, kind="warning")
            await _is_ended(caller)
            return begun
    values = {"user_name": user_name}
    return browser.show("sign_in.html", status=422, errors=errors, values=values, return_to=back)


@post("/sign-out")
async def sign_out(browser: Browser, caller: Caller) -> Response[str]:
    """End the session at `accounts`, and here whatever comes of that."""
    if await _is_ended(caller):
        return browser.end_session("/sign-in", notice=SIGNED_OUT)
    return browser.end_session("/sign-in", notice=SIGNED_OUT_HERE, kind="warning")


@get("/prove-again")
async def show_proof(browser: Browser, caller: Caller, return_to: ReturnTo = "/") -> Response[str]:
    """The form; `return` says where to go on."""
    await caller.be_signed_in(MyAccount())
    return browser.show("prove_again.html", return_to=local(return_to))


@post("/prove-again")
async def prove_again(browser: Browser, form: Form, caller: Caller) -> Response[str]:
    """Renew the session's proof."""
    password, back = form.secret("password"), local(form.text("return"))
    errors = {} if password else {"password": _MISSING["password"]}
    if not errors:
        question = ProveAgain(password=caller.services.sealed(password), passcode=_passcode(form, caller))
        try:
            answer = await caller.ask_as_me(question)
        except Problem as problem:
            if problem.code != "session_restricted":
                raise
            # Such a session is for one thing alone, and its proof isn't renewed but given in a new one.
            await _is_ended(caller)
            return browser.end_session(f"/sign-in?{urlencode({'return': back})}", notice=ANEW, kind="warning")
        if isinstance(answer.message, ProofRefused):
            errors = {"": NOT_PROVED}
        else:
            expect(answer.message, ProvedAgain)
            return browser.go(back, notice="Thank you. Now you can do it.")
    return browser.show("prove_again.html", status=422, errors=errors, return_to=back)


def _what_is_next(signed_in: SignedIn, back: str) -> tuple[str, str]:
    """Where to go on, and of what somebody is warned there."""
    if signed_in.must_change_password:
        return "/security/password", "Your password is too old: change it, and sign in with the new one."
    if signed_in.must_enrol_factor:
        return "/security/authenticators/add", "Your account needs an authenticator: add one to go on."
    if signed_in.skips_left is not None:
        left = f"{signed_in.skips_left} more sign-in{'' if signed_in.skips_left == 1 else 's'}"
        return back, f"Your account needs an authenticator; {left} will do without one."
    return back, ""


def _passcode(form: Form, caller: Caller) -> Sealed | None:
    code = form.passcode("passcode")
    return caller.services.sealed(code) if code else None


async def _is_ended(caller: Caller) -> bool:
    """End the session that this browser had, if any; False where nobody can say that it has ended.

    Whoever signs in or out isn't kept from it by that.
    """
    try:
        if caller.token:
            await caller.ask(SignOut(token=caller.services.sealed(caller.token)))
    except Problem as problem:
        structlog.get_logger().warning(
            "session_left_open", correlation_id=str(caller.request_id), error=problem.code
        )
        return False
    return True
