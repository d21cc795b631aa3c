"""Changing the e-mail address: the new one is proved first, the old one is told and can take it back."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import (
    AccountChanged,
    AccountRecovered,
    ChangeEmail,
    ChangeUserName,
    ContactChanged,
    EmailChangeAsked,
    EmailChangeBegun,
    EmailChangeConfirmed,
    EmailChanged,
    EmailChangeRefused,
    EmailTakenIntoUse,
    MyAccount,
    MyHistory,
    RemoveAuthenticator,
    TokenRefused,
)
from shared.messages.base import NotAllowed
from shared.messaging.registry import Service
from tests.builders_accounts import (
    Member,
    a_legacy_member,
    a_member,
    a_password_change,
    a_person,
    a_signed_in_member,
    a_user_name,
    an_enrolled_member,
    quick_resources,
)
from tests.builders_addresses import NEW, address_of, confirm, mailed, moved, told
from tests.builders_factors import a_recovery, mailed_link, second_factor_of
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_changing_the_address_proves_the_new_one_first(place: Workplace) -> None:
    person = a_person()
    member = await a_signed_in_member(place, person=person)

    begun = await member.ask(ChangeEmail(email=NEW))
    before = await address_of(place, member)
    (token,) = await mailed(place, EmailChangeAsked)
    confirmed = await confirm(place, token)

    assert (begun, before) == (EmailChangeBegun(), person.email)
    assert await told(place, EmailChangeAsked) == [NEW]
    assert confirmed == EmailChangeConfirmed(account_id=member.account_id, status="active")
    assert await address_of(place, member) == NEW
    changed, contact = (await place.emitted(AccountChanged))[-1], (await place.emitted(ContactChanged))[-1]
    assert (contact.email, contact.is_verified, contact.version) == (NEW, True, changed.version)
    assert changed.version == 3
    assert (await member.ask(MyAccount())).email == NEW


async def test_the_old_address_is_told_with_a_way_back_and_the_new_one_without(place: Workplace) -> None:
    person = a_person(first_name="Ada", last_name="Byron")
    member = await a_signed_in_member(place, person=person)

    await moved(member, NEW)

    (recipient,) = await place.open_emitted(EmailChanged, "recipient")
    (changed,) = await place.emitted(EmailChanged)
    assert json.loads(recipient) == {"name": "Ada Byron", "email": person.email}
    assert changed.token.reader == changed.recipient.reader == "notify"
    assert await told(place, EmailTakenIntoUse) == [NEW]
    assert [act.kind for act in (await member.ask(MyHistory())).acts][:2] == [
        "email_changed",
        "email_change_asked",
    ]


async def test_the_link_to_the_new_address_is_good_for_a_day_and_not_a_moment_longer(
    place: Workplace,
) -> None:
    early, late = [await a_signed_in_member(place) for _ in range(2)]
    for each in (early, late):
        await each.ask(ChangeEmail(email=f"{each.user_name}@new.example"))
    tokens_of = await mailed(place, EmailChangeAsked)

    place.clock.forward(days=1, seconds=-1)
    in_time = await confirm(place, tokens_of[0])
    place.clock.forward(seconds=1)
    too_late = await confirm(place, tokens_of[1])

    assert isinstance(in_time, EmailChangeConfirmed)
    assert too_late == TokenRefused()


async def test_recovery_after_an_email_change_is_refused(place: Workplace) -> None:
    member = await a_signed_in_member(place)
    link = await mailed_link(member)

    await moved(member, NEW)
    refused = await place.send(a_recovery(place, link))
    place.clock.forward(minutes=5)
    recovered = await place.send(a_recovery(place, await mailed_link(member)))

    assert refused == TokenRefused()
    assert isinstance(recovered, AccountRecovered)


async def test_an_email_change_closes_the_recovery_that_was_asked_for_and_no_undoing(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)
    await moved(member, "second@chambers.example")
    await mailed_link(member)

    await moved(member, NEW)

    rows = await place.pool.fetch("SELECT purpose FROM one_time_tokens WHERE closed_at IS NULL")
    assert [row["purpose"] for row in rows] == ["email_undo"] * 2


async def test_a_pending_change_is_answered_alike_whoever_has_the_address(place: Workplace) -> None:
    known = a_person()
    await a_member(place, person=known)
    member = await a_signed_in_member(place)

    answers = [await member.ask(ChangeEmail(email=email)) for email in (known.email, NEW)]

    assert answers == [EmailChangeBegun()] * 2
    assert await told(place, EmailChangeAsked) == [known.email, NEW]


async def test_asking_again_stops_the_first_link_and_the_same_address_gets_no_second_mail_at_once(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)

    for email in ("mistyped@chambers.example", NEW, NEW):
        await member.ask(ChangeEmail(email=email))
    at_once = await mailed(place, EmailChangeAsked)
    place.clock.forward(minutes=5)
    await member.ask(ChangeEmail(email=NEW))
    later = await mailed(place, EmailChangeAsked)

    assert (len(at_once), len(later)) == (2, 3)
    assert [await confirm(place, token) for token in later[:2]] == [TokenRefused()] * 2
    assert isinstance(await confirm(place, later[2]), EmailChangeConfirmed)


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("nobody", "email_not_allowed"),
        ("a@b.example\r\nBcc: c@d.example", "email_not_allowed"),
        ("", "email_not_allowed"),
        (None, "email_not_new"),
    ],
)
async def test_what_cant_be_the_new_address_is_refused(
    place: Workplace, email: str | None, reason: Any
) -> None:
    person = a_person()
    member = await a_signed_in_member(place, person=person)

    refused = await member.ask(ChangeEmail(email=person.email if email is None else email))

    assert refused == EmailChangeRefused(reason=reason)
    assert await place.emitted(EmailChangeAsked) == []


async def test_an_old_proof_and_a_legacy_account_change_no_address(place: Workplace) -> None:
    member, legacy = await a_signed_in_member(place), await a_legacy_member(place)
    of_legacy = await legacy.ask(ChangeEmail(email=NEW))

    place.clock.forward(minutes=10, seconds=1)
    too_old = await member.ask(ChangeEmail(email=NEW))

    assert of_legacy == NotAllowed(reason="upgrade_first")
    assert too_old == NotAllowed(reason="proof_too_old")


async def end_by(act: str, member: Member) -> None:
    """Let a member shut others out in one of the ways that there are."""
    if act == "password":
        await member.ask(a_password_change(member.place))
    elif act == "recovery":
        await member.place.send(a_recovery(member.place, await mailed_link(member)))
    elif act == "user name":
        await member.ask(ChangeUserName(user_name=a_user_name()))
    elif act == "second factor":
        await member.enrol()
    else:
        (authenticator,) = (await second_factor_of(member)).authenticators
        await member.ask(RemoveAuthenticator(authenticator_id=authenticator.authenticator_id))


@pytest.mark.parametrize("act", ["password", "recovery", "user name", "second factor", "removed factor"])
async def test_a_pending_change_ends_when_its_holder_shuts_others_out(place: Workplace, act: str) -> None:
    make = an_enrolled_member if act == "removed factor" else a_signed_in_member
    member = await make(place)
    await member.ask(ChangeEmail(email=NEW))
    (token,) = await mailed(place, EmailChangeAsked)

    await end_by(act, member)

    assert await confirm(place, token) == TokenRefused()
