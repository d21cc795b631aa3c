"""`nextgen load-roster`: loads the roster that a court has handed over, and names each bad row."""

import asyncio
import csv
import random
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO, TypeAlias
from uuid import UUID

import msgspec
from cyclopts import Parameter

from deploy.tool import stories
from deploy.tool.asking import as_operator
from deploy.tool.operating import OperatorError, StoryNumber, operator_name, printable
from deploy.tool.redriving import Say
from shared.clock import Clock
from shared.errors import DeadlinePassedError
from shared.messages.base import CourtId
from shared.messages.linking import (
    BeginRosterByOperator,
    FinishRosterByOperator,
    LoadRosterByOperator,
    RosterBegun,
    RosterBusy,
    RosterFinished,
    RosterLoaded,
    RosterNotFinished,
    RosterNotOpen,
    RosterRowRefused,
)
from shared.messages.linking.rosters import ROWS_A_LOAD_BY_OPERATOR
from shared.messaging.ids import new_id
from shared.messaging.requests import Requests
from shared.rosters import RosterChunk, read_roster
from shared.sealed import to_be_sealed

IN_FLIGHT = 2
DEADLINE_SECONDS = 60.0
TRIES = 3
ROWS_A_LINE = 1000
"""After so many rows a line says how far it is."""
_SECRETS_LAST = timedelta(minutes=5)
_LONGEST_REMARK = 200
_WHY_NOT_FINISHED = {
    "no_rows": "the file has no rows: if the court has no filing accounts any more, ask it",
    "rows_missing": "some rows didn't arrive; run it again",
    "too_many_gone": "the file may have lost its end; if it is whole, run it again with --large-removal",
}
_Answer: TypeAlias = "asyncio.Task[RosterLoaded]"


@dataclass(frozen=True, kw_only=True)
class Loading:
    """One roster on its way."""

    court_id: str
    roster_id: UUID
    requests: Requests
    clock: Clock


@dataclass(kw_only=True)
class Tally:
    """How many rows of each kind there were so far; each bad one is written into `report`."""

    report: TextIO
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    rows_said: int = field(default=0, repr=False)

    def add(self, chunk: RosterChunk, answer: RosterLoaded) -> None:
        """Count a chunk, and write what is wrong with its rows, by their lines in the file."""
        self.rows += chunk.row_count
        self.added += answer.added
        self.changed += answer.changed
        self.unchanged += answer.unchanged
        self.refused += len(answer.refused)
        self._write(answer.refused)

    def __str__(self) -> str:
        counts = f"{self.added} added, {self.changed} changed, {self.unchanged} unchanged"
        return f"{self.rows} rows: {counts}, {self.refused} refused"

    def _write(self, rows: Iterable[RosterRowRefused]) -> None:
        writer = csv.writer(self.report, lineterminator="\n")
        writer.writerows((row.line, row.field, row.reason) for row in rows)
        self.report.flush()


def load_roster(
    court: str,
    file: Path,
    *,
    remark: Annotated[str, Parameter(help="Who of the court handed the file over, and how.")],
    report: Annotated[
        Path | None, Parameter(help="Where bad rows are listed; beside the file if not given.")
    ] = None,
    large_removal: Annotated[
        bool, Parameter(help="Many accounts are meant to be gone.", negative="")
    ] = False,
    story: StoryNumber = None,
) -> int:
    """Load a court's roster from a CSV file that it has handed over; loading it again changes nothing.

    The header names the columns: login, name, email, role, verifier. Bad rows are listed by line, field and
    reason. Filing accounts that a whole file doesn't name any more are marked as gone. Cut short, run it
    again: it goes on, and until it has come to its end nobody is gone. Exits 1 if any row was refused.
    """
    place = stories.load(story)
    path = report or file.with_name(f"{file.name}.refused.csv")
    begin = BeginRosterByOperator(court_id=_court_id(court), remark=_remark(remark))
    try:
        if path.exists() and path.samefile(file):
            raise OperatorError("the report would be written over the file; name another")
        with file.open("rb") as rows:
            chunks = chunks_of(rows)
            with path.open("w", encoding="utf-8") as refused:
                tally, finished = asyncio.run(_load_at(place, begin, chunks, refused, large_removal))
    except OSError as error:
        raise OperatorError(f"{error.filename}: {error.strerror}") from None
    gone = f"{finished.gone} gone, of these {finished.gone_while_linked} linked"
    if finished.counts.unnamed:
        gone = f"nobody is marked as gone, since of {finished.counts.unnamed} rows the login isn't known"
    print(f"{tally}; {gone}; refused rows: {path}")
    return 1 if tally.refused else 0


def chunks_of(file: BinaryIO) -> Iterator[RosterChunk]:
    """A roster's rows, the first of which have been read: a wrong file is refused before anything begins.

    Raises RosterFileError or OperatorError.
    """
    chunks = read_roster(file, most_rows=ROWS_A_LOAD_BY_OPERATOR)
    first = next(chunks, None)
    if first is None:
        raise OperatorError(_WHY_NOT_FINISHED["no_rows"])
    return chain((first,), chunks)


