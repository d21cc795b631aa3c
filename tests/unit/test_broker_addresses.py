"""Addresses that name several nodes of one broker."""

from deploy.local.servers import Servers
from deploy.tool.residence import residence_on
from deploy.tool.topology import broker_url_for
from shared.messaging.broker import Login, addresses_of


def test_an_address_stands_for_one_of_each_node_with_the_same_login_and_virtual_host() -> None:
    url = broker_url_for("amqps://one:5671,two:5671?cafile=ca.pem", "story-1", "linking", "p,w")

    assert addresses_of(url) == [
        "amqps://story-1-linking:p,w@one:5671/story-1?cafile=ca.pem",
        "amqps://story-1-linking:p,w@two:5671/story-1?cafile=ca.pem",
    ]
    assert Login(url).party == "linking"


def test_an_address_of_one_node_stands_for_itself() -> None:
    assert addresses_of("amqp://127.0.0.1:5672") == ["amqp://127.0.0.1:5672"]


def test_a_story_remembers_every_node() -> None:
    given = Servers(
        postgres_url="postgresql://admin:secret@base/postgres",
        broker_url="amqp://one,two:5673",
        broker_admin_url="http://admin:secret@one:15672",
        origin="environment",
    )

    assert residence_on(given).broker == "one:5672,two:5673"
