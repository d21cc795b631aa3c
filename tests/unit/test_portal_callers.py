"""Who calls: which network a request came from, and whether another site's page sent it."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.portal.serving import warn_of
from services.portal.settings import Settings
from services.portal.web.callers import is_cross_site, network_of

PROXY = (ip_network("10.1.0.0/16"),)
ORIGIN = "https://pacer.example"


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
    ],
)
def test_a_request_counts_for_the_network_that_it_came_from(peer: str, network: str) -> None:
    assert network_of(peer, "", ()) == network


def test_a_forged_x_forwarded_for_counts_nothing_where_no_proxy_is_trusted() -> None:
    assert network_of("192.0.2.77", "198.51.100.1", ()) == "192.0.2.0/24"
    assert network_of("192.0.2.77", "198.51.100.1", PROXY) == "192.0.2.0/24"


@pytest.mark.parametrize(
    ("forwarded", "network"),
    [
        ("198.51.100.1", "198.51.100.0/24"),
        ("203.0.113.9, 198.51.100.1", "198.51.100.0/24"),
        ("198.51.100.1, 10.1.0.4", "198.51.100.0/24"),
        ("198.51.100.1, no address", "10.1.7.0/24"),
        ("", "10.1.7.0/24"),
        ("10.1.0.9", "10.1.0.0/24"),
    ],
)
def test_behind_trusted_proxies_the_last_address_that_is_none_of_theirs_counts(
    forwarded: str, network: str
) -> None:
    assert network_of("10.1.7.7", forwarded, PROXY) == network


@pytest.mark.parametrize(
    ("method", "headers", "is_so"),
    [
        ("POST", {"sec-fetch-site": "cross-site", "origin": ORIGIN}, True),
        ("POST", {"sec-fetch-site": "same-site"}, True),
        ("POST", {"sec-fetch-site": "same-origin"}, False),
        ("POST", {"sec-fetch-site": "none"}, False),
        ("POST", {"origin": "https://evil.example"}, True),
        ("POST", {"origin": "null"}, True),
        ("POST", {"origin": "http://pacer.example"}, True),
        ("POST", {"origin": ORIGIN}, False),
        ("POST", {}, False),
        ("DELETE", {"origin": "https://evil.example"}, True),
        ("GET", {"sec-fetch-site": "cross-site"}, False),
    ],
)
def test_a_write_that_a_browser_says_comes_from_another_site_is_one(
    method: str, headers: dict[str, str], is_so: bool
) -> None:
    assert is_cross_site(method, headers, ORIGIN) is is_so


def settings(**named: str) -> Settings:
    return Settings(
        broker_url="amqp://x",
        sealing_key="00",
        sealing_public_keys_file=Path("nowhere"),
        public_url=ORIGIN,
        **named,  # type: ignore[arg-type]  # all of them are texts
    )


def test_a_trusted_proxy_that_is_no_network_stops_the_start() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        settings(trusted_proxies="10.0.0.0/8, balancer")
    assert settings(trusted_proxies="10.0.0.0/8, 10.1.0.0/16").proxies == (
        ip_network("10.0.0.0/8"),
        ip_network("10.1.0.0/16"),
    )


@pytest.mark.parametrize(
    "address, proxies, warned",
    [
        ("10.9.0.1", "", ["no_trusted_proxies"]),
        ("::", "", ["no_trusted_proxies"]),
        ("10.9.0.1", "10.0.0.0/8", []),
        ("127.0.0.1", "", []),
        ("::1", "", []),
    ],
)
def test_an_edge_that_takes_everybody_for_one_network_says_so_at_its_start(
    address: str, proxies: str, warned: list[str]
) -> None:
    with capture_logs() as lines:
        warn_of(settings(address=address, trusted_proxies=proxies))

    assert [line["event"] for line in lines] == warned
