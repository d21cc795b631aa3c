"""PostgreSQL: pools, transactions, and which errors mean that the database is not there."""

import errno
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias, cast

import asyncpg

from shared.errors import UnavailableError
from shared.metrics import POOL_WAIT_SECONDS

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
    Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
    OwnConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
else:
    Connection = asyncpg.Connection
    OwnConnection = asyncpg.Connection
    Pool = asyncpg.Pool

CheckViolationError = asyncpg.CheckViolationError
"""What a row raises that breaks a CHECK, or that no partition takes."""
UniqueViolationError = asyncpg.UniqueViolationError
"""What a row raises whose key is taken."""
DatabaseError = asyncpg.PostgresError
"""What the database raises about a statement."""
LockNotAvailableError = asyncpg.LockNotAvailableError
"""What a statement raises that waited for a lock as long as it may."""
ACQUIRE_TIMEOUT_SECONDS = 5.0
COMMAND_TIMEOUT_SECONDS = 60.0
_SERVER_SETTINGS = {
    "statement_timeout": "30000",
    "idle_in_transaction_session_timeout": "60000",
    "timezone": "UTC",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_UNAVAILABLE_CLASSES = ("08", "53", "57P0")
_UNREACHABLE = (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError)
_UNREACHABLE_NUMBERS = (errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH)
_ANY_FAILURE = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


async def open_pool(url: str, *, size: int, name: str) -> Pool:
    """A pool of at most `size` connections whose statements can't run, or wait, without an end.

    Whoever uses one leaves no session state behind (`SET LOCAL`, locks of the transaction): so nothing is
    sent to reset it. What is still open when it comes back is rolled back all the same.
    """
    return await asyncpg.create_pool(
        url,
        reset=_has_no_session_state,
        min_size=0,
        max_size=size,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        timeout=ACQUIRE_TIMEOUT_SECONDS,
        server_settings={**_SERVER_SETTINGS, "application_name": name},
    )


async def _has_no_session_state(connection: Connection) -> None:
    """asyncpg's own reset is a round trip a transaction, for locks and settings that nobody makes."""


async def open_connection(url: str, *, name: str) -> OwnConnection:
    """A connection of one's own, outside any pool: session locks live as long as it does."""
    return await asyncpg.connect(
        url,
        timeout=ACQUIRE_TIMEOUT_SECONDS,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        server_settings={**_SERVER_SETTINGS, "application_name": name},
    )


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A connection in a READ COMMITTED transaction; commits at the end, rolls back on any error.

    Raises UnavailableError when the database is not there or no connection comes free in time.
    """
    async with connected(pool) as connection, connection.transaction():
        yield connection


@asynccontextmanager
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """A connection on which each statement is a transaction of its own. Raises as `transaction` does."""
    began = time.monotonic()
    try:
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
            POOL_WAIT_SECONDS.observe(time.monotonic() - began)
            yield connection
    except _ANY_FAILURE as error:
        if is_unavailable(error):
            raise UnavailableError(type(error).__name__) from error
        raise


class _OneConnection:
    """Stands in for a pool; the transactions on its one connection are savepoints of the one around them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def acquire(self, *, timeout: float | None = None) -> AsyncIterator[Connection]:  # noqa: ARG002
        yield self._connection


@asynccontextmanager
async def rolled_back(pool: Pool) -> AsyncIterator[Pool]:
    """A pool of one connection, for `transaction`; whatever is done through it is undone at the end."""
    async with pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
        outer = connection.transaction()
        await outer.start()
        try:
            yield cast(Pool, _OneConnection(connection))
        finally:
            await outer.rollback()


async def is_answering(pool: Pool) -> bool:
    """Does the database answer `SELECT 1`?"""
    try:
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection:
            return bool(await connection.fetchval("SELECT 1") == 1)
    except _ANY_FAILURE:
        return False


def is_unavailable(error: BaseException) -> bool:
    """Does the error say that the database is not there, rather than that the statement is wrong?"""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_UNAVAILABLE_CLASSES)
    if isinstance(error, asyncpg.InternalClientError):
        # The driver's state machine, where the server died between two of its messages.
        return "another operation" in str(error)
    if isinstance(error, asyncpg.InterfaceError):
        return "closed" in str(error) or "connection" in str(error)
    if isinstance(error, _UNREACHABLE):
        return True
    # Of a name with several addresses, asyncio says of what each failed, without a number.
    is_of_several = type(error) is OSError and str(error).startswith("Multiple exceptions")
    return is_of_several or (isinstance(error, OSError) and error.errno in _UNREACHABLE_NUMBERS)
