"""The shipped tables of linking: all courts, the go-live instants known of, and help desks."""

import csv
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from services.linking.model import CourtType, ShippedCourt
from shared.errors import NextgenError
from shared.messages.base import CourtId, ShortText

FOLDER = Path(__file__).parent
R = TypeVar("R", bound=msgspec.Struct)


class ShippedDataError(NextgenError):
    """A shipped file isn't what it should be; says which file and line."""


class CourtRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of `courts.csv`."""

    pcl_court_id: CourtId
    cmecf_host_code: ShortText
    type: CourtType
    name: ShortText
    time_zone: ShortText


class GoLiveRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of `nextgen-go-live.csv`; date and time are the court's own."""

    court_id: CourtId
    go_live_on: ShortText
    go_live_time: ShortText
    note: Annotated[str, msgspec.Meta(max_length=200)]


class HelpDeskRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of `help-desks.csv`."""

    court_id: CourtId
    help_desk: ShortText


def shipped_courts(folder: Path = FOLDER) -> tuple[ShippedCourt, ...]:
    """All courts with what is known of them, by id; a wrong line is a ShippedDataError."""
    help_desks = {row.court_id: row.help_desk for row in _rows(folder / "help-desks.csv", HelpDeskRow)}
    go_lives = {row.court_id: row for row in _rows(folder / "nextgen-go-live.csv", GoLiveRow)}
    courts = _rows(folder / "courts.csv", CourtRow)
    if unknown := {*help_desks, *go_lives} - {court.pcl_court_id for court in courts}:
        raise ShippedDataError(f"no court has the id {', '.join(sorted(unknown))}")
    return tuple(
        _court(row, go_lives.get(row.pcl_court_id), help_desks.get(row.pcl_court_id, ""))
        for row in sorted(courts, key=lambda row: row.pcl_court_id)
    )


def _court(row: CourtRow, go_live: GoLiveRow | None, help_desk: str) -> ShippedCourt:
    return ShippedCourt(
        id=row.pcl_court_id,
        cmecf_code=row.cmecf_host_code,
        type=row.type,
        name=row.name,
        time_zone=row.time_zone,
        go_live_local_time=None if go_live is None else f"{go_live.go_live_on}T{go_live.go_live_time}",
        help_desk=help_desk,
    )


def _rows(path: Path, kind: type[R]) -> list[R]:
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for texts in reader:
            try:
                rows.append(msgspec.convert(texts, kind))
            except msgspec.ValidationError as error:
                raise ShippedDataError(f"{path.name} line {reader.line_num}: {error}") from None
    return rows
