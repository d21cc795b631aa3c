"""The PACER Authentication API: existing PACER clients sign in and out as they always did."""

from typing import Any

import msgspec
from litestar import Request, Response, post

from services.portal.api.cso_bodies import FORMS, JSON, Said, read_body, write_body
from services.portal.web.asking import Caller, expect
from shared.messages.accounts.clients import (
    AuthenticateClient,
    ClientAuthenticated,
    ClientCode,
    ClientLoggedOut,
    LogOutClient,
    RedactFlag,
)

LONGEST_LOGIN, TOKEN_LENGTH, LET_IN = 254, 128, "0"
NOT_LET_IN = ClientAuthenticated(
    login_result="13", error_description="Invalid username, password, or one-time passcode."
)
"""For who names nobody, or no password; any other failure is said by `accounts`, in the same words."""


class LogIn(msgspec.Struct, kw_only=True, rename="camel"):
    """What a client says to sign in; what it says beside is not looked at.

    Libraries write what isn't set as null, and some the flag as a number or as true.
    """

    login_id: str | None = None
    password: str | None = None
    otp_code: str | None = None
    client_code: ClientCode | None = None
    redact_flag: RedactFlag | int | bool | None = None


class LogOut(msgspec.Struct, kw_only=True):
    """What a client says to sign out."""

    token: str | None = msgspec.field(name="nextGenCSO", default=None)


@post("/services/cso-auth", status_code=200)
async def authenticate(request: Request[Any, Any, Any], caller: Caller) -> Response[bytes]:
    """Sign in for a program: always all three keys, and a token only where the result is "0"."""
    said = read_body(await request.body(), request.headers.get("content-type", ""), LogIn)
    outcome, token = await _sign_in(said, caller)
    keys = {
        "nextGenCSO": token,
        "loginResult": outcome.login_result,
        "errorDescription": outcome.error_description,
    }
    return _answer(keys, request)


@post("/services/cso-logout", status_code=200)
async def log_out(request: Request[Any, Any, Any], caller: Caller) -> Response[bytes]:
    """Sign out; with an unknown token, or again, the answer is the same."""
    said = read_body(await request.body(), request.headers.get("content-type", ""), LogOut)
    outcome = ClientLoggedOut()
    if said.token is not None and len(said.token) == TOKEN_LENGTH:
        answer = await caller.ask(LogOutClient(token=caller.services.sealed(said.token)))
        outcome = expect(answer.message, ClientLoggedOut)
    keys = {"loginResult": outcome.login_result, "errorDescription": outcome.error_description}
    return _answer(keys, request)


async def _sign_in(said: LogIn, caller: Caller) -> tuple[ClientAuthenticated, str]:
    """The outcome, and the token if there is one."""
    if not said.login_id or len(said.login_id) > LONGEST_LOGIN or not said.password:
        return NOT_LET_IN, ""
    seal = caller.services.sealed
    answer = await caller.ask(
        AuthenticateClient(
            login_id=said.login_id,
            password=seal(said.password),
            otp_code=seal(said.otp_code) if said.otp_code else None,
            client_code=said.client_code or "",
            redact_flag=_flag(said.redact_flag),
            network=caller.network,
        )
    )
    outcome = expect(answer.message, ClientAuthenticated)
    is_in = outcome.login_result == LET_IN and outcome.token is not None
    return outcome, caller.open(answer, "token") if is_in else ""


def _flag(said: str | int | bool | None) -> str:
    if said is None:
        return ""
    return said if isinstance(said, str) else str(int(said))


def _answer(keys: Said, request: Request[Any, Any, Any]) -> Response[bytes]:
    form = request.accept.best_match(list(FORMS)) or JSON
    return Response(write_body(keys, form), media_type=form)
