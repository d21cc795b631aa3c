"""The settings of notify, and what its handlers and jobs are given at the start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from shared.objects import Objects, objects_in_memory, open_objects
from shared.policies import Policies
from shared.settings import ServiceSettings

SmtpSecurity = Literal["none", "starttls", "tls"]
SenderAddress = Annotated[
    str, msgspec.Meta(max_length=200, pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")
]
SenderName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .&/'-]{0,79}$")]
PortalUrl = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^https?://[A-Za-z0-9.:/_-]+$")]


class Settings(ServiceSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read from `NEXTGEN_NOTIFY_...`; every link in mail begins with `portal_url`."""

    smtp_host: str
    smtp_port: int
    smtp_security: SmtpSecurity = "starttls"
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_timeout_seconds: float = 30
    sender_address: SenderAddress
    sender_name: SenderName = "NextGen Accounts"
    portal_url: PortalUrl
    service_center_phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over; each of the two steps of a hand-over has the time-out to itself."""

    host: str
    port: int
    security: SmtpSecurity = "starttls"
    user: str = ""
    password: str = ""
    timeout_seconds: float = 30

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Whom mail comes from, and what every text may say of the installation."""

    address: str
    name: str
    portal_url: str
    service_center_phone: str = ""

    @property
    def domain(self) -> str:
        """The domain of the address; Message-IDs end with it too, so that all identities align."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What handlers and jobs need beside the database."""

    policies: Policies
    server: MailServer
    sender: Sender
    objects: Objects = field(default_factory=objects_in_memory)


@asynccontextmanager
async def open_resources(settings: Settings, policies: Policies) -> AsyncIterator[Resources]:
    """The resources of a running service; nothing is held open between two mails."""
    yield Resources(
        policies=policies,
        server=MailServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            user=settings.smtp_user,
            password=settings.smtp_password,
            timeout_seconds=settings.smtp_timeout_seconds,
        ),
        sender=Sender(
            address=settings.sender_address,
            name=settings.sender_name,
            portal_url=settings.portal_url.rstrip("/"),
            service_center_phone=settings.service_center_phone,
        ),
        objects=open_objects(settings.objects_url),
    )
