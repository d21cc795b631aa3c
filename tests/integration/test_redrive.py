"""Redriving parked messages: to their queue, in steps, with one effect, tried before, on record."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from deploy.local.servers import Servers
from deploy.tool.operating import OperatorError
from deploy.tool.parked import print_list, print_one, settle
from deploy.tool.redriving import redrive
from deploy.tool.stepping import Pace, Pacer
from shared.database import transaction
from shared.messaging.ids import new_id
from shared.messaging.parked import Parked, Selection, find_parked, insert_parked, settle_parked
from tests.installation import ROOT, running
from tests.operating import SERVICES, OperatedToys, an_order, operated_toys
from tests.toy import AddWord

OUTCOMES = "SELECT outcome, operator FROM redrives ORDER BY noted_at, id"
OPEN = "SELECT body FROM parked_messages WHERE settled_at IS NULL ORDER BY parked_at"


@pytest.fixture
async def toys(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    tmp_path: Path,
) -> AsyncIterator[OperatedToys]:
    async with operated_toys(servers, role_passwords, database_of, tmp_path) as made:
        yield made


async def park(toys: OperatedToys, **changes: Any) -> UUID:
    """Put a parked command of the portal into the table of `accounts`; answers the id of its row."""
    now = toys.clock()
    usual: dict[str, Any] = {
        "id": uuid4(),
        "queue": "accounts.commands",
        "message_id": new_id(now),
        "type": AddWord.message_name(),
        "sender": "portal",
        "correlation_id": new_id(now),
        "headers": {"cloudEvents:time": now.isoformat()},
        "body": msgspec.json.encode(AddWord(word="a")),
        "reason": "failed",
        "error": "RuntimeError",
        "attempts": 5,
        "parked_at": now,
    }
    parked = Parked(**{**usual, **changes})
    async with transaction(toys.pools[parked.queue.partition(".")[0]]) as connection:
        await insert_parked(connection, parked)
    return parked.id


async def open_words(toys: OperatedToys) -> list[str]:
    return [msgspec.json.decode(row["body"])["word"] for row in await toys.rows("accounts", OPEN)]


async def test_a_redriven_message_is_handled_as_its_senders_and_settled_and_on_record(
    toys: OperatedToys,
) -> None:
    async with running(toys.process("accounts")), running(toys.process("notify")):
        await toys.publish_parked("a")

        status = await redrive(toys, SERVICES, an_order(), toys.say)
        await toys.has_words("notify", "a")

    assert (status, await toys.words("accounts"), await open_words(toys)) == (0, ["a"], [])
    (handled,) = await toys.rows("accounts", "SELECT sender, queue FROM inbox")
    assert (handled["sender"], handled["queue"]) == ("portal", "accounts.commands")
    noted = [tuple(row) for row in await toys.rows("accounts", OUTCOMES)]
    assert noted == [(outcome, "olga@test") for outcome in ("begun", "sent", "handled")]


async def test_an_event_comes_again_to_the_reader_that_parked_it_and_to_no_other(toys: OperatedToys) -> None:
    toys.broken.words.add("a")
    async with running(toys.process("notify")):
        event = {"row_id": str(uuid4()), "word": "a", "type": "accounts.toy_word_added.v1"}
        await park(
            toys,
            queue="notify.events",
            type="accounts.toy_word_added.v1",
            sender="accounts",
            body=msgspec.json.encode(event),
        )
        toys.broken.words.clear()

        status = await redrive(toys, SERVICES, an_order(queue="notify.events"), toys.say)

    assert status == 0
    assert await toys.words("notify") == ["a"]


async def test_what_is_erased_while_a_redrive_waits_for_its_turn_is_not_sent(
    toys: OperatedToys, monkeypatch: pytest.MonkeyPatch
) -> None:
    await park(toys)

    async def turn(_: Pacer) -> None:
        await toys.pools["accounts"].execute("UPDATE parked_messages SET body = NULL")

    monkeypatch.setattr(Pacer, "turn", turn)
    status = await redrive(toys, SERVICES, an_order(), toys.say)

    assert status == 1
    assert [row["outcome"] for row in await toys.rows("accounts", OUTCOMES)] == ["refused"]


async def test_redriving_goes_in_growing_steps_and_stops_at_the_first_failure(toys: OperatedToys) -> None:
    words = [f"{n:02}" for n in range(14)]
    async with running(toys.process("accounts")):
        await toys.publish_parked(*words)
        toys.broken.words.add("05")

        status = await redrive(toys, SERVICES, an_order(), toys.say)

        assert await toys.words("accounts") == [word for word in words[:11] if word != "05"]
    assert status == 1
    assert sorted(await open_words(toys)) == ["05", *words[11:]]
    assert [
        row["parkings"] for row in await toys.rows("accounts", "SELECT parkings FROM parked_messages")
    ].count(2) == 1
    assert "stopped at the first failure" in toys.said[-1]
    outcomes = [row["outcome"] for row in await toys.rows("accounts", OUTCOMES)]
    assert (outcomes.count("handled"), outcomes.count("parked_again")) == (10, 1)


async def test_what_nobody_handles_in_time_is_a_failure(toys: OperatedToys) -> None:
    await park(toys)
    order = an_order(pace=Pace(rate=500, wait=1))

    status = await redrive(toys, SERVICES, order, toys.say)

    assert status == 1
    assert [row["outcome"] for row in await toys.rows("accounts", OUTCOMES)][-1] == "not_handled_in_time"


async def test_killed_between_confirm_and_settling_it_goes_twice_and_has_one_effect(
    toys: OperatedToys,
) -> None:
    async with running(toys.process("accounts")), running(toys.process("notify")):
        await toys.publish_parked("a")
        told = msgspec.json.encode([toys.urls["accounts"], toys.broker_url("accounts")])
        command = [sys.executable, "-m", "tests.faults.redrive_process"]
        killed = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, input=told, timeout=60, check=False
        )
        assert killed.returncode == -signal.SIGKILL
        await toys.has_words("accounts", "a")
        assert await open_words(toys) == ["a"]

        status = await redrive(toys, SERVICES, an_order(), toys.say)
        await toys.has_words("notify", "a")

    assert (status, await toys.words("accounts"), await open_words(toys)) == (0, ["a"], [])
    assert [row["outcome"] for row in await toys.rows("accounts", OUTCOMES)] == [
        "begun",
        "begun",
        "sent",
        "handled",
    ]


async def test_what_was_parked_anew_before_it_was_settled_stays_open(toys: OperatedToys) -> None:
    row_id = await park(toys)
    async with transaction(toys.pools["accounts"]) as connection:
        seen = await find_parked(connection, row_id)
        assert seen is not None
    await park(toys, id=row_id, message_id=seen.message_id)

    async with transaction(toys.pools["accounts"]) as connection:
        is_settled = await settle_parked(connection, seen, toys.clock())

    assert not is_settled
    assert await open_words(toys) == ["a"]


async def test_a_command_parked_days_ago_is_handled_though_its_id_is_old_even_parked_twice(
    toys: OperatedToys,
) -> None:
    then = toys.clock() - timedelta(days=1, hours=12)
    await park(toys, message_id=new_id(then), parked_at=then)
    toys.broken.words.add("a")
    async with running(toys.process("accounts")):
        assert await redrive(toys, SERVICES, an_order(), toys.say) == 1
        toys.broken.words.clear()

        status = await redrive(toys, SERVICES, an_order(), toys.say)

    assert (status, await toys.words("accounts")) == (0, ["a"])


async def test_nobody_but_the_service_itself_can_say_that_a_message_was_parked(toys: OperatedToys) -> None:
    then = toys.clock() - timedelta(days=1, hours=12)
    async with running(toys.process("accounts")):
        await toys.publish("a", message_id=new_id(then), parked_at=then, original_sender="operator")
        await toys.has_parked("accounts", 1)

    assert await toys.words("accounts") == []
    (row,) = await toys.rows("accounts", "SELECT reason, sender FROM parked_messages")
    assert (row["reason"], row["sender"]) == ("bad_envelope", "portal")


async def test_a_message_older_than_the_inbox_is_refused_and_stays(toys: OperatedToys) -> None:
    ancient = toys.clock() - timedelta(days=3_650)
    await park(toys, message_id=new_id(ancient), parked_at=ancient)
    async with running(toys.process("accounts")):
        status = await redrive(toys, SERVICES, an_order(), toys.say)

    assert status == 1
    assert "older than the inbox of accounts" in toys.said[0]
    assert await open_words(toys) == ["a"]
    assert [row["outcome"] for row in await toys.rows("accounts", OUTCOMES)] == ["refused"]


async def test_the_list_is_filtered_by_what_is_asked(toys: OperatedToys) -> None:
    account, now = uuid4(), toys.clock()
    body = msgspec.json.encode({"account_id": str(account), "anything": 1})
    mine = await park(toys, body=body, reason="undecodable", parked_at=now - timedelta(hours=2))
    others = await park(toys, type="accounts.of_tomorrow.v9", reason="unknown_type")
    by_event = await park(toys, queue="notify.events")
    (sent,) = await toys.rows("accounts", "SELECT message_id FROM parked_messages WHERE id = $1", others)

    async def found(services: tuple[str, ...] = SERVICES, **selection: Any) -> set[UUID]:
        lines: list[str] = []
        await print_list(toys, services, Selection(**selection), 100, lines.append)
        return {each for each in (mine, others, by_event) if any(str(each) in line for line in lines)}

    assert await found() == {mine, others, by_event}
    assert await found(("notify",)) == {by_event}
    assert await found(queue="notify.events") == {by_event}
    assert await found(account_id=account) == {mine}
    assert await found(reason="unknown_type") == await found(type="accounts.of_tomorrow.v9") == {others}
    assert await found(until=now - timedelta(hours=1)) == {mine}
    assert await found(since=now - timedelta(hours=1)) == {others, by_event}
    assert await found(id=sent["message_id"]) == await found(id=others) == {others}
    assert await found(is_settled=True) == set()


async def test_a_body_is_shown_only_on_request(toys: OperatedToys) -> None:
    row_id = await park(
        toys, body=b'{"type": "accounts.toy_add_word.v1", "word": "shy", "secret": "planted"}'
    )

    await print_one(toys, SERVICES, row_id, toys.say)
    without = "\n".join(toys.said)
    await print_one(toys, SERVICES, row_id, toys.say, body_to="olga@test")

    assert "RuntimeError" in without
    assert "shy" not in without
    assert '"word": "shy"' in "\n".join(toys.said)
    assert "planted" not in "\n".join(toys.said)
    assert [tuple(row) for row in await toys.rows("accounts", OUTCOMES)] == [("body_shown", "olga@test")]


async def test_what_nobody_will_send_again_is_settled_by_hand_once_and_on_record(toys: OperatedToys) -> None:
    row_id = await park(toys, reason="undecodable")

    await settle(toys, SERVICES, row_id, "olga@test", "the court has sent it anew")
    with pytest.raises(OperatorError, match="is settled already"):
        await settle(toys, SERVICES, row_id, "olga@test", "again")

    assert await open_words(toys) == []
    assert [tuple(row) for row in await toys.rows("accounts", OUTCOMES)] == [("settled", "olga@test")]
