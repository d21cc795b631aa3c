"""What each login may not do, and that the broker, or else the reader, refuses it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import aiormq
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from deploy.local.rabbitmq import LARGEST_MESSAGE_BYTES
from deploy.local.servers import Servers
from shared.clock import real_clock
from shared.errors import ForbiddenError
from shared.messaging.broker import connect
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from tests import court_toy, toy
from tests.court_toy import CloseWords, RelayWord, RepairWords, ReportWord
from tests.installation import Installation
from tests.toy import AddWord, WordAdded

PARTIES = ("accounts", "linking", "paa_billing", "notify", "portal", "operator", "ncwbk", "gubk")
SERVICES = PARTIES[:4]


@pytest.fixture(scope="module")
def installation(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One topology for all these tests; each uses queues of its own or leaves them empty."""
    court_toy.register_court_toys()
    made = Installation(servers=servers, folder=tmp_path_factory.mktemp("permissions"))
    made.build(court_toy.CONTRACTS)
    yield made
    made.remove()


@asynccontextmanager
async def channel_of(installation: Installation, party: str) -> AsyncIterator[AbstractChannel]:
    """A bare channel with a party's login: what a thief of its password would have."""
    async with await aio_pika.connect(installation.broker_url(party)) as connection:
        yield await connection.channel(on_return_raises=True)


async def publish(
    installation: Installation, party: str, exchange: str, routing_key: str, **properties: Any
) -> None:
    """Publish whatever one likes; raises what the broker answers."""
    usual: dict[str, Any] = {"user_id": f"{installation.instance}-{party}"}
    async with channel_of(installation, party) as channel:
        target = await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
        await target.publish(aio_pika.Message(b"{}", **{**usual, **properties}), routing_key, timeout=5)


REFUSED = pytest.raises(aiormq.exceptions.ChannelAccessRefused)


@pytest.mark.parametrize("party", PARTIES)
async def test_nobody_publishes_to_the_exchange_of_another(installation: Installation, party: str) -> None:
    own = {"ncwbk": "courts", "gubk": "courts"}.get(party, party)
    for exchange in {*PARTIES[:6], "courts"} - {own}:
        with REFUSED:
            await publish(installation, party, exchange, AddWord.message_name())
    for service in {*SERVICES} - {party}:
        with REFUSED:
            await publish(installation, party, f"{service}.wait", f"5s.{service}.commands")


@pytest.mark.parametrize(
    ("party", "exchange", "routing_key"),
    [
        pytest.param("accounts", "accounts", "linking.court_changed.v1", id="another's event"),
        pytest.param("accounts", "accounts", AddWord.message_name(), id="a command of the portal"),
        pytest.param("portal", "portal", CloseWords.message_name(), id="a command of the service"),
        pytest.param("portal", "portal", RepairWords.message_name(), id="a command of the operator"),
        pytest.param("portal", "portal", ReportWord.message_name(), id="a command of the courts"),
        pytest.param("portal", "portal", WordAdded.message_name(), id="an event"),
        pytest.param("portal", "portal", f"{AddWord.message_name()}.more", id="a longer key"),
        pytest.param("portal", "portal", f"{AddWord.message_name()}\n", id="a key with a line's end"),
        pytest.param("operator", "operator", AddWord.message_name(), id="a command of the portal, again"),
        pytest.param("operator", "operator", RelayWord.message_name(), id="a command of courts' machines"),
        pytest.param("ncwbk", "courts", RelayWord.message_name(), id="a court, as its machine"),
        pytest.param("ncwbk", "courts", f"{RelayWord.message_name()}.ncwbk", id="a court, as it, by login"),
        pytest.param("ncwbk", "courts", AddWord.message_name(), id="a court, as the portal"),
        pytest.param("ncwbk", "courts", ReportWord.message_name(), id="a court, without its login"),
    ],
)
async def test_nobody_publishes_what_it_may_not_say(
    installation: Installation, party: str, exchange: str, routing_key: str
) -> None:
    with REFUSED:
        await publish(installation, party, exchange, routing_key)


async def test_a_court_cannot_report_under_the_login_of_another(installation: Installation) -> None:
    def key_of(court: str) -> str:
        return f"{ReportWord.message_name()}.{installation.instance}-{court}"

    with REFUSED:
        await publish(installation, "gubk", "courts", key_of("ncwbk"))
    with pytest.raises(aiormq.exceptions.ChannelPreconditionFailed, match="user_id"):
        await publish(
            installation, "gubk", "courts", key_of("gubk"), user_id=f"{installation.instance}-ncwbk"
        )


@pytest.mark.parametrize("party", PARTIES)
async def test_nobody_forges_the_user_id(installation: Installation, party: str) -> None:
    own = {"ncwbk": "courts", "gubk": "courts"}.get(party, party)
    keys = {
        "accounts": WordAdded.message_name(),
        "paa_billing": CloseWords.message_name(),
        "portal": AddWord.message_name(),
        "operator": RepairWords.message_name(),
        "courts": f"{ReportWord.message_name()}.{installation.instance}-{party}",
    }
    if own not in keys:
        return  # this party may say nothing at all among the toys
    with pytest.raises(aiormq.exceptions.ChannelPreconditionFailed, match="user_id"):
        await publish(installation, party, own, keys[own], user_id=f"{installation.instance}-stranger")


@pytest.mark.parametrize("party", PARTIES)
async def test_nobody_publishes_past_the_named_exchanges(installation: Installation, party: str) -> None:
    for exchange in ("", "amq.direct", "amq.fanout", "amq.topic", "amq.headers"):
        with REFUSED:
            await publish(installation, party, exchange, "accounts.commands")
    for service in SERVICES:
        for internal in (f"{service}.return", f"{service}.dead"):
            with REFUSED:
                await publish(installation, party, internal, f"{service}.commands")


