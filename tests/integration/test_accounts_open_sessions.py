"""A person's open sessions: listed, ended one by one or all others at once, and forgotten in the end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    EndOtherSessions,
    EndSession,
    MyHistory,
    MySessions,
    NoSuchSession,
    SessionRefused,
    SessionResolved,
    SessionsEnded,
    SessionShown,
    SessionsShown,
    SignOut,
)
from shared.messages.base import NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_member,
    a_signed_in_member,
    an_enrolled_member,
    quick_resources,
    resolve,
    sealed,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def signed_in_twice(place: Workplace) -> tuple[Member, str]:
    """Somebody with two sessions, the present one and one before, and the token of that."""
    member = await a_member(place)
    await member.sign_in(network=THERE)
    first = member.token
    place.clock.forward(minutes=1)
    await member.sign_in(network=HERE)
    return member, first


async def session_id(member: Member) -> str:
    return (await member.resolve()).session_id_hash


async def test_my_sessions_are_listed_with_when_and_where_and_which_is_this_one(place: Workplace) -> None:
    member, first = await signed_in_twice(place)
    await a_signed_in_member(place)
    opened_at = place.clock()
    place.clock.forward(minutes=5)

    shown = await member.ask(MySessions())

    assert isinstance(shown, SessionsShown)
    present, earlier = shown.sessions
    assert present == SessionShown(
        session_id=await session_id(member),
        opened_at=opened_at,
        last_used_at=place.clock(),
        network=HERE,
        level=1,
        is_this_one=True,
    )
    assert (earlier.network, earlier.is_this_one) == (THERE, False)
    assert member.token not in str(shown)
    assert first not in str(shown)


async def test_sessions_that_ended_or_were_idle_or_open_too_long_are_not_listed(place: Workplace) -> None:
    member, ended = await signed_in_twice(place)
    await place.send(SignOut(token=sealed(place, ended)))
    place.clock.forward(minutes=20)
    await member.sign_in()
    open_too_long = await session_id(member)
    await member.sign_in()
    place.clock.forward(minutes=10)
    await place.pool.execute(
        "UPDATE sessions SET opened_at = $1 WHERE token_hash = decode($2, 'hex')",
        place.clock() - timedelta(hours=12),
        open_too_long,
    )

    shown = await member.ask(MySessions())

    assert await place.pool.fetchval("SELECT count(*) FROM sessions") == 4
    assert [session.is_this_one for session in shown.sessions] == [True]


async def test_another_session_is_ended_by_its_id_and_its_holder_told(place: Workplace) -> None:
    member, first = await signed_in_twice(place)
    earlier = (await member.ask(MySessions())).sessions[1]

    outcome = await member.ask(EndSession(session_id=earlier.session_id))

    assert outcome == SessionsEnded(account_id=member.account_id, session_count=1)
    assert await place.emitted(SessionsEnded) == [outcome]
    assert isinstance(await resolve(place, first), SessionRefused)
    assert isinstance(await resolve(place, member.token), SessionResolved)
    (newest, *_) = (await member.ask(MyHistory())).acts
    assert (newest.kind, newest.details) == ("sessions_ended", {"session_count": "1"})


async def test_the_session_that_asks_may_end_itself(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    outcome = await member.ask(EndSession(session_id=await session_id(member)))

    assert isinstance(outcome, SessionsEnded)
    assert isinstance(await resolve(place, member.token), SessionRefused)


async def test_somebody_elses_session_an_unknown_one_and_an_ended_one_are_answered_alike(
    place: Workplace,
) -> None:
    other = await a_signed_in_member(place)
    member, first = await signed_in_twice(place)
    earlier = (await member.ask(MySessions())).sessions[1]
    await place.send(SignOut(token=sealed(place, first)))

    ids = (await session_id(other), "0" * 64, earlier.session_id)
    answers = [await member.ask(EndSession(session_id=each)) for each in ids]

    assert answers == [NoSuchSession()] * 3
    assert isinstance(await resolve(place, other.token), SessionResolved)
    assert await place.emitted(SessionsEnded) == []


async def test_all_other_sessions_end_at_once_and_this_one_and_other_peoples_stay(place: Workplace) -> None:
    other = await a_signed_in_member(place)
    member, first = await signed_in_twice(place)
    second = member.token
    await member.sign_in()

    outcome = await member.ask(EndOtherSessions())
    again = await member.ask(EndOtherSessions())

    assert outcome == SessionsEnded(account_id=member.account_id, session_count=2)
    assert again == NoSuchSession()
    for token in (first, second):
        assert isinstance(await resolve(place, token), SessionRefused)
    for token in (member.token, other.token):
        assert isinstance(await resolve(place, token), SessionResolved)


async def test_sessions_are_ended_without_a_fresh_proof_but_only_from_an_open_session(
    place: Workplace,
) -> None:
    member, first = await signed_in_twice(place)
    place.clock.forward(minutes=20)
    await resolve(place, first)
    asked_by = await member.resolve()

    outcome = await place.send(EndOtherSessions(), by=asked_by)
    await member.ask(EndSession(session_id=await session_id(member)))
    late = [
        await place.send(act, by=asked_by)
        for act in (EndOtherSessions(), EndSession(session_id=asked_by.session_id_hash))
    ]

    assert outcome == SessionsEnded(account_id=member.account_id, session_count=1)
    assert late == [NotAllowed(reason="assertion_invalid")] * 2


async def test_a_session_below_the_accounts_level_ends_no_other(place: Workplace) -> None:
    member = await an_enrolled_member(place)
    await member.sign_in()
    await place.pool.execute("UPDATE sessions SET level = 1")

    assert await member.ask(EndOtherSessions()) == NotAllowed(reason="session_level_too_low")


async def test_a_restricted_session_neither_sees_nor_ends_others(workplace_of: Make) -> None:
    async with quick_resources() as resources:
        strict = msgspec.structs.replace(resources.policies, second_factor_skips=0)
        place = await workplace_of(SERVICE, replace(resources, policies=strict))
        member = await a_signed_in_member(place, kind="paa")

        acts = (MySessions(), EndOtherSessions(), EndSession(session_id=await session_id(member)))
        answers = [await member.ask(act) for act in acts]

    assert answers == [NotAllowed(reason="session_restricted")] * 3


async def test_a_session_that_cannot_be_used_for_a_day_is_forgotten_and_its_sign_in_stays_in_the_history(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)
    place.clock.forward(hours=36)
    await member.sign_in()

    assert await place.pool.fetchval("SELECT count(*) FROM sessions") == 2
    place.clock.forward(microseconds=1)
    await place.work_off("forget_what_is_over")

    assert await place.pool.fetchval("SELECT count(*) FROM sessions") == 1
    assert isinstance(await resolve(place, member.token), SessionResolved)
    kinds = [act.kind for act in (await member.ask(MyHistory())).acts]
    assert kinds.count("signed_in") == 2
