"""SIGTERM under load: what is in hand is finished, what was not begun goes back, and the exit code is 0."""

import time
from functools import partial

from tests.faults.load import WORDS, send
from tests.faults.scene import Scene
from tests.installation import until

DRAIN_SECONDS = 20
LOAD = [f"slow {number:03}" for number in range(400)]


async def test_sigterm_under_load_finishes_what_is_in_hand_and_gives_back_the_rest(scene: Scene) -> None:
    await send(scene.installation, WORDS, LOAD)
    accounts = scene.start("accounts", drain_seconds=str(DRAIN_SECONDS))
    await until(lambda: has_done(scene, 20), "the load is being worked on")

    asked_at = time.monotonic()
    exit_code = await scene.end(accounts)
    seconds = time.monotonic() - asked_at

    done = await scene.words("accounts")
    assert (exit_code, seconds < DRAIN_SECONDS) == (0, True)
    assert 20 <= len(done) < len(LOAD)
    assert await scene.rows("accounts", "SELECT message_id FROM outbox") == []
    await until(lambda: are_given_back(scene, len(LOAD) - len(done)), "what was not begun is back")
    # An event whose confirm didn't come in time was published again: once more is no effect more.
    assert (await scene.in_queues())["notify.events"] >= len(done)

    scene.start("accounts")
    scene.start("notify")
    await scene.settle(LOAD)


async def test_sigterm_again_and_again_under_load_loses_nothing(scene: Scene) -> None:
    await send(scene.installation, WORDS, LOAD)
    scene.start("notify")
    for round_number in range(1, 4):
        accounts = scene.start("accounts", drain_seconds=str(DRAIN_SECONDS))
        await scene.listens(accounts)
        await until(partial(has_done, scene, 50 * round_number), "the load is being worked on")
        assert await scene.end(accounts) == 0
    scene.start("accounts")

    await scene.settle(LOAD)


async def test_a_sigterm_before_the_start_is_complete_is_obeyed(scene: Scene) -> None:
    await send(scene.installation, WORDS, LOAD[:50])
    started = [scene.start("accounts") for _ in range(3)]
    for accounts in started:
        await scene.listens(accounts)
        assert await scene.end(accounts) == 0
    scene.start("accounts")
    scene.start("notify")

    await scene.settle(LOAD[:50])


async def has_done(scene: Scene, count: int) -> bool:
    return len(await scene.words("accounts")) >= count


async def are_given_back(scene: Scene, count: int) -> bool:
    found = await scene.in_queues()
    assert set(found) <= {"accounts.commands", "notify.events"}, found
    assert found.get("accounts.commands", 0) <= count, f"done and yet back: {found}, {count}"
    return found.get("accounts.commands", 0) == count
