"""Toys for every way on which a message can go: alone, in a group, in bulk, later, as a job, or parked."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import asyncpg

from shared.errors import NotYetKnownError
from shared.messages.base import Command, Speaker
from shared.messaging import due_work
from shared.messaging.bench import Bench
from shared.messaging.leases import while_extending
from shared.messaging.registry import Contract, JobStep, Service, messages_by_name, read_contracts
from shared.messaging.unit_of_work import UnitOfWork
from tests import toy
from tests.toy import AddWord, WordAdded

LEASE = timedelta(seconds=4)
SLOW_SECONDS = 3.0
"""A slow job lasts longer than a process that looks for jobs waits before it looks again."""
JOB = "toy_job"


class AddWords(Command, frozen=True, kw_only=True, tag="accounts.toy_add_words.v1"):
    """Many words at once, on the queue for masses."""

    spoken_by: ClassVar[Speaker] = "anyone"
    words: tuple[str, ...]


class WordDue(Command, frozen=True, kw_only=True, tag="accounts.toy_word_due.v1"):
    """What the toy sends itself when a word is due."""

    spoken_by: ClassVar[Speaker] = "service"
    word: str


CONTRACTS = (
    *toy.CONTRACTS,
    Contract(
        name=AddWords.message_name(),
        kind="command",
        owner="accounts",
        spoken_by="anyone",
        queues=("accounts.bulk",),
    ),
    Contract(
        name=WordDue.message_name(),
        kind="command",
        owner="accounts",
        spoken_by="service",
        queues=("accounts.commands",),
    ),
)


async def add_word(command: AddWord, work: UnitOfWork[None]) -> WordAdded | None:
    """Add a word: `due ...` by due work, `job ...` by a job, `b after a` only once `a` is there."""
    word, _, earlier = command.word.partition(" after ")
    if earlier and not await work.connection.fetchval("SELECT 1 FROM toy WHERE word = $1", earlier):
        raise NotYetKnownError("the earlier word")
    if word.startswith("due "):
        due = WordDue(word=word)
        await due_work.plan(work, due, subject=word, occasion="once", due_at=work.now)
        return None
    if word.startswith("job "):
        await work.connection.execute(
            "INSERT INTO toy_jobs (cause, word) VALUES ($1, $2)", work.cause.message_id, word
        )
        return None
    return await toy.add_word(command, work)


async def add_words(commands: Sequence[tuple[AddWords, UnitOfWork[None]]]) -> None:
    for command, work in commands:
        for word in command.words:
            work.emit(await _add(work, word))


async def add_due_word(command: WordDue, work: UnitOfWork[None]) -> WordAdded:
    return await _add(work, command.word)


async def do_job(bench: Bench[Any]) -> bool:
    """Claim a job with a lease, act with no transaction open, then settle it in a second transaction."""
    async with bench.transaction() as work:
        claimed = await claim(work.connection)
    if claimed is None:
        return False

    async def extend() -> None:
        async with bench.transaction() as work:
            await work.connection.execute(
                "UPDATE toy_jobs SET leased_until = clock_timestamp() + $2 WHERE cause = $1",
                claimed["cause"],
                LEASE,
            )

    await while_extending(_act(bench, claimed["word"]), extend, LEASE.total_seconds())
    async with bench.transaction(caused_by=claimed["cause"], step=JOB) as work:
        settled = await work.connection.fetchval(
            "UPDATE toy_jobs SET is_settled = true WHERE cause = $1 AND NOT is_settled RETURNING cause",
            claimed["cause"],
        )
        if settled is not None:
            work.emit(await _add(work, claimed["word"]))
    return True


async def claim(connection: Any) -> Any:
    """The oldest job that nobody has a lease of, with a lease from now on."""
    return await connection.fetchrow(
        """
        WITH free AS MATERIALIZED (
               SELECT cause
                 FROM toy_jobs
                WHERE NOT is_settled AND leased_until < clock_timestamp()
                ORDER BY cause
                LIMIT 1
                  FOR UPDATE SKIP LOCKED)
        UPDATE toy_jobs AS j
           SET leased_until = clock_timestamp() + $1
          FROM free
         WHERE j.cause = free.cause
        RETURNING j.cause, j.word
        """,
        LEASE,
    )


async def _act(bench: Bench[Any], word: str) -> None:
    """What can't be undone and no transaction holds, as a mail that is handed over."""
    async with bench.transaction() as work:
        await work.connection.execute("INSERT INTO toy_acts VALUES ($1)", word)
    if "slow" in word:
        await asyncio.sleep(SLOW_SECONDS)


async def _add(work: UnitOfWork[None], word: str) -> WordAdded:
    row_id = work.new_id()
    await work.connection.execute("INSERT INTO toy VALUES ($1, $2)", row_id, word)
    return WordAdded(row_id=row_id, word=word)


def crash_service(name: str, job: JobStep = do_job) -> Service[None]:
    """One of the two toys."""
    if name == "notify":
        return toy.NOTIFY
    return replace(
        toy.ACCOUNTS,
        handles={AddWord: add_word, WordDue: add_due_word},
        bulk={AddWords: add_words},
        jobs={JOB: job},
    )


def register() -> None:
    """Make these toys known to this process's registry, beside the real messages."""
    toy.register_toys()
    messages_by_name().update({kind.message_name(): kind for kind in (AddWords, WordDue)})
    read_contracts().update({contract.name: contract for contract in CONTRACTS})


async def make_tables(owner_url: str) -> None:
    """The tables of the job, in the database of `accounts`."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(
        """
        CREATE TABLE toy_jobs (cause uuid PRIMARY KEY, word text, is_settled boolean DEFAULT false,
                               leased_until timestamptz DEFAULT '-infinity');
        CREATE TABLE toy_acts (word text);
        GRANT ALL ON toy_jobs, toy_acts TO accounts;
        """
    )
    await owner.close()
