"""Load for fault tests: messages of some kind, each sent until the broker has confirmed it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.clock import real_clock
from shared.errors import PublishError
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.publishing import Publishing
from shared.runtime import keep_running
from tests.installation import Installation
from tests.toy import AddWord

PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Kind:
    """A kind of message to send: with whose login, and the message for the n-th effect."""

    party: str
    make: Callable[[str, datetime], Outgoing]


def an_added_word(word: str, now: datetime) -> Outgoing:
    """The command that adds a word, as the portal sends it."""
    message_id = new_id(now)
    return Outgoing(
        message_id=message_id,
        type=AddWord.message_name(),
        exchange="portal",
        routing_key=AddWord.message_name(),
        body=msgspec.json.encode(AddWord(word=word)),
        time=now,
        correlation_id=message_id,
    )


WORDS = Kind("portal", an_added_word)


async def send(installation: Installation, kind: Kind, effects: Sequence[str]) -> None:
    """Send one message for each effect, many at once; return when the broker has confirmed them all.

    What is not confirmed, because the broker is away, goes again with the same id, as a careful sender does.
    """
    publishing = Publishing(installation.broker_url(kind.party), "load")
    async with asyncio.TaskGroup() as group:
        opening = group.create_task(keep_running(publishing.keep_open, name="load"))
        async with asyncio.TaskGroup() as sending:
            for effect in effects:
                sending.create_task(_send_until_confirmed(publishing, kind.make(effect, real_clock())))
        opening.cancel()


async def _send_until_confirmed(publishing: Publishing, outgoing: Outgoing) -> None:
    while True:
        try:
            return await publishing.publish(outgoing)
        except PublishError:
            await asyncio.sleep(PAUSE_SECONDS)
