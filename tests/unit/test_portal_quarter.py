"""My quarter so far, before stand-ins: nothing on it is said of money that isn't so."""

import re

import httpx
import pytest
from msgspec import structs

from shared.messages.paa_billing import BalanceShown, MyBalance, MyUsage, UsageList
from tests.unit.edges import SESSION, Answering, an_edge
from tests.unit.test_portal_planted_texts import BALANCE, USE

pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency:DeprecationWarning")
MINE = structs.replace(BALANCE, paid_by_firm=None, held_against_waiver_cents=0)
PAID = structs.replace(USE, description="Docket", paid_by_firm="Hale & Partner")


async def page_of(balance: BalanceShown, *lines: object) -> tuple[httpx.Response, list[object]]:
    usage = UsageList(lines=lines, has_more=False)  # type: ignore[arg-type]
    services = Answering({MyBalance: balance, MyUsage: usage})
    async with an_edge(services, headers={"accept": "text/html", "cookie": SESSION}) as client:
        return await client.get("/usage"), [type(each) for each in services.asked]


def facts_of(page: httpx.Response) -> dict[str, str]:
    """What stands beside each name in the list of facts."""
    return {
        name: re.sub(r"\s+", " ", text).strip()
        for name, text in re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page.text, re.DOTALL)
    }


async def test_while_a_firm_pays_a_use_says_so_and_nothing_is_charged_to_the_person() -> None:
    balance = structs.replace(MINE, paid_by_firm="Hale & Partner", held_against_waiver_cents=30)

    page, _ = await page_of(balance, PAID)

    facts = facts_of(page)
    assert (facts["Who pays now"], facts["Charged to you"]) == ("Hale &amp; Partner", "$0.00")
    assert '<td data-label="Paid by">Hale &amp; Partner</td>' in page.text
    assert facts["Waiver"].startswith("$29.70 are left: your charges are waived if all your uses")


async def test_who_left_a_firm_is_told_of_the_waiver_by_all_of_their_uses() -> None:
    balance = structs.replace(MINE, running_charged_cents=600, held_against_waiver_cents=3100)

    page, _ = await page_of(balance, PAID, structs.replace(USE, paid_by_firm=None))

    facts = facts_of(page)
    assert facts["Charged to you"] == "$6.00"
    assert facts["Waiver"].startswith("passed: all your uses in the quarter, whoever pays,")
    assert re.findall(r'data-label="Paid by">(.*?)<', page.text) == ["Hale &amp; Partner", "you"]


@pytest.mark.parametrize("held", [2500, None])
async def test_an_administrator_is_told_of_the_firm_and_looks_at_nobodys_uses(held: int | None) -> None:
    firms = structs.replace(
        MINE, own_firm="Hale <b>&</b> Partner", running_charged_cents=2500, held_against_waiver_cents=held
    )

    page, asked = await page_of(firms, USE)

    facts = facts_of(page)
    assert asked == [MyBalance]
    assert facts["Firm"] == "Hale &lt;b&gt;&amp;&lt;/b&gt; Partner"
    assert facts["Charged to the firm"] == "$25.00"
    assert "Who pays" not in page.text
    assert ("Waiver" in facts) is (held is not None)


async def test_nothing_is_said_of_the_waiver_by_a_service_that_does_not_tell_of_it() -> None:
    page, _ = await page_of(structs.replace(MINE, held_against_waiver_cents=None))

    assert "Waiver" not in facts_of(page)
