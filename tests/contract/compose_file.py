"""Reads the part of YAML that `deploy/compose.yaml` is written in; anything else is an error.

It is: nested mappings, lists of one-line items, anchors with merging, and one-line `[...]` and `{...}`.
"""

import re
from pathlib import Path
from typing import Any

_ITEM = re.compile(r'\s*("[^"]*"|\{[^}]*\}|[^,]+?)\s*(?:,|$)')
_ENTRY = re.compile(r"^(?P<key>[\w.<-]+):(?: (?P<value>.*))?$")


class ComposeFileError(Exception):
    """The file uses more of YAML than is read here."""


def read_compose(path: Path) -> dict[str, Any]:
    """The file as mappings, lists and texts; anchors are followed, numbers and booleans stay texts."""
    lines = [
        (len(line) - len(line.lstrip()), line.strip())
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    anchors: dict[str, Any] = {}
    found, rest = _block(lines, 0, anchors)
    if rest or not isinstance(found, dict):
        raise ComposeFileError(f"unread: {rest[:1]}")
    return found


def _block(lines: list[tuple[int, str]], indent: int, anchors: dict[str, Any]) -> tuple[Any, Any]:
    if lines and lines[0][1].startswith("- "):
        items = []
        while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
            items.append(_value(lines[0][1][2:]))
            lines = lines[1:]
        return items, lines
    found: dict[str, Any] = {}
    own: set[str] = set()
    while lines and lines[0][0] == indent:
        entry = _ENTRY.match(lines[0][1])
        if entry is None:
            raise ComposeFileError(lines[0][1])
        key, text, lines = entry["key"], entry["value"] or "", lines[1:]
        if key in own:
            raise ComposeFileError(f"{key} twice")
        own.add(key)
        value, lines = _entry_value(text, lines, indent, anchors)
        if key == "<<":
            found = {**value, **found}
        else:
            found[key] = value
    return found, lines


def _entry_value(
    text: str, lines: list[tuple[int, str]], indent: int, anchors: dict[str, Any]
) -> tuple[Any, Any]:
    if text.startswith("*"):
        return anchors[text[1:]], lines
    if text and not text.startswith("&"):
        return _value(text), lines
    if not lines or lines[0][0] <= indent:
        return None, lines
    value, lines = _block(lines, lines[0][0], anchors)
    if text:
        anchors[text[1:]] = value
    return value, lines


def _value(text: str) -> Any:
    if text.startswith("["):
        return [_value(item) for item in _items(text, "]")]
    if text.startswith("{"):
        pairs = [item.partition(": ") for item in _items(text, "}")]
        return {key: _value(value) for key, _, value in pairs}
    if text.startswith(("|", ">", "!", "*", "'")):
        raise ComposeFileError(text)
    return text.strip('"')


def _items(text: str, end: str) -> list[str]:
    if not text.endswith(end):
        raise ComposeFileError(text)
    inside = text[1:-1].strip()
    items = [match[1] for match in _ITEM.finditer(inside)] if inside else []
    if re.sub(r"[\s,]", "", "".join(items)) != re.sub(r"[\s,]", "", inside):
        raise ComposeFileError(text)
    return items
