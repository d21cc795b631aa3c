"""Rosters from broken files and hostile askers: what is right is loaded, and everything else is named."""

import asyncio
import io
import json
from datetime import timedelta
from uuid import uuid4

import pytest

from shared.messages.base import Malformed
from shared.messages.linking import LoadRoster, RosterBusy, RosterFinished, RosterLoaded, RosterNotOpen
from shared.messages.linking.rosters import ROWS_A_LOAD
from shared.rosters import read_roster
from shared.sealed import to_be_sealed
from tests.installation import until
from tests.integration.linking_builders import (
    COURT,
    PASSWORD,
    Make,
    a_roster,
    a_row,
    a_workplace,
    load,
    somebody,
    staff,
    verifier_of,
)
from tests.integration.linking_builders import linked as make_link
from tests.integration.roster_builders import begun, gone_logins, loaded_whole, rows_named
from tests.messaging import Workplace

HEADER = b"login,name,email,role,verifier\n"
FIRST = f"first,A,a@c.example,attorney,{verifier_of(PASSWORD)}\n".encode()
LAST = FIRST.replace(b"first", b"last")


@pytest.fixture
async def place(workplace_of: Make) -> Workplace:
    return await a_workplace(workplace_of)


async def load_file(place: Workplace, text: bytes) -> tuple[list[tuple[int, str, str]], RosterFinished]:
    """Load a file as whoever has a court's upload does; which rows were refused, and the end."""
    whole, rows, refused = await begun(place), 0, []
    for chunk in read_roster(io.BytesIO(text), most_rows=ROWS_A_LOAD):
        answer = await whole.load(*chunk.rows, verifiers=chunk.verifiers, unreadable=chunk.unreadable)
        refused += [(row.line, row.field, row.reason) for row in answer.refused]
        rows += chunk.row_count
    return refused, await whole.finish(rows)


async def logins(place: Workplace) -> list[str]:
    rows = await place.pool.fetch("SELECT login FROM filing_accounts ORDER BY login")
    return [row["login"] for row in rows]


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (b"x" * 10_000_000 + b"\n", "", "is longer than 65536 bytes"),
        (b"a,b,c\n", "", "has 3 fields instead of 5"),
        (FIRST.replace(b"first", b"na\x00me"), "login", "has a control character"),
        (FIRST.replace(b",A,", b",A\x00,").replace(b"first", b"x"), "name", "has a control character"),
        (FIRST.replace(b",A,", b",\xff\xfe,"), "", "the bytes are not UTF-8"),
        (b'"' + FIRST, "", "is not CSV: unexpected end of data"),
        (FIRST, "login", "is on line 2 already"),
    ],
    ids=["10 MB line", "wrong columns", "NUL in login", "NUL", "bad UTF-8", "open quote", "duplicate login"],
)
async def test_a_bad_row_of_a_file_is_reported_with_line_field_and_reason(
    place: Workplace, line: bytes, field: str, reason: str
) -> None:
    refused, finished = await load_file(place, HEADER + FIRST + line + LAST)

    assert refused == [(3, field, reason)]
    assert await logins(place) == ["first", "last"]
    assert (finished.counts.rows, finished.counts.added, finished.counts.refused) == (3, 2, 1)


async def test_a_file_with_bom_crlf_and_quotes_changes_nothing_when_written_plainly(place: Workplace) -> None:
    quoted = b"\xef\xbb\xbf" + (HEADER + FIRST.replace(b",A,", b',"A",')).replace(b"\n", b"\r\n")
    await load_file(place, quoted)

    refused, finished = await load_file(place, HEADER + FIRST)

    assert refused == []
    assert finished.counts.unchanged == 1


async def test_a_file_whose_last_row_is_cut_marks_nobody_as_gone(place: Workplace) -> None:
    await load_file(place, HEADER + FIRST + LAST)

    refused, finished = await load_file(place, HEADER + FIRST + LAST[:9])

    assert refused == [(3, "", "has 3 fields instead of 5")]
    assert (finished.counts.unnamed, finished.gone) == (1, 0)
    assert await gone_logins(place) == []


@pytest.mark.parametrize("line", [-1, 10_000_001, 2**40])
async def test_a_line_that_no_file_has_is_malformed(place: Workplace, line: int) -> None:
    whole = await begun(place)

    assert isinstance(await whole.send(a_row(line=line)), Malformed)
    assert await logins(place) == []


