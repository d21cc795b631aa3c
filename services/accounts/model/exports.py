"""An export of what is kept about a person, and the parts that it is made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

ExportState = Literal["gathering", "ready", "over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """`key`, `sha256`, `size_bytes` and `secret` are known once it is ready; the secret rests encrypted."""

    export_id: UUID
    account_id: UUID
    asked_at: datetime
    expires_at: datetime
    state: ExportState
    key: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    secret: bytes | None = None

    def __repr__(self) -> str:
        return f"Export({self.export_id}, {self.state})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPart:
    """A service's part: where it lies, and its secret, encrypted."""

    service: str
    key: str
    secret: bytes

    def __repr__(self) -> str:
        return f"ExportPart({self.service})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """An export of which every part is there, claimed to be put together."""

    export: Export
    asked_by: UUID
    correlation_id: UUID
