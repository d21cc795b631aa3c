"""A story: one installation on this machine, with its own virtual host, databases, keys, clock and files."""

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from deploy.local.binaries import CHECKOUT
from deploy.local.files import write_whole
from deploy.local.servers import Servers
from deploy.tool import databases, residence
from deploy.tool.topology import apply_topology, broker_url_for, read_logins, topology_for
from shared.clock import Clock, clock_from_file
from shared.messaging.topology import ASKERS, SERVICES
from shared.sealed import Seals
from shared.settings import read_sealing_keys

STORIES = Path(os.environ.get("NEXTGEN_STORIES", CHECKOUT / ".local" / "stories"))
"""Where stories lie; what the demonstration found lies beside it."""
ASSERTION_KEY_ID = "first"
SENDER_ADDRESS = "notices@pacer.example"
EDGE = "portal"
PROCESSES = (*SERVICES, EDGE)
"""What runs of a story beside its mail server; the web edge needs one port more than its health: `web`."""

HASHERS = ("accounts", "linking")
MEMORY_FOR_HASHING = (
    "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"
    ":glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=134217728"
)
"""How who hashes passwords is given memory: in huge pages where the system has them, from one heap, and kept.

argon2 jumps about in 19 MiB a hash, which costs a tenth more in pages of 4 KiB; and what goes back to the
system after each hash has to be cleared before the next. glibc reads this as the process starts.
"""


class StoryError(Exception):
    """The story can't be had; the text says why and what to do."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a story beside its keys and logins."""

    number: int
    instance: str
    courts: tuple[str, ...]
    has_own_roles: bool = False
    """Are the passwords of the database roles its own? Else they are this checkout's, for all its stories."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """One installation: where its things lie and how to reach its services."""

    folder: Path
    record: Record
    given_servers: Servers | None = None

    @cached_property
    def servers(self) -> Servers:
        """The servers it lives on, started if need be when they are first asked for."""
        return self.given_servers or residence.servers_of(self.folder)

    @property
    def instance(self) -> str:
        """The prefix of its logins, and the name of its virtual host."""
        return self.record.instance

    @property
    def objects(self) -> Path:
        """Where statements lie."""
        return self.folder / "objects"

    @property
    def mail(self) -> Path:
        """Where received mail lies."""
        return self.folder / "mail"

    @property
    def clock(self) -> Clock:
        """The story's business clock."""
        return clock_from_file(self.clock_file if self.clock_file.exists() else None)

    @property
    def clock_file(self) -> Path:
        """The file that `nextgen clock` writes."""
        return self.folder / "clock.json"

    def logins(self) -> dict[str, str]:
        """The broker password of each party."""
        return read_logins(self.folder, (*SERVICES, *ASKERS, *self.record.courts))

    def broker_url(self, party: str) -> str:
        """The broker's address with a party's login."""
        return broker_url_for(self.servers.broker_url, self.instance, party, self.logins()[party])

    def database_name(self, service: str) -> str:
        """A service's database."""
        return f"{self.instance}_{service}"

    def role_passwords(self) -> dict[str, str]:
        """The passwords of the database roles."""
        if self.record.has_own_roles:
            return databases.read_passwords(self.folder)
        return databases.passwords_for(self.servers.postgres_url)

    def database_url(self, service: str, role: str | None = None) -> str:
        """The address of a service's database, for its own role or for another."""
        passwords = self.role_passwords()
        role = role or service
        return databases.url_for(
            self.servers.postgres_url, role, passwords[role], self.database_name(service)
        )

    def seals(self, party: str) -> Seals:
        """What a party seals with and opens with."""
        text = self.sealing_key_file(party).read_text()
        key = X25519PrivateKey.from_private_bytes(bytes.fromhex(text))
        return Seals(key, read_sealing_keys(self.keys / "sealing-public.json"))

    @property
    def keys(self) -> Path:
        """Where keys lie."""
        return self.folder / "keys"

    def sealing_key_file(self, party: str) -> Path:
        """A party's private sealing key, as hex."""
        return self.keys / f"sealing-{party}"

    def environment(self, service: str, ports: Mapping[str, int]) -> dict[str, str]:
        """The settings of a service, or of the web edge."""
        prefix = f"NEXTGEN_{service.upper()}_"
        own = {
            "BROKER_URL": self.broker_url(service),
            "SEALING_KEY_FILE": str(self.sealing_key_file(service)),
            "SEALING_PUBLIC_KEYS_FILE": str(self.keys / "sealing-public.json"),
            "HEALTH_PORT": str(ports[service]),
            **self._special_settings(service, ports),
        }
        if service != EDGE:
            own |= {
                "DATABASE_URL": self.database_url(service),
                "ASSERTION_PUBLIC_KEYS_FILE": str(self.keys / "assertion-public.json"),
                "OBJECTS_URL": self.objects.as_uri(),
            }
        common = {"NEXTGEN_ENVIRONMENT": "demo"}
        if self.clock_file.exists():
            common["NEXTGEN_CLOCK_FILE"] = str(self.clock_file)
        if service in HASHERS:
            common["GLIBC_TUNABLES"] = MEMORY_FOR_HASHING
        return {**common, **{prefix + name: value for name, value in own.items()}}

    def _special_settings(self, service: str, ports: Mapping[str, int]) -> dict[str, str]:
        if service == "accounts":
            return {
                "SIGNING_KEY_FILE": str(self.keys / "assertion-private"),
                "SIGNING_KEY_ID": ASSERTION_KEY_ID,
                "FACTOR_KEY_FILE": str(self.keys / "factor-key"),
            }
        if service == "notify":
            return {
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(ports["mail"]),
                "SMTP_SECURITY": "none",
                "SENDER_ADDRESS": SENDER_ADDRESS,
                "PORTAL_URL": web_address(ports),
            }
        if service == EDGE:
            return {"PUBLIC_URL": web_address(ports), "PORT": str(ports["web"])}
        return {}


