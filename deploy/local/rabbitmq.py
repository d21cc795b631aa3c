"""A private RabbitMQ node with an epmd of its own, both on free ports of the loopback address."""

import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.local import management, ports, processes
from deploy.local.binaries import RabbitBinaries, find_or_install
from deploy.local.files import kept_secret, write_whole
from deploy.local.homes import home_in
from deploy.local.progress import LocalServerError, wait_until

ADMIN = "nextgen_admin"
START_SECONDS = 120
STOP_SECONDS = 60
EPMD_SECONDS = 15
CONTROL_SECONDS = 60
PORT_NAMES = ("amqp", "management", "distribution", "epmd")
VIRTUAL_MACHINE = "beam.smp"
CONSUMER_TIMEOUT_MILLISECONDS = 24 * 3_600_000
"""For how long a delivery may be held: a service whose database is away holds what it fetched."""
LARGEST_MESSAGE_BYTES = 524_288
"""The broker closes the channel of who sends more; bodies from 256 KiB up to here reach us and are parked."""

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
default_user = {admin}
default_pass = {password}
default_user_tags.administrator = true
disk_free_limit.absolute = 50MB
raft.wal_max_size_bytes = 64000000
max_message_size = {largest}
consumer_timeout = {patience}
log.console = false
log.file.level = warning
"""
# The smaller part of a cluster that was cut in two stops, so that what it holds can't go two ways.
CLUSTER_CONFIGURATION = """\
cluster_formation.peer_discovery_backend = classic_config
cluster_partition_handling = pause_minority
"""
# Nothing of the node listens beyond this machine, and it never starts an epmd that would outlive it.
LOOPBACK_ONLY = "-kernel inet_dist_use_interface {127,0,0,1}"
ERLANG_ARGUMENTS = f"{LOOPBACK_ONLY} -start_epmd false -config kernel"
# Only what RabbitMQ itself reports is logged: the crash report that Erlang writes for any process prints its
# state, and with it the bodies of messages.
KERNEL_CONFIGURATION = """\
[{kernel, [{logger, [
    {filters, stop, [{only_rabbitmq, {fun logger_filters:domain/2, {log, sub, [rabbitmq]}}}]}
]}]}].
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What the nodes of one cluster share: their names, an epmd that is none of theirs, and two secrets."""

    names: tuple[str, ...]
    epmd_port: int
    cookie: str
    password: str


class RabbitNode:
    """One node: `start` twice is harmless, and starts after `stop` or `kill` keep the data and the ports.

    The nodes of a cluster are started all at once the first time, and have the programs and the epmd given.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "nextgen",
        cluster: Cluster | None = None,
        binaries: RabbitBinaries | None = None,
    ) -> None:
        home = home_in(folder, "rabbitmq")
        self._home, self._user = home.path, home.user
        self._ports_path = folder / "ports.json"
        self._created_path = folder / "created"
        self._password = cluster.password if cluster else kept_secret(folder / "password")
        self._cluster = cluster
        self._binaries = binaries
        self.name = f"{name}@localhost"
        self._started: list[subprocess.Popen[bytes]] = []
        self.log_path = self._home / "rabbitmq.log"

    @property
    def port(self) -> int:
        return ports.remembered(self._ports_path)["amqp"]

    @property
    def url(self) -> str:
        """Where clients connect; without login and virtual host."""
        return f"amqp://127.0.0.1:{self.port}"

    @property
    def admin_url(self) -> str:
        """The management API, with the login of an administrator of the broker."""
        return f"http://{ADMIN}:{self._password}@127.0.0.1:{ports.remembered(self._ports_path)['management']}"

    def is_ready(self) -> bool:
        """Whether our own node (not whatever else holds the port) accepts connections."""
        return (
            bool(self._nodes())
            and self._ports_path.is_file()
            and management.is_listening(self.admin_url, self.port)
        )

    def start(self) -> None:
        """Start the node unless it runs, and wait until it accepts connections."""
        if not self.is_ready():
            binaries = self._find_binaries()
            self.kill()
            if not self._created_path.exists():
                # A first start that was cut short may have left half a database: it is made anew.
                shutil.rmtree(self._home / "mnesia", ignore_errors=True)
            self._launch_twice_at_most(binaries)
        self._created_path.touch()

    def stop(self) -> None:
        """End the node in good order, then its epmd, which would outlive it.

        A node that is still starting pays no heed to SIGTERM, and is killed.
        """
        if self.is_ready():
            nodes = self._nodes()
            processes.send(nodes, signal.SIGTERM)
            processes.wait_until_gone(nodes, STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """SIGKILL the node and all its processes, as a crash would."""
        processes.kill_all_in(self._home)
        for process in self._started:
            process.wait(timeout=processes.GONE_SECONDS)
        self._started.clear()

    def write_declarations(self) -> None:
        """Let a crash that follows at once find every quorum queue declared so far.

        The node writes the registry of these queues only every half second or so: one declared just before
        SIGKILL is there afterwards, but answers nothing. Messages have no such gap: confirmed is written.
        """
        self.control("eval", "[ok = dets:sync(Table) || Table <- dets:all()].")

    def control(self, *arguments: str) -> str:
        """What `rabbitmqctl` prints, run on this node; raises LocalServerError if it fails."""
        binaries = self._find_binaries()
        done = subprocess.run(
            [str(binaries.control), "--quiet", *arguments],
            env=self._environment(binaries, ports.remembered(self._ports_path)),
            cwd=self._home,
            user=self._user.uid if self._user else None,
            group=self._user.gid if self._user else None,
            extra_groups=[] if self._user else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CONTROL_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise LocalServerError(f"rabbitmqctl {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def _find_binaries(self) -> RabbitBinaries:
        return self._binaries or find_or_install().rabbitmq

    def _nodes(self) -> list[int]:
        return [pid for pid in processes.running_in(self._home) if processes.name_of(pid) == VIRTUAL_MACHINE]

    def _launch_twice_at_most(self, binaries: RabbitBinaries) -> None:
        try:
            self._launch(binaries)
        except LocalServerError:
            # Another process may have taken a port in the seconds between our choice and the node's bind.
            self.kill()
            if ports.are_free(self._ports_path):
                raise
            self._launch(binaries)

    def _launch(self, binaries: RabbitBinaries) -> None:
        chosen = ports.choose(self._ports_path, PORT_NAMES)
        self._write_configuration(chosen)
        environment = self._environment(binaries, chosen)
        if self._cluster is None:
            self._start_epmd(binaries, environment, chosen["epmd"])
        node = self._start_detached([str(binaries.server)], environment)
        wait_until(
            self.is_ready,
            what="starting RabbitMQ",
            deadline_seconds=START_SECONDS,
            log_path=self.log_path,
            is_hopeless=lambda: node.poll() is not None,
        )

    def _start_epmd(self, binaries: RabbitBinaries, environment: dict[str, str], port: int) -> None:
        command = [str(binaries.epmd), "-port", str(port), "-address", "127.0.0.1"]
        epmd = self._start_detached(command, environment)
        wait_until(
            lambda: ports.is_open(port),
            what="starting epmd",
            deadline_seconds=EPMD_SECONDS,
            log_path=self.log_path,
            is_hopeless=lambda: epmd.poll() is not None,
        )

    def _start_detached(self, command: list[str], environment: dict[str, str]) -> "subprocess.Popen[bytes]":
        process = processes.start_detached(
            command, user=self._user, environment=environment, folder=self._home, log_path=self.log_path
        )
        self._started.append(process)
        return process

    def _write_configuration(self, chosen: dict[str, int]) -> None:
        text = CONFIGURATION.format(
            admin=ADMIN,
            password=self._password,
            largest=LARGEST_MESSAGE_BYTES,
            patience=CONSUMER_TIMEOUT_MILLISECONDS,
            **chosen,
        )
        contents = {
            "rabbitmq.conf": text,
            "enabled_plugins": "[rabbitmq_management].\n",
            "kernel.config": KERNEL_CONFIGURATION,
        }
        if self._cluster is not None:
            contents["rabbitmq.conf"] += _formation(self._cluster)
            contents[".erlang.cookie"] = self._cluster.cookie
        for name, content in contents.items():
            write_whole(self._home / name, content)
            processes.give(self._user, self._home / name)

    def _environment(self, binaries: RabbitBinaries, chosen: dict[str, int]) -> dict[str, str]:
        home = self._home
        own = {
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(chosen["distribution"]),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_LOGS": str(home / "rabbitmq-node.log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(home / "conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
            "RABBITMQ_SCHEMA_DIR": str(home / "schema"),
            "RABBITMQ_PID_FILE": str(home / "node.pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_ARGUMENTS,
            "RABBITMQ_CTL_ERL_ARGS": LOOPBACK_ONLY,
            "ERL_EPMD_PORT": str(self._cluster.epmd_port if self._cluster else chosen["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        return processes.environment_of_server(home, {**binaries.environment, **own})


def _formation(cluster: Cluster) -> str:
    nodes = (
        f"cluster_formation.classic_config.nodes.{place} = {name}@localhost\n"
        for place, name in enumerate(cluster.names, 1)
    )
    return CLUSTER_CONFIGURATION + "".join(nodes)
