"""A process killed at the worst moments: once restarted, nothing is lost and nothing is doubled."""

import signal
from datetime import datetime

import aio_pika
import msgspec
import pytest

from shared.messaging.envelope import Outgoing
from tests.faults.load import WORDS, Kind, an_added_word, send
from tests.faults.scene import Scene
from tests.installation import until
from tests.toy import AddWord

BATCH = [f"word {n:03}" for n in range(60)]


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("before:acknowledge:1", id="between the first commit and its acknowledgement"),
        pytest.param("before:announce:1", id="between the commit and publishing"),
        pytest.param("before:move:1", id="between the confirms and moving their outbox rows"),
    ],
)
async def test_a_killed_owner_loses_nothing_and_doubles_nothing(scene: Scene, point: str) -> None:
    await send(scene.installation, WORDS, BATCH)
    scene.start("notify")

    killed = scene.start("accounts", kill_at=point)
    assert await scene.ended(killed) == -signal.SIGKILL
    scene.start("accounts")

    await scene.settle(BATCH)


async def test_a_killed_listener_loses_nothing_and_doubles_nothing(scene: Scene) -> None:
    await send(scene.installation, WORDS, BATCH)
    scene.start("accounts")

    killed = scene.start("notify", kill_at="before:acknowledge:1")
    assert await scene.ended(killed) == -signal.SIGKILL
    scene.start("notify")

    await scene.settle(BATCH)


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("before:wait:5", id="before publishing to the wait tier"),
        pytest.param("after:wait:5", id="between publishing to the wait tier and acknowledging"),
        pytest.param("before:acknowledge:5", id="before acknowledging, with others in the same state"),
    ],
)
async def test_killed_while_sending_to_wait_loses_nothing_and_doubles_nothing(
    scene: Scene, point: str
) -> None:
    waiting = [f"{n:02} after first" for n in range(20)]
    await send(scene.installation, WORDS, waiting)
    scene.start("notify")

    killed = scene.start("accounts", kill_at=point)
    assert await scene.ended(killed) == -signal.SIGKILL
    await send(scene.installation, WORDS, ["first"])
    scene.start("accounts")

    await scene.settle([*waiting, "first"])


def undecodable(word: str, now: datetime) -> Outgoing:
    return msgspec.structs.replace(an_added_word(word, now), body=f"not JSON: {word}".encode())


async def publish_without_user_id(scene: Scene, body: bytes) -> None:
    """As anybody may, and the broker takes it: nobody knows who sent this."""
    async with await aio_pika.connect(scene.installation.broker_url("portal")) as connection:
        exchange = await (await connection.channel()).get_exchange("portal", ensure=False)
        await exchange.publish(aio_pika.Message(body), routing_key=AddWord.message_name())


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("before:park:3", id="before the row is written"),
        pytest.param("after:park:3", id="after the row is written, before its commit"),
        pytest.param("before:acknowledge:3", id="between the row's commit and the acknowledgement"),
    ],
)
async def test_killed_while_parking_keeps_each_message_once(scene: Scene, point: str) -> None:
    unreadable = [f"{n:02}" for n in range(10)]
    nobodys = [f"from nobody {n:02}".encode() for n in range(10)]
    for body in nobodys[:5]:
        await publish_without_user_id(scene, body)
    await send(scene.installation, Kind("portal", undecodable), unreadable)
    for body in nobodys[5:]:
        await publish_without_user_id(scene, body)

    killed = scene.start("accounts", kill_at=point)
    assert await scene.ended(killed) == -signal.SIGKILL
    scene.start("accounts")

    async def are_parked() -> bool:
        return {bytes(row["body"]) for row in await scene.parked("accounts")} >= set(expected)

    expected = sorted([*nobodys, *(f"not JSON: {word}".encode() for word in unreadable)])
    await until(are_parked, "all are parked")
    assert await scene.end_all() == [0]
    assert await scene.in_queues() == {}
    assert sorted(bytes(row["body"]) for row in await scene.parked("accounts")) == expected
