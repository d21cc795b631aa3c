"""The programs of PostgreSQL and RabbitMQ: those on this machine, else installed as root, else unpacked."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import packages
from deploy.local.progress import LocalServerError, say

OLDEST_POSTGRES = 15
OLDEST_RABBITMQ = (3, 10)
CHECKOUT = Path(__file__).resolve().parents[2]
# RabbitMQ's scripts don't quote the path that they are in.
HAS_SPACE = any(character.isspace() for character in str(CHECKOUT))
UNPACKED = Path.home() / ".cache" / "nextgen-packages" if HAS_SPACE else CHECKOUT / ".local" / "packages"

HOW_TO_INSTALL = (
    "install PostgreSQL 15 or newer and RabbitMQ 3.10 or newer (on Debian 12 and Ubuntu 24.04: "
    "apt-get install postgresql rabbitmq-server), or give BROKER_URL, BROKER_ADMIN_URL and DATABASE_ADMIN_URL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresBinaries:
    """Where `initdb` and `postgres` are, and what they need in their environment."""

    major: int
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitBinaries:
    """Where `rabbitmq-server`, `rabbitmqctl` and `epmd` are, and what they need in their environment."""

    server: Path
    control: Path
    epmd: Path
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    postgres: PostgresBinaries
    rabbitmq: RabbitBinaries


def find_or_install(unpacked: Path = UNPACKED) -> Binaries:
    """The programs of both servers; what is missing is installed as root, or unpacked under `unpacked`.

    Raises LocalServerError, naming what to install, when neither is possible.
    """
    packages.undo_interrupted_installation()
    postgres, rabbitmq = _search(unpacked)
    if postgres is None or rabbitmq is None:
        missing = [
            name for name, found in (("postgresql", postgres), ("rabbitmq-server", rabbitmq)) if not found
        ]
        _bring(missing, unpacked)
        postgres, rabbitmq = _search(unpacked)
    if postgres is None or rabbitmq is None:
        raise LocalServerError(HOW_TO_INSTALL)
    return Binaries(postgres=postgres, rabbitmq=rabbitmq)


def _bring(missing: list[str], unpacked: Path) -> None:
    if not packages.has_apt():
        raise LocalServerError(f"{' and '.join(missing)} not found; {HOW_TO_INSTALL}")
    if os.geteuid() == 0:
        try:
            packages.install(missing)
        except packages.PackageError as error:
            say(f"installing failed ({error}); unpacking the packages instead")
        else:
            return
    try:
        for name in missing:
            packages.unpack(name, unpacked)
    except packages.PackageError as error:
        raise LocalServerError(f"{error}; {HOW_TO_INSTALL}") from error


def _search(unpacked: Path) -> tuple[PostgresBinaries | None, RabbitBinaries | None]:
    postgres = find_postgres(Path("/")) or find_postgres(unpacked / "postgresql")
    rabbitmq = find_rabbitmq(Path("/")) or find_rabbitmq(unpacked / "rabbitmq-server")
    return postgres, rabbitmq


def find_postgres(root: Path, major: int | None = None) -> PostgresBinaries | None:
    """The PostgreSQL of one major version under a root folder, or the newest that is new enough."""
    versions = (root / "usr/lib/postgresql").glob("*/bin/postgres")
    found = {int(path.parts[-3]): path.parent for path in versions if path.parts[-3].isdigit()}
    chosen = major or max(found, default=0)
    if chosen not in found or chosen < OLDEST_POSTGRES:
        return None
    return PostgresBinaries(major=chosen, folder=found[chosen], environment=packages.library_path(root))


def postgres_that_made(data: Path, newest: PostgresBinaries, unpacked: Path = UNPACKED) -> PostgresBinaries:
    """The PostgreSQL that can read a data folder: one of another major version can't."""
    major = int((data / "PG_VERSION").read_text(encoding="ascii"))
    if major == newest.major:
        return newest
    found = find_postgres(Path("/"), major) or find_postgres(unpacked / "postgresql", major)
    if found is None:
        raise LocalServerError(f"{data} was made by PostgreSQL {major}: install that, or remove {data}")
    return found


def find_rabbitmq(root: Path) -> RabbitBinaries | None:
    """RabbitMQ and its Erlang under a root folder, if both are there and new enough."""
    server = root / "usr/lib/rabbitmq/bin/rabbitmq-server"
    erl = root / "usr/bin/erl"
    epmds = sorted((root / "usr/lib/erlang").glob("erts-*/bin/epmd"))
    if not (server.is_file() and erl.exists() and epmds and _rabbitmq_version(root) >= OLDEST_RABBITMQ):
        return None
    search_path = f"{root / 'usr/bin'}:{os.environ.get('PATH', '/usr/bin:/bin')}"
    return RabbitBinaries(
        server=server,
        control=server.with_name("rabbitmqctl"),
        epmd=epmds[-1],
        environment={"PATH": search_path, **packages.library_path(root)},
    )


def _rabbitmq_version(root: Path) -> tuple[int, ...]:
    folders = (root / "usr/lib/rabbitmq/lib").glob("rabbitmq_server-*")
    numbers = [folder.name.removeprefix("rabbitmq_server-").split(".")[:2] for folder in folders]
    return max((tuple(int(part) for part in number if part.isdigit()) for number in numbers), default=(0,))
