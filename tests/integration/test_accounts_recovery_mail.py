"""Asking to get back in: who is mailed what, and that a stranger learns nothing from the answer."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountRecovered,
    AskRecovery,
    AskUserName,
    DeactivateAccount,
    RecoveryAsked,
    RecoveryReferred,
    RecoveryStarted,
    TokenRefused,
    UserNameAsked,
    UserNameReminded,
)
from shared.messaging.ids import new_id
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_legacy_member,
    a_member,
    a_person,
    a_registration,
    a_signed_in_member,
    an_upgrade,
    quick_resources,
    tables_holding,
)
from tests.builders_factors import a_recovery, acts_of, ask_recovery, ask_user_name, do_due_work, mailed_link
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def email_of(member: Member) -> str:
    return str(
        await member.place.pool.fetchval("SELECT email FROM accounts WHERE id = $1", member.account_id)
    )


async def mails(place: Workplace) -> int:
    """How many mails about getting back in were announced."""
    kinds = (RecoveryStarted, RecoveryReferred, UserNameReminded)
    return sum([len(await place.emitted(kind)) for kind in kinds])


async def test_the_link_goes_to_the_verified_address_and_lives_fifteen_minutes(place: Workplace) -> None:
    member = await a_member(place)

    await ask_recovery(place, member.user_name.upper(), network="192.0.2.0/24")

    (started,) = await place.emitted(RecoveryStarted)
    (recipient,) = await place.open_emitted(RecoveryStarted, "recipient")
    assert json.loads(recipient)["email"] == await email_of(member)
    assert (started.token.expires_at - place.clock()).total_seconds() == 15 * 60
    assert (await acts_of(member))[-1] == "recovery_asked"


async def test_a_link_asked_for_again_under_one_id_over_another_network_is_asked_for_once(
    place: Workplace,
) -> None:
    member, message_id = await a_member(place), new_id(place.clock())
    asked = [AskRecovery(user_name=member.user_name, network=each) for each in ("192.0.2.0/24", "")]

    outcomes = [await place.send(each, message_id=message_id) for each in asked]

    assert outcomes == [RecoveryAsked()] * 2
    assert await do_due_work(place) == 1


async def test_the_answer_and_the_work_are_the_same_whether_or_not_there_is_an_account(
    place: Workplace,
) -> None:
    member, gone = await a_member(place), await a_signed_in_member(place)
    await gone.ask(DeactivateAccount())
    names = (member.user_name, gone.user_name, "nobody.at.all", "no user name \x00", "")
    emails = (await email_of(member), await email_of(gone), "nobody@nowhere.example", "no \x00 address", "")

    answers = [await place.send(AskRecovery(user_name=name)) for name in names]
    reminders = [await place.send(AskUserName(email=email)) for email in emails]

    assert answers == [RecoveryAsked()] * 5
    assert reminders == [UserNameAsked()] * 5
    planned = await place.pool.fetch("SELECT kind, length(body) AS size FROM due_work")
    assert len(planned) == 10
    assert len({(row["kind"], row["size"]) for row in planned}) == 2
    assert await mails(place) == 0
    assert await do_due_work(place) == 10
    assert await mails(place) == 2


async def test_what_strangers_typed_is_kept_nowhere(place: Workplace) -> None:
    await place.send(AskRecovery(user_name="my-secret-by-mistake"))
    await place.send(AskUserName(email="stranger@nowhere.example"))

    assert await tables_holding(place.pool, "my-secret-by-mistake") == []
    assert await tables_holding(place.pool, "stranger@nowhere.example") == []


async def test_between_two_mails_about_one_account_lie_five_minutes(place: Workplace) -> None:
    member, legacy = await a_member(place), await a_legacy_member(place)

    async def ask_for_all() -> None:
        await ask_recovery(place, member.user_name)
        await ask_recovery(place, legacy.user_name)
        await ask_user_name(place, await email_of(member))

    for _ in range(3):
        await ask_for_all()
    at_first = await mails(place)
    place.clock.forward(minutes=5, seconds=-1)
    await ask_for_all()
    too_soon = await mails(place)
    place.clock.forward(seconds=1)
    await ask_for_all()

    assert (at_first, too_soon, await mails(place)) == (3, 3, 6)
    assert (await acts_of(member)).count("recovery_asked") == 2


async def test_a_second_link_closes_the_first(place: Workplace) -> None:
    member = await a_member(place)
    first = await mailed_link(member)
    place.clock.forward(minutes=5)
    second = await mailed_link(member)

    assert await place.send(a_recovery(place, first)) == TokenRefused()
    assert isinstance(await place.send(a_recovery(place, second)), AccountRecovered)


async def test_an_address_that_nobody_proved_gets_no_link(place: Workplace) -> None:
    legacy = await a_legacy_member(place)
    waiting = a_registration(place)
    await place.send(waiting)
    upgrading, upgrade = await a_legacy_member(place), an_upgrade(place)
    await upgrading.ask(upgrade)

    for user_name in (legacy.user_name, waiting.user_name, upgrade.user_name):
        await ask_recovery(place, user_name)
    await ask_user_name(place, waiting.person.email)
    await ask_user_name(place, await email_of(legacy))

    assert await place.emitted(RecoveryStarted) == []
    assert await place.emitted(UserNameReminded) == []
    assert await place.pool.fetchval("SELECT count(*) FROM one_time_tokens") == 0
    assert await place.emitted(RecoveryReferred) == [RecoveryReferred(account_id=legacy.account_id)]


async def test_each_account_of_an_address_has_its_user_name_mailed_to_that_address(place: Workplace) -> None:
    person = a_person(email="two.hats@chambers.example")
    first = await a_member(place, person=person)
    second = await a_member(place, person=a_person(email="two.hats+paa@chambers.example"), kind="paa")
    await a_member(place)

    await ask_user_name(place, "Two.Hats@chambers.example")

    recipients = await place.open_emitted(UserNameReminded, "recipient")
    user_names = await place.open_emitted(UserNameReminded, "user_name")
    told = {name: json.loads(to)["email"] for name, to in zip(user_names, recipients, strict=True)}
    assert told == {
        first.user_name: "two.hats@chambers.example",
        second.user_name: "two.hats+paa@chambers.example",
    }
    assert (await acts_of(first))[-1] == "user_name_asked"


async def test_a_user_name_asked_for_travels_sealed(place: Workplace) -> None:
    member = await a_member(place)

    await ask_user_name(place, await email_of(member))

    (body,) = await place.pool.fetch(
        "SELECT convert_from(body, 'UTF8') AS text FROM outbox WHERE type = $1",
        UserNameReminded.message_name(),
    )
    assert member.user_name not in body["text"]


async def test_an_account_given_up_between_asking_and_mailing_gets_no_mail(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    await place.send(AskUserName(email=await email_of(member)))
    await place.send(AskRecovery(user_name=member.user_name))
    await member.ask(DeactivateAccount())

    assert await do_due_work(place) == 2
    assert await mails(place) == 0
