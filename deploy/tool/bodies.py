"""The body of a message as an operator may see it: what is sealed stays sealed, what isn't known hidden."""

import hashlib
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from shared.messages.base import Message
from shared.messaging.registry import messages_by_name
from shared.sealed import Sealed

WITHHELD = "(withheld: the message's type has no such field)"


def show_body(type_name: str | None, body: bytes) -> str:
    """A body as JSON without its secrets, or only its size and SHA-256 where it can't be told what is one.

    A field that should be sealed is hidden whatever is in it: a sender may have forgotten to seal it. So is
    one that the type doesn't have: it may be a secret under another name.
    """
    kind = messages_by_name().get(type_name or "")
    try:
        read = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        read = None
    if kind is None or not isinstance(read, dict):
        return f"not shown ({len(body)} bytes, SHA-256 {hashlib.sha256(body).hexdigest()})"
    shown = _without_secrets(kind, read)
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()


def _without_secrets(kind: type[Message], read: Mapping[str, Any]) -> dict[str, Any]:
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    tag = kind.__struct_config__.tag_field
    return {name: _shown(fields.get(name), value) if name != tag else value for name, value in read.items()}


def _shown(field_type: Any, value: object) -> object:
    if field_type is None:
        return WITHHELD
    if field_type is not Sealed and Sealed not in get_args(field_type):
        return value
    return None if value is None else "(sealed)"
