"""Examples of what the JSON API is asked and answers: the golden samples, as callers see them."""

from functools import cache
from typing import Any

import msgspec

from deploy.tool.releases import Archive
from deploy.tool.sample_values import VALUES
from deploy.tool.samples import sample_of
from services.portal.api.v1.answers import OPENED, opened_fields
from shared.messages.base import Message


def example_of(kind: type[Message], struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The message's golden sample, as far as the struct has its fields, with its secrets open."""
    said = dict(_sample(kind))
    for field in opened_fields(kind):
        opened = OPENED.get((kind, field))
        said[field] = _word_for(field) if opened is None else _filled(opened)
    if struct.__struct_config__.tag is None:
        del said["type"]
    return {name: said[name] for name in said if name == "type" or name in struct.__struct_fields__}


@cache
def _sample(kind: type[Message]) -> dict[str, Any]:
    """Of a message whose sample isn't written yet, what that will be."""
    path = Archive().samples / f"{kind.message_name()}.json"
    body = path.read_bytes() if path.exists() else sample_of(kind)
    return msgspec.json.decode(body, type=dict[str, Any])


def _filled(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: _word_for(name) for name in struct.__struct_fields__}


def _word_for(name: str) -> str:
    return str(VALUES.get(name, name.replace("_", " ")))
