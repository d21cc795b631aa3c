"""`nextgen parked`: messages that were given up on; listed, shown, and put back on their way."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from deploy.tool import stories
from deploy.tool.benches import open_bench
from deploy.tool.bodies import show_body
from deploy.tool.operating import (
    OperatorError,
    Place,
    StoryNumber,
    as_aware,
    connected,
    instant,
    operator_name,
    printable,
    services_named,
    short,
    table,
)
from deploy.tool.redriving import Order, Say, redrive, try_redrive
from deploy.tool.stepping import Pace
from shared.database import OwnConnection
from shared.messaging.parked import ParkedRow, Selection, find_parked, list_parked, settle_parked
from shared.messaging.redrives import insert_redrive, list_redrives, new_redrive
from shared.messaging.topology import SERVICES

AT_MOST = 1_000
app = App(name="parked", help="Messages that were given up on: list, show, redrive, settle.")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which parked messages are meant; what isn't given doesn't matter."""

    service: Annotated[str | None, Parameter(help="Parked by this service.")] = None
    queue: Annotated[str | None, Parameter(help="Parked from this queue.")] = None
    type: Annotated[str | None, Parameter(help="Of this message type.")] = None
    reason: Annotated[str | None, Parameter(help="Parked for this reason.")] = None
    account: Annotated[UUID | None, Parameter(help="Naming this account in the body.")] = None
    since: Annotated[datetime | None, Parameter(help="Parked then or later.")] = None
    until: Annotated[datetime | None, Parameter(help="Parked before.")] = None
    id: Annotated[UUID | None, Parameter(help="With this id, of the row or of the message.")] = None

    def selection(self, *, is_settled: bool = False) -> Selection:
        """The filters as the table is asked."""
        return Selection(
            id=self.id,
            queue=self.queue,
            type=self.type,
            reason=self.reason,
            account_id=self.account,
            since=as_aware(self.since),
            until=as_aware(self.until),
            is_settled=is_settled,
        )


EVERYTHING = Filters()


@app.command(name="list")
def show_list(
    *, filters: Filters = EVERYTHING, settled: bool = False, at_most: int = AT_MOST, story: StoryNumber = None
) -> None:
    """List parked messages, the oldest first; with `--settled` those that were redriven or settled."""
    selection = filters.selection(is_settled=settled)
    place, services = stories.load(story), services_named(filters.service)
    asyncio.run(print_list(place, services, selection, at_most, print))


@app.command(name="show")
def show_one(row_id: UUID, /, *, body: bool = False, story: StoryNumber = None) -> None:
    """Show one parked message: its envelope, headers, error, and what was done with it.

    With `--body` its body too, which may hold a person's data; what is sealed stays sealed, and who looked is
    kept in the table `redrives`.
    """
    looker = operator_name() if body else None
    asyncio.run(print_one(stories.load(story), SERVICES, row_id, print, body_to=looker))


@app.command(name="settle")
def settle_one(row_id: UUID, /, *, because: str, story: StoryNumber = None) -> None:
    """Settle a parked message that will never be redriven, as when its sender has sent it anew.

    Why, and who said so, is kept in the table `redrives`; name no person in it.
    """
    asyncio.run(settle(stories.load(story), SERVICES, row_id, operator_name(), because))


@app.command(name="redrive")
def redrive_selected(
    *,
    filters: Filters = EVERYTHING,
    pace: Pace = Pace(),  # noqa: B008 (frozen)
    every: Annotated[bool, Parameter(name="--all", help="All parked messages: no filter is given.")] = False,
    at_most: int = AT_MOST,
    dry_run: Annotated[bool, Parameter(help="Handle them in a transaction that is undone.")] = False,
    story: StoryNumber = None,
) -> int:
    """Put parked messages back on their way to the queues that parked them, and stop at the first failure.

    Exits 1 if any was refused or failed. All of it is kept in the table `redrives`.
    """
    if filters == EVERYTHING and not every:
        raise OperatorError("say which messages, or `--all`; `nextgen parked list` shows them")
    order = Order(selection=filters.selection(), at_most=at_most, pace=pace, operator=operator_name())
    place, services = stories.load(story), services_named(filters.service)
    if dry_run:
        return asyncio.run(try_redrive(place, services, order, print, open_bench))
    return asyncio.run(redrive(place, services, order, print))


