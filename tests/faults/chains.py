"""Chains of crashes: a process killed at its first await, the next at its second, until one comes through."""

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import msgspec

from shared.clock import real_clock
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.parked import Parked, insert_parked
from tests.faults.crash_process import Task
from tests.faults.crash_toys import AddWords
from tests.faults.stage import Stage, a_message, a_word
from tests.toy import AddWord

SHORTER_WAYS_AT_MOST = 5
Make = Callable[[str], Sequence[Outgoing]]


def some_words(number: int) -> Make:
    """So many commands that add a word each."""
    return lambda marker: [a_word(f"{marker}{n}") for n in range(number)]


def batches_of_words(marker: str) -> Sequence[Outgoing]:
    """Two messages with two words each."""
    pairs = [tuple(f"{marker}{batch}.{n}" for n in range(2)) for batch in range(2)]
    return [a_message(msgspec.json.encode(AddWords(words=pair)), AddWords.message_name()) for pair in pairs]


def a_word_that_must_wait(marker: str) -> Sequence[Outgoing]:
    return [a_word(f"{marker} after {_earlier(marker)}")]


def the_earlier_word(marker: str) -> Sequence[Outgoing]:
    return [a_word(_earlier(marker))]


def _earlier(marker: str) -> str:
    return "retry before " + marker.removeprefix("retry ")


def an_unreadable_body(marker: str) -> Sequence[Outgoing]:
    return [a_message(f"not JSON: {marker}".encode())]


def nothing(_: str) -> Sequence[Outgoing]:
    return []


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way on which messages go: what each process finds fresh, and what comes once it was killed."""

    fresh: Make
    afterwards: Make = nothing
    settings: Mapping[str, str] = field(default_factory=dict)


WAYS: Mapping[str, Way] = {
    "consumer": Way(fresh=some_words(1), settings={"prefetch_count": "1"}),
    "group": Way(fresh=some_words(4)),
    "batch": Way(fresh=batches_of_words),
    "relay": Way(fresh=some_words(3)),
    "retry": Way(fresh=a_word_that_must_wait, afterwards=the_earlier_word),
    "park": Way(fresh=an_unreadable_body),
    "job": Way(fresh=some_words(1)),
    "due": Way(fresh=some_words(2)),
}


@dataclass
class Chain:
    """What a chain of crashes has found: how many points there are, and what was accepted on the way."""

    points: int = 0
    is_ended: bool = False
    shorter_ways: int = 0
    accepted: list[Outgoing] = field(default_factory=list)
    _processes: int = 0

    def next_marker(self, kind: str) -> str:
        """What the words of the next process have in common, and no others."""
        self._processes += 1
        return f"{kind} {self._processes:03}."

    def words(self) -> list[str]:
        """The words of all accepted messages."""
        found: list[str] = []
        for outgoing in self.accepted:
            decoded = msgspec.json.decode(outgoing.body)
            found += decoded["words"] if "words" in decoded else [decoded["word"]]
        return found


async def crash_on(stage: Stage, kind: str) -> Chain:
    """Kill one process after another on a way, each one point later, until one gets to the end of it."""
    way, chain = WAYS[kind], Chain()
    while not chain.is_ended:
        marker = chain.next_marker(kind)
        fresh = way.fresh(marker)
        await stage.send(*fresh)
        task = Task(watched=kind, marker=marker, fresh=len(fresh), point=chain.points + 1)
        await _crash(stage, chain, task, worker_count="1", **way.settings)
        afterwards = way.afterwards(marker)
        await stage.send(*afterwards)
        chain.accepted += [*fresh, *afterwards]
    return chain


async def crash_while_redriving(stage: Stage) -> Chain:
    """The same for the operator's tool, with a parked message for each process."""
    chain = Chain()
    addresses = (stage.scene.urls["accounts"], stage.scene.installation.broker_url("accounts"))
    while not chain.is_ended:
        parked = a_parked_word(chain.next_marker("redrive"))
        await keep(stage, parked)
        chain.accepted.append(a_message(parked.body))
        point = chain.points + 1
        task = Task(watched="redrive", redrives=parked.id, addresses=addresses, point=point)
        await _crash(stage, chain, task)
    return chain


async def _crash(stage: Stage, chain: Chain, task: Task, **settings: str) -> None:
    """Let a process run up to its point, or else to the end of its work, which then has no more points.

    One that ends earlier had less to wait for than those before it: its point is still to be found.
    """
    process = await stage.start(task, **settings)
    said = await process.next_line()
    if said is None:
        assert await process.ended() == -signal.SIGKILL
        chain.points += 1
        return
    await process.end(signal.SIGKILL)
    chain.is_ended = said == f"alive {chain.points}"
    chain.shorter_ways += not chain.is_ended
    assert chain.shorter_ways <= SHORTER_WAYS_AT_MOST, f"{said}, after {chain.points} points"


def a_parked_word(word: str) -> Parked:
    """The portal's command, as `accounts` parked it."""
    now = real_clock()
    return Parked(
        id=new_id(now),
        queue="accounts.commands",
        message_id=new_id(now),
        type=AddWord.message_name(),
        sender="portal",
        correlation_id=new_id(now),
        headers={"cloudEvents:time": now.isoformat()},
        body=msgspec.json.encode(AddWord(word=word)),
        reason="failed",
        error="RuntimeError",
        attempts=5,
        parked_at=now,
    )


async def keep(stage: Stage, parked: Parked) -> None:
    """Put a parked message into the table of `accounts`."""
    connection: Any = await asyncpg.connect(stage.scene.urls["accounts"])
    await insert_parked(connection, parked)
    await connection.close()
