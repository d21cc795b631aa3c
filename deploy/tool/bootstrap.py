"""`nextgen bootstrap`: makes the first account of PSC staff, who give all other roles."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from deploy.tool import stories
from deploy.tool.asking import as_operator
from deploy.tool.operating import OperatorError, StoryNumber, printable
from shared.messages.accounts import GrantFirstRole, RoleGranted, RoleRefused
from shared.messages.base import AccountNumber
from shared.messaging.requests import Requests

_WHY_NOT: Final = {
    "account_not_found": "there is no such account",
    "account_not_active": "its e-mail address isn't verified, or it is held or deactivated",
    "not_an_individual": "it is a firm's account; a person has to hold the role",
    "not_upgraded": "it is from before 2014-08-11 and must be upgraded first",
    "second_factor_missing": "its holder must add an authenticator first",
    "already_bootstrapped": "the first PSC account was made before; whoever holds it gives further roles",
}


def bootstrap(account_number: str, *, story: StoryNumber = None) -> int:
    """Make this account the first one of PSC staff. It can be done once in an installation."""
    return asyncio.run(_bootstrap_at(stories.load(story), account_number))


async def make_first(requests: Requests, account_number: str, say: Callable[[str], None]) -> int:
    """Ask `accounts` for it with the operator's login. Raises OperatorError, which says why not."""
    try:
        number = msgspec.convert(account_number, AccountNumber)
    except msgspec.ValidationError:
        raise OperatorError(f"{printable(account_number)} is no account number: seven digits") from None
    outcome = (await requests.ask(GrantFirstRole(account_number=number))).message
    if isinstance(outcome, RoleRefused):
        raise OperatorError(f"account {number} can't be the first of PSC staff: {_WHY_NOT[outcome.reason]}")
    if not isinstance(outcome, RoleGranted):
        raise OperatorError(f"accounts answered {outcome.message_name()}; nothing was done")
    say(f"account {number} is PSC staff from now on; its holder is told by mail")
    return 0


async def _bootstrap_at(place: stories.Story, account_number: str) -> int:
    async with as_operator(place, "bootstrap") as requests:
        return await make_first(requests, account_number, print)
