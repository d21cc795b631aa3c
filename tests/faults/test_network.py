"""A bad network under load, to the broker or to the database: what was accepted has exactly one effect."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from tests.faults.load import WORDS, send
from tests.faults.proxy import Proxy
from tests.faults.scene import Scene
from tests.installation import until

WAVE = 60
CUTS, LONGEST_BYTES = 8, 4_000
SEED = 20_240_201
LATENCY_SECONDS = 0.1
SILENCE_SECONDS = 9


@dataclass
class Load:
    """Commands that the broker has accepted; it is reached directly, whatever is between it and the toys."""

    scene: Scene
    words: list[str] = field(default_factory=list)

    async def more(self) -> None:
        """Send a wave of them."""
        wave = [f"{len(self.words) + number:04}" for number in range(WAVE)]
        await send(self.scene.installation, WORDS, wave)
        self.words += wave


Fault = Callable[[Sequence[Proxy], Load], Awaitable[None]]


async def resets_in_mid_stream(proxies: Sequence[Proxy], load: Load) -> None:
    """Each of them somewhere within the bytes of a wave."""
    chance = random.Random(SEED)
    for _ in range(CUTS):
        proxy = chance.choice(proxies)
        before = proxy.cuts
        proxy.cut_after(chance.randrange(LONGEST_BYTES))
        await load.more()
        await until(partial(is_cut, proxy, before), "a connection is reset")


async def is_cut(proxy: Proxy, before: int) -> bool:
    return proxy.cuts > before


async def a_black_hole(proxies: Sequence[Proxy], load: Load) -> None:
    """Nothing passes, either way, for longer than the broker's client waits for a sign of life.

    What was on its way meanwhile is lost with its connection.
    """
    await load.more()
    for proxy in proxies:
        proxy.fall_silent()
    await load.more()
    await asyncio.sleep(SILENCE_SECONDS)
    for proxy in proxies:
        proxy.cut()
        proxy.speak_again()
    await load.more()


async def latency(proxies: Sequence[Proxy], load: Load) -> None:
    """From now on each way takes so long that there and back take 200 ms."""
    for proxy in proxies:
        proxy.latency_seconds = LATENCY_SECONDS
    await load.more()


@asynccontextmanager
async def proxies_to(scene: Scene, what: str) -> AsyncIterator[list[Proxy]]:
    """Both toys, each with a proxy of its own before the broker or the database."""
    async with AsyncExitStack() as stack:
        proxies = []
        for service in scene.urls:
            target = scene.installation.broker_url(service) if what == "broker" else scene.urls[service]
            proxy = await stack.enter_async_context(Proxy(target).running())
            proxies.append(proxy)
            if what == "broker":
                scene.start(service, broker_url=f"{proxy.url}?heartbeat=1")
            else:
                scene.start(service, database_url=proxy.url)
        yield proxies


@pytest.mark.parametrize("what", ["broker", "database"])
@pytest.mark.parametrize("fault", [resets_in_mid_stream, a_black_hole, latency])
async def test_on_a_bad_network_each_accepted_command_has_one_effect(
    scene: Scene, what: str, fault: Fault
) -> None:
    load = Load(scene)
    async with proxies_to(scene, what) as proxies:
        await load.more()
        await until(lambda: has_begun(scene), "the load is being worked on")
        await fault(proxies, load)
        await scene.settle(load.words)


async def has_begun(scene: Scene) -> bool:
    return bool(await scene.words("accounts"))
