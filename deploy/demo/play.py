"""The play: one quarter of courts, people and firms, act by act, changed by messages alone."""

import asyncio
import subprocess
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from deploy.demo import cast, report, usages
from deploy.demo.court import report_usage
from deploy.demo.desk import DemoError, Person, open_desk
from deploy.demo.stage import Stage
from deploy.tool import clock, processes, stories
from shared.messages import accounts, linking, paa_billing
from shared.messages.base import Reply

BUSINESS_ZONE = ZoneInfo("America/Chicago")
COURT_ZONE = ZoneInfo("America/New_York")
OPENING = datetime(2019, 10, 1, 8, 0, tzinfo=BUSINESS_ZONE)
FIRST_USE = datetime(2019, 10, 1, 12, 0, tzinfo=BUSINESS_ZONE)
GO_LIVE = datetime(2019, 10, 21, 12, 0, tzinfo=COURT_ZONE)
MOVING_DAY = datetime(2019, 11, 15, 10, 0, tzinfo=BUSINESS_ZONE)
QUARTER_END = datetime(2020, 1, 1, 0, 0, tzinfo=BUSINESS_ZONE)
CLOSING_DAY = datetime(2020, 1, 3, 9, 0, tzinfo=BUSINESS_ZONE)
QUARTER = "2019-Q4"
CLOSE_SECONDS = 120.0
PREPAYMENT_CENTS = 2_500


async def play() -> int:
    """Play the whole story; answers the exit status."""
    _say("a new story: its virtual host, logins, databases and keys")
    processes.stop_others(None)
    story = await stories.create(usages.courts_of_receipts())
    clock.start(story, OPENING)
    _say("the four services, the web edge, and a mail server")
    processes.start(story)
    priced = _price_receipts()
    async with open_desk(story) as desk:
        stage = Stage(desk=desk)
        for act in (open_accounts, prepare_court, found_firms, go_live, use_pacer, change_firms, close):
            _say(f"{story.clock().astimezone(BUSINESS_ZONE):%Y-%m-%d %H:%M}  {(act.__doc__ or '').strip()}")
            await act(stage)
        await clock.wait_until_quiet(story)
        await report.write(stage, priced)
    return 0


async def open_accounts(stage: Stage) -> None:
    """People register and prove their addresses; legacy accounts are taken over; one is upgraded."""
    desk = stage.desk
    attorney = cast.player(desk, cast.ATTORNEY, user_name=cast.LEGACY_USER_NAME)
    catawba = cast.player(desk, cast.CATAWBA, user_name=cast.CATAWBA_LEGACY_USER_NAME)
    stage.people = {cast.ATTORNEY.user_name: attorney, cast.CATAWBA.user_name: catawba}
    await desk.as_operator(cast.legacy_accounts(desk, attorney, catawba), accounts.LegacyAccountsLoaded)
    for role in (cast.CENTER, cast.CLERK, cast.PARTNER, cast.PARALEGAL, cast.MOVER, cast.SEARCHER):
        person = stage.people[role.user_name] = cast.player(desk, role)
        await person.register(cast.person_of(role))
    blue_ridge = stage.people[cast.BLUE_RIDGE.user_name] = cast.player(desk, cast.BLUE_RIDGE)
    await blue_ridge.register(cast.person_of(cast.BLUE_RIDGE), kind="paa")
    await _upgrade(attorney, cast.ATTORNEY)


async def prepare_court(stage: Stage) -> None:
    """The first PSC account is made; it grants the court's staff, who set the go-live and load the roster."""
    desk, center, clerk = stage.desk, stage.of(cast.CENTER), stage.of(cast.CLERK)
    for person in (center, clerk):
        await person.sign_in()
        await person.enrol()
    await desk.as_operator(
        accounts.GrantFirstRole(account_number=center.account_number), accounts.RoleGranted
    )
    grant = accounts.GrantRole(account_id=clerk.id, role="court_staff", court_id=cast.ROSTER_COURT)
    await center.ask(grant, accounts.RoleGranted)
    local_time = GO_LIVE.strftime("%Y-%m-%dT%H:%M")
    await clerk.ask(
        linking.SetGoLive(court_id=cast.ROSTER_COURT, local_time=local_time, help_desk=cast.HELP_DESK),
        linking.CourtChanged,
        act="the court sets its go-live",
    )
    contact = linking.SetCourtContact(
        court_id=cast.ROSTER_COURT, help_desk=cast.HELP_DESK, contact_email=cast.COURT_EMAIL
    )
    await clerk.ask(contact, linking.CourtChanged, act="the court says where it gets mail")
    loaded = await clerk.ask(cast.roster(desk), linking.RosterLoaded, act="the court loads its roster")
    stage.refusals += [f"roster line {r.line}, {r.field}: {r.reason}" for r in loaded.refused]


