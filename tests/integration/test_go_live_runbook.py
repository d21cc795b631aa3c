"""The runbook of a go-live, docs/go-live.md, followed step by step on a fresh system, down to the mails."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.local.mail_sink import mail_sink
from services.notify.service import SERVICE as NOTIFY
from shared.assertion import Assertion
from shared.messages import linking
from shared.messages.linking import assistance, readiness
from tests.integration.house_of_a_court import COURT, EMAIL, House, steps_of_the_runbook
from tests.integration.linking_builders import (
    Make,
    a_roster,
    a_row,
    a_workplace,
    somebody,
)
from tests.integration.notify_builders import resources_for
from tests.integration.what_staff_meet import meet_everything

LIVE = datetime(2024, 6, 3, 16, 0, tzinfo=UTC)


@pytest.fixture
async def house(workplace_of: Make, tmp_path: Path) -> AsyncIterator[House]:
    async with mail_sink(tmp_path) as sink:
        place = await a_workplace(workplace_of)
        notify = await workplace_of(NOTIFY, resources_for(sink.port))
        notify.clock = place.clock
        yield House(place, notify, sink)


async def prepare(house: House) -> assistance.AssistanceSessionScheduled:
    """Steps 1 to 5."""
    shown = await house.do(1, linking.ShowCourt(court_id=COURT))
    assert (shown.time_zone, shown.go_live_at) == ("America/New_York", None)
    contact = linking.SetCourtContact(court_id=COURT, help_desk="(212) 555-0100", contact_email=EMAIL)
    await house.do(2, contact)
    await load_the_roster(house)
    await house.do(4, linking.SetGoLive(court_id=COURT, local_time="2024-05-06T12:00"))
    scheduled: assistance.AssistanceSessionScheduled = await house.do(
        5,
        assistance.ScheduleAssistanceSession(
            court_id=COURT, local_time="2024-05-01T10:00", place="Room 2", capacity=8
        ),
    )
    return scheduled


async def load_the_roster(house: House) -> None:
    """Step 3: a file of three rows, of which one is wrong and is read of afterwards."""
    rows = (a_row("ann"), a_row("bob", line=3), a_row("cem", line=4, role="juror"))
    roster_id = (await house.do(3, linking.BeginRoster(court_id=COURT))).roster_id
    piece = a_roster(house.linking.clock(), *rows, court_id=COURT, roster_id=roster_id)
    assert (await house.do(3, piece)).added == 2
    ids: dict[str, Any] = {"court_id": COURT, "roster_id": roster_id}
    await house.do(3, linking.FinishRoster(**ids, row_count=3))
    (refused,) = (await house.do(3, linking.RosterRefusals(**ids))).refused
    assert (refused.line, refused.field) == (4, "role")


async def wait_and_move(house: House, who: Assertion, session: assistance.AssistanceSessionScheduled) -> None:
    """Steps 5 to 8: a place is taken, the first reminder goes out, the date is moved, and help with it."""
    (offered,) = (await house.do(5, assistance.ListAssistanceSessions(court_id=COURT), by=who)).sessions
    book = assistance.BookAssistanceSession(assistance_session_id=offered.assistance_session_id)
    await house.do(5, book, by=who)
    await house.reach(datetime(2024, 2, 6, 14, 0, tzinfo=UTC))
    shown = await house.do(6, readiness.ShowReadiness(court_id=COURT))
    assert (shown.counts.filing_accounts, shown.counts.linked) == (2, 0)
    to_act = await house.do(7, readiness.PeopleStillToAct(court_id=COURT))
    assert [person.login for person in to_act.people] == ["ann", "bob"]
    moved = await house.do(8, linking.SetGoLive(court_id=COURT, local_time="2024-06-03T12:00"))
    assert moved.go_live_at == LIVE
    ids: dict[str, Any] = {"court_id": COURT, "assistance_session_id": session.assistance_session_id}
    await house.do(8, assistance.ChangeAssistanceSession(**ids, local_time="2024-05-29T10:00"))
    await house.do(8, assistance.CancelAssistanceSession(**ids))


async def go_live(house: House, account_id: UUID) -> UUID:
    """Step 9: a second before it nobody links, from the instant on one does."""
    await house.reach(datetime(2024, 6, 2, 13, 0, tzinfo=UTC))
    await house.reach(LIVE - timedelta(seconds=1))
    early = await house.do(9, house.a_proof("ann"), by=somebody(house.linking, account_id=account_id))
    assert early.reason == "court_not_live"
    await house.reach(LIVE)
    who = somebody(house.linking, account_id=account_id)
    assert (await house.do(9, linking.ShowCourt(court_id=COURT))).is_live
    proof = await house.do(9, house.a_proof("ann"), by=who)
    link = await house.do(9, linking.ConfirmLink(proof_id=proof.proof_id), by=who)
    (right,) = (await house.do(9, linking.WhatMayIFile(), by=who)).rights
    (filer,) = (await house.do(9, linking.WhoFilesHere(court_id=COURT), by=who)).filers
    assert right.link_id == filer.link_id == link.link_id
    link_id: UUID = right.link_id
    return link_id


async def afterwards(house: House, link_id: UUID) -> None:
    """Steps 10 and 11: the rest is watched and reminded, and a wrong link is ended."""
    await house.reach(datetime(2024, 6, 10, 13, 0, tzinfo=UTC))
    shown = await house.do(10, readiness.ShowReadiness(court_id=COURT))
    assert shown.counts.linked == 1
    to_act = await house.do(10, readiness.PeopleStillToAct(court_id=COURT))
    assert [person.login for person in to_act.people] == ["bob"]
    ended = await house.do(11, linking.UnlinkFilingAccount(link_id=link_id, remark="linked by mistake"))
    assert isinstance(ended, linking.FilingAccountUnlinked)


async def test_the_runbook_is_followed_on_a_fresh_system_and_everyone_concerned_is_told(
    house: House,
) -> None:
    who = await house.a_person("ann@proved.example")

    session = await prepare(house)
    await wait_and_move(house, who, session)
    before = await house.mails()
    link_id = await go_live(house, who.account_id)
    at_go_live = await house.mails()
    await afterwards(house, link_id)
    later = await house.mails()
    await meet_everything(house)
    at_last = await house.mails()

    both = ["ann@lawfirm.example", "bob@lawfirm.example"]
    booked = ("assistance_booked", "assistance_session_cancelled", "assistance_session_changed")
    assert house.followed == steps_of_the_runbook()
    assert before == [
        *((kind, "ann@proved.example") for kind in booked),
        *(("go_live_ahead", address) for address in both),
        ("roster_loaded_court", EMAIL),
    ]
    assert difference(at_go_live, before) == [
        ("court_went_live", EMAIL),
        ("filing_account_linked", "ann@proved.example"),
        *(("go_live_ahead", address) for address in both),
        *(("go_live_come", address) for address in both),
    ]
    assert difference(later, at_go_live) == [
        ("filing_account_unlinked", "ann@proved.example"),
        ("filing_account_unlinked_court", EMAIL),
        ("go_live_come", "bob@lawfirm.example"),
    ]
    assert difference(at_last, later) == [
        ("conflict_unlinked_claimant", "bob@proved.example"),
        *(("filing_account_linked", f"{name}@proved.example") for name in ("ann", "bob", "dee", "eve")),
        ("filing_account_unlinked", "eve@proved.example"),
        ("filing_account_unlinked_court", EMAIL),
        ("filing_request_accepted", "dee@proved.example"),
        *[("filing_request_court", EMAIL)] * 2,
        ("filing_request_refused", "fay@proved.example"),
        ("link_conflict_court", EMAIL),
        ("linking_code", "ann@lawfirm.example"),
        ("linking_code_given", "bob@lawfirm.example"),
        *[("roster_loaded_court", EMAIL)] * 2,
    ]


def difference(after: list[tuple[str, str]], before: list[tuple[str, str]]) -> list[tuple[str, str]]:
    rest = list(after)
    for mail in before:
        rest.remove(mail)
    return rest
