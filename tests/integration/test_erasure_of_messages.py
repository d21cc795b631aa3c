"""What messages say of an erased account: announced, kept as replies, parked, and still on their way."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.accounts.service import SERVICE
from shared.errors import UnavailableError
from shared.messaging import erasure, outbox
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from shared.messaging.parked import Parked, ParkedRow, Selection, find_parked, insert_parked, list_parked
from shared.messaging.redrives import find_obstacle
from tests.builders_accounts import a_registration, quick_resources
from tests.messaging import NOON, Workplace

ACCOUNT, OTHER = uuid4(), uuid4()
EMAIL = "somebody@quartz.example"


@pytest.fixture
async def place(workplace_of: Callable[..., Any]) -> AsyncIterator[Workplace]:
    async with quick_resources() as resources:
        yield await workplace_of(SERVICE, resources)


async def begin(place: Workplace, account_id: UUID = ACCOUNT, **how: Any) -> None:
    """Erase an account a minute after what was said before."""
    place.clock.forward(minutes=1)
    async with place.bench.transaction() as work:
        await erasure.begin(work, account_id, **how)


async def say(place: Workplace, said: str, *, is_published: bool = True) -> UUID:
    """Emit a message with this body."""
    outgoing = Outgoing(
        message_id=new_id(place.clock()),
        type="accounts.password_changed.v1",
        exchange="accounts",
        routing_key="accounts.password_changed.v1",
        body=said.encode(),
        time=place.clock(),
        correlation_id=uuid4(),
    )
    async with place.pool.acquire() as connection:
        await outbox.insert_messages(connection, [outgoing])
        if is_published:
            await outbox.move_to_announced(connection, [outgoing.message_id], place.clock())
    return outgoing.message_id


async def park(place: Workplace, said: str, **changes: Any) -> ParkedRow:
    """Park a message with this body."""
    usual: dict[str, Any] = {
        "id": uuid4(),
        "queue": "accounts.events",
        "message_id": new_id(place.clock()),
        "type": "linking.filing_account_linked.v1",
        "sender": "linking",
        "correlation_id": uuid4(),
        "headers": {"note": said},
        "body": said.encode(),
        "reason": "failed",
        "error": "ValueError",
        "attempts": 5,
        "parked_at": place.clock(),
    }
    parked = Parked(**(usual | changes))
    async with place.pool.acquire() as connection:
        await insert_parked(connection, parked)
    return await present(place, parked.id)


async def present(place: Workplace, row_id: UUID) -> ParkedRow:
    async with place.pool.acquire() as connection:
        found = await find_parked(connection, row_id)
    assert found is not None
    return found


async def bodies(place: Workplace) -> dict[UUID, bytes | None]:
    return dict(await place.pool.fetch("SELECT message_id, body FROM announced"))


async def test_announced_bodies_that_name_the_account_go_and_no_others(place: Workplace) -> None:
    named = [await say(place, f'{{"payer_id":"{ACCOUNT}"}}'), await say(place, f'{{"email":"{EMAIL}"}}')]
    others = [await say(place, f'{{"account_id":"{OTHER}"}}'), await say(place, f'{{"email":"x{EMAIL}"}}')]
    await begin(place, terms=[erasure.quoted(EMAIL)])

    await place.work_off("erasures")

    found = await bodies(place)
    assert {found[message_id] for message_id in named} == {None}
    assert all(found[message_id] for message_id in others)
    assert await place.pool.fetchrow("SELECT place, terms FROM erasures") == ("done", [])


async def test_a_term_is_found_in_any_case_and_beside_bytes_of_any_kind(place: Workplace) -> None:
    odd = "\u00fc\u00c9 \\n"
    bodies_said = [
        f'{{"email":"{EMAIL.upper()}"}}',
        f'{{"note":{erasure.quoted(odd)}}}',
        f"{{{erasure.quoted_field('user_name', f'Ann.{odd}')}}}",
    ]
    named = [await say(place, said) for said in bodies_said]
    parked = await park(place, "", body=b'\x00\xff\\{"EMAIL":"' + EMAIL.title().encode() + b'"}')
    other = await say(place, '{"last_name":"ann","email":"x"}')
    await begin(
        place,
        terms=[erasure.quoted(EMAIL), erasure.quoted(odd), erasure.quoted_field("user_name", f"ann.{odd}")],
    )

    await place.work_off("erasures")

    found = await bodies(place)
    assert [found[message_id] for message_id in named] == [None] * 3
    assert found[other] is not None
    assert (await present(place, parked.id)).body is None


async def test_what_was_announced_at_the_erasure_or_after_it_stays(place: Workplace) -> None:
    await begin(place)
    later = await say(place, f'{{"account_id":"{ACCOUNT}"}}')

    await place.work_off("erasures")

    assert (await bodies(place))[later] is not None


async def test_a_message_that_is_still_to_be_published_is_published_whole_and_then_blanked(
    place: Workplace,
) -> None:
    waiting = await say(place, f'{{"account_id":"{ACCOUNT}"}}', is_published=False)
    await begin(place)

    await place.work_off("erasures")
    unpublished = await place.pool.fetchval("SELECT body FROM outbox")
    async with place.pool.acquire() as connection:
        await outbox.move_to_announced(connection, [waiting], place.clock())
    await place.pool.execute("UPDATE erasures SET not_before = clock_timestamp()")
    await place.work_off("erasures")

    assert str(ACCOUNT).encode() in unpublished
    assert await bodies(place) == {waiting: None}


async def test_what_is_still_to_be_published_holds_up_neither_replies_nor_what_is_parked(
    place: Workplace,
) -> None:
    """Its reader may refuse it for days."""
    await say(place, f'{{"account_id":"{ACCOUNT}"}}', is_published=False)
    registered = await place.send(a_registration(place))
    named = await park(place, f'{{"account_id":"{ACCOUNT}"}}')
    await begin(place, terms=[str(registered.account_id)])

    await place.work_off("erasures")

    assert await place.pool.fetchval("SELECT place FROM erasures") == "announced"
    assert await place.pool.fetchval("SELECT reply FROM inbox") is None
    assert (await present(place, named.id)).body is None


async def test_the_search_goes_through_all_chunks_and_on_after_each(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "CHUNK_ROWS", 2)
    for number in range(5):
        await say(place, f'{{"account_id":"{ACCOUNT if number % 2 else OTHER}"}}')
        await park(place, f'{{"account_id":"{ACCOUNT if number % 2 else OTHER}"}}')
    await begin(place)

    steps = await place.work_off("erasures")

    assert steps > 8
    assert [body is None for body in (await bodies(place)).values()].count(True) == 2
    assert await place.pool.fetchval("SELECT count(*) FROM parked_messages WHERE erased_at IS NOT NULL") == 2


async def test_two_searches_at_once_do_each_chunk_once(place: Workplace) -> None:
    named = await say(place, f'{{"account_id":"{ACCOUNT}"}}')
    await begin(place)
    await begin(place, OTHER)
    async with place.bench.transaction() as work:
        await work.connection.execute("SELECT FROM erasures WHERE account_id = $1 FOR UPDATE", OTHER)
        await place.work_off("erasures")

    assert (await bodies(place))[named] is None
    assert await place.pool.fetchval("SELECT place FROM erasures WHERE account_id = $1", OTHER) == "outbox"


async def test_a_kept_reply_that_names_the_account_goes_and_the_inbox_row_stays(place: Workplace) -> None:
    registered = await place.send(a_registration(place))
    await place.send(a_registration(place))
    await begin(place, registered.account_id)

    await place.pool.execute("DELETE FROM outbox")
    await place.work_off("erasures")

    replies = await place.pool.fetch("SELECT reply FROM inbox")
    assert sorted(row["reply"] is None for row in replies) == [False, True]


async def test_a_parked_message_that_names_the_account_is_erased_settled_and_not_redriven(
    place: Workplace,
) -> None:
    named = await park(place, f'{{"account_id":"{ACCOUNT}","remark":"hidden"}}')
    other = await park(place, f'{{"account_id":"{OTHER}"}}')
    await begin(place)

    await place.work_off("erasures")

    erased = await present(place, named.id)
    assert (erased.body, erased.headers) == (None, {})
    assert erased.settled_at == erased.erased_at == place.clock()
    assert "erased" in find_obstacle(erased, NOON, None, place.clock())
    assert await present(place, other.id) == other
    async with place.pool.acquire() as connection:
        assert [row.id for row in await list_parked(connection, Selection(), 10)] == [other.id]


async def test_parked_bodies_under_hold_stay(place: Workplace) -> None:
    held = await park(place, f'{{"number":"{EMAIL}"}}', type="accounts.register_account.v1")
    kept = type(a_registration(place))
    await begin(place, terms=[erasure.quoted(EMAIL)], kept_types=[kept])

    await place.work_off("erasures")

    assert await present(place, held.id) == held


async def test_what_is_parked_after_the_erasure_is_kept_without_what_it_says(place: Workplace) -> None:
    row_id = uuid4()
    await begin(place)

    once = await park(place, f'{{"account_id":"{ACCOUNT}"}}', id=row_id)
    again = await park(place, f'{{"account_id":"{ACCOUNT}"}}', id=row_id)

    assert (once.body, once.headers, once.settled_at) == (None, {}, place.clock())
    assert (again.body, again.parkings) == (None, 2)


async def test_a_search_cut_short_changes_nothing_and_goes_on(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = await say(place, f'{{"account_id":"{ACCOUNT}"}}')
    await begin(place)

    async def fail(*_: object) -> None:
        raise UnavailableError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_go_on", fail)
        with pytest.raises(UnavailableError):
            await place.work_off("erasures")
    untouched = (await bodies(place))[named]
    await place.work_off("erasures")

    assert untouched is not None
    assert await bodies(place) == {named: None}
