"""Credentials of courts' machines: issued, used, rotated, ended, and guessed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.accounts.rules.court_credentials import MOST_IN_FORCE
from services.accounts.service import SERVICE
from shared.assertion import verify_court_assertion
from shared.messages.accounts import Busy, GrantRole, RoleGranted
from shared.messages.accounts.court_credentials import (
    CourtCredentialChanged,
    CourtCredentialIssued,
    CourtCredentialRefused,
    CourtNotResolved,
    CourtResolved,
    EndCourtCredential,
    EndCourtCredentialByOperator,
    IssueCourtCredential,
    IssueCourtCredentialByOperator,
    ListCourtCredentials,
    ListCourtCredentialsByOperator,
    ResolveCourt,
)
from shared.messages.base import NotAllowed
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from tests.builders_accounts import Member, a_psc_member, an_enrolled_member, quick_resources, sealed
from tests.builders_staff import newest_acts
from tests.messaging import NOON, Workplace, seals_of, signing_key

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
COURT, OTHER_COURT = "ncwbk", "gubk"
NETWORK = "198.51.100.0/24"


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def issued(place: Workplace, court_id: str = COURT, **changes: Any) -> tuple[UUID, str]:
    """A credential that the operator has issued: its id, and what the machine shows."""
    command = IssueCourtCredentialByOperator(court_id=court_id, **{"name": "CM/ECF", **changes})
    outcome = await place.send(command, sender="operator")
    assert isinstance(outcome, CourtCredentialIssued), outcome
    opened = seals_of("operator").open(outcome, place.last_reply_id, "credential", place.clock())
    return outcome.credential_id, opened


async def ended(place: Workplace, credential_id: UUID, court_id: str = COURT) -> Any:
    command = EndCourtCredentialByOperator(court_id=court_id, credential_id=credential_id)
    return await place.send(command, sender="operator")


async def resolve(place: Workplace, credential: str, network: str = NETWORK, **wanted: Any) -> Any:
    return await place.send(ResolveCourt(credential=sealed(place, credential), network=network, **wanted))


async def court_of(place: Workplace, credential: str) -> str | None:
    outcome = await resolve(place, credential)
    return outcome.court_id if isinstance(outcome, CourtResolved) else None


async def a_clerk(place: Workplace, court_id: str = COURT) -> Member:
    """Somebody of a court's staff, signed in with both factors just now."""
    psc, clerk = await a_psc_member(place), await an_enrolled_member(place)
    granted = await psc.ask(GrantRole(account_id=clerk.account_id, role="court_staff", court_id=court_id))
    assert isinstance(granted, RoleGranted), granted
    return clerk


async def test_a_credential_says_which_court_it_is_and_is_signed_for_one_message(place: Workplace) -> None:
    credential_id, credential = await issued(place)
    message_id = new_id(NOON)

    outcome = await resolve(
        place,
        credential,
        audience="paa_billing",
        for_message_id=message_id,
        for_message_name="paa_billing.report_usage.v1",
    )

    keys = {"test": signing_key().public_key()}
    asserted = verify_court_assertion(outcome.assertion, keys, "paa_billing")
    assert (asserted.court_id, asserted.credential_id) == (COURT, credential_id)
    assert asserted.is_made_for(message_id, "paa_billing.report_usage.v1")
    assert asserted.expires_at == place.clock() + timedelta(seconds=60)


async def test_a_credential_is_told_to_the_court_and_shown_once(place: Workplace) -> None:
    message_id = new_id(NOON)
    command = IssueCourtCredentialByOperator(court_id=COURT, name="CM/ECF")

    first = await place.send(command, sender="operator", message_id=message_id)
    again = await place.send(command, sender="operator", message_id=message_id)

    assert (first.secret_shown_once, again.secret_shown_once) == (False, True)
    assert again.credential is None
    (told,) = await place.emitted(CourtCredentialChanged)
    assert (told.court_id, told.change, told.actor_account_id) == (COURT, "issued", None)


