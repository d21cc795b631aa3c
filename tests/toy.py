"""Two toy services with real delivery: `accounts` adds a word and announces it, `notify` hears of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import UUID

import asyncpg

from shared.messages.base import Command, Event, Query, Reply, Speaker
from shared.messaging.registry import Contract, Service, messages_by_name, read_contracts
from shared.messaging.unit_of_work import UnitOfWork
from shared.policies import Policies
from shared.sealed import Sealed
from shared.settings import ServiceSettings


class AddWord(Command, frozen=True, kw_only=True, tag="accounts.toy_add_word.v1"):
    spoken_by: ClassVar[Speaker] = "anyone"
    word: str
    secret: Sealed | None = None


class WordAdded(Event, frozen=True, kw_only=True, tag="accounts.toy_word_added.v1"):
    row_id: UUID
    word: str


class CountWords(Query, frozen=True, kw_only=True, tag="accounts.toy_count_words.v1"):
    spoken_by: ClassVar[Speaker] = "anyone"


class WordsCounted(Reply, frozen=True, kw_only=True, tag="accounts.toy_words_counted.v1"):
    count: int


class Unheard(Command, frozen=True, kw_only=True, tag="accounts.toy_unheard.v1"):
    spoken_by: ClassVar[Speaker] = "anyone"


async def add_word(command: AddWord, work: UnitOfWork[None]) -> WordAdded:
    row_id = work.new_id()
    if command.secret is not None:
        work.open(command, "secret")
    await work.connection.execute("INSERT INTO toy VALUES ($1, $2)", row_id, command.word)
    if command.word == "boom":
        raise RuntimeError("boom")
    return WordAdded(row_id=row_id, word=command.word)


async def hear_word(event: WordAdded, work: UnitOfWork[None]) -> None:
    await work.connection.execute("INSERT INTO toy VALUES ($1, $2)", event.row_id, event.word)


async def count_words(query: CountWords, work: UnitOfWork[None]) -> WordsCounted:
    return WordsCounted(count=int(await work.connection.fetchval("SELECT count(*) FROM toy")))


ACCOUNTS: Service[None] = Service(
    name="accounts",
    handles={AddWord: add_word},
    answers={CountWords: count_words},
    announces=(WordAdded,),
)
NOTIFY: Service[None] = Service(name="notify", handles={WordAdded: hear_word})
TOYS = {"accounts": ACCOUNTS, "notify": NOTIFY}
CONTRACTS = tuple(
    Contract(name=name, kind=kind, owner="accounts", spoken_by=spoken_by, queues=queues)
    for name, kind, spoken_by, queues in (
        (AddWord.message_name(), "command", "anyone", ("accounts.commands",)),
        (CountWords.message_name(), "query", "anyone", ("accounts.queries",)),
        (WordAdded.message_name(), "event", "service", ("notify.events",)),
        (Unheard.message_name(), "command", "anyone", ()),
    )
)


def register_toys() -> None:
    """Make the toys known to this process's registry, beside the real messages."""
    messages_by_name().update({m.message_name(): m for m in (AddWord, WordAdded, CountWords, WordsCounted)})
    read_contracts().update({contract.name: contract for contract in CONTRACTS})


async def make_toy_table(owner_url: str, role: str) -> None:
    """The table that both toys write; its rows have no unique key, so that a second effect would show."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(f"CREATE TABLE toy (id uuid, word text); GRANT ALL ON toy TO {role}")
    await owner.close()


class ToySettings(ServiceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing beyond what every service has."""


@asynccontextmanager
async def open_nothing(settings: ServiceSettings, policies: Policies) -> AsyncIterator[None]:
    """The toys need no resources."""
    yield None
