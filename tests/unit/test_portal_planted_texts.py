"""Texts that courts, firms and people give, full of signs that HTML reads: on every page they stay texts."""

import re
from uuid import UUID

import pytest
from markupsafe import escape

from services.portal.web.browsing import TEMPLATES
from shared.messages import accounts, paa_billing
from shared.messages.base import Message
from shared.messages.linking import (
    CourtList,
    CourtShown,
    FilingAccountProved,
    FilingRight,
    FilingRights,
    ListCourts,
    ProveFilingAccount,
    WhatMayIFile,
)
from shared.messages.linking.history import MyCourts, MyCourtsShown, MyLink
from tests.messaging import NOON
from tests.unit.edges import SESSION, Answering, an_edge
from tests.unit.test_portal_page_limits import LEGACY

pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency:DeprecationWarning")
ID = UUID("018d65d3-dd00-7000-8000-000000000001")
DRAWN_BY_US = [("authenticator_confirm.html", "{{ picture|safe }}")]


def planted(name: str) -> str:
    """A text that would be a tag, and would end an attribute."""
    return f"""<i class='{name}'>"'&"""


RIGHT = FilingRight(
    link_id=ID,
    court_id="ncwbk",
    court_name=planted("court"),
    login=planted("login"),
    name=planted("filer"),
    role="attorney",
    linked_at=NOON,
)
ENDED = MyLink(
    link_id=ID,
    court_id="ncwbk",
    court_name=planted("court before"),
    login="jdoe",
    name=planted("filer before"),
    role="attorney",
    linked_at=NOON,
    unlinked_at=NOON,
    unlinked_by="court",
    remark=planted("remark"),
)
COURT = CourtShown(
    court_id="ncwbk",
    name=planted("court"),
    time_zone="America/New_York",
    go_live_at=NOON,
    is_live=True,
    help_desk="",
)
PROVED = FilingAccountProved(
    proof_id=ID, court_id="ncwbk", masked_name=planted("masked"), role="attorney", expires_at=NOON
)
BALANCE = paa_billing.BalanceShown(
    payer_id=ID,
    open_cents=0,
    credit_cents=0,
    running_quarter="2024-Q1",
    running_charged_cents=0,
    waiver_cents=3000,
    paid_by_firm=planted("firm"),
)
USE = paa_billing.UsageShown(
    line_id=ID,
    used_at=NOON,
    court_id="ncwbk",
    kind="document",
    description=planted("description"),
    case_number=planted("case"),
    client_code=planted("client"),
    pages=3,
    gross_cents=30,
    exempt_cents=0,
    account_number="1234567",
    member_name="Ann Member",
    paid_by_firm=planted("payer"),
)
ACT = accounts.ActShown(sequence=1, at=NOON, kind=planted("kind"), details={planted("name"): planted("text")})
PHONE = accounts.AuthenticatorShown(authenticator_id=ID, name=planted("phone"), confirmed_at=NOON)
SESSION_SHOWN = accounts.SessionShown(
    session_id="0" * 64,
    opened_at=NOON,
    last_used_at=NOON,
    network=planted("network"),
    level=1,
    is_this_one=False,
)
REPLIES: dict[type[Message], Message | Exception] = {
    MyCourts: MyCourtsShown(rights=(RIGHT,), ended=(ENDED,)),
    WhatMayIFile: FilingRights(account_id=ID, rights=(RIGHT,)),
    ListCourts: CourtList(courts=(COURT,)),
    ProveFilingAccount: PROVED,
    paa_billing.MyBalance: BALANCE,
    paa_billing.MyUsage: paa_billing.UsageList(lines=(USE,), has_more=False),
    accounts.MyAccount: LEGACY,
    accounts.MyHistory: accounts.HistoryShown(acts=(ACT,), has_more=False),
    accounts.MySecondFactor: accounts.SecondFactorShown(authenticators=(PHONE,), backup_codes_left=1),
    accounts.MySessions: accounts.SessionsShown(sessions=(SESSION_SHOWN,)),
}
PAGES = {
    "/courts": ("court", "login", "filer", "court before", "filer before", "remark"),
    f"/courts/unlink/{ID}": ("court", "login", "filer"),
    "/courts/link": ("court",),
    "/courts/link-by-code": ("court",),
    "/usage": ("firm", "description", "case", "client"),
    "/security": ("phone", "text"),
    "/security/history": ("text",),
    "/security/sessions": ("network",),
    f"/security/authenticators/{ID}": ("phone",),
}
"""The pages that show what others said, and which texts of theirs."""


def assert_texts(source: str, names: tuple[str, ...]) -> None:
    """Each planted text is there, as a text, and none is a tag."""
    assert "<i class=" not in source
    for name in names:
        assert str(escape(planted(name))) in source


@pytest.mark.parametrize("address", PAGES)
async def test_what_others_said_is_shown_and_stays_text(address: str) -> None:
    async with an_edge(Answering(REPLIES), headers={"accept": "text/html", "cookie": SESSION}) as client:
        page = await client.get(address)

    assert page.status_code == 200
    assert_texts(page.text, PAGES[address])


async def test_the_name_and_the_court_to_be_confirmed_stay_texts() -> None:
    async with an_edge(Answering(REPLIES), headers={"accept": "text/html", "cookie": SESSION}) as client:
        form = await client.get("/courts/link")
        (token,) = set(re.findall(r'name="form_token" value="(\w+)"', form.text))
        fields = {"form_token": token, "court_id": "ncwbk", "login": "jdoe", "password": "old-court-word-1"}
        page = await client.post("/courts/link", data=fields)

    assert page.status_code == 200
    assert_texts(page.text, ("masked", "court"))


def test_no_template_takes_a_text_for_html_but_the_picture_that_we_draw() -> None:
    trusting = re.compile(r"{[{%][^}]*(?:\bsafe\b|\bautoescape\b|\bMarkup\b)[^}]*[%}]}")
    found = [(each.name, said) for each in TEMPLATES.glob("*") for said in trusting.findall(each.read_text())]

    assert found == DRAWN_BY_US
