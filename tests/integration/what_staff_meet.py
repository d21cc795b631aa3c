"""Steps 12 to 16 of docs/go-live.md: what a court's staff meet from the first day on."""

from typing import Any

from shared.assertion import Assertion
from shared.messages import linking
from shared.messages.linking import attempts, codes, conflicts, requests
from tests.integration.house_of_a_court import COURT, House
from tests.integration.linking_builders import a_roster, a_row, somebody

REST = tuple(a_row(f"filer{number:02}", line=number) for number in range(4, 15))


async def meet_everything(house: House) -> None:
    """All of it, one thing after the other."""
    await a_roster_does_not_finish(house)
    await a_login_is_forgotten(house)
    await somebody_cannot_link(house)
    await two_claim_one(house)
    await somebody_has_no_filing_account(house)


async def a_roster_does_not_finish(house: House) -> None:
    """Step 12: a file grows by eleven rows, comes without them, and they are meant to be gone at last."""
    known = (a_row("ann"), a_row("bob", line=3))
    ids = await begin(house, *known)
    missing = await house.do(12, linking.FinishRoster(**ids, row_count=13))
    assert missing.reason == "rows_missing"
    await house.do(12, a_roster(house.linking.clock(), *REST, **ids))
    assert (await house.do(12, linking.FinishRoster(**ids, row_count=13))).gone == 0

    ids = await begin(house, *known)
    cut = await house.do(12, linking.FinishRoster(**ids, row_count=2))
    assert (cut.reason, cut.would_be_gone) == ("too_many_gone", 11)
    meant = linking.FinishRoster(**ids, row_count=2, is_large_removal_meant=True)
    assert (await house.do(12, meant)).gone == 11


async def begin(house: House, *rows: linking.RosterRow) -> dict[str, Any]:
    begun = await house.linking.send(linking.BeginRoster(court_id=COURT), by=house.clerk())
    ids = {"court_id": COURT, "roster_id": begun.roster_id}
    await house.do(12, a_roster(house.linking.clock(), *rows, **ids))
    return ids


async def a_login_is_forgotten(house: House) -> None:
    """Step 13: of the filing account whose password the court has ended; the code goes by mail."""
    await house.do(13, codes.IssueLinkingCode(court_id=COURT, login="ann", way="mailed"))
    (code,) = await house.linking.open_emitted(codes.LinkingCodeIssued, "code")
    await use_code(house, code, await house.a_person("ann@proved.example"))


async def use_code(house: House, code: str, who: Assertion) -> None:
    typed = codes.ProveByLinkingCode(court_id=COURT, code=house.sealed(code))
    proof = await house.do(13, typed, by=who)
    assert isinstance(
        await house.do(13, linking.ConfirmLink(proof_id=proof.proof_id), by=who), linking.FilingAccountLinked
    )


async def somebody_cannot_link(house: House) -> None:
    """Step 14: a wrong password, and what staff read of it."""
    await house.linking.send(house.a_proof("bob", "forgotten"), by=somebody(house.linking))
    shown = await house.do(14, attempts.WhyCantLink(court_id=COURT, login="bob"))
    (tried,) = shown.attempts
    assert tried.outcome == "login_or_password_wrong"
    assert tried.next_step == "Make a linking code for the filing account."


async def two_claim_one(house: House) -> None:
    """Step 15: who came first is unlinked, and the other gets a code in person, as step 13 has it."""
    holder, claimant = await house.a_person("eve@proved.example"), await house.a_person("bob@proved.example")
    proof = await house.linking.send(house.a_proof("bob"), by=holder)
    assert isinstance(
        await house.linking.send(linking.ConfirmLink(proof_id=proof.proof_id), by=holder),
        linking.FilingAccountLinked,
    )
    await house.linking.send(house.a_proof("bob"), by=claimant)
    (conflict,) = (await house.do(15, conflicts.Conflicts(court_id=COURT))).conflicts
    assert (conflict.holder.account_id, conflict.claimant.account_id) == (
        holder.account_id,
        claimant.account_id,
    )
    settle = conflicts.SettleConflict(
        conflict_id=conflict.conflict_id, decision="unlink_holder", remark="bar card shown"
    )
    await house.do(15, settle)
    no_more = await house.linking.send(house.a_proof("bob"), by=claimant)
    assert no_more.reason == "login_or_password_wrong"
    made = await house.do(13, codes.IssueLinkingCode(court_id=COURT, login="bob", way="in_person"))
    await use_code(house, house.linking.open_reply(made, "code"), claimant)


async def somebody_has_no_filing_account(house: House) -> None:
    """Step 16: two ask; one is accepted and files, the other is refused and reads why."""
    dee, fay = await house.a_person("dee@proved.example"), await house.a_person("fay@proved.example")
    for who in (dee, fay):
        await house.linking.send(requests.AskFilingPrivileges(court_id=COURT, role="creditor"), by=who)
    asked = (await house.do(16, requests.FilingRequests(court_id=COURT))).requests
    ids = {each.person.account_id: each.request_id for each in asked}
    await house.do(16, requests.AcceptFilingRequest(request_id=ids[dee.account_id], login="dnew"))
    refuse = requests.RefuseFilingRequest(request_id=ids[fay.account_id], reason="Not admitted here.")
    await house.do(16, refuse)
    (right,) = (await house.linking.send(linking.WhatMayIFile(), by=dee)).rights
    assert (right.login, right.role) == ("dnew", "creditor")
    (refused,) = (await house.linking.send(requests.MyFilingRequests(), by=fay)).requests
    assert (refused.state, refused.reason) == ("refused", "Not admitted here.")
