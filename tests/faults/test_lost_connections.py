"""Connections that end in other ways than by a crash: the process mends them without help."""

import asyncio
from urllib.parse import quote
from uuid import uuid4

import msgspec
import pytest

from shared.clock import real_clock
from shared.database import open_pool, transaction
from shared.errors import ForbiddenError, NackedError
from shared.messaging import outbox
from shared.messaging.broker import connect
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.runtime import Process
from tests.faults.load import WORDS, an_added_word, send
from tests.faults.management import management
from tests.faults.proxy import Proxy
from tests.faults.scene import Scene
from tests.installation import running, until
from tests.toy import TOYS, WordAdded

SILENCE_SECONDS = 9
"""Longer than the client waits for a sign of life at a heartbeat of one second."""


async def process_in(scene: Scene, service: str, broker_url: str) -> Process:
    """A toy inside this test, so that its tasks can be looked at."""
    pool = await open_pool(scene.urls[service], size=8, name="test")
    settings = scene.installation.settings(service, scene.urls[service], broker_url=broker_url)
    return Process(scene.installation.bench(TOYS[service], pool, real_clock), settings)


async def test_a_network_that_falls_silent_costs_no_worker(scene: Scene) -> None:
    """The client then cancels what waits for it: a task that took this for its own end would be gone."""
    before, during, after = ([f"{when} {n:02}" for n in range(40)] for when in ("before", "during", "after"))
    emitted = WordAdded(row_id=uuid4(), word="emitted")
    async with Proxy(scene.installation.broker_url("accounts")).running() as proxy:
        accounts = await process_in(scene, "accounts", f"{proxy.url}?heartbeat=1")
        async with running(accounts):
            await send(scene.installation, WORDS, before)
            await scene.has_words("accounts", before)
            tasks = names_of_running_tasks()

            proxy.fall_silent()
            await send(scene.installation, WORDS, during)
            await put_into_outbox(
                accounts, emitted
            )  # the relay waits for its confirm when the client gives up
            await asyncio.sleep(SILENCE_SECONDS)
            proxy.speak_again()
            await send(scene.installation, WORDS, after)
            await scene.has_words("accounts", [*during, *after])
            await until(accounts.is_ready, "it is ready again")
            assert names_of_running_tasks() >= tasks
            scene.start("notify")
            await scene.has_words("notify", [*before, *during, *after, emitted.word])

    assert sorted(await scene.words("accounts")) == sorted([*before, *during, *after])
    assert sorted(await scene.words("notify")) == sorted([*before, *during, *after, emitted.word])


async def put_into_outbox(process: Process, event: WordAdded) -> None:
    """Announce an event as a handler would."""
    now = real_clock()
    announcement = Outgoing(
        message_id=new_id(now),
        type=event.message_name(),
        exchange="accounts",
        routing_key=event.message_name(),
        body=msgspec.json.encode(event),
        time=now,
        correlation_id=new_id(now),
    )
    async with transaction(process.bench.pool) as connection:
        await outbox.insert_messages(connection, [announcement])


def names_of_running_tasks() -> set[str]:
    """Each loop that the process keeps running, by what it runs."""
    return {task.get_name() for task in asyncio.all_tasks() if "keep_running" in str(task.get_coro())}


async def test_a_consumer_that_the_broker_cancelled_consumes_again(scene: Scene) -> None:
    """As when its queue was deleted by mistake, and made anew."""
    words = ["before", "after"]
    accounts = await process_in(scene, "accounts", scene.installation.broker_url("accounts"))
    vhost = quote(scene.installation.instance, safe="")
    async with running(accounts):
        await send(scene.installation, WORDS, words[:1])
        await scene.has_words("accounts", words[:1])
        with management(scene) as client:
            path = f"/queues/{vhost}/accounts.commands"
            queue = client.get(path).raise_for_status().json()
            client.delete(path).raise_for_status()
            await until(lambda: has_noticed(accounts), "the loss is noticed")
            made = {"durable": True, "arguments": queue["arguments"]}
            client.put(path, json=made).raise_for_status()
            binding = {"routing_key": an_added_word("", real_clock()).routing_key}
            client.post(f"/bindings/{vhost}/e/portal/q/accounts.commands", json=binding).raise_for_status()
        await send(scene.installation, WORDS, words[1:])
        await scene.has_words("accounts", words)
        await until(accounts.is_ready, "it is ready again")


async def has_noticed(process: Process) -> bool:
    return not await process.is_ready()


@pytest.mark.parametrize("what", ["confirmed", "reply"])
async def test_a_publisher_notices_when_the_broker_closes_either_channel(scene: Scene, what: str) -> None:
    nowhere = msgspec.structs.replace(an_added_word("a", real_clock()), exchange="nowhere")
    async with connect(scene.installation.broker_url("portal"), name="test") as connection:
        publisher = await connection.open_publisher()
        if what == "confirmed":
            with pytest.raises(ForbiddenError):
                await publisher.publish(nowhere)
        else:
            await publisher.reply(nowhere)
        async with asyncio.timeout(5):
            await publisher.wait_until_closed()
        assert not publisher.is_open


async def test_after_a_refused_message_a_publisher_goes_on_with_another_channel(scene: Scene) -> None:
    """RabbitMQ 3.10 may refuse all that a channel publishes, whose first message met a node that had gone."""
    word = an_added_word("a", real_clock())
    with management(scene) as client:
        full = f"/queues/{scene.installation.instance}/full"
        arguments = {"x-max-length": 0, "x-overflow": "reject-publish"}
        client.put(full, json={"durable": True, "arguments": arguments}).raise_for_status()
        binding = {"routing_key": word.routing_key}
        place = f"/bindings/{scene.installation.instance}/e/portal/q/full"
        client.post(place, json=binding).raise_for_status()
        async with connect(scene.installation.broker_url("portal"), name="test") as connection:
            publisher = await connection.open_publisher()
            before = publisher._channel
            with pytest.raises(NackedError):
                await publisher.publish(word)
            assert (publisher.is_open, before.is_closed) == (True, True)
            client.delete(full).raise_for_status()
            await publisher.publish(word)