async def test_the_broker_closes_the_channel_of_who_sends_more_than_it_takes(
    installation: Installation,
) -> None:
    largest, larger = (aio_pika.Message(b"x" * (LARGEST_MESSAGE_BYTES + more)) for more in (0, 1))

    async with channel_of(installation, "accounts") as channel:
        nowhere = await channel.get_exchange("replies", ensure=False)
        with pytest.raises(aio_pika.exceptions.PublishError):  # taken, and returned
            await nowhere.publish(largest, "nobody", timeout=5)
        with pytest.raises(aiormq.exceptions.ChannelPreconditionFailed, match="larger than configured"):
            await nowhere.publish(larger, "nobody", timeout=5)
        assert channel.is_closed


async def test_even_a_login_that_may_write_everything_cannot_publish_to_an_internal_exchange(
    installation: Installation,
) -> None:
    admin = urlsplit(installation.servers.broker_admin_url)
    broker = urlsplit(installation.servers.broker_url)
    login = f"{admin.username}:{admin.password}@{broker.hostname}:{broker.port}"
    url = urlunsplit((broker.scheme, login, f"/{installation.instance}", "", ""))
    async with await aio_pika.connect(url) as connection:
        for name in ("accounts.return", "accounts.dead"):
            exchange = await (await connection.channel()).get_exchange(name, ensure=False)
            with pytest.raises(aiormq.exceptions.ChannelAccessRefused, match="internal"):
                await exchange.publish(aio_pika.Message(b"{}"), "accounts.commands", timeout=5)


def queues_of(party: str) -> set[str]:
    if party in SERVICES:
        return {f"{party}.{kind}" for kind in ("commands", "events", "bulk", "queries", "dead")}
    return {f"courts.{party}.results"}


async def ignore(message: AbstractIncomingMessage) -> None:
    """What a thief does with a message is of no matter here."""


@pytest.mark.parametrize("party", PARTIES)
async def test_nobody_reads_purges_or_deletes_the_queue_of_another(
    installation: Installation, party: str
) -> None:
    everyone = {name for service in SERVICES for name in queues_of(service)}
    everyone |= {f"{service}.wait.5s" for service in SERVICES} | queues_of("ncwbk") | queues_of("gubk")
    async with await aio_pika.connect(installation.broker_url(party)) as connection:
        for name in sorted(everyone - queues_of(party)):
            for act in ("get", "consume", "purge"):
                channel = await connection.channel()
                queue = await channel.get_queue(name, ensure=False)
                with REFUSED:
                    await (queue.consume(ignore) if act == "consume" else getattr(queue, act)())


@pytest.mark.parametrize("party", PARTIES)
async def test_nobody_declares_deletes_or_binds(installation: Installation, party: str) -> None:
    existing = sorted(queues_of("accounts") | queues_of("ncwbk"))
    async with await aio_pika.connect(installation.broker_url(party)) as connection:
        acts: list[Callable[[AbstractChannel], Awaitable[object]]] = [
            lambda channel: channel.declare_queue("mine", durable=True),
            lambda channel: channel.declare_queue(exclusive=True),
            lambda channel: channel.declare_queue("replies.stranger.00", durable=True),
            lambda channel: channel.declare_exchange("mine", "topic"),
            lambda channel: channel.exchange_delete("accounts"),
            *(lambda channel, name=name: channel.queue_delete(name) for name in existing),
            *(lambda channel, name=name: bind(channel, name, "accounts") for name in existing),
        ]
        for act in acts:
            with REFUSED:
                await act(await connection.channel())


async def bind(channel: AbstractChannel, queue: str, exchange: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).bind(exchange, "#")


@pytest.mark.parametrize("party", ["portal", "operator"])
async def test_who_may_have_a_reply_queue_hears_replies_with_it_and_nothing_else(
    installation: Installation, party: str
) -> None:
    async with await aio_pika.connect(installation.broker_url(party)) as connection:
        name = f"replies.{party}.0123456789abcdef"
        channel = await connection.channel()
        await (await channel.declare_queue(name, exclusive=True)).bind("replies", name)
        for exchange in (*PARTIES[:6], "courts", "accounts.wait", "accounts.return", "accounts.dead"):
            with REFUSED:
                await bind(await connection.channel(), name, exchange)
        other = {"portal": "operator", "operator": "portal"}[party]
        with REFUSED:
            await (await connection.channel()).declare_queue(f"replies.{other}.00", exclusive=True)


async def test_a_stranger_to_the_virtual_host_is_not_let_in(
    installation: Installation, servers: Servers, tmp_path: Path
) -> None:
    other = Installation(servers=servers, folder=tmp_path)
    other.build(toy.CONTRACTS)
    try:
        url = urlsplit(other.broker_url("portal"))
        with pytest.raises(aiormq.exceptions.AMQPError):
            await aio_pika.connect(urlunsplit(url._replace(path=f"/{installation.instance}")), timeout=5)
    finally:
        other.remove()


async def test_a_forbidden_publish_is_an_error_of_its_own(installation: Installation) -> None:
    now = real_clock()
    outgoing = Outgoing(
        message_id=new_id(now),
        type=RepairWords.message_name(),
        exchange="portal",
        routing_key=RepairWords.message_name(),
        body=b"{}",
        time=now,
        correlation_id=new_id(now),
    )
    async with connect(installation.broker_url("portal"), name="test") as connection:
        publisher = await connection.open_publisher()
        with pytest.raises(ForbiddenError):
            await publisher.publish(outgoing)
        async with asyncio.timeout(5):
            await publisher.wait_until_closed()
