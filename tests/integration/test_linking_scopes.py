"""`linking` itself refuses what a personal token's scopes don't cover, whatever the edge thinks of them."""

from uuid import uuid4

import pytest

from shared.messages.base import Message, ScopeMissing
from shared.messages.linking import ConfirmLink, FilingRights, UnlinkFilingAccount, WhatMayIFile
from shared.messages.linking.assistance import AssistanceRefused, BookAssistanceSession, CancelBooking
from shared.messages.linking.history import MyLinks, MyLinksShown
from tests.integration.linking_builders import Make, a_workplace, somebody
from tests.messaging import Workplace

NARROW = [
    (MyLinks(), ("linking:write", "accounts:read"), "linking:read"),
    (WhatMayIFile(), (), "linking:read"),
    (
        BookAssistanceSession(assistance_session_id=uuid4()),
        ("linking:read", "accounts:write"),
        "linking:write",
    ),
    (CancelBooking(booking_id=uuid4()), ("linking:read",), "linking:write"),
]
ALL = ("linking:read", "linking:write")


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


@pytest.mark.parametrize("message, scopes, needed", NARROW, ids=[type(each[0]).__name__ for each in NARROW])
async def test_a_token_too_narrow_is_told_what_it_lacks(
    place: Workplace, message: Message, scopes: tuple[str, ...], needed: str
) -> None:
    by = somebody(place, scopes=scopes)

    refused = await place.send(message, by=by)

    assert refused == ScopeMissing(scope=needed)


@pytest.mark.parametrize("kind", [ConfirmLink, UnlinkFilingAccount])
async def test_no_token_makes_or_ends_a_link(place: Workplace, kind: type[Message]) -> None:
    message = kind(**{field: uuid4() for field in kind.__struct_fields__ if field.endswith("_id")})

    refused = await place.send(message, by=somebody(place, scopes=ALL))

    assert refused == ScopeMissing()


async def test_a_token_wide_enough_is_answered(place: Workplace) -> None:
    by = somebody(place, scopes=ALL)

    links = await place.send(MyLinks(), by=by)
    rights = await place.send(WhatMayIFile(), by=by)
    booked = await place.send(BookAssistanceSession(assistance_session_id=uuid4()), by=by)

    assert isinstance(links, MyLinksShown)
    assert isinstance(rights, FilingRights)
    assert isinstance(booked, AssistanceRefused)
