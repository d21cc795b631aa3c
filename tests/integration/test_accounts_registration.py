"""Registering an account and proving its address."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from services.accounts.service import SERVICE
from services.accounts.store.saving import NumbersExhaustedError
from shared.messages.accounts import (
    AccountActivated,
    AccountChanged,
    AccountRegistered,
    AskVerificationAgain,
    ContactChanged,
    EmailVerificationAsked,
    EmailVerified,
    RegistrationRefused,
    SignedIn,
    SignInRefused,
    TokenRefused,
    VerifyEmail,
)
from shared.messages.base import IdReused
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from tests.builders_accounts import (
    PASSWORD,
    a_member,
    a_person,
    a_registration,
    a_user_name,
    mailed_token,
    quick_resources,
    sealed,
    sign_in,
    verify,
)
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_a_registered_account_does_nothing_until_its_address_is_verified(place: Workplace) -> None:
    command = a_registration(place)

    registered = await place.send(command)
    before = await sign_in(place, command.user_name, PASSWORD)
    verified = await verify(place, registered.account_id)
    after = await sign_in(place, command.user_name, PASSWORD)

    assert isinstance(registered, AccountRegistered)
    assert registered.status == "pending_verification"
    assert isinstance(before, SignInRefused)
    assert verified == EmailVerified(account_id=registered.account_id, status="active")
    assert isinstance(after, SignedIn)


async def test_each_change_of_an_account_is_announced_whole_under_a_higher_version(place: Workplace) -> None:
    person = a_person(first_name="Ada", last_name="Byron")

    member = await a_member(place, person=person)

    registered, verified = await place.emitted(AccountChanged)
    assert (registered.version, registered.status, registered.email_verified) == (
        1,
        "pending_verification",
        False,
    )
    assert (verified.version, verified.status, verified.email_verified) == (2, "active", True)
    assert verified.is_search_active
    assert (verified.first_name, verified.last_name, verified.generation) == ("Ada", "Byron", "upgraded")
    assert await place.emitted(ContactChanged) == [
        ContactChanged(account_id=member.account_id, version=2, name="Ada Byron", email=person.email)
    ]
    assert await place.emitted(AccountActivated) == [AccountActivated(account_id=member.account_id)]


async def test_the_token_goes_to_notify_alone_with_name_and_address(place: Workplace) -> None:
    person = a_person(first_name="Ada", last_name="Byron")

    await place.send(a_registration(place, person=person))

    (recipient,) = await place.open_emitted(EmailVerificationAsked, "recipient")
    (token,) = await place.open_emitted(EmailVerificationAsked, "token")
    (event,) = await place.emitted(EmailVerificationAsked)
    assert json.loads(recipient) == {"name": "Ada Byron", "email": person.email}
    assert len(token) == 43
    assert event.token.reader == event.recipient.reader == "notify"
    assert event.token.expires_at == event.recipient.expires_at


async def test_a_token_is_used_once(place: Workplace) -> None:
    registered = await place.send(a_registration(place))
    token = await mailed_token(place, registered.account_id)

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(place.send(VerifyEmail(token=sealed(place, token)))) for _ in range(4)]

    kinds = sorted(type(task.result()).__name__ for task in asked)
    assert kinds == ["EmailVerified", "TokenRefused", "TokenRefused", "TokenRefused"]
    assert len(await place.emitted(AccountActivated)) == 1


async def test_a_token_is_good_for_seven_days_and_not_a_moment_longer(place: Workplace) -> None:
    early, late = [await place.send(a_registration(place)) for _ in range(2)]
    early_token = await mailed_token(place, early.account_id)
    late_token = await mailed_token(place, late.account_id)

    place.clock.forward(days=7, seconds=-1)
    in_time = await place.send(VerifyEmail(token=sealed(place, early_token)))
    place.clock.forward(seconds=1)
    too_late = await place.send(VerifyEmail(token=sealed(place, late_token)))

    assert isinstance(in_time, EmailVerified)
    assert too_late == TokenRefused()


async def test_an_unknown_token_is_answered_as_a_used_one(place: Workplace) -> None:
    assert await place.send(VerifyEmail(token=sealed(place, "nothing"))) == TokenRefused()


async def test_a_mail_that_got_lost_is_sent_again_and_the_first_token_stops_working(
    place: Workplace,
) -> None:
    command = a_registration(place)
    registered = await place.send(command)
    first = await mailed_token(place, registered.account_id)

    await place.send(AskVerificationAgain(user_name=command.user_name))
    too_soon = len(await place.emitted(EmailVerificationAsked))
    place.clock.forward(minutes=5)
    await place.send(AskVerificationAgain(user_name=command.user_name.upper()))

    assert too_soon == 1
    assert len(await place.emitted(EmailVerificationAsked)) == 2
    assert await place.send(VerifyEmail(token=sealed(place, first))) == TokenRefused()
    assert isinstance(await verify(place, registered.account_id), EmailVerified)


async def test_asking_for_the_mail_again_tells_nobody_whether_there_is_such_an_account(
    place: Workplace,
) -> None:
    command = a_registration(place)
    await place.send(command)

    known = await place.send(AskVerificationAgain(user_name=command.user_name))
    unknown = await place.send(AskVerificationAgain(user_name="nobody.at.all"))

    assert known == unknown


async def test_one_user_name_asked_for_by_many_at_once_goes_to_one(place: Workplace) -> None:
    user_name = a_user_name()

    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(place.send(a_registration(place, user_name=name)))
            for name in (user_name, user_name.upper(), user_name, user_name)
        ]

    outcomes = [task.result() for task in asked]
    taken = RegistrationRefused(reason="user_name_taken", field="user_name")
    assert outcomes.count(taken) == 3
    assert await place.pool.fetchval("SELECT count(*) FROM accounts") == 1


async def test_an_account_number_that_was_drawn_before_is_drawn_anew(place: Workplace) -> None:
    drawn = iter(["1234567", "1234567", "1234567", "7654321"])
    place.resources = replace(place.resources, draw_number=lambda: next(drawn))

    first = await place.send(a_registration(place))
    second = await place.send(a_registration(place))

    assert (first.account_number, second.account_number) == ("1234567", "7654321")


async def test_when_no_free_number_is_drawn_no_account_is_made(place: Workplace) -> None:
    place.resources = replace(place.resources, draw_number=lambda: "1234567")
    await place.send(a_registration(place))

    with pytest.raises(AssertionError, match=NumbersExhaustedError.__name__):
        await place.send(a_registration(place))

    assert await place.pool.fetchval("SELECT count(*) FROM accounts") == 1


async def test_the_same_registration_asked_twice_is_answered_twice_and_done_once(place: Workplace) -> None:
    command, message_id = a_registration(place), new_id(place.clock())

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(place.send(command, message_id=message_id)) for _ in range(3)]
    again = await place.send(command, message_id=message_id)

    assert {task.result() for task in asked} == {again}
    assert isinstance(again, AccountRegistered)
    assert len(await place.emitted(AccountChanged)) == 1


async def test_the_same_id_with_another_registration_changes_nothing(place: Workplace) -> None:
    message_id = new_id(place.clock())
    await place.send(a_registration(place), message_id=message_id)

    assert await place.send(a_registration(place), message_id=message_id) == IdReused()
    assert await place.pool.fetchval("SELECT count(*) FROM accounts") == 1


@pytest.mark.parametrize("text", ["Wil\x00mington", "Wil\r\nBcc: x@y.example", "\u202enotgnimliW", " "])
async def test_a_refused_registration_names_what_to_mend(place: Workplace, text: str) -> None:
    refused = await place.send(a_registration(place, person=a_person(city=text)))

    assert refused == RegistrationRefused(reason="text_not_allowed", field="person.city")
    assert await place.pool.fetchval("SELECT count(*) FROM accounts") == 0