async def found_firms(stage: Stage) -> None:
    """A firm is founded and four people join it; a legacy firm may only pay until it upgrades."""
    blue_ridge, catawba = stage.of(cast.BLUE_RIDGE), stage.of(cast.CATAWBA)
    await blue_ridge.sign_in()
    await blue_ridge.enrol()
    await blue_ridge.ask(
        paa_billing.RegisterFirm(name="Blue Ridge Law, PLLC"),
        paa_billing.FirmRegistered,
        act="a firm is founded",
    )
    for role in cast.MEMBERS:
        await _join(stage, role, cast.BLUE_RIDGE)
    await catawba.sign_in()
    invite = paa_billing.InviteAccount(
        account_number=stage.of(cast.MOVER).account_number, last_name="Yoshida"
    )
    refused = await catawba.ask(invite, Reply)
    if getattr(refused, "reason", "") != "upgrade_first":
        raise DemoError(f"a legacy PAA may only pay and look, but got {refused}")
    stage.refusals.append("a legacy PAA invites: upgrade_first")
    payment = paa_billing.RecordPayment(
        account_number=catawba.account_number, reference="check 1001", amount_cents=PREPAYMENT_CENTS
    )
    await stage.desk.as_operator(payment, paa_billing.PaymentRecorded, act="a legacy firm pays")
    stage.uses = usages.spread(
        FIRST_USE,
        QUARTER_END,
        [stage.of(role).account_number for role in cast.MEMBERS],
        stage.of(cast.SEARCHER).account_number,
    )


async def go_live(stage: Stage) -> None:
    """Before its go-live nobody links at the court; from that instant, noon, two attorneys do."""
    attorney, partner, desk = stage.of(cast.ATTORNEY), stage.of(cast.PARTNER), stage.desk
    await clock.forward(desk.story, GO_LIVE - timedelta(minutes=1))
    await attorney.sign_in()
    early = await attorney.ask(_prove(stage, "awhitfield"), linking.LinkRefused)
    if early.reason != "court_not_live":
        raise DemoError(f"the court is not live yet, but got {early.reason}")
    stage.refusals.append("linking one minute before noon: court_not_live")
    await clock.forward(desk.story, GO_LIVE + timedelta(seconds=1))
    await partner.sign_in()
    for person, login in ((attorney, "awhitfield"), (partner, "bokafor")):
        proved = await person.ask(_prove(stage, login), linking.FilingAccountProved)
        confirm = linking.ConfirmLink(proof_id=proved.proof_id)
        linked = await person.ask(
            confirm, linking.FilingAccountLinked, act=f"{person.name} links a filing account"
        )
        if person is partner:
            unlink = linking.UnlinkFilingAccount(link_id=linked.link_id, remark="linked by mistake")
            await person.ask(unlink, linking.FilingAccountUnlinked, act=f"{person.name} unlinks it")
    await attorney.enrol()  # whoever files must have a second factor


async def use_pacer(stage: Stage) -> None:
    """The courts report what was used up to the middle of the quarter, each with its own login."""
    await clock.forward(stage.desk.story, MOVING_DAY)
    await _report(stage, FIRST_USE, MOVING_DAY)