def web_address(ports: Mapping[str, int]) -> str:
    """Where a browser on this machine finds a story's web edge."""
    return f"http://127.0.0.1:{ports.get('web', 0)}"


def numbers() -> list[int]:
    """The stories that there are, oldest first."""
    if not STORIES.is_dir():
        return []
    return sorted(int(entry.name) for entry in STORIES.iterdir() if (entry / "story.json").exists())


def load(number: int | None = None) -> Story:
    """A story by its number, or the newest."""
    known = numbers()
    if not known or (number is not None and number not in known):
        raise StoryError(
            "there is no such story; `make demo` plays one" if known else "play one: `make demo`"
        )
    folder = STORIES / str(number or known[-1])
    record = msgspec.json.decode((folder / "story.json").read_bytes(), type=Record)
    return Story(folder=folder, record=record)


async def create(courts: Iterable[str]) -> Story:
    """A new story: folder, keys, logins, virtual host, databases; nothing runs yet."""
    number, folder = _new_folder()
    record = Record(number=number, instance=f"story{number}x{secrets.token_hex(2)}", courts=tuple(courts))
    story = Story(folder=folder, record=record)
    make_keys(story)
    await prepare(story)
    write_whole(folder / "story.json", msgspec.json.encode(record).decode())
    return story


def _new_folder() -> tuple[int, Path]:
    """The next number, and its folder; one that a broken start has left behind is passed over."""
    STORIES.mkdir(parents=True, exist_ok=True)
    number = max((int(entry.name) for entry in STORIES.iterdir() if entry.name.isdigit()), default=0) + 1
    folder = STORIES / str(number)
    folder.mkdir()
    return number, folder


async def prepare(story: Story) -> None:
    """Virtual host, logins, databases, migrations as this release wants them; harmless when there."""
    prepare_broker(story)
    await databases.ensure_roles(story.servers.postgres_url, story.role_passwords())
    for service in SERVICES:
        await databases.create_database(story.servers.postgres_url, story.database_name(service), service)
        await databases.migrate(story.database_url(service, f"{service}_owner"), service)
    residence.remember(story.folder, story.servers)


def prepare_broker(story: Story) -> None:
    """Virtual host, logins and topology."""
    topology = topology_for(story.instance, story.record.courts)
    apply_topology(story.servers.broker_admin_url, topology, story.logins())


def make_keys(story: Story) -> None:
    """The keys that seal, that sign assertions, and that encrypt the authenticators' secrets."""
    story.keys.mkdir(mode=0o700)
    public: dict[str, str] = {}
    for party in (*SERVICES, *ASKERS):
        key = X25519PrivateKey.generate()
        _write_secret(story.sealing_key_file(party), key.private_bytes_raw())
        public[party] = key.public_key().public_bytes_raw().hex()
    write_whole(story.keys / "sealing-public.json", _json(public))
    signing = Ed25519PrivateKey.generate()
    _write_secret(story.keys / "assertion-private", signing.private_bytes_raw())
    verifying = {ASSERTION_KEY_ID: signing.public_key().public_bytes_raw().hex()}
    write_whole(story.keys / "assertion-public.json", _json(verifying))
    _write_secret(story.keys / "factor-key", secrets.token_bytes(32))


def _write_secret(path: Path, secret: bytes) -> None:
    path.touch(mode=0o600)
    path.write_text(secret.hex())


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
