"""Small files that are written whole or not at all."""

import os
import secrets
from pathlib import Path

PRIVATE = 0o600


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner only, so that a crash leaves the old or the new."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    fresh.rename(path)


def kept_secret(path: Path) -> str:
    """The random password in a file, made on the first call."""
    if not path.is_file():
        write_whole(path, secrets.token_hex(24))
    return path.read_text(encoding="utf-8")