async def test_a_credential_is_rotated_and_the_old_one_works_until_it_is_ended(place: Workplace) -> None:
    old_id, old = await issued(place)
    _, new = await issued(place, name="CM/ECF, spring")

    before = [await court_of(place, each) for each in (old, new)]
    outcome = await ended(place, old_id)
    after = [await court_of(place, each) for each in (old, new)]

    assert (before, after) == ([COURT, COURT], [None, COURT])
    assert isinstance(outcome, CourtCredentialChanged)
    assert await ended(place, old_id) == CourtCredentialRefused(reason="not_in_force")


async def test_a_credential_works_until_its_end_and_is_signed_no_further(place: Workplace) -> None:
    _, credential = await issued(place, ends_at=NOON + timedelta(minutes=10))
    place.clock.forward(minutes=9, seconds=30)
    wanted = {"audience": "linking", "for_message_id": uuid4(), "for_message_name": "a.b.v1"}

    short = await resolve(place, credential, **wanted)
    place.clock.forward(seconds=30)

    asserted = verify_court_assertion(short.assertion, {"test": signing_key().public_key()}, "linking")
    assert asserted.expires_at == NOON + timedelta(minutes=10)
    assert await resolve(place, credential) == CourtNotResolved()


async def test_a_court_has_so_many_in_force_and_one_that_ended_makes_room(place: Workplace) -> None:
    ids = [(await issued(place))[0] for _ in range(MOST_IN_FORCE)]
    one_more = IssueCourtCredentialByOperator(court_id=COURT, name="CM/ECF")

    refused = await place.send(one_more, sender="operator")
    _, of_another = await issued(place, OTHER_COURT)
    await ended(place, ids[0])

    assert refused == CourtCredentialRefused(reason="too_many")
    assert await court_of(place, of_another) == OTHER_COURT
    assert isinstance(await place.send(one_more, sender="operator"), CourtCredentialIssued)


async def test_of_more_than_so_many_issued_at_once_so_many_are(place: Workplace) -> None:
    command = IssueCourtCredentialByOperator(court_id=COURT, name="CM/ECF")

    async with asyncio.TaskGroup() as group:
        sent = [group.create_task(place.send(command, sender="operator")) for _ in range(MOST_IN_FORCE + 3)]

    refused = [each.result() for each in sent if not isinstance(each.result(), CourtCredentialIssued)]
    assert refused == [CourtCredentialRefused(reason="too_many")] * 3
    assert await place.pool.fetchval("SELECT count(*) FROM court_credentials") == MOST_IN_FORCE


async def test_no_credential_is_issued_whose_end_has_come(place: Workplace) -> None:
    command = IssueCourtCredentialByOperator(court_id=COURT, name="CM/ECF", ends_at=NOON)

    assert await place.send(command, sender="operator") == CourtCredentialRefused(reason="end_not_ahead")


async def test_credentials_are_listed_with_their_last_use_and_without_what_is_secret(
    place: Workplace,
) -> None:
    first_id, first = await issued(place)
    second_id, _ = await issued(place, name="CM/ECF, spring")
    await court_of(place, first)
    place.clock.forward(seconds=59)
    await court_of(place, first)
    await ended(place, second_id)

    listed = await place.send(ListCourtCredentialsByOperator(court_id=COURT), sender="operator")

    shown = {each.credential_id: each for each in listed.credentials}
    assert (shown[first_id].last_used_at, shown[second_id].last_used_at) == (NOON, None)
    assert (shown[first_id].ended_at, shown[second_id].ended_at) == (None, place.clock())
    rows = await place.pool.fetch("SELECT court_credentials::text AS row FROM court_credentials")
    assert not any(first in row["row"] for row in rows)
    assert first not in repr(listed)


async def test_one_in_force_is_listed_however_many_have_ended_since(place: Workplace) -> None:
    lasting, _ = await issued(place)
    for _ in range(51):
        credential_id, _ = await issued(place, name="short")
        await ended(place, credential_id)

    listed = await place.send(ListCourtCredentialsByOperator(court_id=COURT), sender="operator")

    assert listed.credentials[0].credential_id == lasting
    assert len(listed.credentials) == 50


