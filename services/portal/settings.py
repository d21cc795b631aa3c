"""Settings of the web edge."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from shared.settings import PartySettings

PREFIX = "NEXTGEN_PORTAL_"
Network = IPv4Network | IPv6Network
Origin = Annotated[str, msgspec.Meta(pattern=r"^https?://[a-z0-9.:\[\]-]+/?$")]


class Settings(PartySettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read from `NEXTGEN_PORTAL_...`; the edge listens on `address` and `port` for plain HTTP.

    `public_url` is where people find it, as in mails; requests for other hosts are refused. Whoever ends TLS
    stands before it: `trusted_proxies` names those networks, with commas, and only what they say of where a
    request came from is believed; by default nobody is. `requests_a_minute` is for one network and whatever
    costs a hash or a mail. `service_center_phone` is printed where people are told to call.
    """

    public_url: Origin
    address: str = "127.0.0.1"
    port: int = 8080
    trusted_proxies: str = ""
    requests_a_minute: int = 60
    service_center_phone: str = ""

    def __post_init__(self) -> None:
        self.proxies  # noqa: B018 (a wrong network stops the start)

    @property
    def origin(self) -> str:
        """As a browser says it in the header Origin."""
        return self.public_url.rstrip("/")

    @property
    def host(self) -> str:
        """As a request says it in the header Host."""
        return urlsplit(self.public_url).netloc

    @property
    def is_one_network_for_all(self) -> bool:
        """Does it listen beyond this machine and believe no proxy? Behind one all requests count for it."""
        is_local = self.address in ("localhost", "::1") or self.address.startswith("127.")
        return not is_local and not self.proxies

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The networks whose word on a request's origin is believed."""
        return tuple(ip_network(each.strip()) for each in self.trusted_proxies.split(",") if each.strip())
