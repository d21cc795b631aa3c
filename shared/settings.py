"""Settings: read once at the edge, strictly; a missing, unknown or wrong one stops the start."""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from shared.errors import SettingsError
from shared.sealed import Seals

T = TypeVar("T", bound=msgspec.Struct)
PREFIX = "NEXTGEN_"
NAMES_OF_THE_TOOL = (f"{PREFIX}STORIES", f"{PREFIX}COURTS", f"{PREFIX}IMAGE")
"""What the tool and the compose file read; a service may find it in its environment."""


class CommonSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all processes of one installation share; read from `NEXTGEN_...`."""

    policies_file: Path | None = None
    clock_file: Path | None = None
    environment: str = "production"
    log_format: str = "json"

    def __post_init__(self) -> None:
        if self.environment == "production" and self.clock_file is not None:
            raise ValueError("NEXTGEN_CLOCK_FILE is refused in production")


class PartySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What each party that speaks over the broker needs; read from `NEXTGEN_<PARTY>_...`.

    `X_FILE` is read into `x` first. `broker_url` may name several nodes of one broker:
    `amqp://login@one:5672,two:5672/host`. `sealing_key` is the hex of this party's X25519 private key, and
    the file of public keys is a JSON object, from party to the hex of its public key.
    """

    broker_url: str
    sealing_key: str
    sealing_public_keys_file: Path
    drain_seconds: float = 20
    health_port: int | None = None


class ServiceSettings(PartySettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every service needs beside; `assertion_public_keys_file` is as the other, by key id.

    `worker_count` groups of commands and events are handled at once: of `prefetch_count` deliveries a queue,
    no more of them than that could be full. `query_worker_count` queries and checks are, each alone, and some
    of them wait for a hash.
    """

    database_url: str
    assertion_public_keys_file: Path
    objects_url: str = "memory:///"
    pool_size: int = 10
    prefetch_count: int = 100
    worker_count: int = 4
    query_worker_count: int = 8
    ready_outbox_age_seconds: float = 300

    def refuse_in_production(self) -> None:
        """Raises SettingsError for what serves to try things out, and nowhere else."""


def read_settings(kind: type[T], prefix: str, environment: Mapping[str, str] = os.environ) -> T:
    """The variables that begin with the prefix as one struct; of two forms `X` and `X_FILE` give one.

    Raises SettingsError naming the variable that is missing, unknown or wrong, never its value; of an unknown
    one it names the nearest too.
    """
    fields = {field.name for field in msgspec.structs.fields(kind)}
    found: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(prefix):
            continue
        name = variable.removeprefix(prefix).lower()
        if name in fields:
            found[name] = value
        elif name.removesuffix("_file") in fields:
            found[name.removesuffix("_file")] = _read_secret(variable, Path(value))
        else:
            raise SettingsError(_unknown(variable, names_of(kind, prefix)))
    try:
        return msgspec.convert(found, kind, strict=False, dec_hook=_as_path)
    except msgspec.ValidationError as error:
        raise SettingsError(f"settings {prefix}*: {error}") from None


def read_common_settings(environment: Mapping[str, str] = os.environ) -> CommonSettings:
    """The variables that belong to no service."""
    names = names_of(CommonSettings, PREFIX)
    return read_settings(CommonSettings, PREFIX, {k: v for k, v in environment.items() if k in names})


def names_of(kind: type[msgspec.Struct], prefix: str) -> tuple[str, ...]:
    """The variables that a struct of settings is read from."""
    return tuple(prefix + field.name.upper() for field in msgspec.structs.fields(kind))


def refuse_unknown_variables(parties: Iterable[str], environment: Mapping[str, str] = os.environ) -> None:
    """Each `NEXTGEN_...` variable belongs to one of these parties, to all of them, or to the tool.

    A party's own name is not looked at: it reads that itself, and strictly. Raises SettingsError naming a
    variable that belongs to nobody, and the nearest names.
    """
    prefixes = tuple(f"{PREFIX}{party.upper()}_" for party in parties)
    common = (*names_of(CommonSettings, PREFIX), *NAMES_OF_THE_TOOL)
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable not in common and not variable.startswith(prefixes):
            usual = (name for prefix in prefixes for name in names_of(ServiceSettings, prefix))
            raise SettingsError(_unknown(variable, (*common, *usual)))


def seals_from(settings: PartySettings) -> Seals:
    """What this party seals with and opens with."""
    private_key = X25519PrivateKey.from_private_bytes(bytes.fromhex(settings.sealing_key))
    return Seals(private_key, read_sealing_keys(settings.sealing_public_keys_file))


def read_sealing_keys(path: Path) -> dict[str, X25519PublicKey]:
    """Each service's public sealing key."""
    return {
        service: X25519PublicKey.from_public_bytes(bytes.fromhex(text))
        for service, text in _read_key_file(path).items()
    }


def read_assertion_keys(path: Path) -> dict[str, Ed25519PublicKey]:
    """The public keys that assertions may be signed with, by key id."""
    return {
        key_id: Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
        for key_id, text in _read_key_file(path).items()
    }


def _read_key_file(path: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path.name} is not a readable file of public keys") from error


def _unknown(variable: str, known: Iterable[str]) -> str:
    """The nearest first; a name that ends in `_FILE` is compared with names of that form."""
    ending = "_FILE" if variable.endswith("_FILE") else ""
    candidates = [name.removeprefix(PREFIX).removesuffix(ending) + ending for name in known]
    nearest = difflib.get_close_matches(variable.removeprefix(PREFIX), candidates)
    meant = f"; the nearest that are known: {', '.join(PREFIX + name for name in nearest)}" if nearest else ""
    return f"no setting is called {variable}{meant}"


def _as_path(kind: type, value: object) -> Path:
    if kind is not Path or not isinstance(value, str):
        raise NotImplementedError(f"a setting of type {kind.__name__}")
    return Path(value)


def _read_secret(variable: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"{variable} names a file that can't be read") from error
