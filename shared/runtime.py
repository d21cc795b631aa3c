"""The runtime: everything a service's process does, from its settings to SIGTERM."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import structlog
import uvloop

from shared.clock import clock_from_file
from shared.database import is_answering, open_pool
from shared.errors import SettingsError, UnavailableError
from shared.health import serve_health
from shared.logs import configure_logs, describe
from shared.messaging.bench import Bench
from shared.messaging.broker import is_cancelled
from shared.messaging.consumer import Consumer
from shared.messaging.publishing import Publishing
from shared.messaging.registry import JobStep, Service
from shared.messaging.relay import PARTITIONS_AHEAD, PARTITIONS_BEHIND, Relay
from shared.messaging.topology import ASKERS, SERVICES
from shared.messaging.wakeup import Wakeup
from shared.metrics import POLICIES
from shared.policies import Policies, digest_of, read_policies
from shared.settings import (
    CommonSettings,
    ServiceSettings,
    read_assertion_keys,
    read_common_settings,
    read_settings,
    refuse_unknown_variables,
    seals_from,
)

R = TypeVar("R")
S = TypeVar("S", bound=ServiceSettings)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 5.0
JOB_IDLE_SECONDS = 1.0
CANCEL_AGAIN_SECONDS = 1.0
OpenResources = Callable[[Any, Policies], AbstractAsyncContextManager[R]]


def run(service: Service[R], settings_kind: type[S], open_resources: OpenResources[R]) -> None:
    """Run a service until SIGTERM or SIGINT, then finish what is in hand and stop."""
    try:
        refuse_unknown_variables((*SERVICES, *ASKERS))
        common = read_common_settings()
        settings = read_settings(settings_kind, f"NEXTGEN_{service.name.upper()}_")
        if common.environment == "production":
            settings.refuse_in_production()
        policies = read_policies(common.policies_file)
    except SettingsError as error:
        raise SystemExit(f"{service.name} does not start: {error}") from None
    configure_logs(service.name, form=common.log_format)
    try:
        uvloop.run(_run(service, settings, common, policies, open_resources))
    except SettingsError as error:
        raise SystemExit(f"{service.name} does not start: {error}") from None


async def keep_running(step: Callable[[], Awaitable[object]], *, name: str) -> None:
    """Do a step again and again; after a failure, wait with jitter and do it anew. The process stays up."""
    loop, log, pause = asyncio.get_running_loop(), structlog.get_logger(), FIRST_PAUSE_SECONDS
    while True:
        started = loop.time()
        try:
            await step()
            pause = FIRST_PAUSE_SECONDS
            continue
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled():
                raise asyncio.CancelledError from None
            log.warning("step_failed", step=name, error=describe(error))
        if loop.time() - started > LONGEST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 (jitter is no secret)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def end_tasks(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks, again and again until they have ended.

    Once isn't enough: when a connection opens in the very moment of the cancellation, `asyncio.wait_for` of
    Python 3.11, which the client library uses, answers it and forgets the cancellation.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN_SECONDS)


async def _run(
    service: Service[R],
    settings: S,
    common: CommonSettings,
    policies: Policies,
    open_resources: OpenResources[R],
) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    pool = await open_pool(settings.database_url, size=settings.pool_size, name=service.name)
    async with open_resources(settings, policies) as resources:
        bench = Bench(
            pool=pool,
            clock=clock_from_file(common.clock_file),
            service=service,
            seals=seals_from(settings),
            resources=resources,
            outbox_filled=Wakeup(),
            assertion_keys=read_assertion_keys(settings.assertion_public_keys_file),
        )
        POLICIES.info({"digest": digest_of(policies)})
        structlog.get_logger().info("service_started", policies=digest_of(policies))
        await Process(bench, settings).run(stopping)
    pool.terminate()
    structlog.get_logger().info("service_stopped")


class Process:
    """The tasks of one service's process."""

    def __init__(self, bench: Bench[Any], settings: ServiceSettings) -> None:
        name = bench.service.name
        self.bench, self.settings = bench, settings
        self.publishing = Publishing(settings.broker_url, name)
        self.relay = Relay(bench, settings.database_url, self.publishing)
        self.consumer = Consumer(
            bench,
            settings.broker_url,
            self.publishing,
            workers=settings.worker_count,
            query_workers=settings.query_worker_count,
            prefetch=settings.prefetch_count,
        )
        self._jobs_in_hand = {name: asyncio.Lock() for name in bench.service.jobs}
        self._refusal: SettingsError | None = None
        self.is_stopping = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Prepare, then work until `stopping` is set, then drain. Raises SettingsError if it can't begin."""
        async with asyncio.TaskGroup() as group:
            always = [group.create_task(keep_running(self.publishing.keep_open, name="publishing"))]
            if self.settings.health_port is not None:
                always.append(group.create_task(serve_health(self.settings.health_port, self.is_ready)))
            waiting = group.create_task(stopping.wait())
            preparing = group.create_task(_until_done(self._prepare))
            await asyncio.wait((preparing, waiting), return_when=asyncio.FIRST_COMPLETED)
            working = []
            if preparing.done() and self._refusal is None:
                working = [
                    group.create_task(keep_running(step, name=name)) for name, step in self._steps().items()
                ]
                await waiting
                await self._drain()
            await end_tasks((*always, *working, preparing, waiting))
        if self._refusal is not None:
            raise self._refusal

    async def is_ready(self) -> bool:
        """Are we connected, does the database answer, is the outbox moving, and does nobody stop us?"""
        is_connected = self.consumer.is_consuming and self.publishing.is_open
        if self.is_stopping or not is_connected or not await is_answering(self.bench.pool):
            return False
        return self.relay.oldest_seconds <= self.settings.ready_outbox_age_seconds

    def _steps(self) -> dict[str, Callable[[], Awaitable[object]]]:
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            "consumer": self.consumer.consume,
            "relay": self.relay.lead,
        }
        for place, lane in enumerate(self.consumer.lanes):
            for worker in range(lane.workers):
                steps[f"worker {place}.{worker}"] = lane.work_on_some
        for name, step in self.bench.service.jobs.items():
            steps[f"job {name}"] = _job_step(step, self.bench, self._jobs_in_hand[name])
        return steps

    async def _prepare(self) -> None:
        """Partitions and shipped data: what must be there before the first message."""
        now = self.bench.now()
        async with self.bench.pool.acquire() as connection:
            await connection.execute(
                "SELECT ensure_partitions($1, $2)", now - PARTITIONS_BEHIND, now + PARTITIONS_AHEAD
            )
        if self.bench.service.prepares is not None:
            try:
                await self.bench.service.prepares(self.bench)
            except SettingsError as error:
                self._refusal = error  # Trying again would not mend a setting.

    async def _drain(self) -> None:
        """Finish what is in hand and flush the outbox, within the deadline; what is left comes again.

        In a task that is cancelled until it ends: a time-out cancels once, and the client library may answer
        that with the loss of its connection instead.
        """
        self.is_stopping = True
        log = structlog.get_logger()
        async with asyncio.TaskGroup() as group:
            finishing = group.create_task(self._finish())
            await asyncio.wait((finishing,), timeout=self.settings.drain_seconds)
            if not finishing.done():
                log.warning("drain_cut_short", seconds=self.settings.drain_seconds)
                await end_tasks((finishing,))
        log.info("drained")

    async def _finish(self) -> None:
        try:
            await self.consumer.stop_consuming()
            for step_in_hand in self._jobs_in_hand.values():
                await step_in_hand.acquire()  # and kept: no further step begins
            await _until_done(self.relay.flush)
        except UnavailableError:
            structlog.get_logger().warning("drain_cut_short", reason="unavailable")


def _job_step(step: JobStep, bench: Bench[Any], in_hand: asyncio.Lock) -> Callable[[], Awaitable[object]]:
    async def once() -> None:
        async with in_hand:
            has_worked = await step(bench)
        if not has_worked:
            await asyncio.sleep(JOB_IDLE_SECONDS)

    return once


async def _until_done(step: Callable[[], Awaitable[None]]) -> None:
    done = asyncio.Event()

    async def once() -> None:
        await step()
        done.set()
        await asyncio.Event().wait()  # nothing more to do, until this task is cancelled

    async with asyncio.TaskGroup() as group:
        trying = group.create_task(keep_running(once, name="prepare"))
        await done.wait()
        trying.cancel()
