"""What the stores of `accounts` do where a row is missing, claimed by another, or beyond any number."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from services.accounts.service import SERVICE
from services.accounts.store import credentials, exports
from shared.errors import NotYetKnownError
from shared.messages.accounts import MyHistory
from shared.messages.accounts.exports import AskExport
from shared.messaging.registry import Service
from tests.builders_accounts import a_signed_in_member, quick_resources
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def test_what_proves_an_account_that_is_not_known_yet_is_asked_for_again(place: Workplace) -> None:
    async with place.pool.acquire() as connection:
        with pytest.raises(NotYetKnownError):
            await credentials.get_credential(connection, uuid4())
        with pytest.raises(NotYetKnownError):
            await credentials.lock_guard(connection, uuid4(), "password")
        with pytest.raises(NotYetKnownError):
            await credentials.lock_guarded(connection, uuid4())
        with pytest.raises(NotYetKnownError):
            await credentials.lock_admission(connection, uuid4(), place.clock())


async def test_a_claimed_export_is_nobody_elses_until_its_time_is_over_which_can_be_extended(
    place: Workplace,
) -> None:
    member = await a_signed_in_member(place)
    asked = await member.ask(AskExport())
    async with place.pool.acquire() as connection:
        over = await exports.claim_gathered(connection, (), -1)
        claimed = await exports.claim_gathered(connection, (), -1)
        await exports.extend_export(connection, asked.export_id, 600)
        extended = await exports.claim_gathered(connection, (), 600)

    assert over is not None
    assert claimed is not None
    assert claimed.export.export_id == over.export.export_id == asked.export_id
    assert extended is None


async def test_the_page_before_a_number_beyond_any_is_the_newest(place: Workplace) -> None:
    member = await a_signed_in_member(place)

    newest, beyond = [await member.ask(MyHistory(before=before)) for before in (None, 10**19)]

    assert newest == beyond
    assert newest.acts
