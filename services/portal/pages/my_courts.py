"""My courts: where I may file, linking a filing account in two steps, and ending a link."""

from uuid import UUID

import msgspec
from litestar import Response, get, post

from services.portal.pages.court_words import say, say_refusal, say_unlinking
from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from services.portal.web.forms import Form
from services.portal.web.problems import Problem, busy, proof_too_old
from shared.messages import linking
from shared.messages.base import CourtId, Message
from shared.messages.linking.codes import ProveByLinkingCode
from shared.messages.linking.history import MyCourts, MyCourtsShown

COURTS, LINK, CODE = "/courts", "/courts/link", "/courts/link-by-code"
LONGEST_LOGIN = 64
_MISSING = {
    "court_id": "Select the court.",
    "login": "Enter the CM/ECF login that you had at this court.",
    "password": "Enter the password of that login.",
    "code": "Enter the code from the court.",
}


@get(COURTS)
async def show(browser: Browser, caller: Caller) -> Response[str]:
    """Where I may file now, and the links that have ended."""
    mine = expect((await caller.ask_as_me(MyCourts())).message, MyCourtsShown)
    reason = say(mine.reason) if mine.reason else ""
    return browser.show("my_courts.html", rights=mine.rights, reason=reason, ended=mine.ended)


@get(LINK)
async def show_login_form(browser: Browser, caller: Caller) -> Response[str]:
    """The form for a CM/ECF login and its password."""
    await caller.be_signed_in(MyCourts(), is_sensitive=True)
    return _show_form("link_by_login.html", browser, await _courts(caller))


@post(LINK)
async def prove_by_login(browser: Browser, form: Form, caller: Caller) -> Response[str]:
    """The first step: show that a filing account is mine."""
    texts, password = form.texts("court_id", "login"), form.secret("password")
    errors, courts = _find_errors({**texts, "password": password}, texts["court_id"]), await _courts(caller)
    if errors:
        return _show_form("link_by_login.html", browser, courts, errors, texts)
    command = linking.ProveFilingAccount(
        court_id=texts["court_id"],
        login=texts["login"][:LONGEST_LOGIN],
        password=caller.services.sealed(password, "linking"),
    )
    try:
        outcome = await _prove(command, caller)
    except Problem as problem:
        return form.show_again(browser, problem, "link_by_login.html", values=texts, courts=courts)
    if isinstance(outcome, linking.LinkRefused):
        return _show_form("link_by_login.html", browser, courts, {"": _said(outcome, courts)}, texts)
    return _show_proof(browser, outcome, courts)


@get(CODE)
async def show_code_form(browser: Browser, caller: Caller) -> Response[str]:
    """The form for a code that the court has given out."""
    await caller.be_signed_in(MyCourts(), is_sensitive=True)
    return _show_form("link_by_code.html", browser, await _courts(caller))


@post(CODE)
async def prove_by_code(browser: Browser, form: Form, caller: Caller) -> Response[str]:
    """The first step, by a linking code instead of login and password."""
    texts, code = form.texts("court_id"), form.text("code")
    errors, courts = _find_errors({**texts, "code": code}, texts["court_id"]), await _courts(caller)
    if errors:
        return _show_form("link_by_code.html", browser, courts, errors, texts)
    command = ProveByLinkingCode(court_id=texts["court_id"], code=caller.services.sealed(code, "linking"))
    try:
        outcome = await _prove(command, caller)
    except Problem as problem:
        return form.show_again(browser, problem, "link_by_code.html", values=texts, courts=courts)
    if isinstance(outcome, linking.LinkRefused):
        return _show_form("link_by_code.html", browser, courts, {"": _said(outcome, courts)}, texts)
    return _show_proof(browser, outcome, courts)


@get("/courts/confirm")
async def show_confirmation(browser: Browser) -> Response[str]:
    """A proof is shown once, after it was made: who comes here otherwise begins anew."""
    return browser.go(LINK)


@post("/courts/confirm")
async def confirm(browser: Browser, form: Form, caller: Caller) -> Response[str]:
    """The second step: make the link that the proof allows."""
    command = linking.ConfirmLink(proof_id=_id_in(form, "proof_id"))
    outcome = (await caller.ask_as_me(command, message_id=form.id)).message
    if isinstance(outcome, linking.LinkRefused):
        _prove_again_if_need_be(outcome.reason)
        return browser.show("not_linked.html", status=422, reason=say_refusal(outcome))
    expect(outcome, linking.FilingAccountLinked)
    return browser.go(COURTS, notice="The filing account is linked: you file with your PACER login now.")


