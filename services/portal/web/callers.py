"""Who calls: the network of a request, and whether it was meant for us and came from us."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from services.portal.settings import Network

IPV4_PREFIX, IPV6_PREFIX = 24, 64
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
Headers = Mapping[str, str]


def network_of(peer: str, forwarded_for: str, proxies: Iterable[Network]) -> str:
    """The network that a request came from, as a prefix: /24 or /64.

    What `X-Forwarded-For` says counts as far as trusted proxies have written it: from its end, the first
    address that is none of theirs. Without trusted proxies it counts nothing.
    """
    trusted = tuple(proxies)
    address = _address(peer)
    for each in reversed([part.strip() for part in forwarded_for.split(",")] if forwarded_for else []):
        if not any(address in proxy for proxy in trusted):
            break
        try:
            address = _address(each)
        except ValueError:
            break
    prefix = IPV6_PREFIX if isinstance(address, IPv6Address) else IPV4_PREFIX
    return str(ip_network((address, prefix), strict=False))


def is_cross_site(method: str, headers: Headers, origin: str) -> bool:
    """Does a browser say that another site's page sends this write?

    Programs say nothing of it; a browser says it in one of two headers, and no page can change them.
    """
    if method in SAFE_METHODS:
        return False
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    return headers.get("origin", origin) != origin


def _address(text: str) -> IPv4Address | IPv6Address:
    """An IPv4 address that came over an IPv6 socket is one of IPv4."""
    address = ip_address(text)
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
