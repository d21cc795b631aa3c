"""Style sheets, fonts and pictures: read at the start, and served under a digest of them all."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, get

from services.portal.web.problems import Problem

HERE = Path(__file__).parent.parent
FOLDERS = (HERE / "static", HERE / "assets")
"""What `make setup` copies from npm, and our own."""
PREFIX = "/static"
FOR_EVER = "public, max-age=31536000, immutable"
SHRINKING = (".css", ".svg")
MEDIA_TYPES = {".woff2": "font/woff2"}


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent; `shrunk` is empty where gzip gains nothing."""

    media_type: str
    body: bytes
    shrunk: bytes


@dataclass(frozen=True, slots=True)
class Files:
    """All files by their names, and the digest of their contents."""

    digest: str
    by_name: Mapping[str, File]


@cache
def files() -> Files:
    """Read them all. Raises FileNotFoundError if the design system was never copied."""
    found = {
        path.relative_to(folder).as_posix(): path
        for folder in FOLDERS
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    if "css/uswds.css" not in found:
        raise FileNotFoundError("services/portal/static is empty: run make setup")
    by_name = {name: _read(path) for name, path in found.items()}
    digest = hashlib.sha256(b"".join(name.encode() + file.body for name, file in by_name.items()))
    return Files(digest.hexdigest()[:16], by_name)


def address_of(name: str) -> str:
    """Where a file is. Raises KeyError if there is none of this name."""
    known = files()
    known.by_name[name]
    return f"{PREFIX}/{known.digest}/{name}"


@get(PREFIX + "/{digest:str}/{name:path}")
async def send_file(request: Request[Any, Any, Any], digest: str, name: str) -> Response[bytes]:
    """A file, which stays as it is under this address for ever."""
    file = files().by_name.get(name.lstrip("/"))
    if file is None or digest != files().digest:
        raise Problem(404, "not_found", "Not found", "There is nothing at this address.")
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    if file.shrunk and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            file.shrunk, media_type=file.media_type, headers={**headers, "content-encoding": "gzip"}
        )
    return Response(file.body, media_type=file.media_type, headers=headers)


def _read(path: Path) -> File:
    body = path.read_bytes()
    media_type = (
        MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    )
    return File(media_type, body, gzip.compress(body, mtime=0) if path.suffix in SHRINKING else b"")
