"""Which failures mean that the database is away: those alone hold a delivery without counting an attempt."""

import asyncpg
import pytest

from shared.database import is_unavailable


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        ConnectionResetError(),
        TimeoutError(),
        OSError(113, "no route to host"),
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
