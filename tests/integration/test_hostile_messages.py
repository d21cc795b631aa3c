"""What a court may send that no honest one would: the service stays up, and nothing is lost."""

import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import msgspec
import pytest

from deploy.local.servers import Servers
from deploy.tool.databases import url_for
from shared.clock import real_clock
from shared.database import Pool, open_pool
from shared.messages.base import Command
from shared.messaging.ids import new_id
from shared.runtime import Process
from tests import court_toy, toy
from tests.court_toy import CloseWords, CountWords, RepairWords, ReportWord
from tests.installation import Installation, running, until
from tests.toy import AddWord

FLAGS = {
    "content_type": 15,
    "headers": 13,
    "delivery_mode": 12,
    "correlation_id": 10,
    "reply_to": 9,
    "message_id": 7,
    "timestamp": 6,
    "message_type": 5,
    "user_id": 4,
}
"""The AMQP properties in the order in which they travel, with the bit that says that one is there."""


@dataclass(frozen=True)
class RawProperties:
    """Properties as bytes, so that they may be what no client library would write."""

    encoded: Mapping[str, bytes]
    message_id: str = "for the client's own bookkeeping"

    def marshal(self) -> bytes:
        flags = sum(1 << FLAGS[name] for name in self.encoded)
        return struct.pack(">H", flags) + b"".join(self.encoded[n] for n in FLAGS if n in self.encoded)


def short(text: bytes) -> bytes:
    return bytes([len(text)]) + text


def raw_table(pairs: Mapping[bytes, bytes]) -> bytes:
    content = b"".join(short(name) + value for name, value in pairs.items())
    return struct.pack(">I", len(content)) + content


def text(value: bytes) -> bytes:
    return b"S" + struct.pack(">I", len(value)) + value


def number(value: int) -> bytes:
    return b"l" + struct.pack(">q", value)


def nested(depth: int) -> bytes:
    value = b"V"
    for _ in range(depth):
        value = b"A" + struct.pack(">I", len(value)) + value
    return value


@dataclass
class Billing:
    """The toy of `paa_billing` on its database, and a court that sends to it."""

    installation: Installation
    pool: Pool
    url: str

    def process(self) -> Process:
        settings = self.installation.settings("paa_billing", self.url)
        return Process(self.installation.bench(court_toy.BILLING, self.pool, real_clock), settings)

    async def report(self, word: str, *, body: bytes | None = None, **raw: bytes | None) -> None:
        """Send a report as the court `ncwbk`, some properties replaced by raw bytes, or left out."""
        report = ReportWord(court_id="ncwbk", word=word)
        time = {b"cloudEvents:time": text(real_clock().isoformat().encode())}
        usual = {
            "headers": raw_table(time),
            "delivery_mode": b"\x02",
            "correlation_id": short(str(new_id(real_clock())).encode()),
            "message_id": short(str(new_id(real_clock())).encode()),
            "message_type": short(ReportWord.message_name().encode()),
            "user_id": short(f"{self.installation.instance}-ncwbk".encode()),
        }
        kept = {name: value for name, value in {**usual, **raw}.items() if value is not None}
        properties: Any = RawProperties(kept)
        key = f"{ReportWord.message_name()}.{self.installation.instance}-ncwbk"
        async with await aio_pika.connect(self.installation.broker_url("ncwbk")) as connection:
            channel = await (await connection.channel()).get_underlay_channel()
            content = msgspec.json.encode(report) if body is None else body
            await channel.basic_publish(
                content, exchange="courts", routing_key=key, properties=properties, timeout=5
            )

    async def words(self) -> list[str]:
        return [row["word"] for row in await self.pool.fetch("SELECT word FROM toy ORDER BY word")]

    async def parked(self) -> list[Any]:
        return list(await self.pool.fetch("SELECT * FROM parked_messages ORDER BY parked_at"))

    async def has_settled(self, word: str) -> bool:
        """Has the word become an effect, or been parked?"""
        bodies = [bytes(row["body"]) for row in await self.parked()]
        return word in await self.words() or any(word.encode() in body for body in bodies)


@pytest.fixture
async def billing(
    servers: Servers,
    role_passwords: dict[str, str],
    database_of: Callable[[str], Awaitable[str]],
    tmp_path: Path,
) -> AsyncIterator[Billing]:
    court_toy.register_court_toys()
    installation = Installation(servers=servers, folder=tmp_path)
    installation.build(court_toy.CONTRACTS)
    url = await database_of("paa_billing")
    owner = url_for(
        servers.postgres_url, "paa_billing_owner", role_passwords["paa_billing_owner"], urlsplit(url).path[1:]
    )
    await toy.make_toy_table(owner, "paa_billing")
    pool = await open_pool(url, size=8, name="test")
    yield Billing(installation, pool, url)
    pool.terminate()
    installation.remove()


def with_time(**pairs: bytes) -> dict[str, bytes]:
    time = {b"cloudEvents:time": text(real_clock().isoformat().encode())}
    return {"headers": raw_table({**time, **{k.replace("_", "-").encode(): v for k, v in pairs.items()}})}


def timed(value: bytes) -> dict[str, bytes]:
    return {"headers": raw_table({b"cloudEvents:time": text(value)})}


