"""A private RabbitMQ cluster: three nodes on this machine, each of which may be stopped or killed."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local import ports, processes
from deploy.local.binaries import find_or_install
from deploy.local.homes import home_in
from deploy.local.progress import wait_until
from deploy.local.rabbitmq import EPMD_SECONDS, Cluster, RabbitNode

NAMES = ("first", "second", "third")


class RabbitCluster:
    """Three nodes and the epmd through which they find each other; it ends when its folder is removed."""

    def __init__(self, folder: Path) -> None:
        self._home = home_in(folder / "epmd", "rabbitmq")
        self._epmd_port = ports.choose(folder / "epmd" / "ports.json", ("epmd",))["epmd"]
        shared = Cluster(
            names=NAMES,
            epmd_port=self._epmd_port,
            cookie=secrets.token_hex(20),
            password=secrets.token_hex(20),
        )
        self.nodes = tuple(RabbitNode(folder / name, name=name, cluster=shared) for name in NAMES)

    @property
    def url(self) -> str:
        """Where clients connect: all nodes in one address, without login and virtual host."""
        return "amqp://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def start(self) -> None:
        """Start all nodes at once, as they need each other, and wait until each accepts connections."""
        self._start_epmd()
        self._on_all(lambda node: node.start())

    def write_declarations(self) -> None:
        """As a node's own, on each of them."""
        self._on_all(lambda node: node.write_declarations())

    def _on_all(self, act: Callable[[RabbitNode], None]) -> None:
        with ThreadPoolExecutor(max_workers=len(self.nodes)) as threads:
            list(threads.map(act, self.nodes))

    def _start_epmd(self) -> None:
        binaries = find_or_install().rabbitmq
        epmd = processes.start_detached(
            [str(binaries.epmd), "-port", str(self._epmd_port), "-address", "127.0.0.1"],
            user=self._home.user,
            environment=processes.environment_of_server(self._home.path, binaries.environment),
            folder=self._home.path,
            log_path=self._home.path / "epmd.log",
        )
        wait_until(
            lambda: ports.is_open(self._epmd_port),
            what="starting epmd",
            deadline_seconds=EPMD_SECONDS,
            log_path=self._home.path / "epmd.log",
            is_hopeless=lambda: epmd.poll() is not None,
        )
