"""Questions that people ask about themselves: an ended session gets no answer, fresh as its assertion is."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from services.accounts.service import SERVICE
from shared.messages.accounts import SignOut
from shared.messages.base import NotAllowed, Query
from shared.messaging.registry import Service
from tests.builders_accounts import a_signed_in_member, quick_resources, sealed
from tests.installation import ROOT
from tests.messaging import Workplace

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]
QUESTIONS = sorted(
    (kind for kind in SERVICE.answers if issubclass(kind, Query) and kind.spoken_by == "account"),
    key=lambda kind: kind.message_name(),
)


@pytest.fixture
async def place(workplace_of: Make) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


@pytest.mark.parametrize("kind", QUESTIONS, ids=[kind.__name__ for kind in QUESTIONS])
async def test_a_question_from_a_session_that_has_ended_is_not_answered(
    place: Workplace, kind: type[Query]
) -> None:
    member = await a_signed_in_member(place)
    question = kind.from_json(
        (ROOT / "tests" / "contract" / "samples" / f"{kind.message_name()}.json").read_bytes()
    )
    asked_by = await member.resolve()

    before = await place.send(question, by=asked_by)
    await place.send(SignOut(token=sealed(place, member.token)))
    after = await place.send(question, by=asked_by)

    assert not isinstance(before, NotAllowed)
    assert after == NotAllowed(reason="assertion_invalid")
