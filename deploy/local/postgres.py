"""A private PostgreSQL server in a folder of its own, on a free port of the loopback address."""

import shutil
import signal
import subprocess
from pathlib import Path

from deploy.local import ports, processes
from deploy.local.binaries import PostgresBinaries, find_or_install, postgres_that_made
from deploy.local.files import kept_secret, write_whole
from deploy.local.homes import home_in
from deploy.local.progress import LocalServerError, last_lines, wait_until

ADMIN = "nextgen_admin"
INITDB_SECONDS = 120
START_SECONDS = 60
STOP_SECONDS = 60
LONGEST_SOCKET_FOLDER = 80

# What a failed statement or its parameters hold must never reach the log: terse, no statement, no parameters.
SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{socket_folder}'
max_connections = 200
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
log_error_verbosity = terse
log_statement = none
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_line_prefix = '%m [%p] %q%u@%d '
"""
# A commit is still handed to the system before it is confirmed: without `synchronous_commit` a SIGKILL would
# lose the last ones, and with `fsync` off it costs next to nothing.
FAST_SETTINGS = """\
fsync = off
synchronous_commit = on
full_page_writes = off
"""


class PostgresServer:
    """One server: `start` twice is harmless, and starts after `stop` or `kill` keep the data and the port.

    A fast server doesn't wait for the disk: what it confirmed survives `kill`, but not a fall of the machine.
    """

    def __init__(self, folder: Path, *, is_fast: bool = False) -> None:
        self._is_fast = is_fast
        home = home_in(folder, "postgres")
        self._home, self._user = home.path, home.user
        self._data = self._home / "data"
        self._ports_path = folder / "ports.json"
        self._password = kept_secret(folder / "password")
        self._process: subprocess.Popen[bytes] | None = None
        self.log_path = self._home / "postgres.log"

    @property
    def port(self) -> int:
        return ports.remembered(self._ports_path)["postgres"]

    @property
    def url(self) -> str:
        """The login that may create databases and roles."""
        return f"postgresql://{ADMIN}:{self._password}@127.0.0.1:{self.port}/postgres"

    def is_ready(self) -> bool:
        """Whether our own server (not whatever else holds the port) accepts connections."""
        lines = self._status_lines()
        is_ours = bool(lines) and lines[0].isdigit() and int(lines[0]) in processes.running_in(self._home)
        return is_ours and len(lines) > 7 and lines[7].strip() == "ready" and ports.is_open(self.port)

    def start(self) -> None:
        """Start the server unless it runs, and wait until it accepts connections."""
        if self.is_ready():
            return
        binaries = find_or_install().postgres
        self.kill()
        if self._data.is_dir():
            binaries = postgres_that_made(self._data, binaries)
        else:
            self._create(binaries)
        try:
            self._launch(binaries)
        except LocalServerError:
            # Another process may have taken the port in the instant between our choice and the server's bind.
            self.kill()
            if ports.are_free(self._ports_path):
                raise
            self._launch(binaries)

    def stop(self) -> None:
        """End the server after a checkpoint; open connections are closed."""
        running = processes.running_in(self._home)
        processes.send(self._postmasters(running), signal.SIGINT)
        processes.wait_until_gone(running, STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """SIGKILL the server and all its processes, as a crash would."""
        processes.send(self._postmasters(processes.running_in(self._home)), signal.SIGKILL)
        processes.kill_all_in(self._home)
        if self._process is not None:
            self._process.wait(timeout=processes.GONE_SECONDS)
            self._process = None

    def _launch(self, binaries: PostgresBinaries) -> None:
        self._remove_stale_files()
        self._write_settings(ports.choose(self._ports_path, ("postgres",))["postgres"])
        command = [str(binaries.folder / "postgres"), "-D", str(self._data)]
        command += ["-c", f"config_file={self._home / 'postgresql.conf'}"]
        self._process = self._start_detached(command, binaries)
        wait_until(
            self.is_ready,
            what="starting PostgreSQL",
            deadline_seconds=START_SECONDS,
            log_path=self.log_path,
            is_hopeless=self._has_ended,
        )

    def _start_detached(self, command: list[str], binaries: PostgresBinaries) -> "subprocess.Popen[bytes]":
        environment = processes.environment_of_server(self._home, binaries.environment)
        return processes.start_detached(
            command, user=self._user, environment=environment, folder=self._home, log_path=self.log_path
        )

    def _postmasters(self, running: list[int]) -> list[int]:
        lines = self._status_lines()
        named = [pid for pid in running if lines and lines[0] == str(pid)]
        return named or running

    def _status_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _create(self, binaries: PostgresBinaries) -> None:
        """Make the database files under another name first: a crash leaves none that are half made."""
        fresh, password_path = self._home / "data.new", self._home / "password.new"
        shutil.rmtree(fresh, ignore_errors=True)
        write_whole(password_path, self._password)
        processes.give(self._user, password_path)
        command = [
            str(binaries.folder / "initdb"),
            "-D",
            str(fresh),
            "-U",
            ADMIN,
            "--pwfile",
            str(password_path),
        ]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
        initdb = self._start_detached(command, binaries)
        try:
            is_made = initdb.wait(timeout=INITDB_SECONDS) == 0
        except subprocess.TimeoutExpired:
            initdb.kill()
            is_made = False
        password_path.unlink()
        if not is_made:
            raise LocalServerError(f"initdb failed; the end of {self.log_path}:{last_lines(self.log_path)}")
        fresh.rename(self._data)

    def _remove_stale_files(self) -> None:
        """What a killed server left would name a process that is a stranger's by now."""
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        for stale in self._home.glob(".s.PGSQL.*"):
            stale.unlink()

    def _write_settings(self, port: int) -> None:
        home = str(self._home)
        socket_folder = home if len(home) <= LONGEST_SOCKET_FOLDER and "'" not in home else ""
        path = self._home / "postgresql.conf"
        settings = SETTINGS.format(port=port, socket_folder=socket_folder)
        write_whole(path, settings + (FAST_SETTINGS if self._is_fast else ""))
        processes.give(self._user, path)
