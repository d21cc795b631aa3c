"""Two replicas of each service: one relay leads, and when its process is killed the other takes over."""

import signal

from tests.faults.load import WORDS, send
from tests.faults.scene import Scene
from tests.installation import until

LEADERS = """
SELECT activity.pid
  FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)
 WHERE locktype = 'advisory' AND granted AND datname = current_database()
   AND application_name = 'accounts relay'
"""


async def leaders(scene: Scene) -> set[int]:
    return {row["pid"] for row in await scene.rows("accounts", LEADERS)}


async def test_when_the_relays_leader_is_killed_the_other_replica_takes_over(scene: Scene) -> None:
    before, during, after = ([f"{when} {n:03}" for n in range(60)] for when in ("before", "during", "after"))
    leading = scene.start("accounts")
    (first_leader,) = await until(lambda: leaders(scene), "the only replica leads")
    scene.start("accounts")
    scene.start("notify")
    scene.start("notify")
    await send(scene.installation, WORDS, before)
    await scene.has_words("notify", before)
    await until(lambda: scene.has_consumers("accounts.commands", 2), "the other replica consumes too")
    assert await leaders(scene) == {first_leader}

    await send(scene.installation, WORDS, during)
    assert await scene.end(leading, signal.SIGKILL) == -signal.SIGKILL
    await send(scene.installation, WORDS, after)

    async def another_leads() -> bool:
        found = await leaders(scene)
        return len(found) == 1 and first_leader not in found

    await until(another_leads, "the other replica leads")
    await scene.settle([*before, *during, *after])


async def test_a_leader_that_ends_in_good_order_hands_over(scene: Scene) -> None:
    words = [f"{n:03}" for n in range(300)]
    leading = scene.start("accounts")
    (first_leader,) = await until(lambda: leaders(scene), "the only replica leads")
    scene.start("accounts")
    scene.start("notify")
    await until(lambda: scene.has_consumers("accounts.commands", 2), "the other replica consumes too")

    await send(scene.installation, WORDS, words)
    assert await scene.end(leading) == 0

    async def another_leads() -> bool:
        return bool(await leaders(scene) - {first_leader})

    await until(another_leads, "the other replica leads")
    await scene.settle(words)
