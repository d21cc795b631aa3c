"""Free ports on the loopback address, remembered from one start to the next."""

import json
import secrets
import socket
import time
from pathlib import Path

from deploy.local.files import write_whole
from deploy.local.progress import LocalServerError

# Below the range from which Linux takes the near end of outgoing connections: a client that tries again and
# again to reach a stopped server there could otherwise connect to itself and take the port for good.
LOWEST, HIGHEST = 20_000, 32_000
USUAL = frozenset({25672, 27017, 28017})
TRIES = 200
CLOSING_SECONDS = 1.0
PAUSE_SECONDS = 0.02


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now; connections that are still closing don't count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def remembered(path: Path) -> dict[str, int]:
    """The ports of the last start, by name; empty before the first."""
    if not path.is_file():
        return {}
    return {str(name): int(port) for name, port in json.loads(path.read_text(encoding="utf-8")).items()}


def are_free(path: Path) -> bool:
    """Whether no one listens on any remembered port."""
    return all(is_free(port) for port in remembered(path).values())


def choose(path: Path, names: tuple[str, ...]) -> dict[str, int]:
    """Keep each remembered port that is free, choose others for the rest, and remember the choice."""
    wished = {name: port for name, port in remembered(path).items() if name in names}
    kept = {name: port for name, port in wished.items() if _gets_free(port)}
    for name in names:
        if name not in kept:
            kept[name] = _free_port(taken=frozenset(kept.values()))
    write_whole(path, json.dumps(kept))
    return kept


def _gets_free(port: int) -> bool:
    """The kernel may still be closing the sockets of a server that was just killed."""
    give_up_at = time.monotonic() + CLOSING_SECONDS
    while not is_free(port):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


def _free_port(taken: frozenset[int]) -> int:
    for _ in range(TRIES):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if port not in taken and port not in USUAL and is_free(port):
            return port
    raise LocalServerError(f"no free port between {LOWEST} and {HIGHEST} after {TRIES} tries")