async def test_guesses_of_a_network_are_throttled_and_a_right_credential_is_let_in_from_there(
    place: Workplace,
) -> None:
    _, credential = await issued(place)
    limit = place.resources.policies.network_failures

    guesses = [await resolve(place, f"ngcourt_{n}") for n in range(limit)]
    throttled = await resolve(place, "ngcourt_one-more")
    of_the_right_one = await court_of(place, credential)
    elsewhere = await resolve(place, "ngcourt_one-more", network="203.0.113.0/24")
    counted = await place.pool.fetchval("SELECT attempt_count FROM throttles WHERE subject = $1", NETWORK)
    place.clock.forward(minutes=place.resources.policies.failure_window_minutes)

    assert guesses == [CourtNotResolved()] * limit
    assert (type(throttled), of_the_right_one) == (Busy, COURT)
    assert elsewhere == CourtNotResolved()
    assert counted == limit, "what is throttled counts no further"
    assert await resolve(place, "ngcourt_one-more") == CourtNotResolved()


async def test_right_credentials_are_counted_against_nobody(place: Workplace) -> None:
    _, credential = await issued(place)
    limit = place.resources.policies.network_failures

    outcomes = {await court_of(place, credential) for _ in range(limit + 1)}

    assert outcomes == {COURT}
    assert await place.pool.fetchval("SELECT count(*) FROM throttles WHERE scope = 'machine'") == 0


async def test_a_courts_staff_issue_list_and_end_and_it_stands_in_their_history(place: Workplace) -> None:
    clerk = await a_clerk(place)

    outcome = await clerk.ask(IssueCourtCredential(court_id=COURT, name="CM/ECF"))
    credential = place.open_reply(outcome, "credential")
    listed = await clerk.ask(ListCourtCredentials(court_id=COURT))
    before = await court_of(place, credential)
    await clerk.ask(EndCourtCredential(court_id=COURT, credential_id=outcome.credential_id))

    assert before == COURT
    assert [each.issued_by for each in listed.credentials] == [clerk.account_id]
    assert await court_of(place, credential) is None
    details = {"court_id": COURT, "credential_id": str(outcome.credential_id)}
    assert await newest_acts(clerk, 2) == [
        ("court_credential_ended", details),
        ("court_credential_issued", details),
    ]
    told = await place.emitted(CourtCredentialChanged)
    assert [(each.change, each.actor_account_id) for each in told] == [
        ("issued", clerk.account_id),
        ("ended", clerk.account_id),
    ]


async def test_the_staff_of_another_court_do_nothing_with_a_courts_credentials(place: Workplace) -> None:
    credential_id, credential = await issued(place)
    stranger = await a_clerk(place, OTHER_COURT)

    refused = [
        await stranger.ask(IssueCourtCredential(court_id=COURT, name="mine")),
        await stranger.ask(ListCourtCredentials(court_id=COURT)),
        await stranger.ask(EndCourtCredential(court_id=COURT, credential_id=credential_id)),
    ]
    under_their_own = await stranger.ask(
        EndCourtCredential(court_id=OTHER_COURT, credential_id=credential_id)
    )

    assert refused == [NotAllowed(reason="role_missing")] * 3
    assert under_their_own == CourtCredentialRefused(reason="not_in_force")
    assert await court_of(place, credential) == COURT


async def test_psc_whom_a_court_calls_sees_and_ends_a_credential_and_issues_none(place: Workplace) -> None:
    credential_id, credential = await issued(place)
    center = await a_psc_member(place)

    refused = await center.ask(IssueCourtCredential(court_id=COURT, name="CM/ECF"))
    listed = await center.ask(ListCourtCredentials(court_id=COURT))
    outcome = await center.ask(EndCourtCredential(court_id=COURT, credential_id=credential_id))

    assert refused == NotAllowed(reason="role_missing")
    assert [each.credential_id for each in listed.credentials] == [credential_id]
    assert outcome.actor_account_id == center.account_id
    assert await court_of(place, credential) is None


async def test_whose_proof_is_old_or_who_has_no_role_issues_none(place: Workplace) -> None:
    clerk, somebody = await a_clerk(place), await an_enrolled_member(place)
    command = IssueCourtCredential(court_id=COURT, name="CM/ECF")

    by_somebody = await somebody.ask(command)
    place.clock.forward(minutes=11)
    by_stale = await clerk.ask(command)

    assert by_somebody == NotAllowed(reason="role_missing")
    assert by_stale == NotAllowed(reason="proof_too_old")
    assert await place.pool.fetchval("SELECT count(*) FROM court_credentials") == 0
