"""Sensitive acts: the session is resolved anew for each, so a captured assertion carries no other act."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from services.accounts.service import SERVICE as ACCOUNTS
from services.linking.service import SERVICE as LINKING
from services.paa_billing.service import SERVICE as BILLING
from shared.assertion import Assertion, verify_assertion
from shared.messages.accounts import (
    AuthenticatorOffered,
    ChangeEmail,
    ChangePassword,
    ChangeProfile,
    ChangeUserName,
    ConfirmAuthenticator,
    DeactivateAccount,
    EndOtherSessions,
    EndSession,
    EnrolAuthenticator,
    GrantRole,
    MyAccount,
    ProveAgain,
    ResolveSession,
    UpgradeAccount,
)
from shared.messages.accounts.factor_reset import StopMyFactorReset
from shared.messages.base import AssertionNotForThis, Command, Message
from shared.messages.linking import (
    BeginRoster,
    ConfirmLink,
    FilingAccountUnlinked,
    FinishRoster,
    LoadRoster,
    ProveFilingAccount,
    SetCourtContact,
    SetGoLive,
    UnlinkFilingAccount,
    WhatMayIFile,
)
from shared.messages.linking.codes import IssueLinkingCode, ProveByLinkingCode
from shared.messages.linking.conflicts import SettleConflict
from shared.messages.linking.requests import AcceptFilingRequest, AskFilingPrivileges, RefuseFilingRequest
from shared.messages.paa_billing import AcceptInvitation, LeaveFirm
from shared.messaging.groups import read_member
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service, messages_by_name
from tests.builders_accounts import Member, a_profile, a_signed_in_member, an_upgrade, quick_resources, sealed
from tests.integration.linking_builders import a_row, a_workplace, linked, load, somebody
from tests.messaging import NOON, Workplace, an_assertion, made_for, signing_key

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
SERVICES = {service.name: service for service in (ACCOUNTS, LINKING, BILLING)}


def an_act(kind: type[Command], place: Workplace) -> Command:
    """A sensitive act of a kind, whatever it is about."""
    secret = sealed(place, "a secret", reader=place.service.name)
    acts: tuple[Command, ...] = (
        ProveFilingAccount(court_id="ncwbk", login="jpublic", password=secret),
        ConfirmLink(proof_id=uuid4()),
        UnlinkFilingAccount(link_id=uuid4()),
        SetGoLive(court_id="nysbk", local_time="2024-05-06"),
        SetCourtContact(court_id="ncwbk", help_desk="(704) 350-7500", contact_email="thief@mail.example"),
        BeginRoster(court_id="ncwbk"),
        LoadRoster(court_id="ncwbk", rows=(a_row(),), verifiers=secret),
        FinishRoster(court_id="ncwbk", roster_id=uuid4(), row_count=1),
        IssueLinkingCode(court_id="ncwbk", login="jpublic", way="mailed"),
        ProveByLinkingCode(court_id="ncwbk", code=secret),
        AskFilingPrivileges(court_id="ncwbk", role="attorney"),
        AcceptFilingRequest(request_id=uuid4(), login="jpublic"),
        RefuseFilingRequest(request_id=uuid4(), reason="no"),
        SettleConflict(conflict_id=uuid4(), decision="keep_holder", remark="hers"),
        AcceptInvitation(invitation_id=uuid4()),
        LeaveFirm(remark="goodbye"),
        EnrolAuthenticator(name="phone"),
        ConfirmAuthenticator(authenticator_id=uuid4(), code=secret),
        ChangePassword(present_password=secret, new_password=secret),
        ChangeEmail(email="new@firm.example"),
        ChangeProfile(profile=a_profile()),
        ChangeUserName(user_name="new.name"),
        DeactivateAccount(),
        EndOtherSessions(),
        EndSession(session_id="0" * 64),
        StopMyFactorReset(),
        ProveAgain(password=secret),
        GrantRole(account_id=uuid4(), role="psc"),
        an_upgrade(place),
    )
    return next(act for act in acts if type(act) is kind)


ACTS = (
    ProveFilingAccount,
    ConfirmLink,
    UnlinkFilingAccount,
    SetGoLive,
    SetCourtContact,
    BeginRoster,
    LoadRoster,
    FinishRoster,
    IssueLinkingCode,
    ProveByLinkingCode,
    AskFilingPrivileges,
    AcceptFilingRequest,
    RefuseFilingRequest,
    SettleConflict,
    AcceptInvitation,
    LeaveFirm,
    EnrolAuthenticator,
    ConfirmAuthenticator,
    ChangePassword,
    ChangeEmail,
    ChangeProfile,
    ChangeUserName,
    DeactivateAccount,
    EndOtherSessions,
    EndSession,
    StopMyFactorReset,
    ProveAgain,
    GrantRole,
    UpgradeAccount,
)


async def resolve_for(member: Member, message: Message, message_id: UUID) -> Assertion:
    """The assertion that `accounts` makes for one message."""
    place = member.place
    query = ResolveSession(
        token=sealed(place, member.token),
        audience="accounts",
        for_message_id=message_id,
        for_message_name=message.message_name(),
    )
    outcome = await place.send(query)
    return verify_assertion(outcome.assertion, {"test": signing_key().public_key()}, audience="accounts")


@pytest.fixture
async def accounts(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(ACCOUNTS, resources)


@pytest.mark.parametrize("kind", ACTS, ids=lambda kind: str(kind.__name__))
async def test_a_captured_assertion_carries_no_sensitive_act(workplace_of: Make, kind: type[Command]) -> None:
    place = await workplace_of(SERVICES[kind.message_owner()], None)
    act, message_id = an_act(kind, place), new_id(NOON)
    of_the_session = an_assertion(place.service.name)
    captured = (
        of_the_session,
        made_for(of_the_session, act, new_id(NOON)),
        made_for(of_the_session, WhatMayIFile(), message_id),
    )

    answers = [await place.send(act, by=by, message_id=message_id, is_captured=True) for by in captured]

    assert answers == [AssertionNotForThis()] * len(captured)
    assert await place.pool.fetchval("SELECT count(*) FROM inbox") == 0


@pytest.mark.parametrize("service", SERVICES)
def test_the_acts_that_the_specification_calls_sensitive_are_marked(service: str) -> None:
    marked = {
        kind
        for kind in messages_by_name().values()
        if issubclass(kind, Command) and kind.is_sensitive and kind.message_owner() == service
    }

    assert marked >= {kind for kind in ACTS if kind.message_owner() == service}
    assert all(kind.spoken_by == "account" for kind in marked)


async def test_whoever_waits_for_no_answer_has_the_act_parked(workplace_of: Make) -> None:
    place = await workplace_of(LINKING, None)

    judgement, _ = await place.judge(
        ConfirmLink(proof_id=uuid4()), by=an_assertion("linking"), is_captured=True, reply_to=None
    )

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "bad_envelope")


async def test_a_group_of_deliveries_takes_in_no_captured_assertion_either(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of)
    act = ConfirmLink(proof_id=uuid4())
    _, captured = await place.judge(act, by=somebody(place), is_captured=True)
    _, made_for_it = await place.judge(act, by=somebody(place))

    members = [
        read_member(place.bench, "linking.commands", envelope, msgspec.json.encode(act))
        for envelope in (captured, made_for_it)
    ]

    assert members[0] is None
    assert members[1] is not None


async def test_what_is_not_sensitive_needs_no_assertion_of_its_own(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of)
    asked_by = an_assertion("linking")

    for _ in range(2):
        rights = await place.send(WhatMayIFile(), by=asked_by, is_captured=True)
        assert rights.account_id == asked_by.account_id


async def test_the_same_id_may_be_sent_again_with_an_assertion_made_for_it(workplace_of: Make) -> None:
    place = await a_workplace(workplace_of)
    await load(place, a_row())
    who = somebody(place)
    link = await linked(place, who)
    act, message_id = UnlinkFilingAccount(link_id=link.link_id), new_id(NOON)

    refused = await place.send(act, by=who, message_id=message_id, is_captured=True)
    before = await place.emitted(FilingAccountUnlinked)
    done = await place.send(act, by=who, message_id=message_id)

    assert (refused, before) == (AssertionNotForThis(), [])
    assert isinstance(done, FilingAccountUnlinked)


async def test_a_session_is_resolved_for_one_message(accounts: Workplace) -> None:
    member = await a_signed_in_member(accounts)
    act, message_id = EnrolAuthenticator(name="phone"), new_id(NOON)
    asserted = await resolve_for(member, act, message_id)

    other_act = await accounts.send(DeactivateAccount(), by=asserted, message_id=message_id, is_captured=True)
    other_message = await accounts.send(act, by=asserted, is_captured=True)
    done = await accounts.send(act, by=asserted, message_id=message_id, is_captured=True)

    assert (other_act, other_message) == (AssertionNotForThis(), AssertionNotForThis())
    assert isinstance(done, AuthenticatorOffered)


async def test_an_assertion_of_the_plain_session_changes_nothing_of_its_account(accounts: Workplace) -> None:
    member = await a_signed_in_member(accounts)

    refused = await accounts.send(DeactivateAccount(), by=await member.resolve(), is_captured=True)

    assert refused == AssertionNotForThis()
    assert (await member.ask(MyAccount())).status == "active"
