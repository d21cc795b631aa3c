"""What the tests of whole rosters share: beginning, loading and finishing one as a court's staff."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.messages.linking import (
    BeginRoster,
    FinishRoster,
    RosterBegun,
    RosterFinished,
    RosterLoaded,
    RosterProgress,
    RosterRefusals,
    RosterRow,
    RosterShown,
)
from tests.integration.linking_builders import COURT, a_roster, a_row, staff
from tests.messaging import Workplace


@dataclass(frozen=True)
class Whole:
    """A roster that staff have begun."""

    place: Workplace
    roster_id: UUID
    court_id: str = COURT

    async def send(self, *rows: RosterRow, **how: Any) -> Any:
        """Load a piece, and answer what comes."""
        piece = a_roster(self.place.clock(), *rows, court_id=self.court_id, roster_id=self.roster_id, **how)
        return await self.place.send(piece, by=staff(self.place, self.court_id))

    async def load(self, *rows: RosterRow, **how: Any) -> RosterLoaded:
        """Load a piece."""
        loaded = await self.send(*rows, **how)
        assert isinstance(loaded, RosterLoaded), loaded
        return loaded

    async def try_finish(self, row_count: int, **how: Any) -> Any:
        """Say that this was all, and answer what comes."""
        finish = FinishRoster(court_id=self.court_id, roster_id=self.roster_id, row_count=row_count, **how)
        return await self.place.send(finish, by=staff(self.place, self.court_id))

    async def finish(self, row_count: int, **how: Any) -> RosterFinished:
        """Say that this was all."""
        outcome = await self.try_finish(row_count, **how)
        assert isinstance(outcome, RosterFinished), outcome
        return outcome

    async def shown(self) -> RosterShown:
        """How far it is."""
        query = RosterProgress(court_id=self.court_id, roster_id=self.roster_id)
        answer = await self.place.send(query, by=staff(self.place, self.court_id))
        assert isinstance(answer, RosterShown), answer
        return answer

    async def refusals(self, after_line: int = 0) -> Any:
        """A page of its refused rows."""
        query = RosterRefusals(court_id=self.court_id, roster_id=self.roster_id, after_line=after_line)
        return await self.place.send(query, by=staff(self.place, self.court_id))


async def begun(place: Workplace, court_id: str = COURT) -> Whole:
    """A roster that begins."""
    answer = await place.send(BeginRoster(court_id=court_id), by=staff(place, court_id))
    assert isinstance(answer, RosterBegun), answer
    return Whole(place, answer.roster_id, court_id)


def rows_named(logins: Iterable[str]) -> tuple[RosterRow, ...]:
    """A row for each login, on the lines of a file."""
    return tuple(a_row(login, line=line) for line, login in enumerate(logins, 2))


async def loaded_whole(place: Workplace, *logins: str, court_id: str = COURT, **how: Any) -> RosterFinished:
    """A whole roster, loaded in one piece."""
    whole = await begun(place, court_id)
    await whole.load(*rows_named(logins))
    return await whole.finish(len(logins), **how)


async def gone_logins(place: Workplace, court_id: str = COURT) -> list[str]:
    """Whom the court's roster doesn't name any more."""
    rows = await place.pool.fetch(
        "SELECT login FROM filing_accounts WHERE court_id = $1 AND gone_at IS NOT NULL ORDER BY login",
        court_id,
    )
    return [row["login"] for row in rows]
