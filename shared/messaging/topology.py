"""The broker's topology: exchanges, queues, bindings, logins and permissions, all made from the registry."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.messaging.registry import Contract

SERVICES = ("accounts", "linking", "paa_billing", "notify")
ASKERS = ("portal", "operator")
"""Parties that are no service: they send commands and queries and get replies."""
WAIT_TIERS: Mapping[str, int] = {"5s": 5_000, "30s": 30_000, "5min": 300_000, "30min": 1_800_000}
"""Name of each wait tier and its milliseconds, in the order in which a failing message goes through them."""
QUERY_TTL_MILLISECONDS = 10_000
DELIVERY_LIMIT = 100
WAITING_QUEUES = ("commands", "events", "bulk")
NOTHING = "^$"
# Of what these queues give up, nothing would be left; without a limit RabbitMQ 4 takes 20.
_NEVER_GIVING_UP = {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1}


@dataclass(frozen=True, kw_only=True)
class Topology:
    """What one installation needs in its virtual host."""

    instance: str
    virtual_host: str
    exchanges: tuple[dict[str, Any], ...]
    queues: tuple[dict[str, Any], ...]
    bindings: tuple[dict[str, Any], ...]
    permissions: tuple[dict[str, Any], ...]
    topic_permissions: tuple[dict[str, Any], ...]
    parties: tuple[str, ...]

    def definitions(self, passwords: Mapping[str, str]) -> dict[str, Any]:
        """The whole as the management API's definitions; `passwords` by party."""
        users = [
            {"name": f"{self.instance}-{party}", "password": passwords[party], "tags": []}
            for party in self.parties
        ]
        return {
            "vhosts": [{"name": self.virtual_host}],
            "users": users,
            "permissions": list(self.permissions),
            "topic_permissions": list(self.topic_permissions),
            "exchanges": list(self.exchanges),
            "queues": list(self.queues),
            "bindings": list(self.bindings),
        }


def topology_of(
    contracts: Iterable[Contract],
    *,
    instance: str,
    virtual_host: str,
    courts: Iterable[str],
    wait_tiers: Mapping[str, int] = WAIT_TIERS,
    delivery_limit: int = DELIVERY_LIMIT,
) -> Topology:
    """The topology for these contracts and for these courts' logins."""
    known, court_ids = tuple(contracts), tuple(courts)
    if taken := {*SERVICES, *ASKERS} & {*court_ids}:
        raise ValueError(f"a court can't have the login of another party: {', '.join(sorted(taken))}")
    maker = _Maker(virtual_host, instance, delivery_limit)
    for sender in (*SERVICES, *ASKERS, "courts"):
        maker.exchange(sender, "topic")
    maker.exchange("replies", "direct")
    for service in SERVICES:
        maker.service(service, wait_tiers)
    for contract in known:
        maker.contract(contract)
    for court in court_ids:
        maker.court(court)
    parties = (*SERVICES, *ASKERS, *court_ids)
    return Topology(
        instance=instance,
        virtual_host=virtual_host,
        exchanges=tuple(maker.exchanges),
        queues=tuple(maker.queues),
        bindings=tuple(maker.bindings),
        permissions=tuple(_permission(maker, party) for party in parties),
        topic_permissions=tuple(_topic_permissions(maker, parties, known)),
        parties=parties,
    )


