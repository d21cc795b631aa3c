"""The private servers: started twice, killed, cut short, with the usual ports taken, and quiet about data."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import aio_pika
import asyncpg
import pytest

from deploy.local import ports, processes, servers
from deploy.local.homes import temporary_folder
from deploy.local.postgres import PostgresServer
from deploy.local.progress import LocalServerError, wait_until
from deploy.local.rabbitmq import RabbitNode

USUAL_PORTS = (5432, 5672, 15672, 4369)
CRASH_SECONDS = 60
LISTENING = "0A"
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with running servers, started while the usual ports were taken."""
    with temporary_folder() as made, ExitStack() as taken:
        for port in USUAL_PORTS:
            taken.enter_context(a_listener_unless_taken(port))
        servers.start(made)
        yield made


@pytest.fixture(autouse=True)
def running(folder: Path) -> None:
    """Each test finds the servers running, whatever the one before did to them."""
    servers.start(folder)


@contextmanager
def a_listener_unless_taken(port: int) -> Iterator[None]:
    """Hold a port, as the machine's own server would; if that server is there, it does so itself."""
    if not ports.is_free(port):
        yield
        return
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        yield
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def postgres_in(folder: Path) -> PostgresServer:
    return PostgresServer(folder / "postgres")


def rabbitmq_in(folder: Path) -> RabbitNode:
    return RabbitNode(folder / "rabbitmq")


async def sql(server: PostgresServer, *statements: str) -> str:
    """What the last statement answers, as text."""
    connection = await asyncpg.connect(server.url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return str(await connection.fetchval(statements[-1]))
    finally:
        await connection.close()


def broker_address(node: RabbitNode) -> str:
    login = node.admin_url.removeprefix("http://").partition("@")[0]
    return f"amqp://{login}@{node.url.removeprefix('amqp://')}/"


async def send(node: RabbitNode, queue: str, body: bytes, queue_type: str = "quorum") -> None:
    async with await aio_pika.connect(broker_address(node)) as connection:
        channel = await connection.channel()
        await channel.declare_queue(queue, durable=True, arguments={"x-queue-type": queue_type})
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key=queue)


async def receive(node: RabbitNode, queue: str) -> bytes:
    async with await aio_pika.connect(broker_address(node)) as connection:
        channel = await connection.channel()
        found = await (await channel.get_queue(queue)).get(no_ack=True, timeout=10)
        assert found is not None
        return found.body


def processes_of(folder: Path) -> set[int]:
    return set(processes.running_in(folder))