async def change_firms(stage: Stage) -> None:
    """The legacy firm upgrades; a person leaves one firm for the other and takes the account along."""
    mover, catawba = stage.of(cast.MOVER), stage.of(cast.CATAWBA)
    await _upgrade(catawba, cast.CATAWBA)
    await catawba.sign_in()
    await catawba.enrol()
    await catawba.ask(paa_billing.RegisterFirm(name="Catawba Legal"), paa_billing.FirmRegistered)
    await mover.sign_in()
    await mover.ask(
        paa_billing.LeaveFirm(remark="joining another firm"),
        paa_billing.MemberLeft,
        act="a person leaves a firm",
    )
    await _join(stage, cast.MOVER, cast.CATAWBA)
    await clock.forward(stage.desk.story, QUARTER_END)
    await _report(stage, MOVING_DAY, QUARTER_END)


async def close(stage: Stage) -> None:
    """A court reports a batch again and nothing is doubled; the quarter is closed."""
    await clock.forward(stage.desk.story, CLOSING_DAY)
    court_id, uses = next(iter(usages.by_court(stage.uses, FIRST_USE, QUARTER_END).items()))
    again = await report_usage(stage.desk.story, court_id, uses)
    if [r.settled.booked for r in again] != [0] or again[0].settled.duplicate != len(uses):
        raise DemoError("a batch reported again must change nothing")
    answer = await stage.desk.operator.ask(paa_billing.CloseQuarter(quarter=QUARTER))
    if not isinstance(answer.message, paa_billing.QuarterClosing):
        raise DemoError(f"the quarter does not close: {answer.message}")
    stage.desk.remember("the quarter is closed", answer)
    async with asyncio.timeout(CLOSE_SECONDS):
        while not await _is_closed(stage):  # noqa: ASYNC110 (another process does it)
            await asyncio.sleep(0.3)


async def _join(stage: Stage, role: cast.Role, firm: cast.Role) -> None:
    """The firm asks, the person reads the mail, looks, and accepts."""
    person, administrator = stage.of(role), stage.of(firm)
    invite = paa_billing.InviteAccount(
        account_number=person.account_number, last_name=role.last_name, remark="welcome"
    )
    await administrator.ask(invite, paa_billing.InvitationAsked)
    await stage.desk.wait_for_mail(
        lambda mail: mail.to == person.email and mail.kind == "invitation_received",
        f"invitation of {person.name}",
    )
    await person.sign_in()
    invitations = await person.ask(paa_billing.MyInvitations(), paa_billing.InvitationsShown)
    newest = invitations.invitations[0]
    accept = paa_billing.AcceptInvitation(invitation_id=newest.invitation_id)
    await person.ask(accept, paa_billing.MemberJoined, act=f"{person.name} joins {newest.firm_name}")


async def _upgrade(person: Person, role: cast.Role) -> None:
    """Sign in with the old user name, upgrade, prove the address; from then on the new name signs in."""
    await person.sign_in()
    await person.ask(
        accounts.UpgradeAccount(
            person=cast.person_of(role),
            user_name=role.user_name,
            password=person.desk.sealed(person.password, "accounts"),
        ),
        accounts.AccountUpgraded,
        act=f"{person.name} upgrades",
    )
    person.user_name = role.user_name
    await person.verify()


def _prove(stage: Stage, login: str) -> linking.ProveFilingAccount:
    password = stage.desk.sealed(cast.FILING_PASSWORDS[login], "linking")
    return linking.ProveFilingAccount(court_id=cast.ROSTER_COURT, login=login, password=password)


async def _report(stage: Stage, since: datetime, until: datetime) -> None:
    for court_id, uses in usages.by_court(stage.uses, since, until).items():
        stage.reports += await report_usage(stage.desk.story, court_id, uses)


async def _is_closed(stage: Stage) -> bool:
    shown = await stage.desk.as_operator(paa_billing.ShowClose(quarter=QUARTER), paa_billing.CloseShown)
    return shown.state == "closed"


def _price_receipts() -> str:
    """Price the real receipts at their own dates with the tool, as anybody would; its last line."""
    command = [sys.executable, "-m", "deploy.tool", "price-receipts", str(usages.RECEIPTS)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if finished.returncode != 0:
        raise DemoError(f"the receipts do not price as charged: {finished.stdout}{finished.stderr}")
    return finished.stdout.strip().splitlines()[-1]


def _say(text: str) -> None:
    print(f"[demo] {text}", flush=True)
