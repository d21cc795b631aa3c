"""What a legacy account may do: pay, see usage and itself, upgrade, leave; all else answers "upgrade first".

Each table is of all that an account may ask of a service, so that what is added later has to be decided on.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.accounts.service import SERVICE as ACCOUNTS
from services.linking.service import SERVICE as LINKING
from services.paa_billing.service import SERVICE as BILLING
from shared.messages import accounts, linking, paa_billing
from shared.messages.accounts.factor_reset import StopMyFactorReset
from shared.messages.accounts.roles import MyRoles
from shared.messages.base import Command, Message, NotAllowed, Query
from shared.messages.linking import assistance, readiness
from shared.messages.linking.attempts import WhyCantLink
from shared.messages.linking.codes import IssueLinkingCode
from shared.messages.linking.conflicts import Conflicts
from shared.messages.linking.history import LinksOf
from shared.messages.linking.requests import FilingRequests
from shared.messaging.registry import Service
from shared.sealed import Sealed, to_be_sealed
from tests import billing
from tests.builders_accounts import a_legacy_member, quick_resources
from tests.installation import ROOT
from tests.integration.linking_builders import a_workplace
from tests.messaging import Workplace, an_assertion

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
Kind = type[Command] | type[Query]

LOOKS_AT_ITSELF = {
    accounts.MyAccount,
    accounts.MyHistory,
    accounts.MySecondFactor,
    accounts.MySessions,
    MyRoles,
}
ENDS_ITS_SESSIONS = {accounts.EndSession, accounts.EndOtherSessions}
UPGRADES = {accounts.UpgradeAccount, accounts.ProveAgain}
STOPS_WHAT_IT_CANT_HAVE = {StopMyFactorReset}
COURT_STAFF = {
    linking.SetGoLive,
    linking.SetCourtContact,
    linking.BeginRoster,
    linking.LoadRoster,
    linking.FinishRoster,
    linking.RosterProgress,
    linking.RosterRefusals,
    assistance.ScheduleAssistanceSession,
    assistance.ChangeAssistanceSession,
    assistance.CancelAssistanceSession,
    readiness.ShowReadiness,
    readiness.PeopleStillToAct,
    IssueLinkingCode,
    FilingRequests,
    Conflicts,
    WhyCantLink,
    LinksOf,
}
IS_HELPED_TO_UPGRADE = {
    assistance.ListAssistanceSessions,
    assistance.BookAssistanceSession,
    assistance.CancelBooking,
}
SEES_USAGE_AND_BILLS = {
    paa_billing.MyUsage,
    paa_billing.MyBalance,
    paa_billing.MyStatements,
    paa_billing.MyStatementFiles,
    paa_billing.WhoPaysForMe,
    paa_billing.WhoLooked,
}
ONLY_FOR_FIRMS = {
    paa_billing.RegisterFirm,
    paa_billing.InviteAccount,
    paa_billing.WithdrawInvitation,
    paa_billing.RemoveMember,
    paa_billing.MyMembers,
    paa_billing.FirmUsage,
    paa_billing.SetClientCodeRule,
}
ONLY_FOR_PEOPLE = {
    paa_billing.AcceptInvitation,
    paa_billing.DeclineInvitation,
    paa_billing.LeaveFirm,
    paa_billing.MyInvitations,
    paa_billing.SetMyClientCodeRule,
}


def asked_of(service: Service[Any]) -> list[Kind]:
    """All that an account may ask of a service."""
    asked = [kind for kind in service.received() if issubclass(kind, Command | Query)]
    return sorted((k for k in asked if k.spoken_by == "account"), key=lambda kind: kind.message_name())


def ids_of(kinds: list[Kind]) -> list[str]:
    return [kind.__name__ for kind in kinds]


def a_message(kind: Kind, place: Workplace) -> Message:
    """The golden sample, with secrets that can be opened."""
    path = ROOT / "tests" / "contract" / "samples" / f"{kind.message_name()}.json"
    sample = kind.from_json(path.read_bytes())
    expires_at = place.clock() + timedelta(minutes=1)
    sealed = to_be_sealed('["x"]', reader=kind.message_owner(), expires_at=expires_at)
    secrets = [f.name for f in msgspec.structs.fields(kind) if isinstance(getattr(sample, f.name), Sealed)]
    return sample.with_changes(**dict.fromkeys(secrets, sealed))


def reason_of(outcome: Any) -> str | None:
    return getattr(outcome, "reason", None)


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(ACCOUNTS, resources)


@pytest.mark.parametrize("kind", asked_of(ACCOUNTS), ids=ids_of(asked_of(ACCOUNTS)))
async def test_accounts_tells_a_legacy_account_to_upgrade_first(place: Workplace, kind: Kind) -> None:
    member = await a_legacy_member(place)

    outcome = await member.ask(a_message(kind, place))

    if kind in LOOKS_AT_ITSELF | ENDS_ITS_SESSIONS | UPGRADES | STOPS_WHAT_IT_CANT_HAVE:
        assert reason_of(outcome) != "upgrade_first"
    else:
        assert outcome == NotAllowed(reason="upgrade_first")


@pytest.mark.parametrize("kind", asked_of(LINKING), ids=ids_of(asked_of(LINKING)))
async def test_linking_tells_a_legacy_account_to_upgrade_first(workplace_of: Make, kind: Kind) -> None:
    place = await a_workplace(workplace_of)
    legacy = an_assertion("linking", generation="legacy", email_verified=False)

    outcome = await place.send(a_message(kind, place), by=legacy)

    if kind in IS_HELPED_TO_UPGRADE:
        assert reason_of(outcome) in (None, "session_not_found", "booking_not_found")
    else:
        assert reason_of(outcome) == ("role_missing" if kind in COURT_STAFF else "upgrade_first")


@pytest.mark.parametrize("kind", asked_of(BILLING), ids=ids_of(asked_of(BILLING)))
@pytest.mark.parametrize("whose", ["individual", "paa"])
async def test_billing_lets_a_legacy_account_see_usage_and_tells_it_else_to_upgrade_first(
    workplace_of: Make, kind: Kind, whose: str
) -> None:
    place = await billing.opened(await workplace_of(BILLING, billing.resources()))
    person = await billing.a_person(place, generation="legacy", kind=whose)

    outcome = await place.send(a_message(kind, place), by=person.asks())

    if kind in SEES_USAGE_AND_BILLS or (whose == "paa" and kind is paa_billing.FirmUsage):
        assert reason_of(outcome) is None
    elif whose == "individual" and kind in ONLY_FOR_FIRMS:
        assert reason_of(outcome) == "not_a_paa"
    elif whose == "paa" and kind in ONLY_FOR_PEOPLE:
        assert reason_of(outcome) == "not_an_individual"
    else:
        assert reason_of(outcome) == "upgrade_first"