def listening_addresses(port: int) -> set[str]:
    """The addresses that something listens on at a port, as the kernel writes them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            address, _, listening_port = line.split()[1].partition(":")
            if line.split()[3] == LISTENING and int(listening_port, 16) == port:
                found.add(address)
    return found


def test_servers_take_other_ports_than_the_usual_ones_and_only_on_the_loopback_address(folder: Path) -> None:
    chosen = [
        port
        for server in ("postgres", "rabbitmq")
        for port in ports.remembered(folder / server / "ports.json").values()
    ]

    assert len(chosen) == 5
    assert not set(chosen) & set(USUAL_PORTS)
    for port in chosen:
        assert listening_addresses(port)
        assert listening_addresses(port) <= LOOPBACK


def test_starting_twice_is_harmless(folder: Path) -> None:
    before = processes_of(folder)

    first, second = servers.start(folder), servers.start(folder)

    assert first == second
    assert {
        pid for pid in before if processes.name_of(pid) in {"postgres", "beam.smp", "epmd"}
    } <= processes_of(folder)


def test_two_starts_at_once_start_one_of_each(folder: Path) -> None:
    postgres = postgres_in(folder)
    postgres.kill()

    starts = [start_command(folder) for _ in range(2)]

    assert [start.wait(CRASH_SECONDS) for start in starts] == [0, 0]
    postmasters = [pid for pid in processes_of(folder) if "/bin/postgres\0" in command_of(pid)]
    assert len(postmasters) == 1


async def test_postgres_killed_keeps_what_was_committed_and_its_port(folder: Path) -> None:
    postgres = postgres_in(folder)
    port = postgres.port
    await sql(
        postgres,
        "CREATE TABLE IF NOT EXISTS kept (word text)",
        "INSERT INTO kept VALUES ('crash')",
        "SELECT 1",
    )

    postgres.kill()
    killed = processes_of(folder / "postgres")
    postgres.start()

    assert not killed
    assert postgres.port == port
    assert await sql(postgres, "SELECT word FROM kept WHERE word = 'crash'") == "crash"


async def test_a_fast_postgres_killed_keeps_what_it_has_confirmed() -> None:
    with temporary_folder() as folder:
        server = PostgresServer(folder, is_fast=True)
        server.start()
        connection = await asyncpg.connect(server.url)
        await connection.execute("CREATE TABLE kept (number int)")
        for number in range(300):
            await connection.execute("INSERT INTO kept VALUES ($1)", number)

        server.kill()
        server.start()

        assert await sql(server, "SELECT count(*) FROM kept") == "300"
        connection.terminate()


async def test_a_port_that_was_taken_in_the_meantime_is_replaced(folder: Path) -> None:
    postgres = postgres_in(folder)
    port = postgres.port
    await sql(
        postgres,
        "CREATE TABLE IF NOT EXISTS moved (word text)",
        "INSERT INTO moved VALUES ('yes')",
        "SELECT 1",
    )
    postgres.stop()

    with a_listener_unless_taken(port):
        postgres.start()

    assert postgres.port != port
    assert await sql(postgres, "SELECT word FROM moved") == "yes"


async def test_rabbitmq_killed_keeps_its_messages_and_its_ports(folder: Path) -> None:
    rabbitmq = rabbitmq_in(folder)
    before = ports.remembered(folder / "rabbitmq" / "ports.json")
    await send(rabbitmq, "kept", b"declared")
    rabbitmq.write_declarations()
    await send(rabbitmq, "kept", b"just confirmed")

    rabbitmq.kill()
    killed = processes_of(folder / "rabbitmq")
    rabbitmq.start()

    assert not killed
    assert ports.remembered(folder / "rabbitmq" / "ports.json") == before
    assert await receive(rabbitmq, "kept") == b"declared"
    assert await receive(rabbitmq, "kept") == b"just confirmed"


def test_a_first_start_that_was_killed_half_way_does_not_block_the_next() -> None:
    with temporary_folder() as folder:
        start = start_command(folder)
        wait_until(
            lambda: any(processes.name_of(pid) == "beam.smp" for pid in processes_of(folder)),
            what="the start to get half way",
            deadline_seconds=CRASH_SECONDS,
            log_path=folder / "rabbitmq" / "home" / "rabbitmq.log",
        )
        start.kill()
        start.wait()
        assert not (folder / "servers.json").exists()

        again = servers.start(folder)

        assert servers.status(folder) == again
        servers.stop(folder)
        assert not processes_of(folder)
        assert servers.status(folder) is None


async def test_what_a_failed_statement_holds_is_not_in_the_log(folder: Path) -> None:
    postgres = postgres_in(folder)
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("CREATE TEMPORARY TABLE people (email text UNIQUE)")
    await connection.execute("INSERT INTO people VALUES ($1)", "planted@example.com")

    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO people VALUES ($1)", "planted@example.com")
    with pytest.raises(asyncpg.PostgresError):
        await connection.execute("SELECT 'planted@example.com'::integer")
    await connection.close()

    log = postgres.log_path.read_text(encoding="utf-8")
    assert "people_email_key" in log
    assert "planted@example.com" not in log.replace('"planted@example.com"', "")


async def test_the_crash_of_a_queue_writes_no_message_body_to_the_log(folder: Path) -> None:
    rabbitmq = rabbitmq_in(folder)
    await send(rabbitmq, "crashing", b"planted-body", queue_type="classic")

    rabbitmq.control(
        "eval",
        '{ok, Queue} = rabbit_amqqueue:lookup({resource, <<"/">>, queue, <<"crashing">>}), '
        "gen_server:cast(amqqueue:get_pid(Queue), no_such_request).",
    )

    logs = list(rabbitmq.log_path.parent.glob("*.log"))
    wait_until(
        lambda: any("Restarting crashed queue 'crashing'" in log.read_text(encoding="utf-8") for log in logs),
        what="the report of the crash",
        deadline_seconds=20,
        log_path=rabbitmq.log_path,
    )
    assert not any("planted-body" in log.read_text(encoding="utf-8") for log in logs)


async def test_a_server_below_a_folder_that_others_may_not_enter_starts_all_the_same() -> None:
    with temporary_folder() as folder:
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        server = PostgresServer(closed / "postgres", is_fast=True)

        server.start()

        assert await sql(server, "SELECT 'reached'") == "reached"
    assert not server.log_path.exists()


def test_data_of_a_postgres_that_is_no_longer_here_is_left_alone(folder: Path) -> None:
    postgres = postgres_in(folder)
    postgres.stop()
    version = folder / "postgres" / "home" / "data" / "PG_VERSION"
    ours = version.read_text(encoding="ascii")
    version.write_text("9\n", encoding="ascii")

    with pytest.raises(LocalServerError, match="was made by PostgreSQL 9"):
        postgres.start()

    version.write_text(ours, encoding="ascii")


def start_command(folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "deploy.local", "servers", "--folder", str(folder)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2])


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
