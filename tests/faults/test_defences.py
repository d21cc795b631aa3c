"""Each defence taken out once: the comparison that finds nothing wrong must then find a loss or a doubling.

Each scene is played twice: with all defences, and without the one that it is about.
"""

import signal
from collections import Counter
from collections.abc import Callable
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from shared.clock import real_clock
from shared.messaging.ids import new_id
from shared.messaging.outbox import insert_messages
from tests.faults.crash_process import Task
from tests.faults.management import management
from tests.faults.proxy import Proxy
from tests.faults.stage import NOTHING_WRONG, Compared, Stage, a_message, a_word
from tests.installation import until
from tests.toy import WordAdded

Judge = Callable[[dict[str, Compared]], bool]


def with_and_without(defence: str) -> pytest.MarkDecorator:
    """Play a scene with all defences, and without this one."""
    with_it = pytest.param("", id="with all defences")
    return pytest.mark.parametrize("lacks", [with_it, pytest.param(defence, id=f"without {defence}")])


def words_of(scene: str, lacks: str) -> tuple[str, list[str]]:
    """A kind of word that no other scene has, and some words of it."""
    kind = f"{scene} without" if lacks else f"{scene} with"
    return kind, [f"{kind} {n}" for n in range(3)]


@with_and_without("inbox")
async def test_without_inbox_a_kill_before_the_acknowledgement_doubles(stage: Stage, lacks: str) -> None:
    kind, words = words_of("inbox", lacks)
    await stage.send(*map(a_word, words))

    killed = await stage.start(Task(lacks=lacks, dies_before="acknowledge"))
    assert await killed.ended() == -signal.SIGKILL
    await stage.work_off(lacks=lacks)

    compared = await stage.compare(kind, words)
    assert compared["accounts"].lost == []
    assert bool(compared["accounts"].doubled) is bool(lacks)


@with_and_without("commit before acknowledging")
async def test_acknowledged_before_the_commit_a_kill_in_between_loses(stage: Stage, lacks: str) -> None:
    kind, words = words_of("order", lacks)
    await stage.send(*map(a_word, words))

    killed = await stage.start(Task(lacks=lacks, dies_before="emit"))
    assert await killed.ended() == -signal.SIGKILL
    await stage.work_off()

    compared = await stage.compare(kind, words)
    assert compared["accounts"].doubled == []
    assert bool(compared["accounts"].lost) is bool(lacks)


@with_and_without("confirm")
async def test_without_confirms_a_lost_connection_loses(stage: Stage, lacks: str) -> None:
    kind, words = words_of("confirm", lacks)
    async with Proxy(stage.scene.installation.broker_url("accounts")).running() as proxy:
        process = await stage.start(Task(lacks=lacks), broker_url=proxy.url)
        await until(lambda: stage.scene.has_consumers("accounts.commands", 1), "it is connected")
        proxy.fall_silent()
        await announce(stage, words)
        await until(lambda: has_held_back(proxy, words[-1]), "it publishes")
        if lacks:
            await until(lambda: is_announced(stage), "it takes them as published")
        proxy.cut()
        proxy.speak_again()
        await stage.work_off()
        assert await process.end() == 0

    assert (await stage.compare(kind, words))["notify"] == (
        Compared(lost=words, doubled=[]) if lacks else Compared([], [])
    )


@with_and_without("mandatory")
async def test_without_mandatory_a_missing_binding_loses(stage: Stage, lacks: str) -> None:
    kind, words = words_of("mandatory", lacks)
    name = WordAdded.message_name()
    path = f"/bindings/{stage.scene.installation.instance}/e/accounts/q/notify.events"
    with management(stage.scene) as client:
        client.delete(f"{path}/{name}.%23").raise_for_status()
        await announce(stage, words)
        process = await stage.start(Task(lacks=lacks))
        await until(lambda: is_announced(stage) if lacks else is_refused(stage), "it has tried to publish")
        client.post(path, json={"routing_key": f"{name}.#"}).raise_for_status()
    assert await process.end() == 0
    await stage.work_off()

    assert (await stage.compare(kind, words))["notify"] == (
        Compared(lost=words, doubled=[]) if lacks else Compared([], [])
    )


@with_and_without("lease")
async def test_without_leases_two_processes_do_the_same_job(stage: Stage, lacks: str) -> None:
    kind, words = words_of("job slow", lacks)
    await stage.send(*map(a_word, words))

    both = [await stage.start(Task(lacks=lacks)) for _ in range(2)]
    await until(lambda: are_done(stage, words), "all jobs are done", deadline_seconds=120)
    for process in both:
        assert await process.end() == 0
    await stage.work_off()

    rows = await stage.scene.rows("accounts", "SELECT word FROM toy_acts WHERE word LIKE $1", f"{kind} %")
    acts = Counter(row["word"] for row in rows)
    assert await stage.compare(kind, words) == NOTHING_WRONG  # what is settled in a transaction is safe
    assert (acts > Counter(words)) is bool(lacks)
    assert set(acts) == set(words)


async def announce(stage: Stage, words: list[str]) -> None:
    """Words and their events in the outbox, as a handler leaves them."""
    now = real_clock()
    events = [WordAdded(row_id=uuid4(), word=word) for word in words]
    outgoing = [
        msgspec.structs.replace(
            a_message(msgspec.json.encode(event), event.message_name()),
            message_id=new_id(now),
            exchange="accounts",
        )
        for event in events
    ]
    connection = await asyncpg.connect(stage.scene.urls["accounts"])
    async with connection.transaction():
        await connection.executemany("INSERT INTO toy VALUES ($1, $2)", [(e.row_id, e.word) for e in events])
        await insert_messages(connection, outgoing)
    await connection.close()


async def has_held_back(proxy: Proxy, word: str) -> bool:
    return word.encode() in proxy.held_back


async def is_announced(stage: Stage) -> bool:
    return await stage.scene.rows("accounts", "SELECT FROM outbox") == []


async def is_refused(stage: Stage) -> bool:
    return await stage.scene.rows("accounts", "SELECT FROM outbox WHERE attempts = 0") == []


async def are_done(stage: Stage, words: list[str]) -> bool:
    rows = await stage.scene.rows(
        "accounts", "SELECT FROM toy_jobs WHERE is_settled AND word = ANY($1)", words
    )
    return len(rows) == len(words)
