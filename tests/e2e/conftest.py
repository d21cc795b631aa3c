"""What the tests from outside share: a whole system with its web edge, and somebody who has an account."""

import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page

from deploy.demo.desk import Desk
from deploy.local.homes import temporary_folder
from deploy.local.servers import Servers
from deploy.tool import clock
from deploy.tool.stories import PROCESSES
from shared.messages import linking, paa_billing
from shared.messages.paa_billing import UsageRecord
from tests.e2e.browsers import a_browser, a_page
from tests.installation import until
from tests.system.asking import PatientPerson, Postbox, a_desk, join_up
from tests.system.courts import Court
from tests.system.running import CHEAP_PASSWORDS, System, a_system
from tests.system.staff import a_center, fast_verifier_of, load_filing_accounts

COURT = "ncwbk"
LOGINS = {f"filer{number}": f"court-password-{number}" for number in range(1, 9)}
"""Filing accounts of the court, as whoever is its staff here has loaded them, and their passwords there."""
FILING_PASSWORD = "old-court-word-1"
"""That of the filing account that a test has to itself, at the court."""
SETTINGS = {**CHEAP_PASSWORDS, "PORTAL_REQUESTS_A_MINUTE": "100000"}
"""All tests ask from one network, and more often than one network may."""
BEGINS = datetime(2024, 2, 1, 18, tzinfo=UTC)


@dataclass
class Outside:
    """A running system as it is seen from outside."""

    system: System
    desk: Desk
    postbox: Postbox

    @property
    def address(self) -> str:
        """Where the web edge is."""
        return self.system.web_address

    async def somebody(self) -> PatientPerson:
        """A new account, active, without a second factor, signed in once."""
        return await join_up(self.desk, self.postbox)

    async def administrator(self, firm: str = "Hale & Partner") -> PatientPerson:
        """The administrator of a new firm, with a second factor."""
        person = await join_up(self.desk, self.postbox, kind="paa")
        await person.enrol()
        await person.ask(paa_billing.RegisterFirm(name=firm), paa_billing.FirmRegistered)
        return person

    async def link_to(self, person: PatientPerson, path: str, *, but: str = "") -> str:
        """The link to a page that was mailed to a person, or is, without the edge's address; not this one."""
        return await mailed_link(self.postbox, self.address, person.email, path, but=but)

    async def mail_that_says(self, person: PatientPerson, text: str) -> str:
        """The text of a mail to a person, which has come or comes, with this in it."""

        async def find() -> str:
            mails = (mail.text for mail in self.postbox.mails() if mail.to == person.email)
            return next((said for said in mails if text in said), "")

        return str(await until(find, f"a mail to {person.email} that says {text}", deadline_seconds=60))

    async def use(self, person: PatientPerson, **said: Any) -> None:
        """A document of three pages that a person reads at the court, which says more of it or otherwise."""
        use = UsageRecord(
            usage_id=secrets.token_hex(8),
            account_number=person.account_number,
            used_at=self.desk.now(),
            kind="document",
            pages=3,
        )
        await Court(self.system.story, COURT).report([[msgspec.structs.replace(use, **said)]])

    async def filing_account(self, role: linking.FilingRole = "attorney") -> str:
        """The login of a new filing account of Jane Doe's, whose password is FILING_PASSWORD."""
        login = f"jdoe{secrets.token_hex(4)}"
        begin = linking.BeginRosterByOperator(court_id=COURT, remark="handed over by the clerk")
        begun = await self.desk.as_operator(begin, linking.RosterBegun)
        row = linking.RosterRow(line=2, login=login, name="Jane Doe", email="jane@firm.example", role=role)
        verifiers = msgspec.json.encode([fast_verifier_of(FILING_PASSWORD)]).decode()
        load = linking.LoadRosterByOperator(
            court_id=COURT,
            roster_id=begun.roster_id,
            rows=(row,),
            verifiers=self.desk.sealed(verifiers, "linking"),
        )
        loaded = await self.desk.as_operator(load, linking.RosterLoaded)
        assert loaded.added == 1, loaded
        return login

    async def wait_minutes(self, minutes: int) -> None:
        """Let so much of the story's time go by."""
        await clock.forward(self.system.story, self.desk.now() + timedelta(minutes=minutes))


async def mailed_link(postbox: Postbox, address: str, email: str, path: str, *, but: str = "") -> str:
    """The link to a page of an edge that was mailed to somebody, or is, without the edge's address."""

    async def find() -> str:
        start = f"{address}{path}?token="
        words = (word for mail in postbox.mails() if mail.to == email for word in mail.text.split())
        links = (word.removeprefix(address) for word in words if word.startswith(start))
        return next((link for link in links if link != but), "")

    return str(await until(find, f"a link to {path} for {email}", deadline_seconds=60))


@pytest.fixture(scope="session")
def outside_folder() -> Iterator[Path]:
    """A folder for the system; whatever still runs in it at the end is killed."""
    with temporary_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
async def outside(servers: Servers, outside_folder: Path) -> AsyncIterator[Outside]:
    """All services, the mail server and the web edge, as processes."""
    async with a_system(servers, outside_folder / "outside", (COURT,), SETTINGS, begins_at=BEGINS) as system:
        await system.start(PROCESSES)
        async with a_desk(system) as desk:
            yield Outside(system=system, desk=desk, postbox=Postbox(system.story.mail))
        await system.stop(PROCESSES)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, for all tests of a process; each opens pages of its own."""
    async with a_browser() as running:
        yield running


@pytest.fixture(scope="session")
async def center(outside: Outside) -> PatientPerson:
    """Somebody of PSC's, with both factors."""
    return await a_center(outside.desk, outside.postbox)


@pytest.fixture(scope="session")
async def clerk(outside: Outside, center: PatientPerson) -> PatientPerson:
    """The court's staff, with both factors, who has loaded the filing accounts in LOGINS."""
    return await load_filing_accounts(
        outside.desk, outside.postbox, COURT, LOGINS, fast_verifier_of, center=center
    )


@pytest.fixture
def has_scripts() -> bool:
    """Whether pages may run JavaScript; in `test_walked_without_scripts.py` they may not."""
    return True


@pytest.fixture
async def page(outside: Outside, browser: Browser, has_scripts: bool) -> AsyncIterator[Page]:
    """A page of a browser that was never here before."""
    async with a_page(browser, outside.address, has_scripts=has_scripts) as opened:
        yield opened


@pytest.fixture
async def login(outside: Outside) -> str:
    """A filing account in the court's roster, loaded by the operator."""
    return await outside.filing_account()
