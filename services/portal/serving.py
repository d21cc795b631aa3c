"""The edge's process: one that listens, one that answers, the way to the broker, and the health of it all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from litestar import Litestar
from litestar.types import ASGIApp

from services.portal.app import make_app
from services.portal.settings import PREFIX, Settings
from services.portal.web.asking import Services
from shared.clock import clock_from_file
from shared.errors import SettingsError
from shared.health import serve_health
from shared.logs import configure_logs
from shared.messaging.requests import Requests
from shared.messaging.topology import ASKERS, SERVICES
from shared.runtime import end_tasks, keep_running
from shared.settings import (
    CommonSettings,
    read_common_settings,
    read_settings,
    refuse_unknown_variables,
    seals_from,
)

NAME = "portal"
HEAD_MILLISECONDS = 10_000
LONGEST_HEAD_BYTES = 32 * 1024
MOST_CONNECTIONS = 1024
"""At once, and as many more wait to be taken; how many of them an address may hold is the proxy's to say."""
LIBRARY_LOGS = {
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}
"""The server's own lines go the way of all libraries': where and what, and no text."""


def run() -> None:
    """Run the edge until SIGTERM or SIGINT; what is in hand is answered before it ends."""
    try:
        settings, common = _read()
    except SettingsError as error:
        raise SystemExit(f"{NAME} does not start: {error}") from None
    configure_logs(NAME, form=common.log_format)
    warn_of(settings)
    serve(
        f"{__name__}:make",
        address=settings.address,
        port=settings.port,
        drain_seconds=settings.drain_seconds,
    )


def warn_of(settings: Settings) -> None:
    """Say at the start what is allowed and rarely meant."""
    if settings.is_one_network_for_all:
        structlog.get_logger().warning("no_trusted_proxies", address=settings.address)


def serve(target: str, *, address: str, port: int, drain_seconds: float) -> None:
    """Let one process answer by what the factory `target` makes, until SIGTERM or SIGINT."""
    Granian(
        target,
        factory=True,
        interface=Interfaces.ASGI,
        address=address,
        port=port,
        loop=Loops.uvloop,
        # HTTP/2 is the proxy's: here a connection that says nothing would wait for its preface for ever.
        http=HTTPModes.http1,
        websockets=False,
        backlog=MOST_CONNECTIONS,
        backpressure=MOST_CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEAD_MILLISECONDS, max_buffer_size=LONGEST_HEAD_BYTES
        ),
        workers_kill_timeout=int(drain_seconds),
        log_dictconfig=LIBRARY_LOGS,
    ).serve()


def make() -> ASGIApp:
    """The edge as the process that answers has it."""
    settings, common = _read()
    configure_logs(NAME, form=common.log_format)
    clock = clock_from_file(common.clock_file)
    requests = Requests(settings.broker_url, seals_from(settings), clock, name=NAME)

    @asynccontextmanager
    async def keep_asking(app: Litestar) -> AsyncIterator[None]:
        async def is_ready() -> bool:
            return requests.is_open

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(keep_running(requests.keep_open, name="requests"))]
            if settings.health_port is not None:
                tasks.append(group.create_task(serve_health(settings.health_port, is_ready)))
            structlog.get_logger().info("service_started")
            yield
            await end_tasks(tasks)
        structlog.get_logger().info("service_stopped")

    return make_app(settings, Services(requests=requests, clock=clock), (keep_asking,))


def _read() -> tuple[Settings, CommonSettings]:
    refuse_unknown_variables((*SERVICES, *ASKERS))
    return read_settings(Settings, PREFIX), read_common_settings()
