"""Groups of deliveries in one transaction, on a real database: what they share, and what undoes them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec
import pytest

from deploy.tool.databases import url_for
from shared.messages.base import Command, Event, Query, Reply, Speaker, TooLate
from shared.messaging import registry
from shared.messaging.envelope import Envelope
from shared.messaging.groups import GroupUndoneError, Member, judge_group, read_member
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict, judge
from shared.messaging.registry import Service
from shared.messaging.unit_of_work import UnitOfWork
from tests.messaging import NOON, Workplace

QUEUE = "notify.commands"
CLOCKS: list[Workplace] = []
"""The place whose clock goes on by eleven seconds while a slow word is handled."""


class Note(Command, frozen=True, kw_only=True, tag="notify.test_note.v1"):
    spoken_by: ClassVar[Speaker] = "anyone"
    word: str


class Noted(Event, frozen=True, kw_only=True, tag="notify.test_noted.v1"):
    row_id: UUID


class ReadNotes(Query, frozen=True, kw_only=True, tag="notify.test_read_notes.v1"):
    spoken_by: ClassVar[Speaker] = "anyone"


class NotesRead(Reply, frozen=True, kw_only=True, tag="notify.test_notes_read.v1"):
    pass


class NoteOfCourt(Command, frozen=True, kw_only=True, tag="notify.test_note_of_court.v1"):
    spoken_by: ClassVar[Speaker] = "court"
    word: str


async def note(command: Note | NoteOfCourt, work: UnitOfWork[None]) -> Noted:
    noted = Noted(row_id=work.new_id())
    await work.connection.execute("INSERT INTO notes VALUES ($1, $2)", noted.row_id, command.word)
    if command.word == "slow":
        CLOCKS.pop().clock.forward(seconds=11)
    if command.word == "boom":
        raise RuntimeError(command.word)
    return noted


async def read_notes(query: ReadNotes, work: UnitOfWork[None]) -> NotesRead:
    work.emit(Noted(row_id=work.new_id()))
    return NotesRead()


SERVICE: Service[None] = Service(
    name="notify",
    handles={Note: note, NoteOfCourt: note},
    answers={ReadNotes: read_notes},
    announces=(Noted,),
)


@pytest.fixture
async def place(
    workplace_of: Callable[[Service[Any], Any], Awaitable[Workplace]],
    monkeypatch: pytest.MonkeyPatch,
    servers: Any,
    role_passwords: dict[str, str],
) -> Workplace:
    known = {
        m.message_name(): m for m in (Note, NoteOfCourt, Noted, ReadNotes, NotesRead)
    } | registry.messages_by_name()
    monkeypatch.setattr(registry, "messages_by_name", lambda: known)
    place = await workplace_of(SERVICE, None)
    name = await place.pool.fetchval("SELECT current_database()")
    url = url_for(servers.postgres_url, "notify_owner", role_passwords["notify_owner"], name)
    assert urlsplit(url).path == f"/{name}"
    owner = await asyncpg.connect(url)
    await owner.execute("CREATE TABLE notes (id uuid PRIMARY KEY, word text); GRANT ALL ON notes TO notify")
    await owner.close()
    return place


def delivered(message: Command | Query, **changes: Any) -> tuple[Envelope, bytes]:
    """A message as it arrives from the portal, which waits for the reply."""
    message_id = new_id(NOON)
    envelope = Envelope(
        message_id=message_id,
        type=message.message_name(),
        sender="portal",
        time=NOON,
        correlation_id=message_id,
        reply_to="test",
    )
    return msgspec.structs.replace(envelope, **changes), msgspec.json.encode(message)


def member(place: Workplace, word: str, **changes: Any) -> Member:
    envelope, body = delivered(Note(word=word), **changes)
    read = read_member(place.bench, QUEUE, envelope, body)
    assert read is not None
    return read


async def words(place: Workplace) -> list[str]:
    return [row["word"] for row in await place.pool.fetch("SELECT word FROM notes ORDER BY word")]


async def test_a_group_is_one_transaction_with_a_reply_and_an_event_for_each(place: Workplace) -> None:
    members = [member(place, f"{n:02}") for n in range(50)]

    judged = await judge_group(place.bench, members)

    assert await words(place) == [f"{n:02}" for n in range(50)]
    row_ids = {row["id"] for row in await place.pool.fetch("SELECT id FROM notes")}
    replies = [msgspec.json.decode(each.reply.body, type=Noted) for each in judged if each and each.reply]
    assert {reply.row_id for reply in replies} == row_ids
    assert {event.row_id for event in await place.emitted(Noted)} == row_ids
    transactions = "SELECT count(DISTINCT xmin::text) FROM {} UNION ALL SELECT count(*) FROM {}"
    for table in ("notes", "inbox", "outbox"):
        found = [row["count"] for row in await place.pool.fetch(transactions.format(table, table))]
        assert found == [1, 50], table


async def test_one_failure_undoes_the_whole_group(place: Workplace) -> None:
    members = [member(place, word) for word in ("a", "boom", "b")]

    with pytest.raises(GroupUndoneError) as undone:
        await judge_group(place.bench, members)

    assert await words(place) == []
    assert await place.pool.fetchval("SELECT count(*) FROM inbox") == 0
    assert "RuntimeError" in str(undone.value)


async def test_a_member_whose_deadline_passes_while_the_others_are_handled_undoes_the_group(
    place: Workplace,
) -> None:
    soon = {"deadline": NOON + timedelta(seconds=10)}
    members = [member(place, "a", **soon), member(place, "slow"), member(place, "b")]
    CLOCKS.append(place)

    with pytest.raises(GroupUndoneError, match="LateError"):
        await judge_group(place.bench, members)

    assert await words(place) == []


async def test_alone_what_got_late_is_answered_so_and_has_no_effect(place: Workplace) -> None:
    envelope, body = delivered(Note(word="slow"), deadline=NOON + timedelta(seconds=10))
    CLOCKS.append(place)

    judgement = await judge(place.bench, QUEUE, envelope, body)

    assert judgement.reply is not None
    assert judgement.reply.type == TooLate.message_name()
    assert await words(place) == []
    assert await place.pool.fetchval("SELECT count(*) FROM inbox") == 0


async def test_what_came_too_late_and_nobody_waits_for_is_parked(place: Workplace) -> None:
    envelope, body = delivered(Note(word="a"), deadline=NOON - timedelta(seconds=1), reply_to=None)

    assert (await judge(place.bench, QUEUE, envelope, body)).verdict is Verdict.PARK


@pytest.mark.parametrize(
    ("age", "verdict"),
    [(timedelta(days=30), Verdict.ACKNOWLEDGE), (timedelta(days=91), Verdict.PARK)],
)
async def test_what_a_court_sent_may_have_waited_for_a_quarter(
    place: Workplace, age: timedelta, verdict: Verdict
) -> None:
    await place.pool.execute("SELECT ensure_partitions($1, $2)", NOON - timedelta(days=100), NOON)
    message = NoteOfCourt(word="a")
    envelope, body = delivered(message, message_id=new_id(NOON - age), sender="ncwbk", reply_to=None)

    assert (await judge(place.bench, QUEUE, envelope, body)).verdict is verdict


async def test_a_twin_in_the_same_group_is_left_for_later_and_gets_the_same_reply(place: Workplace) -> None:
    message_id = new_id(NOON)
    envelope, body = delivered(Note(word="a"), message_id=message_id)
    twins = [member(place, "a", message_id=message_id) for _ in range(2)]

    first, second = await judge_group(place.bench, twins)
    again = await judge(place.bench, QUEUE, envelope, body)

    assert first is not None
    assert second is None
    assert again.reply == first.reply
    assert await words(place) == ["a"]


async def test_what_was_handled_before_is_left_for_later_and_the_others_are_handled(place: Workplace) -> None:
    before = member(place, "before")
    await judge_group(place.bench, [before])

    judged = await judge_group(place.bench, [member(place, "a"), before, member(place, "b")])

    assert [each is None for each in judged] == [False, True, False]
    assert await words(place) == ["a", "b", "before"]


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        pytest.param(ReadNotes(), {}, id="a query"),
        pytest.param(Note(word="late"), {"deadline": NOON - timedelta(seconds=1)}, id="too late"),
        pytest.param(Note(word="a"), {"type": "notify.of_tomorrow.v9"}, id="an unknown type"),
        pytest.param(Note(word="a"), {"message_id": new_id(NOON - timedelta(days=2))}, id="an old id"),
        pytest.param(Noted(row_id=new_id(NOON)), {}, id="an event from another than its owner"),
    ],
)
async def test_what_isnt_simply_handled_shares_no_transaction(
    place: Workplace, message: Any, changes: dict[str, Any]
) -> None:
    envelope, body = delivered(message, **changes)

    assert read_member(place.bench, QUEUE, envelope, body) is None


async def test_a_query_that_announces_something_is_a_failure(place: Workplace) -> None:
    envelope, body = delivered(ReadNotes())

    judgement = await judge(place.bench, "notify.queries", envelope, body)

    assert judgement.verdict is Verdict.RETRY
    assert "UndeclaredEventError" in judgement.error
    assert await place.emitted(Noted) == []
