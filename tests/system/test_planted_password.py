"""Secrets are planted in requests that wait, succeed, and fail in every way: they are found nowhere."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.demo.desk import Desk
from deploy.tool import clock
from shared.messages import accounts, linking
from shared.messages.base import Failed, Message
from shared.messaging.broker import connect
from shared.messaging.envelope import Outgoing
from shared.messaging.ids import new_id
from tests.installation import until
from tests.system.asking import PatientPerson, Postbox, a_desk, a_person, a_secret, join_up, registration_of
from tests.system.conftest import Pair
from tests.system.running import System, a_system
from tests.system.searching import QueuedMessage, in_files, in_messages, in_tables, read_queues
from tests.system.staff import fast_verifier_of, load_filing_accounts

COURT = "ncwbk"
SITUATIONS = ("away", "database_fails", "program_fails")
REFUSE_WITH_ROW = """
    CREATE FUNCTION refuse_with_row() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'refused: %', NEW USING DETAIL = NEW::text; END $$
"""
REFUSING_TABLES = {
    "accounts": ("credentials", "guards"),
    "linking": ("proofs",),
    "notify": ("notifications",),
}
"""Where databases fail: the rows that they put into the error's text come of a secret, or of a person."""
pytestmark = pytest.mark.timeout(240)


@dataclass
class Play:
    """What happens to the secrets, and what was seen of it. `planted` is by what a word stands for."""

    system: System
    desk: Desk
    postbox: Postbox
    holder: PatientPerson
    planted: dict[str, str] = field(default_factory=dict)
    personal: set[str] = field(default_factory=set)
    queued: list[QueuedMessage] = field(default_factory=list)
    replies: dict[str, tuple[Message, ...]] = field(default_factory=dict)

    async def prepare(self) -> None:
        """A court with a filing account for each situation, hashed fast; a holder with an authenticator."""
        for situation in SITUATIONS:
            for what in ("registration", "passcode", "filing"):
                self.planted[f"{situation} {what}"] = a_secret()
        passwords = {situation: self.planted[f"{situation} filing"] for situation in SITUATIONS}
        for situation, password in passwords.items():
            self.planted[f"{situation} filing, hashed"] = fast_verifier_of(password).partition("$")[2]
        await load_filing_accounts(self.desk, self.postbox, COURT, passwords, fast_verifier_of)
        await self.holder.enrol()
        self.planted["holder's password"] = self.holder.password
        self.planted["holder's session"] = self.holder._token
        self.planted["verification token"] = await self.postbox.token_for(self.holder.email)
        self._note_person(self.holder)
        await clock.wait_until_quiet(self.system.story)

    async def while_services_are_away(self) -> None:
        """Requests wait in queues until their services are there again, and then succeed."""
        async with asyncio.TaskGroup() as group:
            await self.system.stop(("linking",))
            proving = group.create_task(self._prove("away"))
            await self.capture("linking.queries", "linking.prove_filing_account.v1")
            await self.system.stop(("accounts",))
            registering = group.create_task(self._register("away"))
            signing = group.create_task(self._sign_in("away"))
            await self.capture("accounts.queries", "accounts.register_account.v1")
            await self.capture("accounts.queries", "accounts.sign_in.v1")
            await self.system.start(("accounts", "linking"))
        self.replies["away"] = (registering.result(), signing.result(), proving.result())

    async def while_databases_fail(self) -> None:
        """Every database raises with the row's text; a mail's event goes to wait, the requests fail."""
        await self._refuse("notify")
        waiting = a_person(self.desk)
        self.planted["waiting person's password"] = waiting.password
        self._note_person(waiting)
        await self.desk.portal.ask(registration_of(waiting))
        await self.capture("notify.wait.5s", "accounts.email_verification_asked.v1")
        await self._refuse("accounts")
        await self._refuse("linking")
        self.replies["database_fails"] = await self._send_all("database_fails")
        for service in REFUSING_TABLES:
            await self.system.execute(service, "DROP FUNCTION refuse_with_row CASCADE")
        self.planted["waiting person's token"] = await self.postbox.token_for(waiting.email)

    async def while_programs_fail(self) -> None:
        """The checks open the secrets and raise with them in the error's text."""
        services = ("accounts", "linking")
        # Who proves needs an assertion, which the failing service still gives.
        await self.system.stop(services)
        await self.system.start(services, module="tests.system.failing")
        self.replies["program_fails"] = await self._send_all("program_fails")
        await self.system.stop(services)
        await self.system.start(services)

    async def capture(self, queue: str, type_name: str) -> None:
        """Read all queues, again and again, until such a message was seen in this one."""

        async def is_seen() -> bool:
            messages = await read_queues(self.system)
            self.queued += messages
            return any((message.queue, message.type) == (queue, type_name) for message in messages)

        await until(is_seen, f"{type_name} in {queue}")

    async def _send_all(self, situation: str) -> tuple[Message, ...]:
        return (
            await self._register(situation),
            await self._sign_in(situation),
            await self._prove(situation),
        )

    async def _register(self, situation: str) -> Message:
        person = a_person(self.desk)
        person.password = self.planted[f"{situation} registration"]
        self._note_person(person)
        return (await self.desk.portal.ask(registration_of(person))).message

    async def _sign_in(self, situation: str) -> Message:
        """The password is right, the passcode wrong."""
        command = accounts.SignIn(
            user_name=self.holder.user_name,
            password=self.desk.sealed(self.holder.password, "accounts"),
            passcode=self.desk.sealed(self.planted[f"{situation} passcode"], "accounts"),
        )
        return (await self.desk.portal.ask(command)).message

    async def _prove(self, situation: str) -> Message:
        password = self.desk.sealed(self.planted[f"{situation} filing"], "linking")
        command = linking.ProveFilingAccount(court_id=COURT, login=situation, password=password)
        return (await self.holder.answer(command)).message

    async def _refuse(self, service: str) -> None:
        triggers = [
            f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_with_row()"
            for table in REFUSING_TABLES[service]
        ]
        grant = f"GRANT EXECUTE ON FUNCTION refuse_with_row TO {service}"
        await self.system.execute(service, REFUSE_WITH_ROW, grant, *triggers)

    def _note_person(self, person: PatientPerson) -> None:
        self.personal |= {person.email, person.user_name, person.name.partition(" ")[2]}


