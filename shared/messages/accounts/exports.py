"""What is kept about a person, as a file: asked for, made of each service's part, and shown to its holder."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from shared.messages.base import Command, Event, Query, Reply, Speaker
from shared.sealed import Sealed


class AskExport(Command, frozen=True, kw_only=True, tag="accounts.ask_export.v1"):
    """Have all that is kept about me put into a file; it takes the place of one that was made before."""

    is_sensitive: ClassVar[bool] = True


class ExportAsked(Event, frozen=True, kw_only=True, tag="accounts.export_asked.v1"):
    """Each service writes what it keeps about the account, and tells where, before `expires_at`."""

    export_id: UUID
    account_id: UUID
    expires_at: datetime


class ExportRefused(Reply, frozen=True, kw_only=True, tag="accounts.export_refused.v1"):
    """One export is under way already; or there is none such that can be opened (any more, or yet)."""

    reason: Literal["under_way", "not_found", "not_ready"]


class ExportReady(Event, frozen=True, kw_only=True, tag="accounts.export_ready.v1"):
    """The file is there for its holder until `expires_at` (mail, without a link to it)."""

    export_id: UUID
    account_id: UUID
    expires_at: datetime


class MyExports(Query, frozen=True, kw_only=True, tag="accounts.my_exports.v1"):
    """Is my export made, and until when is it there?"""


class ExportShown(msgspec.Struct, frozen=True, kw_only=True):
    """One export: a ZIP of `size_bytes` with this SHA-256, once `state` is `ready`."""

    export_id: UUID
    state: str
    asked_at: datetime
    expires_at: datetime
    size_bytes: int | None = None
    sha256: str | None = None


class ExportsShown(Reply, frozen=True, kw_only=True, tag="accounts.exports_shown.v1"):
    """The asker's exports that are not over."""

    exports: tuple[ExportShown, ...]


class OpenExport(Command, frozen=True, kw_only=True, tag="accounts.open_export.v1"):
    """Give me my export: where it lies, and what opens it."""

    is_sensitive: ClassVar[bool] = True
    export_id: UUID


class ExportOpened(Reply, frozen=True, kw_only=True, tag="accounts.export_opened.v1"):
    """The object at `key` is the ZIP, encrypted; `secret` opens it, and only the portal reads that.

    It is the hex of an AES-256-GCM key with a nonce of zeros, for this file alone; the export's id is
    authenticated with it. `sha256` is that of the ZIP.
    """

    export_id: UUID
    key: str
    sha256: str
    secret: Sealed | None
    secret_shown_once: bool = False


class ExpireExport(Command, frozen=True, kw_only=True, tag="accounts.expire_export.v1"):
    """The days of an export are over: its secret goes at once, its objects soon."""

    spoken_by: ClassVar[Speaker] = "service"
    export_id: UUID
    account_id: UUID
