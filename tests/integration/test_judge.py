"""One delivery, from envelope to verdict, on a real database."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from shared.messages.base import Command, Event, Failed, IdReused, Malformed, Reply, Speaker, TooLate
from shared.messaging import registry
from shared.messaging.ids import new_id
from shared.messaging.judge import Verdict
from shared.messaging.registry import Service, decode
from shared.messaging.unit_of_work import UnitOfWork
from shared.sealed import Sealed, to_be_sealed
from tests.messaging import NOON, Workplace, an_assertion

Make = Callable[[Service[Any], Any], Awaitable[Workplace]]


class Count(Command, frozen=True, kw_only=True, tag="notify.test_count.v1"):
    spoken_by: ClassVar[Speaker] = "anyone"
    word: str
    secret: Sealed | None = None


class Counted(Reply, frozen=True, kw_only=True, tag="notify.test_counted.v1"):
    row_id: UUID
    secret: Sealed | None = None
    secret_shown_once: bool = False


class WordHeard(Event, frozen=True, kw_only=True, tag="notify.test_counted_event.v1"):
    word: str


class CountMine(Command, frozen=True, kw_only=True, tag="notify.test_count_mine.v1"):
    pass


async def count(command: Count, work: UnitOfWork[None]) -> Counted:
    row_id = work.new_id()
    await work.connection.execute("INSERT INTO counted VALUES ($1, $2)", row_id, command.word)
    if command.word == "boom":
        raise RuntimeError(command.word)
    text = work.open(command, "secret") if command.secret else "shown"
    return Counted(
        row_id=row_id, secret=to_be_sealed(text, reader="portal", expires_at=NOON + timedelta(days=1))
    )


async def count_mine(command: CountMine, work: UnitOfWork[None]) -> Counted:
    return await count(Count(word=work.assertion.account_number), work)


async def hear(event: WordHeard, work: UnitOfWork[None]) -> None:
    await count(Count(word=event.word), work)


SERVICE: Service[None] = Service(
    name="notify", handles={Count: count, CountMine: count_mine, WordHeard: hear}
)


@pytest.fixture
async def place(workplace_of: Make, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    known = {
        m.message_name(): m for m in (Count, Counted, WordHeard, CountMine)
    } | registry.messages_by_name()
    monkeypatch.setattr(registry, "messages_by_name", lambda: known)
    return await workplace_of(SERVICE, None)


@pytest.fixture(autouse=True)
async def counted(place: Workplace, servers: Any, role_passwords: dict[str, str]) -> None:
    from urllib.parse import urlsplit

    import asyncpg

    from deploy.tool.databases import url_for

    name = await place.pool.fetchval("SELECT current_database()")
    owner = await asyncpg.connect(
        url_for(servers.postgres_url, "notify_owner", role_passwords["notify_owner"], name)
    )
    await owner.execute(
        "CREATE TABLE counted (id uuid PRIMARY KEY, word text); GRANT ALL ON counted TO notify"
    )
    await owner.close()
    assert urlsplit(servers.postgres_url).hostname == "127.0.0.1"


async def words(place: Workplace) -> list[str]:
    return [r["word"] for r in await place.pool.fetch("SELECT word FROM counted ORDER BY word")]


async def test_delivered_twice_at_once_is_handled_once_and_both_get_the_same_reply(place: Workplace) -> None:
    message_id = new_id(NOON)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(place.send(Count(word="a"), message_id=message_id)) for _ in range(6)]
    replies = [task.result() for task in tasks]

    assert await words(place) == ["a"]
    assert len({reply.row_id for reply in replies}) == 1


async def test_a_secret_in_a_reply_is_shown_once(place: Workplace) -> None:
    message_id = new_id(NOON)

    first = await place.send(Count(word="a"), message_id=message_id)
    opened = place.open_reply(first, "secret")
    second = await place.send(Count(word="a"), message_id=message_id)

    assert opened == "shown"
    assert (second.secret, second.secret_shown_once) == (None, True)


async def test_the_same_id_with_another_body_is_refused(place: Workplace) -> None:
    message_id = new_id(NOON)
    await place.send(Count(word="a"), message_id=message_id)

    assert isinstance(await place.send(Count(word="b"), message_id=message_id), IdReused)
    assert await words(place) == ["a"]


async def test_the_same_secret_sealed_twice_is_the_same_body(place: Workplace) -> None:
    message_id = new_id(NOON)

    def request(text: str) -> Count:
        later = NOON + timedelta(minutes=1)
        return Count(word="a", secret=to_be_sealed(text, reader="notify", expires_at=later))

    first = await place.send(request("pass"), message_id=message_id)
    again = await place.send(request("pass"), message_id=message_id)

    assert again.row_id == first.row_id
    assert isinstance(await place.send(request("other"), message_id=message_id), IdReused)


async def test_a_request_past_its_deadline_has_no_effect_and_may_be_asked_again(place: Workplace) -> None:
    message_id = new_id(NOON)

    late = await place.send(Count(word="a"), message_id=message_id, deadline=NOON)
    assert isinstance(late, TooLate)
    assert await words(place) == []

    await place.send(Count(word="a"), message_id=message_id, deadline=NOON + timedelta(seconds=1))
    assert await words(place) == ["a"]


async def test_an_expired_assertion_has_no_effect(place: Workplace) -> None:
    asked_by = an_assertion("notify", NOON - timedelta(seconds=60))

    assert isinstance(await place.send(CountMine(), by=asked_by), TooLate)
    assert await words(place) == []


@pytest.mark.parametrize("asked_by", [None, an_assertion("linking")])
async def test_without_an_assertion_for_this_service_nothing_is_done(place: Workplace, asked_by: Any) -> None:
    judgement, _ = await place.judge(CountMine(), by=asked_by)

    assert judgement.verdict is Verdict.PARK
    assert await words(place) == []


async def test_a_failing_handler_leaves_nothing_and_is_retried(place: Workplace) -> None:
    judgement, _ = await place.judge(Count(word="boom"))

    assert judgement.verdict is Verdict.RETRY
    assert "RuntimeError" in judgement.error
    assert "boom" not in judgement.error
    assert await words(place) == []
    assert await place.pool.fetchval("SELECT count(*) FROM inbox") == 0


async def test_an_id_that_is_no_uuid7_of_today_is_parked(place: Workplace) -> None:
    for message_id in (uuid4(), new_id(NOON - timedelta(hours=25))):
        judgement, _ = await place.judge(Count(word="a"), message_id=message_id)
        assert judgement.verdict is Verdict.PARK
        assert isinstance(decode(judgement.reply.type, judgement.reply.body), Failed)  # type: ignore[union-attr]


async def test_an_event_older_than_the_inbox_is_a_bad_envelope(place: Workplace) -> None:
    old = WordHeard(word="a")

    judgement, _ = await place.judge(old, message_id=new_id(NOON - timedelta(days=900)))

    assert (judgement.verdict, judgement.reason) == (Verdict.PARK, "bad_envelope")
    assert "BadEnvelopeError" in judgement.error
    assert await words(place) == []


async def test_another_login_may_not_speak_for_the_portal(place: Workplace) -> None:
    judgement, _ = await place.judge(Count(word="a"), sender="linking")

    assert judgement.verdict is Verdict.PARK
    assert await words(place) == []


async def test_a_body_that_is_not_its_type_is_parked_and_the_field_is_named(place: Workplace) -> None:
    wrong = msgspec_replace_word(7)

    judgement, _ = await place.judge(wrong)

    assert judgement.verdict is Verdict.PARK
    reply = decode(judgement.reply.type, judgement.reply.body)  # type: ignore[union-attr]
    assert isinstance(reply, Malformed)
    assert "$.word" in reply.problem


def msgspec_replace_word(word: Any) -> Count:
    return Count(word=word)
