"""Backup codes, which stand in for an authenticator that isn't at hand."""

import msgspec
from litestar import Response, get, post

from services.portal.pages import words
from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from shared.messages.accounts import (
    BackupCodesMade,
    BackupCodesRefused,
    MakeBackupCodes,
    MySecondFactor,
    SecondFactorShown,
)

ADDRESS = "/security/backup-codes"


@get(ADDRESS)
async def show(browser: Browser, caller: Caller) -> Response[str]:
    """How many are left, and a button that makes new ones."""
    factor = expect((await caller.ask_as_me(MySecondFactor())).message, SecondFactorShown)
    return browser.show("backup_codes.html", factor=factor, codes=())


@post(ADDRESS)
async def make(browser: Browser, caller: Caller) -> Response[str]:
    """Make ten, which are shown on this page alone."""
    answer = await caller.ask_as_me(MakeBackupCodes())
    if isinstance(refused := answer.message, BackupCodesRefused):
        return browser.go("/security/authenticators/add", notice=words.say(refused.reason), kind="error")
    expect(answer.message, BackupCodesMade)
    codes = msgspec.json.decode(caller.open(answer, "codes"), type=list[str])
    return browser.show("backup_codes.html", factor=None, codes=codes)
