"""Which failures mean that the database is away: those alone hold a delivery without counting an attempt."""

import errno
import socket
import ssl

import asyncpg
import pytest

from shared.database import is_unavailable


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        ConnectionResetError(),
        TimeoutError(),
        OSError(errno.EHOSTUNREACH, "no route to host"),
        OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 113] Connect call failed"),
        socket.gaierror(socket.EAI_AGAIN, "no name server"),
        ssl.SSLError("the connection was cut short"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.AdminShutdownError("shutting down"),
        asyncpg.TooManyConnectionsError("too many"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    ],
)
def test_the_database_is_away(error: Exception) -> None:
    assert is_unavailable(error)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(),
        IsADirectoryError(),
        PermissionError(),
        OSError(errno.ENOSPC, "no space left on device"),
        ValueError(),
        asyncpg.UniqueViolationError("twice"),
        asyncpg.QueryCanceledError("too slow"),
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.InterfaceError("another operation is in progress"),
        asyncpg.InternalClientError("unexpected message"),
    ],
)
def test_the_fault_is_elsewhere(error: Exception) -> None:
    """A message that fails so would else be held for ever, with a worker each time."""
    assert not is_unavailable(error)