@pytest.fixture(scope="module")
async def play(pair: Pair, system_folder: Path) -> AsyncIterator[Play]:
    async with a_system(pair.servers(), system_folder / "planted", (COURT,), settings={}) as system:
        await system.start()
        postbox = Postbox(system.story.mail)
        async with a_desk(system) as desk:
            played = Play(system, desk, postbox, await join_up(desk, postbox))
            await played.prepare()
            await played.while_services_are_away()
            await played.while_databases_fail()
            await played.while_programs_fail()
        await clock.wait_until_quiet(system.story)
        yield played


def logs_of(play: Play, pair: Pair) -> list[Path]:
    """The services' logs, and all that the servers print or log."""
    printed = pair.rabbitmq.log_path
    servers = [pair.postgres.log_path, printed, printed.with_name("rabbitmq-node.log")]
    return [*(play.system.story.folder / "logs").iterdir(), *servers]


async def test_requests_that_waited_succeeded_and_the_others_failed(play: Play) -> None:
    registered, signed_in, proved = play.replies["away"]

    assert isinstance(registered, accounts.AccountRegistered)
    assert isinstance(signed_in, accounts.SignInRefused)
    assert isinstance(proved, linking.FilingAccountProved)
    assert play.replies["database_fails"] == (Failed(),) * 3
    assert play.replies["program_fails"] == (Failed(),) * 3


async def test_each_failed_request_is_parked_with_the_kind_of_its_error(play: Play) -> None:
    rows = await play.system.parked()

    # Another test of this file parks a body that can't be read, before or after this one.
    failed = [(type_name, error) for _, type_name, reason, error in rows if reason != "undecodable"]
    kinds = sorted((type_name, error.split()[0]) for type_name, error in failed)
    assert kinds == [
        ("accounts.register_account.v1", "RaiseError"),
        ("accounts.register_account.v1", "ValueError"),
        ("accounts.sign_in.v1", "RaiseError"),
        ("accounts.sign_in.v1", "ValueError"),
        ("linking.prove_filing_account.v1", "RaiseError"),
        ("linking.prove_filing_account.v1", "ValueError"),
    ]


