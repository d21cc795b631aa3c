"""My quarter so far: what has been used, what it costs, and who pays."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter

from services.portal.web.asking import Caller, expect
from services.portal.web.browsing import Browser
from shared.messages import paa_billing
from shared.money import Cents, dollars

PAGE = 50


@get("/usage")
async def show(
    browser: Browser, caller: Caller, after: Annotated[UUID | None, Parameter(query="after")] = None
) -> Response[str]:
    """The running quarter: its sum, how far it is to the waiver, and the uses, oldest first.

    An administrator sees what the firm owes, and no uses: each look at people's uses is written down for
    them, and opening a page writes nothing.
    """
    balance = expect((await caller.ask_as_me(paa_billing.MyBalance())).message, paa_billing.BalanceShown)
    if balance.own_firm:
        return browser.show("firm_quarter.html", balance=balance, dollars=_dollars)
    question = paa_billing.MyUsage(quarter=balance.running_quarter, after=after, limit=PAGE)
    usage = expect((await caller.ask_as_me(question)).message, paa_billing.UsageList)
    return browser.show(
        "my_quarter.html",
        balance=balance,
        lines=usage.lines,
        next_after=usage.lines[-1].line_id if usage.has_more else None,
        is_first_page=after is None,
        dollars=_dollars,
    )


def _dollars(cents: int) -> str:
    return dollars(Cents(cents))


ROUTES = (show,)
