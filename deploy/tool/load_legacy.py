"""`nextgen load-legacy`: takes over the accounts of a file, and names each bad row by line and field."""

import asyncio
import csv
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, BinaryIO, TextIO, TypeAlias

from cyclopts import Parameter

from deploy.tool import stories
from deploy.tool.asking import as_operator
from deploy.tool.legacy_files import BadRow, LegacyChunk, read_legacy_file
from deploy.tool.operating import OperatorError, StoryNumber
from deploy.tool.redriving import Say
from shared.clock import Clock
from shared.errors import DeadlinePassedError
from shared.messages.accounts import LegacyAccountsLoaded, LoadLegacyAccounts
from shared.messaging.requests import Requests
from shared.sealed import to_be_sealed

IN_FLIGHT = 4
DEADLINE_SECONDS = 60.0
TRIES = 3
ROWS_A_LINE = 1000
"""After so many rows a line says how far it is."""
_SECRETS_LAST = timedelta(minutes=5)
_NOTHING = LegacyAccountsLoaded(loaded=0, known_before=0)
_Answer: TypeAlias = "asyncio.Task[LegacyAccountsLoaded]"


@dataclass(kw_only=True)
class Tally:
    """How many rows of each kind there were so far; each bad one is written into `report`."""

    report: TextIO
    loaded: int = 0
    known_before: int = 0
    refused: int = 0
    rows_said: int = field(default=0, repr=False)

    @property
    def rows(self) -> int:
        """All rows so far."""
        return self.loaded + self.known_before + self.refused

    def add(self, chunk: LegacyChunk, answer: LegacyAccountsLoaded) -> None:
        """Count a chunk, and write what is wrong with its rows, by their lines in the file."""
        refused = [
            BadRow(line=chunk.rows[row.row - 1].line, field=row.field, reason=row.reason)
            for row in answer.refused
        ]
        self.loaded += answer.loaded
        self.known_before += answer.known_before
        self._write(sorted((*chunk.bad, *refused), key=lambda row: row.line))

    def __str__(self) -> str:
        known = f"{self.known_before} known before"
        return f"{self.rows} rows: {self.loaded} loaded, {known}, {self.refused} refused"

    def _write(self, rows: Iterable[BadRow]) -> None:
        writer = csv.writer(self.report, lineterminator="\n")
        for row in rows:
            writer.writerow((row.line, row.field, row.reason))
            self.refused += 1
        self.report.flush()


def load_legacy(
    file: Path,
    *,
    report: Annotated[
        Path | None, Parameter(help="Where bad rows are listed; beside the file if not given.")
    ] = None,
    story: StoryNumber = None,
) -> int:
    """Take over accounts from before 2014-08-11, from a CSV file; loading it again changes nothing.

    The header names the columns: user_name, kind (individual or paa), last_name, email, verifier, and perhaps
    is_shared (yes or no) and first_name. Bad rows are listed by line, field and reason. Cut short, run it
    again: it goes on. Exits 1 if any row was refused.
    """
    place = stories.load(story)
    path = report or file.with_name(f"{file.name}.refused.csv")
    try:
        with file.open("rb") as rows, path.open("w", encoding="utf-8") as refused:
            tally = asyncio.run(_load_at(place, rows, refused))
    except OSError as error:
        raise OperatorError(f"{error.filename}: {error.strerror}") from None
    print(f"{tally}; refused rows: {path}")
    return 1 if tally.refused else 0


async def load_rows(file: BinaryIO, requests: Requests, clock: Clock, report: TextIO, say: Say) -> Tally:
    """Send a file's rows, a few chunks at a time, and list what is refused in the order of its lines."""
    report.write("line,field,reason\n")
    tally = Tally(report=report)
    waiting: deque[tuple[LegacyChunk, _Answer]] = deque()
    async with asyncio.TaskGroup() as group:
        for chunk in read_legacy_file(file):
            waiting.append((chunk, group.create_task(_send(chunk, requests, clock))))
            if len(waiting) == IN_FLIGHT:
                await _take_first(waiting, tally, say)
        while waiting:
            await _take_first(waiting, tally, say)
    return tally


async def _take_first(waiting: deque[tuple[LegacyChunk, _Answer]], tally: Tally, say: Say) -> None:
    chunk, answer = waiting.popleft()
    tally.add(chunk, await answer)
    if tally.rows - tally.rows_said >= ROWS_A_LINE:
        tally.rows_said = tally.rows
        say(str(tally))


async def _send(chunk: LegacyChunk, requests: Requests, clock: Clock) -> LegacyAccountsLoaded:
    """Ask until there is an answer: rows that were taken over by a request without one are known then."""
    if not chunk.rows:
        return _NOTHING
    for _ in range(TRIES):
        command = LoadLegacyAccounts(
            accounts=tuple(row.account for row in chunk.rows),
            verifiers=to_be_sealed(
                chunk.text_to_seal(), reader="accounts", expires_at=clock() + _SECRETS_LAST
            ),
        )
        try:
            answer = await requests.ask(command, deadline_seconds=DEADLINE_SECONDS)
        except DeadlinePassedError:
            continue
        if isinstance(answer.message, LegacyAccountsLoaded):
            return answer.message
    lines = f"{chunk.rows[0].line} to {chunk.rows[-1].line}"
    raise OperatorError(f"lines {lines}: no answer from accounts; rows loaded so far stand, run it again")


async def _load_at(place: stories.Story, file: BinaryIO, report: TextIO) -> Tally:
    async with as_operator(place, "load-legacy") as requests:
        return await load_rows(file, requests, place.clock, report, _say)


def _say(text: str) -> None:
    print(f"[load-legacy] {text}", file=sys.stderr, flush=True)
