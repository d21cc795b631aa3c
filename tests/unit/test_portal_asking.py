"""What pages ask of the services: as few questions as there can be, and all at once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from services.portal.web.cookies import SESSION
from shared.messages.accounts import MyAccount, MyHistory, MySecondFactor, MySessions, ResolveSession
from shared.messages.base import Message, NotAllowed
from shared.messages.linking.history import MyCourts
from shared.messaging.ids import new_id
from shared.messaging.registry import decode
from shared.messaging.requests import Answer
from tests.messaging import NOON
from tests.unit.edges import an_edge

pytestmark = pytest.mark.filterwarnings("ignore:.*Inferred dependency:DeprecationWarning")
SAMPLES = Path(__file__).parent.parent / "contract" / "samples"
ANSWERS = {
    ResolveSession: "accounts.session_resolved.v1",
    MyAccount: "accounts.account_shown.v1",
    MySecondFactor: "accounts.second_factor_shown.v1",
    MySessions: "accounts.sessions_shown.v1",
    MyHistory: "accounts.history_shown.v1",
    MyCourts: "linking.my_courts_shown.v1",
}
PAGES = {"/": (MyAccount, MySecondFactor), "/security": (MySecondFactor, MySessions, MyHistory)}
WAITED_SECONDS = 5


class Waiting:
    """Stands in for the services: answers no question before so many others have come too."""

    def __init__(self, together: int, refused: type[Message] | None = None) -> None:
        self._all_are_here, self._refused = asyncio.Barrier(together), refused
        self.asked: list[type[Message]] = []

    async def ask(self, message: Message, **_: Any) -> Answer:
        """Answer by a sample."""
        kind, reply_id = type(message), new_id(NOON)
        self.asked.append(kind)
        if kind is not ResolveSession:
            async with asyncio.timeout(WAITED_SECONDS):
                await self._all_are_here.wait()
        name = ANSWERS[kind]
        reply = decode(name, (SAMPLES / f"{name}.json").read_bytes())
        if kind is self._refused:
            reply = NotAllowed(reason="session_restricted")
        return Answer(message=reply, reply_id=reply_id, correlation_id=reply_id)


async def open_page(services: Waiting, path: str) -> tuple[int, str]:
    headers = {"accept": "text/html", "cookie": f"{SESSION}=token"}
    async with an_edge(services, headers=headers) as client:
        answer = await client.get(path)
    return answer.status_code, answer.text


@pytest.mark.parametrize(("path", "questions"), PAGES.items())
async def test_a_page_asks_all_at_once_each_question_with_an_assertion_of_its_own(
    path: str, questions: Sequence[type[Message]]
) -> None:
    services = Waiting(len(questions))

    status, _ = await open_page(services, path)

    assert status == 200
    assert set(services.asked) == {*questions, ResolveSession}
    assert services.asked.count(ResolveSession) == len(questions)


@pytest.mark.parametrize("path", PAGES)
async def test_one_question_that_is_refused_refuses_the_page(path: str) -> None:
    services = Waiting(len(PAGES[path]), refused=PAGES[path][-1])

    status, text = await open_page(services, path)

    assert (status, "First things first" in text) == (403, True)


async def test_my_courts_takes_one_question() -> None:
    services = Waiting(1)

    status, text = await open_page(services, "/courts")

    assert (status, "Links that have ended" in text) == (200, True)
    assert services.asked == [ResolveSession, MyCourts]
