"""An installation for tests: its own virtual host, logins, keys and databases, on the tests' servers."""

import asyncio
import os
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.servers import Servers
from deploy.tool.topology import apply_topology, broker_url_for, remove_instance
from shared.clock import Clock
from shared.messaging.bench import Bench
from shared.messaging.registry import Contract, Service
from shared.messaging.requests import Requests
from shared.messaging.topology import DELIVERY_LIMIT, WAIT_TIERS, topology_of
from shared.messaging.wakeup import Wakeup
from shared.runtime import Process, keep_running
from shared.settings import ServiceSettings
from tests.messaging import sealing_keys, seals_of, signing_key

QUICK_TIERS = dict.fromkeys(WAIT_TIERS, 300)
"""Every wait tier at 0.3 s, so that a test sees a message go through all of them."""
ROOT = Path(__file__).parent.parent


@dataclass
class Installation:
    """Addresses and keys of one installation."""

    servers: Servers
    folder: Path
    instance: str = field(default_factory=lambda: f"test{secrets.token_hex(4)}")
    passwords: dict[str, str] = field(default_factory=dict)
    delivery_limit: int = DELIVERY_LIMIT

    def build(self, contracts: Iterable[Contract], courts: tuple[str, ...] = ("ncwbk", "gubk")) -> None:
        """Apply the topology for these contracts, and write the key files."""
        topology = topology_of(
            contracts,
            instance=self.instance,
            virtual_host=self.instance,
            courts=courts,
            wait_tiers=QUICK_TIERS,
            delivery_limit=self.delivery_limit,
        )
        self.passwords = {party: secrets.token_urlsafe(16) for party in topology.parties}
        apply_topology(self.servers.broker_admin_url, topology, self.passwords)
        public = {n: k.public_key().public_bytes_raw().hex() for n, k in sealing_keys().items()}
        self.sealing_file.write_bytes(msgspec.json.encode(public))
        signing: Ed25519PrivateKey = signing_key()
        self.assertion_file.write_bytes(
            msgspec.json.encode({"test": signing.public_key().public_bytes_raw().hex()})
        )

    @property
    def sealing_file(self) -> Path:
        return self.folder / "sealing-keys.json"

    @property
    def assertion_file(self) -> Path:
        return self.folder / "assertion-keys.json"

    def broker_url(self, party: str) -> str:
        """The broker's address with a party's login."""
        return broker_url_for(self.servers.broker_url, self.instance, party, self.passwords[party])

    def settings(self, service: str, database_url: str, **changes: Any) -> ServiceSettings:
        """A service's settings, for running it inside the test."""
        usual: dict[str, Any] = {
            "database_url": database_url,
            "broker_url": self.broker_url(service),
            "sealing_key": sealing_keys()[service].private_bytes_raw().hex(),
            "sealing_public_keys_file": self.sealing_file,
            "assertion_public_keys_file": self.assertion_file,
            "drain_seconds": 5,
        }
        return ServiceSettings(**{**usual, **changes})

    def environment(self, service: str, database_url: str, **changes: str) -> dict[str, str]:
        """A service's settings as variables, for a process of its own; the usual ones are its defaults."""
        settings = msgspec.to_builtins(self.settings(service, database_url), enc_hook=str)
        usual = {field.name: field.default for field in msgspec.structs.fields(ServiceSettings)}
        prefix = f"NEXTGEN_{service.upper()}_"
        found = {
            prefix + name.upper(): str(value) for name, value in settings.items() if value != usual[name]
        }
        return {**os.environ, "NEXTGEN_ENVIRONMENT": "test", **found, **changes}

    def bench(self, service: Service[Any], pool: Any, clock: Clock, resources: Any = None) -> Bench[Any]:
        """What a service works with."""
        return Bench(
            pool=pool,
            clock=clock,
            service=service,
            seals=seals_of(service.name),
            resources=resources,
            outbox_filled=Wakeup(),
            assertion_keys={"test": signing_key().public_key()},
        )

    def remove(self) -> None:
        """Remove virtual host and logins."""
        remove_instance(self.servers.broker_admin_url, self.instance)


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[Process]:
    """Run a service inside the test; it drains at the end."""
    stopping = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(process.run(stopping))
        await until(process.is_ready, "the service is ready")
        try:
            yield process
        finally:
            stopping.set()
            await task


@asynccontextmanager
async def asking(installation: Installation, clock: Clock, party: str = "portal") -> AsyncIterator[Requests]:
    """Requests with a party's login."""
    requests = Requests(installation.broker_url(party), seals_of(party), clock, name=f"test {party}")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(keep_running(requests.keep_open, name="requests"))
        yield requests
        task.cancel()


async def until(is_so: Callable[[], Awaitable[object]], what: str, *, deadline_seconds: float = 60) -> Any:
    """Ask until the answer is true, and give it; a passed deadline names what was awaited."""
    end = time.monotonic() + deadline_seconds
    pause = 0.01
    while not (answer := await is_so()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_seconds} s: {what}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.25)
    return answer


def start_process(module: str, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a service as a process of its own; its output goes to the log file."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