async def print_list(
    place: Place, services: Sequence[str], selection: Selection, at_most: int, say: Say
) -> None:
    """Print a line for each selected message."""
    found: list[ParkedRow] = []
    for service in services:
        async with connected(place, service) as connection:
            found.extend(await list_parked(connection, selection, at_most))
    rows = [("id", "parked at", "queue", "type", "reason", "attempts", "parked", "account")]
    lines = table([*rows, *map(_columns, sorted(found, key=lambda row: row.parked_at))])
    for line in lines if found else ["nothing is parked that fits"]:
        say(line)


async def print_one(
    place: Place, services: Sequence[str], row_id: UUID, say: Say, *, body_to: str | None = None
) -> None:
    """Print all that is known of one message; its body only to an operator who is named, and that is kept.

    Raises OperatorError if no service has it.
    """
    async with _holding(place, services, row_id) as (connection, row):
        if body_to is not None:
            await insert_redrive(connection, new_redrive(row.id, body_to, place.clock(), "body_shown"))
        for name, value in _facts(row):
            say(f"{name:<16}{printable(value)}")
        for name, value in sorted(row.headers.items()):
            say(f"header          {printable(name)}: {printable(value)}")
        for done in await list_redrives(connection, row_id):
            text = f"{instant(done.noted_at)} {done.operator}: {done.outcome} {done.problem}"
            say(f"record          {printable(text.rstrip())}")
        for line in _body_lines(row) if body_to is not None else ():
            say(printable(line))


async def settle(place: Place, services: Sequence[str], row_id: UUID, operator: str, because: str) -> None:
    """Settle one message without sending it. Raises OperatorError if it is settled, or no service has it."""
    async with _holding(place, services, row_id) as (connection, row), connection.transaction():
        if not await settle_parked(connection, row, place.clock()):
            raise OperatorError(f"{row_id} is settled already, or was parked anew just now")
        await insert_redrive(connection, new_redrive(row.id, operator, place.clock(), "settled", because))


@asynccontextmanager
async def _holding(
    place: Place, services: Sequence[str], row_id: UUID
) -> AsyncIterator[tuple[OwnConnection, ParkedRow]]:
    """The database that has this message, and the message."""
    for service in services:
        async with connected(place, service) as connection:
            row = await find_parked(connection, row_id)
            if row is not None:
                yield connection, row
                return
    raise OperatorError(f"no service has parked {row_id}; `nextgen parked list` shows the ids")


def _columns(row: ParkedRow) -> tuple[object, ...]:
    at, times = instant(row.parked_at), f"{row.parkings}x"
    return (row.id, at, row.queue, row.type, row.reason, row.attempts, times, row.account_id)


def _facts(row: ParkedRow) -> list[tuple[str, object]]:
    return [
        ("id", row.id),
        ("queue", row.queue),
        ("type", row.type),
        ("message id", short(row.message_id)),
        ("correlation id", short(row.correlation_id)),
        ("account", short(row.account_id)),
        ("sender", row.sender),
        ("reason", row.reason),
        ("error", row.error),
        ("attempts", row.attempts),
        ("parked", f"{row.parkings} times, last at {instant(row.parked_at)}"),
        (
            "erased",
            "no" if row.erased_at is None else f"at {instant(row.erased_at)}, with the account it named",
        ),
        ("settled", "no" if row.settled_at is None else f"at {instant(row.settled_at)}"),
    ]


def _body_lines(row: ParkedRow) -> list[str]:
    gone = "gone, 90 days after it was settled" if row.erased_at is None else "erased"
    shown = gone if row.body is None else show_body(row.type, row.body)
    return [f"body            {shown}"] if "\n" not in shown else ["body", *shown.split("\n")]
