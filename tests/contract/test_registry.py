"""The registry of contracts: what route tables say, what is generated from them, what they may not say."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from shared.messages.base import Command, Event, Message, Reply, Speaker
from shared.messaging.registry import (
    CONTRACTS,
    Contract,
    ContractError,
    Service,
    contracts_of,
    messages_by_name,
    write_contracts,
)
from shared.messaging.topology import ASKERS, SERVICES, Topology, topology_of
from shared.messaging.unit_of_work import UndeclaredEventError, UnitOfWork

COURTS = ("ncwbk", "gubk")


class Ask(Command, frozen=True, kw_only=True, tag="accounts.registry_ask.v1"):
    spoken_by: ClassVar[Speaker] = "anyone"


class Asked(Event, frozen=True, kw_only=True, tag="accounts.registry_asked.v1"):
    pass


class Answered(Reply, frozen=True, kw_only=True, tag="accounts.registry_answered.v1"):
    pass


async def handle(message: Message, work: UnitOfWork[Any]) -> None:
    """Never called here."""


@pytest.fixture
def services() -> tuple[Service[Any], ...]:
    """The route tables of all four services."""
    return tuple(importlib.import_module(f"services.{name}.service").SERVICE for name in SERVICES)


@pytest.fixture
def only(request: pytest.FixtureRequest) -> Iterator[dict[str, type[Message]]]:
    """A registry with the three messages above and no other; put back afterwards."""
    known = messages_by_name()
    before = dict(known)
    known.clear()
    known.update({kind.message_name(): kind for kind in (Ask, Asked, Answered)})
    yield known
    known.clear()
    known.update(before)


@pytest.fixture(autouse=True)
def without_toys() -> Iterator[None]:
    """Other tests make toys known to this process; here only what is shipped counts."""
    known = messages_by_name()
    before = dict(known)
    for name in [name for name, kind in known.items() if not kind.__module__.startswith("shared.")]:
        del known[name]
    yield
    known.clear()
    known.update(before)


OWNER: Service[Any] = Service(name="accounts", handles={Ask: handle}, announces=(Asked,))


def test_the_generated_contracts_are_what_the_route_tables_say(services: tuple[Service[Any], ...]) -> None:
    assert CONTRACTS.read_bytes() == write_contracts(contracts_of(services)), "run `nextgen documents`"


def test_every_message_has_a_contract_and_every_contract_a_message(
    services: tuple[Service[Any], ...],
) -> None:
    contracts = {contract.name for contract in contracts_of(services)}
    asked_or_announced = {name for name, kind in messages_by_name().items() if not issubclass(kind, Reply)}
    assert contracts == asked_or_announced


@pytest.mark.usefixtures("only")
def test_a_command_without_a_handler_is_refused() -> None:
    with pytest.raises(ContractError, match=r"registry_ask\.v1 has 0 handlers"):
        contracts_of([replace(OWNER, handles={})])


@pytest.mark.usefixtures("only")
def test_a_command_with_two_handlers_is_refused() -> None:
    with pytest.raises(ContractError, match=r"registry_ask\.v1 has 2 handlers"):
        contracts_of([OWNER, Service(name="linking", handles={Ask: handle})])
    with pytest.raises(ContractError, match=r"registry_ask\.v1 has 2 handlers"):
        contracts_of([replace(OWNER, answers={Ask: handle})])


@pytest.mark.usefixtures("only")
def test_a_command_handled_by_another_than_its_owner_is_refused() -> None:
    with pytest.raises(ContractError, match="another than its owner"):
        contracts_of([replace(OWNER, handles={}), Service(name="linking", handles={Ask: handle})])


@pytest.mark.usefixtures("only")
def test_an_event_is_announced_by_its_owner_and_by_nobody_else() -> None:
    with pytest.raises(ContractError, match="not announced by its owner"):
        contracts_of([replace(OWNER, announces=())])
    with pytest.raises(ContractError, match="not announced by its owner"):
        contracts_of([OWNER, Service(name="linking", announces=(Asked,))])


@pytest.mark.usefixtures("only")
def test_nobody_subscribes_to_a_reply() -> None:
    with pytest.raises(ContractError, match="nobody can subscribe"):
        contracts_of([OWNER, Service(name="linking", handles={Answered: handle})])


def test_an_event_that_is_not_declared_cannot_be_emitted() -> None:
    work: UnitOfWork[None] = UnitOfWork(
        connection=None,  # type: ignore[arg-type]
        cause=None,  # type: ignore[arg-type]
        now=None,  # type: ignore[arg-type]
        clock=None,  # type: ignore[arg-type]
        service=replace(OWNER, announces=()),
        seals=None,  # type: ignore[arg-type]
        resources=None,
        consumer="accounts",
    )
    with pytest.raises(UndeclaredEventError):
        work.emit(Asked())


@pytest.fixture
def topology(services: tuple[Service[Any], ...]) -> Topology:
    return topology_of(contracts_of(services), instance="story-1", virtual_host="story-1", courts=COURTS)


def test_every_login_has_a_permission_row_for_every_topic_exchange(topology: Topology) -> None:
    """A missing row allows everything."""
    topics = {exchange["name"] for exchange in topology.exchanges if exchange["type"] == "topic"}
    wanted = {(f"story-1-{party}", topic) for party in topology.parties for topic in topics}
    rows = [(row["user"], row["exchange"]) for row in topology.topic_permissions]

    assert topics == {*SERVICES, *ASKERS, "courts"}
    assert sorted(rows) == sorted(wanted)
    assert sorted(row["user"] for row in topology.permissions) == sorted(
        f"story-1-{party}" for party in (*SERVICES, *ASKERS, *COURTS)
    )


def test_every_queue_of_a_contract_exists_and_is_bound_to_where_the_message_comes_from(
    services: tuple[Service[Any], ...], topology: Topology
) -> None:
    queues = {queue["name"] for queue in topology.queues}
    bindings = {(b["source"], b["destination"], b["routing_key"]) for b in topology.bindings}
    for contract in contracts_of(services):
        for queue in contract.queues:
            assert queue in queues, contract.name
            assert any(
                destination == queue and key.startswith(contract.name) and source == _source_of(contract)
                for source, destination, key in bindings
            ), contract.name


def _source_of(contract: Contract) -> str:
    by_speaker = {
        "account": "portal",
        "anyone": "portal",
        "machine": "portal",
        "operator": "operator",
        "court": "courts",
    }
    return by_speaker.get(contract.spoken_by, contract.owner)


def test_each_message_may_be_said_by_whom_its_contract_names_and_by_nobody_else(
    services: tuple[Service[Any], ...], topology: Topology
) -> None:
    for contract in contracts_of(services):
        speakers = set()
        for row in topology.topic_permissions:
            party = str(row["user"]).removeprefix("story-1-")
            pattern = str(row["write"]).replace("{username}", str(row["user"])).replace(r"\z", r"\Z")
            key = f"{contract.name}.{row['user']}" if contract.spoken_by == "court" else contract.name
            if re.search(pattern, key):
                speakers.add((party, row["exchange"]))
        expected = {(_source_of(contract), _source_of(contract))}
        if contract.spoken_by == "court":
            expected = {(court, "courts") for court in COURTS}
        assert speakers == expected, contract.name


def test_no_court_has_the_login_of_another_party(services: tuple[Service[Any], ...]) -> None:
    with pytest.raises(ValueError, match="portal"):
        topology_of(contracts_of(services), instance="s", virtual_host="s", courts=("ncwbk", "portal"))


def test_every_quorum_queue_says_after_how_many_deliveries_it_gives_up(topology: Topology) -> None:
    """Brokers differ in what they take for granted, and what has no dead letters would be dropped."""
    for queue in topology.queues:
        arguments = queue["arguments"]
        if arguments["x-queue-type"] == "quorum":
            has_dead_letters = "x-dead-letter-exchange" in arguments
            assert arguments["x-delivery-limit"] == (100 if has_dead_letters else 2**31 - 1), queue["name"]


def test_every_dead_letter_and_every_return_finds_a_queue(topology: Topology) -> None:
    """A dead letter without a binding would be dropped without a word."""
    bindings = {(b["source"], b["routing_key"]): b["destination"] for b in topology.bindings}
    exchanges = {exchange["name"]: exchange for exchange in topology.exchanges}
    for queue in topology.queues:
        arguments = queue["arguments"]
        exchange = arguments.get("x-dead-letter-exchange")
        if exchange is None:
            continue
        assert exchanges[exchange]["internal"]
        keys = [arguments.get("x-dead-letter-routing-key")]
        if keys == [None]:  # a wait queue: the key with which a message came
            keys = [b["routing_key"] for b in topology.bindings if b["destination"] == queue["name"]]
        assert keys
        assert all((exchange, key) in bindings for key in keys)