async def test_one_login_twice_on_one_line_is_taken_once(place: Workplace) -> None:
    whole = await begun(place)

    loaded = await whole.load(a_row(), a_row(name="Another"))

    assert (loaded.added, [row.reason for row in loaded.refused]) == (1, ["is on line 2 already"])


async def test_a_load_that_was_cut_short_goes_on_without_wrapping_again(place: Workplace) -> None:
    rows = rows_named(f"login{n}" for n in range(6))
    cut = await begun(place)
    await cut.load(*rows[:4])
    wrapped: list[object] = []
    hashing, keep = place.resources.hashing, place.resources.hashing.run_patiently

    async def run_patiently(work: object) -> object:
        wrapped.append(work)
        return await keep(work)

    hashing.run_patiently = run_patiently
    whole = await begun(place)
    await whole.load(*rows)
    finished = await whole.finish(6)

    assert len(wrapped) == finished.counts.added == finished.counts.wrapped == 2
    assert finished.counts.unchanged == 4


async def test_more_loads_than_may_be_at_once_are_told_to_come_again(place: Workplace) -> None:
    pieces = [await begun(place, court) for court in ("ncwbk", "waebk", "nysbk", "gubk", "nyebk")]

    async with asyncio.TaskGroup() as group, place.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM rosters FOR UPDATE")
        tasks = [group.create_task(whole.send(a_row())) for whole in pieces[:4]]
        await until(lambda: _is_locked(place), "four are loading")
        fifth = await pieces[4].send(a_row())
    first = [task.result() for task in tasks]

    assert isinstance(fifth, RosterBusy)
    assert {type(answer) for answer in first} == {RosterLoaded}
    assert isinstance(await pieces[4].send(a_row()), RosterLoaded)


async def _is_locked(place: Workplace) -> bool:
    return bool(place.resources.roster_loads.locked())


async def test_pieces_sent_while_a_roster_is_finished_or_replaced_come_before_it_or_not_at_all(
    place: Workplace,
) -> None:
    whole = await begun(place)
    await whole.load(*rows_named(["ann"]))

    async with asyncio.TaskGroup() as group:
        piece = group.create_task(whole.send(a_row("bob", line=3)))
        end = group.create_task(whole.try_finish(1))
        after = group.create_task(begun(place))

    assert isinstance(piece.result(), RosterLoaded | RosterNotOpen)
    assert await logins(place) in (["ann", "bob"], ["ann"])
    assert type(end.result()).__name__ in ("RosterFinished", "RosterNotFinished", "RosterNotOpen")
    assert (await after.result().shown()).state == "open"
    assert await place.pool.fetchval("SELECT count(*) FROM rosters WHERE state = 'open'") == 1


async def test_linking_while_a_roster_drops_the_filing_account_ends_in_one_of_both_orders(
    place: Workplace,
) -> None:
    await loaded_whole(place, "ann", "jpublic")
    who = somebody(place)

    async with asyncio.TaskGroup() as group:
        dropped = group.create_task(loaded_whole(place, "ann"))
        attempt = group.create_task(_try_link(place, who))

    finished = dropped.result()
    assert await gone_logins(place) == ["jpublic"]
    assert finished.gone_while_linked == (1 if attempt.result() else 0)


async def _try_link(place: Workplace, who: object) -> bool:
    try:
        await make_link(place, who)  # type: ignore[arg-type]
    except AssertionError:
        return False
    return True


async def test_a_roster_that_was_never_begun_loads_nothing(place: Workplace) -> None:
    roster_id = uuid4()
    sealed = to_be_sealed(
        json.dumps([verifier_of(PASSWORD)]), reader="linking", expires_at=place.clock() + timedelta(minutes=1)
    )
    command = LoadRoster(court_id=COURT, rows=(a_row(),), verifiers=sealed, roster_id=roster_id)

    answer = await place.send(command, by=staff(place))

    assert answer == RosterNotOpen(roster_id=roster_id, reason="not_found")
    assert await logins(place) == []


async def test_rows_without_a_roster_are_loaded_and_mark_nobody_as_gone(place: Workplace) -> None:
    await loaded_whole(place, "ann")

    await load(place, a_row("bob"))

    assert await gone_logins(place) == []
    assert await place.send(a_roster(place.clock()), by=staff(place)) == RosterLoaded(
        court_id=COURT, added=0, changed=0, unchanged=0
    )
