"""Following messages: replaying what was announced, tracing what came of one, seeing what waits."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from deploy.local.servers import Servers
from deploy.tool.operating import OperatorError
from deploy.tool.outboxes import print_outboxes
from deploy.tool.replaying import Wish, replay
from deploy.tool.tracing import draw, trace
from shared.database import transaction
from shared.messaging import outbox
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from tests.installation import running
from tests.operating import QUICKLY, SERVICES, OperatedToys, operated_toys
from tests.toy import AddWord, WordAdded

WORDS = tuple(f"{n:02}" for n in range(14))


@pytest.fixture
async def toys(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    tmp_path: Path,
) -> AsyncIterator[OperatedToys]:
    async with operated_toys(servers, role_passwords, database_of, tmp_path) as made:
        yield made


async def announce(toys: OperatedToys, *words: str) -> None:
    """Let both toys hear words, one after the other."""
    for place, word in enumerate(words, start=1):
        await toys.publish(word)
        await toys.has_words("notify", *words[:place])


async def lose(toys: OperatedToys, *words: str) -> None:
    """Put `notify` back to before it heard these words, as an old backup does."""
    lost = await toys.pools["notify"].fetch("DELETE FROM toy WHERE word = ANY($1) RETURNING id", list(words))
    assert len(lost) == len(words)
    events = await toys.rows("accounts", "SELECT message_id, body FROM announced")
    ids = [e["message_id"] for e in events if msgspec.json.decode(e["body"])["word"] in words]
    await toys.pools["notify"].execute("DELETE FROM inbox WHERE message_id = ANY($1)", ids)


def a_wish(toys: OperatedToys, **changes: Any) -> Wish:
    now = toys.clock()
    usual: dict[str, Any] = {
        "since": now - timedelta(hours=1),
        "until": now,
        "type": WordAdded.message_name(),
        "readers": SERVICES,
        "pace": QUICKLY,
        "operator": "olga@test",
    }
    return Wish(**{**usual, **changes})


async def test_replayed_events_reach_who_lost_them_and_have_no_effect_on_who_did_not(
    toys: OperatedToys,
) -> None:
    async with running(toys.process("accounts")), running(toys.process("notify")):
        await announce(toys, *WORDS)
        await lose(toys, "03", "12")

        status = await replay(toys, a_wish(toys), toys.say)

        assert (status, await toys.words("notify")) == (0, list(WORDS))
    steps = await toys.rows("notify", "SELECT * FROM replays ORDER BY noted_at, id")
    assert [(step["message_count"], step["outcome"]) for step in steps] == [
        (1, "begun"),
        (1, "handled"),
        (10, "begun"),
        (10, "handled"),
        (3, "begun"),
        (3, "handled"),
    ]
    assert {(step["operator"], step["owner"]) for step in steps} == {("olga@test", "accounts")}
    assert await toys.rows("accounts", "SELECT 1 FROM replays") == []
    senders = {row["sender"] for row in await toys.rows("notify", "SELECT sender FROM inbox")}
    assert senders == {"accounts"}


async def test_an_event_that_was_erased_with_its_account_is_left_out_and_said_so(toys: OperatedToys) -> None:
    async with running(toys.process("accounts")), running(toys.process("notify")):
        await announce(toys, "erased", "kept")
        await lose(toys, "erased", "kept")
        await toys.pools["accounts"].execute(
            "UPDATE announced SET body = NULL WHERE position('erased'::bytea in body) > 0"
        )

        status = await replay(toys, a_wish(toys), toys.say)

        assert (status, await toys.words("notify")) == (0, ["kept"])
    assert "notify.events: 1 events of accounts were erased with their accounts and left out" in toys.said


async def test_a_replay_is_of_the_times_types_and_readers_that_were_named(toys: OperatedToys) -> None:
    async with running(toys.process("accounts")), running(toys.process("notify")):
        await announce(toys, "early")
        between = toys.clock()
        await announce_more(toys)
        await lose(toys, "early", "late")

        assert await replay(toys, a_wish(toys, since=between), toys.say) == 0
        assert await toys.words("notify") == ["late"]
        assert await replay(toys, a_wish(toys, until=between), toys.say) == 0
        assert await toys.words("notify") == ["early", "late"]

    with pytest.raises(OperatorError, match="no reader subscribes"):
        await replay(toys, a_wish(toys, type=AddWord.message_name()), toys.say)
    with pytest.raises(OperatorError, match="no reader subscribes"):
        await replay(toys, a_wish(toys, readers=("linking",)), toys.say)


async def announce_more(toys: OperatedToys) -> None:
    await toys.publish("late")
    await toys.has_words("notify", "early", "late")


async def test_a_replay_stops_at_the_first_step_that_its_reader_parks(toys: OperatedToys) -> None:
    async with running(toys.process("accounts")), running(toys.process("notify")):
        await announce(toys, *WORDS)
        await lose(toys, "03", "12")
        toys.broken.words.add("03")

        status = await replay(toys, a_wish(toys), toys.say)

        assert status == 1
        assert await toys.words("notify") == [word for word in WORDS if word not in ("03", "12")]
    outcomes = await toys.rows("notify", "SELECT outcome FROM replays ORDER BY noted_at, id")
    assert [row["outcome"] for row in outcomes] == ["begun", "handled", "begun", "parked"]


async def test_an_event_older_than_its_readers_inbox_is_left_out_and_said(toys: OperatedToys) -> None:
    now = toys.clock()
    async with running(toys.process("accounts")), running(toys.process("notify")):
        old_cause = new_id(now - timedelta(days=300))
        async with transaction(toys.pools["accounts"]) as connection:
            await outbox.insert_messages(connection, [an_event("old", message_id=old_cause, time=now)])
        await toys.has_parked("notify", 1)

        status = await replay(toys, a_wish(toys, until=now + timedelta(hours=1)), toys.say)

    assert status == 0
    assert toys.said == ["notify.events: 1 events of accounts are older than the inbox and were left out"]


def an_event(word: str, **changes: Any) -> Outgoing:
    usual: dict[str, Any] = {
        "type": WordAdded.message_name(),
        "exchange": "accounts",
        "routing_key": WordAdded.message_name(),
        "body": msgspec.json.encode(WordAdded(row_id=uuid4(), word=word)),
        "correlation_id": changes["message_id"],
    }
    return Outgoing(**{**usual, **changes})


async def test_a_trace_goes_from_the_command_to_the_mail_and_shows_nobodys_data(toys: OperatedToys) -> None:
    async with running(toys.process("accounts")), running(toys.process("notify")):
        command = await toys.publish("confidential")
        other = await toys.publish("other")
        await toys.has_words("notify", "confidential", "other")
        (event,) = await toys.rows(
            "accounts", "SELECT message_id FROM announced WHERE correlation_id = $1", command.message_id
        )
    mail_id = await write_mail(toys, event["message_id"], command.message_id)

    traced = await trace(toys, SERVICES, command.message_id)
    draw(traced, toys.say)

    text = "\n".join(toys.said)
    first, second = traced.messages
    assert (first.message_id, first.sender, first.depth) == (command.message_id, "portal", 0)
    assert (second.message_id, second.sender, second.depth) == (event["message_id"], "accounts", 1)
    assert [row.queue for row in (*first.handled, *second.handled)] == ["accounts.commands", "notify.events"]
    assert f"mail welcome {mail_id}: sent" in text
    for shown in (text, msgspec.json.encode(traced).decode()):
        assert str(other.message_id) not in shown
        for planted in ("confidential", "Jane Secret", "jane@court.example"):
            assert planted not in shown
    assert await trace(toys, SERVICES, event["message_id"]) == traced


async def write_mail(toys: OperatedToys, event_id: Any, correlation_id: Any) -> Any:
    mail_id, now = uuid4(), toys.clock()
    await toys.pools["notify"].execute(
        """
        INSERT INTO notifications (id, event_id, correlation_id, recipient, kind, mail_class, recipient_name,
                                   email, subject, details, state, attempts, queued_at, sent_at)
        VALUES ($1, $2, $3, 'account:1', 'welcome', 'service', 'Jane Secret', 'jane@court.example',
                'Dear Jane Secret', '{}', 'sent', 1, $4, $4)
        """,
        mail_id,
        event_id,
        correlation_id,
        now,
    )
    return mail_id


async def test_a_trace_shows_what_was_parked_and_what_waits(toys: OperatedToys) -> None:
    toys.broken.words.add("a")
    async with running(toys.process("accounts")):
        command = await toys.publish("a")
        await toys.has_parked("accounts", 1)
    waiting = an_event(
        "b", message_id=new_id(toys.clock()), time=toys.clock(), causation_id=command.message_id
    )
    waiting = msgspec.structs.replace(waiting, correlation_id=command.message_id)
    async with transaction(toys.pools["accounts"]) as connection:
        await outbox.insert_messages(connection, [waiting])

    traced = await trace(toys, SERVICES, waiting.message_id)
    draw(traced, toys.say)

    text = "\n".join(toys.said)
    assert [message.depth for message in traced.messages] == [0, 1]
    assert "parked from accounts.commands" in text
    assert "waits in the outbox" in text


async def test_an_unknown_id_is_said_to_be_unknown(toys: OperatedToys) -> None:
    for unknown in (new_id(toys.clock()), uuid4()):
        with pytest.raises(OperatorError, match=f"nothing is known of {unknown}"):
            await trace(toys, SERVICES, unknown)


async def test_the_outboxes_show_what_waits_and_what_the_broker_refuses(toys: OperatedToys) -> None:
    now = toys.clock()
    refused = an_event("a", message_id=new_id(now), time=now)
    waiting = an_event("b", message_id=new_id(now), time=now)
    async with transaction(toys.pools["accounts"]) as connection:
        await outbox.insert_messages(connection, [refused, waiting])
        await outbox.postpone(connection, refused.message_id, "UnroutableError")

    status = await print_outboxes(toys, SERVICES, toys.say)

    assert status == 1
    assert toys.said[1].split()[:2] == ["accounts", "2"]
    assert toys.said[2].strip().startswith(f"1 of {WordAdded.message_name()}: UnroutableError, 1 attempts")
    assert toys.said[3].split() == ["notify", "0", "0.0"]