async def load_rows(chunks: Iterable[RosterChunk], loading: Loading, report: TextIO, say: Say) -> Tally:
    """Send a file's rows, a few chunks at a time, and list what is refused in the order of its chunks."""
    report.write("line,field,reason\n")
    tally = Tally(report=report)
    waiting: deque[tuple[RosterChunk, _Answer]] = deque()
    async with asyncio.TaskGroup() as group:
        for chunk in chunks:
            waiting.append((chunk, group.create_task(_send(chunk, loading))))
            if len(waiting) == IN_FLIGHT:
                await _take_first(waiting, tally, say)
        while waiting:
            await _take_first(waiting, tally, say)
    return tally


async def begin_roster(begin: BeginRosterByOperator, requests: Requests, clock: Clock) -> Loading:
    """Begin a roster. Raises OperatorError if there is no such court."""
    answer = (await requests.ask(begin, deadline_seconds=DEADLINE_SECONDS)).message
    if not isinstance(answer, RosterBegun):
        raise OperatorError(f"there is no court {begin.court_id}")
    return Loading(court_id=begin.court_id, roster_id=answer.roster_id, requests=requests, clock=clock)


async def finish_roster(loading: Loading, row_count: int, *, is_large_removal_meant: bool) -> RosterFinished:
    """Finish a roster, whose file had so many rows. Raises OperatorError, which says why it isn't."""
    finish = FinishRosterByOperator(
        court_id=loading.court_id,
        roster_id=loading.roster_id,
        row_count=row_count,
        is_large_removal_meant=is_large_removal_meant,
    )
    message_id = new_id(loading.clock())
    for _ in range(TRIES):
        try:
            answer = await loading.requests.ask(
                finish, message_id=message_id, deadline_seconds=DEADLINE_SECONDS
            )
        except DeadlinePassedError:
            continue
        if isinstance(answer.message, RosterFinished):
            return answer.message
        if isinstance(answer.message, RosterNotFinished):
            would = f"{answer.message.would_be_gone} would be gone"
            raise OperatorError(f"nobody is marked as gone; {would}: {_why(answer.message)}")
        raise OperatorError(f"linking answered {answer.message.message_name()}; nobody is marked as gone")
    raise OperatorError("no answer from linking; run it again")


async def _take_first(waiting: deque[tuple[RosterChunk, _Answer]], tally: Tally, say: Say) -> None:
    chunk, answer = waiting.popleft()
    tally.add(chunk, await answer)
    if tally.rows - tally.rows_said >= ROWS_A_LINE:
        tally.rows_said = tally.rows
        say(str(tally))


async def _send(chunk: RosterChunk, loading: Loading) -> RosterLoaded:
    """Ask until there is an answer: rows that were loaded by a request without one are unchanged then."""
    tries = 0
    while tries < TRIES:
        expires_at = loading.clock() + _SECRETS_LAST
        command = LoadRosterByOperator(
            court_id=loading.court_id,
            roster_id=loading.roster_id,
            rows=chunk.rows,
            verifiers=to_be_sealed(chunk.text_to_seal(), reader="linking", expires_at=expires_at),
            unreadable=chunk.unreadable,
        )
        try:
            answer = (await loading.requests.ask(command, deadline_seconds=DEADLINE_SECONDS)).message
        except DeadlinePassedError:
            tries += 1
            continue
        if isinstance(answer, RosterLoaded):
            return answer
        if isinstance(answer, RosterNotOpen):
            raise OperatorError("another roster of this court was begun meanwhile; rows loaded so far stand")
        if isinstance(answer, RosterBusy):
            await asyncio.sleep(answer.retry_after_seconds * random.uniform(0.5, 1.5))  # noqa: S311
        else:
            tries += 1
    raise OperatorError("no answer from linking; rows loaded so far stand, run it again")


async def _load_at(
    place: stories.Story,
    begin: BeginRosterByOperator,
    chunks: Iterable[RosterChunk],
    report: TextIO,
    large_removal: bool,
) -> tuple[Tally, RosterFinished]:
    async with as_operator(place, "load-roster") as requests:
        loading = await begin_roster(begin, requests, place.clock)
        tally = await load_rows(chunks, loading, report, _say)
        return tally, await finish_roster(loading, tally.rows, is_large_removal_meant=large_removal)


def _court_id(text: str) -> str:
    try:
        return msgspec.convert(text, CourtId)
    except msgspec.ValidationError:
        raise OperatorError(f"{printable(text)} is no court id, as ncwbk") from None


def _remark(text: str) -> str:
    """What is kept, and told to the court: who loaded it, and what that person says."""
    return f"{operator_name()}: {' '.join(printable(text).split())}"[:_LONGEST_REMARK]


def _why(refused: RosterNotFinished) -> str:
    return _WHY_NOT_FINISHED[refused.reason]


def _say(text: str) -> None:
    print(f"[load-roster] {text}", file=sys.stderr, flush=True)