@get("/courts/unlink/{link_id:uuid}")
async def show_unlinking(browser: Browser, caller: Caller, link_id: UUID) -> Response[str]:
    """What ending this link means."""
    return browser.show("unlink.html", link=await _my_right(caller, link_id))


@post("/courts/unlink/{link_id:uuid}")
async def unlink(browser: Browser, form: Form, caller: Caller, link_id: UUID) -> Response[str]:
    """End a link of mine."""
    command = linking.UnlinkFilingAccount(link_id=link_id)
    outcome = (await caller.ask_as_me(command, message_id=form.id)).message
    if isinstance(outcome, linking.UnlinkRefused):
        _prove_again_if_need_be(outcome.reason)
        return browser.go(COURTS, notice=say_unlinking(outcome.reason), kind="error")
    expect(outcome, linking.FilingAccountUnlinked)
    return browser.go(COURTS, notice="The link has ended. You and the court are told by mail.")


async def _prove(command: Message, caller: Caller) -> linking.FilingAccountProved | linking.LinkRefused:
    outcome = (await caller.ask_as_me(command)).message
    if isinstance(outcome, linking.ProvingBusy):
        raise busy(outcome.retry_after_seconds)
    if isinstance(outcome, linking.LinkRefused):
        _prove_again_if_need_be(outcome.reason)
        return outcome
    return expect(outcome, linking.FilingAccountProved)


def _show_form(
    template: str,
    browser: Browser,
    courts: list[linking.CourtShown],
    errors: dict[str, str] | None = None,
    texts: dict[str, str] | None = None,
) -> Response[str]:
    """The form, with the courts where filing accounts can be linked, and those where they can't yet."""
    status = 422 if errors else 200
    return browser.show(template, status=status, errors=errors or {}, values=texts or {}, courts=courts)


def _said(refused: linking.LinkRefused, courts: list[linking.CourtShown]) -> str:
    """The refusal, and how to reach the court that can help."""
    text = say_refusal(refused)
    for court in courts:
        if court.court_id == refused.court_id and court.help_desk and "court" in text:
            return f"{text} Its help desk: {court.help_desk}"
    return text


def _show_proof(
    browser: Browser, proof: linking.FilingAccountProved, courts: list[linking.CourtShown]
) -> Response[str]:
    """What was proved, to be confirmed; nothing more is asked for it, since a proof is shown once."""
    (court,) = [court for court in courts if court.court_id == proof.court_id]
    return browser.show("confirm_link.html", proof=proof, court=court)


async def _courts(caller: Caller) -> list[linking.CourtShown]:
    return list(expect((await caller.ask(linking.ListCourts())).message, linking.CourtList).courts)


async def _my_right(caller: Caller, link_id: UUID) -> linking.FilingRight:
    """What the caller may file by a link. Raises Problem if there is none."""
    rights = expect((await caller.ask_as_me(linking.WhatMayIFile())).message, linking.FilingRights)
    for right in rights.rights:
        if right.link_id == link_id:
            return right
    raise Problem(404, "not_found", "Not found", "You have no such link, or it has ended.")


def _find_errors(given: dict[str, str], court_id: str) -> dict[str, str]:
    errors = {name: _MISSING[name] for name, text in given.items() if not text}
    try:
        msgspec.convert(court_id, CourtId)
    except msgspec.ValidationError:
        errors.setdefault("court_id", _MISSING["court_id"])
    return errors


def _id_in(form: Form, name: str) -> UUID:
    try:
        return UUID(form.text(name))
    except ValueError:
        raise Problem(422, "malformed", "Not understood", "The form is not complete: begin anew.") from None


def _prove_again_if_need_be(reason: str) -> None:
    """A proof of oneself that is too old is mended on its own page, and then it is done once more."""
    if reason == "proof_too_old":
        raise proof_too_old()


ROUTES = (
    show,
    show_login_form,
    prove_by_login,
    show_code_form,
    prove_by_code,
    show_confirmation,
    confirm,
    show_unlinking,
    unlink,
)