PARKED: dict[str, dict[str, bytes]] = {
    "a type that is not UTF-8": {"message_type": short(b"\xff" * 255)},
    "a type with NUL": {"message_type": short(b"paa_billing.\x00.v1")},
    "a type that is much too long": {"message_type": short(b"x" * 255)},
    "a message id that is not UTF-8": {"message_id": short(b"\xc3\x28")},
    "a message id that is none": {"message_id": short(b"1\x00")},
    "a message id of the far future": {"message_id": short(b"ffffffff-ffff-7fff-bfff-ffffffffffff")},
    "a correlation id that is not UTF-8": {"correlation_id": short(b"\xff")},
    "a reply queue that is not UTF-8": {"reply_to": short(b"\xff" * 255)},
    "a reply queue with NUL": {"reply_to": short(b"a\x00b")},
    "a content type that is not UTF-8": {"content_type": short(b"\xff")},
    "a timestamp beyond all calendars": {"timestamp": b"\xff" * 8},
    "a header name that is not UTF-8": {"headers": raw_table({b"\xff": b"V"})},
    "headers nested 9000 deep": with_time(deep=nested(9_000)),
    "a header with a time beyond all calendars": with_time(late=b"T" + b"\xff" * 8),
    "no time": {"headers": raw_table({})},
    "a time that is none": timed(b"soon"),
    "a time before all calendars": timed(b"0001-01-01T00:00:00+23:59"),
    "a deadline before all calendars": with_time(deadline=text(b"0001-01-01T00:00:00+23:59")),
    "a causation id that is none": with_time(causation_id=text(b"\x00")),
    "a trace with NUL": with_time(traceparent=text(b"00-\x00-00-00")),
    "a trace of 50,000 characters": with_time(traceparent=text(b"0" * 50_000)),
    "an assertion of 100,000 characters": with_time(assertion=text(b"x" * 100_000)),
}
HANDLED: dict[str, dict[str, bytes]] = {
    "an attempt below zero": with_time(x_attempt=number(-10)),
    "an attempt beyond all numbers": with_time(x_attempt=number(2**62)),
    "an attempt of 5,000 digits": with_time(x_attempt=text(b"9" * 5_000)),
    "a forged history of deaths": with_time(x_death=b"A\x00\x00\x00\x01V"),
    "a time without a zone": timed(b"2024-02-01T12:00:00"),
    "a header of 100,000 characters": with_time(other=text(b"x" * 100_000)),
    "a forged original sender": with_time(x_sender=text(b"gubk")),
}


@pytest.mark.parametrize("name", [*PARKED, *HANDLED])
async def test_a_hostile_envelope_is_settled_once_and_harms_nobody(billing: Billing, name: str) -> None:
    raw = {**PARKED, **HANDLED}[name]
    async with running(billing.process()) as process:
        for number_of_copy in range(8):  # more than may be unsettled at once
            await billing.report(f"hostile {number_of_copy}", **raw)
        await billing.report("honest")
        await until(lambda: billing.has_settled("honest"), "the honest report is done", deadline_seconds=8)
        for number_of_copy in range(8):
            await until(partial(billing.has_settled, f"hostile {number_of_copy}"), "it is settled")
        assert await process.is_ready()

    hostile = [f"hostile {n}" for n in range(8)]
    if name in PARKED:
        assert await billing.words() == ["honest"]
        assert {row["reason"] for row in await billing.parked()} == {"bad_envelope"}
        assert len(await billing.parked()) == 8
    else:
        assert await billing.words() == ["honest", *hostile]
        assert await billing.parked() == []


async def test_a_court_that_reports_for_another_court_is_parked(billing: Billing) -> None:
    lie = msgspec.json.encode(ReportWord(court_id="gubk", word="lie"))
    async with running(billing.process()):
        await billing.report("lie", body=lie)
        await until(partial(billing.has_settled, "lie"), "it is settled")

    assert await billing.words() == []
    assert [(row["reason"], row["sender"]) for row in await billing.parked()] == [("bad_envelope", "ncwbk")]


@pytest.mark.parametrize("kind", [CloseWords, RepairWords, CountWords, AddWord])
async def test_a_court_that_says_what_is_not_a_courts_to_say_is_parked(
    billing: Billing, kind: type[Command]
) -> None:
    """The broker looks at the routing key only; the reader looks at the type."""
    async with running(billing.process()):
        body = b'{"word": "spoken out of turn"}'
        await billing.report("x", body=body, message_type=short(kind.message_name().encode()))
        await until(partial(billing.has_settled, "spoken out of turn"), "it is settled")

    assert await billing.words() == []
    assert [row["reason"] for row in await billing.parked()] == ["bad_envelope"]


async def test_a_message_without_a_proved_sender_is_parked(billing: Billing) -> None:
    async with running(billing.process()):
        await billing.report("nobody's", user_id=None)
        await until(partial(billing.has_settled, "nobody's"), "it is settled")

    assert await billing.words() == []
    assert [(row["reason"], row["sender"]) for row in await billing.parked()] == [("bad_envelope", None)]


async def test_a_second_report_under_a_used_id_is_parked_and_not_dropped_without_a_word(
    billing: Billing,
) -> None:
    message_id = short(str(new_id(real_clock())).encode())
    async with running(billing.process()):
        for word in ("first", "first", "second", "third"):
            await billing.report(word, message_id=message_id)
            await until(partial(billing.has_settled, word), "it is settled")

    assert await billing.words() == ["first"]
    assert [msgspec.json.decode(row["body"])["word"] for row in await billing.parked()] == ["second", "third"]


async def test_an_attempt_that_a_stranger_claims_is_not_believed(billing: Billing) -> None:
    unknown = short(b"paa_billing.of_tomorrow.v9")
    async with running(billing.process()):
        for attempt in (-10, 0, 2**62):
            await billing.report(
                f"attempt {attempt}", message_type=unknown, **with_time(x_attempt=number(attempt))
            )
            await until(partial(billing.has_settled, f"attempt {attempt}"), "it is settled")

    assert [(row["reason"], row["attempts"]) for row in await billing.parked()] == [("unknown_type", 5)] * 3