async def test_no_queue_held_a_secret_or_a_name(play: Play) -> None:
    assert in_messages(play.queued, play.planted.values()) == set()
    sealed = [message for message in play.queued if message.queue == "notify.wait.5s"]
    assert in_messages(sealed, play.personal) == set()


async def test_no_table_holds_a_secret(play: Play) -> None:
    assert await in_tables(play.system, play.planted.values()) == set()


async def test_no_log_holds_a_secret(play: Play, pair: Pair) -> None:
    assert in_files(logs_of(play, pair), play.planted.values()) == set()


async def test_no_services_log_names_a_person(play: Play) -> None:
    assert in_files([play.system.story.folder / "logs"], play.personal) == set()


async def test_nothing_that_a_server_wrote_to_disk_holds_a_secret(play: Play, pair: Pair) -> None:
    assert in_files([pair.folder], play.planted.values()) == set()


async def test_the_search_finds_a_word_in_each_of_these_places(play: Play, pair: Pair) -> None:
    word, system = a_secret(), play.system
    await plant_in_queues(system, word)

    in_queues = in_messages(await read_queues(system), [word])
    await plant_in_tables_and_logs(play, pair, word)
    await system.start(("accounts",))
    await until(lambda: is_parked(system), "the planted message is parked")

    assert {place for _, place in in_queues} == {"accounts.commands", "accounts.wait.30min"}
    assert {place for _, place in await in_tables(system, [word])} == {
        "accounts.parked_messages",
        "linking.planted_text",
        "linking.planted_bytes",
        "linking.planted_base64",
    }
    await until(lambda: is_in_logs(play, pair, word), "the planted word in the three kinds of log")
    on_disk = {place for _, place in in_files([pair.folder], [word])}
    assert any("/pg_wal/" in place for place in on_disk)
    assert any("/mnesia/" in place for place in on_disk)


async def plant_in_queues(system: System, word: str) -> None:
    """A message for a service that is away, and one in a wait queue; the first can't be decoded."""
    await system.stop(("accounts",))
    story = system.story
    command = accounts.VerifyEmail.message_name()
    routes = {
        "portal": ("portal", command),
        "accounts": ("accounts.wait", "30min.accounts.commands"),
    }
    for party, (exchange, routing_key) in routes.items():
        message_id = new_id(story.clock())
        async with connect(story.broker_url(party), name="test") as connection:
            publisher = await connection.open_publisher()
            await publisher.publish(
                Outgoing(
                    message_id=message_id,
                    type=command,
                    exchange=exchange,
                    routing_key=routing_key,
                    body=f'{{"type": "{command}", "token": "{word}"}}'.encode(),
                    time=story.clock(),
                    correlation_id=message_id,
                )
            )


async def plant_in_tables_and_logs(play: Play, pair: Pair, word: str) -> None:
    text = f"'before {word} after'"
    await play.system.execute(
        "linking",
        f"CREATE TABLE planted_text AS SELECT {text}::text AS word",
        f"CREATE TABLE planted_bytes AS SELECT {text}::bytea AS word",
        f"CREATE TABLE planted_base64 AS SELECT encode({text}::bytea, 'base64')::bytea AS word",
        f"DO $$ BEGIN RAISE WARNING {text}; END $$",
    )
    warning = f'rabbit_log:warning("before {word} after").'
    await asyncio.to_thread(pair.rabbitmq.control, "eval", warning)
    with play.system.log_of("accounts").open("a") as log:
        log.write(f'{{"event": "before {word} after"}}\n')


async def is_parked(system: System) -> bool:
    return any(reason == "undecodable" for _, _, reason, _ in await system.parked())


async def is_in_logs(play: Play, pair: Pair, word: str) -> bool:
    names = {Path(place).name for _, place in in_files(logs_of(play, pair), [word])}
    return names == {"accounts-1.log", "postgres.log", "rabbitmq-node.log"}