class _Maker:
    def __init__(self, virtual_host: str, instance: str, delivery_limit: int) -> None:
        self.virtual_host, self.instance = virtual_host, instance
        self.delivery_limit = delivery_limit
        self.exchanges: list[dict[str, Any]] = []
        self.queues: list[dict[str, Any]] = []
        self.bindings: list[dict[str, Any]] = []

    def exchange(self, name: str, kind: str, *, internal: bool = False) -> None:
        self.exchanges.append(
            {
                "name": name,
                "vhost": self.virtual_host,
                "type": kind,
                "durable": True,
                "auto_delete": False,
                "internal": internal,
                "arguments": {},
            }
        )

    def queue(self, name: str, arguments: dict[str, Any]) -> None:
        self.queues.append(
            {
                "name": name,
                "vhost": self.virtual_host,
                "durable": True,
                "auto_delete": False,
                "arguments": arguments,
            }
        )

    def binding(self, exchange: str, queue: str, key: str) -> None:
        self.bindings.append(
            {
                "source": exchange,
                "vhost": self.virtual_host,
                "destination": queue,
                "destination_type": "queue",
                "routing_key": key,
                "arguments": {},
            }
        )

    def service(self, service: str, wait_tiers: Mapping[str, int]) -> None:
        for kind, internal in (("wait", False), ("return", True), ("dead", True)):
            self.exchange(f"{service}.{kind}", "direct", internal=internal)
        for kind in WAITING_QUEUES:
            name = f"{service}.{kind}"
            self.queue(name, self._quorum(dead_letter=f"{service}.dead", key=name))
            self.binding(f"{service}.dead", f"{service}.dead", name)
        self.queue(f"{service}.queries", {"x-queue-type": "classic", "x-message-ttl": QUERY_TTL_MILLISECONDS})
        self.queue(f"{service}.dead", _NEVER_GIVING_UP)
        for tier, milliseconds in wait_tiers.items():
            wait = f"{service}.wait.{tier}"
            self.queue(wait, {**self._quorum(dead_letter=f"{service}.return"), "x-message-ttl": milliseconds})
            for kind in WAITING_QUEUES:
                key = f"{tier}.{service}.{kind}"
                self.binding(f"{service}.wait", wait, key)
                self.binding(f"{service}.return", f"{service}.{kind}", key)

    def contract(self, contract: Contract) -> None:
        exchange = {
            "account": "portal",
            "anyone": "portal",
            "machine": "portal",
            "operator": "operator",
            "court": "courts",
            "service": contract.owner,
        }[contract.spoken_by]
        suffix = ".*" if contract.spoken_by == "court" else ".#" if contract.kind == "event" else ""
        for queue in contract.queues:
            self.binding(exchange, queue, contract.name + suffix)

    def court(self, court: str) -> None:
        results = f"courts.{court}.results"
        self.queue(results, _NEVER_GIVING_UP)
        for service in SERVICES:
            self.binding(service, results, f"*.*.*.{court}")

    def _quorum(self, *, dead_letter: str, key: str | None = None) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "x-queue-type": "quorum",
            "x-dead-letter-exchange": dead_letter,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-delivery-limit": self.delivery_limit,
        }
        return arguments if key is None else {**arguments, "x-dead-letter-routing-key": key}


def _permission(maker: _Maker, party: str) -> dict[str, Any]:
    if party in SERVICES:
        name = re.escape(party)
        own = {
            "configure": NOTHING,
            "write": rf"^({name}|{name}\.wait|replies)$",
            "read": rf"^{name}\.(commands|events|bulk|queries|dead)$",
        }
    elif party in ASKERS:
        own = {
            "configure": rf"^replies\.{party}\.[0-9a-f]+$",
            "write": rf"^({party}|replies\.{party}\.[0-9a-f]+)$",
            "read": rf"^(replies|replies\.{party}\.[0-9a-f]+)$",
        }
    else:
        own = {"configure": NOTHING, "write": "^courts$", "read": rf"^courts\.{re.escape(party)}\.results$"}
    return {"user": f"{maker.instance}-{party}", "vhost": maker.virtual_host, **own}


def _topic_permissions(
    maker: _Maker, parties: Iterable[str], contracts: tuple[Contract, ...]
) -> Iterable[dict[str, Any]]:
    """A row for every login and topic exchange, since a missing row allows everything."""
    topics = [exchange["name"] for exchange in maker.exchanges if exchange["type"] == "topic"]
    for party in parties:
        allowed = _may_send(party, contracts)
        for topic in topics:
            yield {
                "user": f"{maker.instance}-{party}",
                "vhost": maker.virtual_host,
                "exchange": topic,
                "write": allowed if topic == (party if party in topics else "courts") else NOTHING,
                "read": NOTHING,
            }


def _may_send(party: str, contracts: tuple[Contract, ...]) -> str:
    """The routing keys that a login may publish with, as one regular expression.

    It ends in `\\z`, since `$` would let a line's end follow.
    """
    if party in SERVICES:
        names = [c.name for c in contracts if c.owner == party and c.spoken_by == "service"]
        return _any_of(names, suffix=r"(\.[a-z0-9]+)?")
    if party in ASKERS:
        spoken = ("operator",) if party == "operator" else ("account", "anyone", "machine")
        return _any_of([c.name for c in contracts if c.spoken_by in spoken])
    return _any_of([c.name for c in contracts if c.spoken_by == "court"], suffix=r"\.{username}")


def _any_of(names: list[str], suffix: str = "") -> str:
    return rf"^({'|'.join(re.escape(name) for name in names)}){suffix}\z" if names else NOTHING
