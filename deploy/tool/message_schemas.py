"""The JSON schemas of messages, with instants told apart from other text."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from deploy.tool.schema_changes import Schemas

_MEMBERS = {inspect.DateTimeType: "string", inspect.ListType: "array", inspect.VarTupleType: "array"}
"""The types in a union that hold an instant, and what their node says; a union has one of each at most."""


def schemas_of(kinds: Mapping[str, type[msgspec.Struct]]) -> Schemas:
    """The schemas of messages, by their names."""
    references, components = msgspec.json.schema_components(kinds.values())
    structs = tuple({each.cls: each for kind in kinds.values() for each in _structs(kind)}.values())
    places, _ = msgspec.json.schema_components([each.cls for each in structs])
    for struct, place in zip(structs, places, strict=True):
        properties = components[_component(place)]["properties"]
        for field in struct.fields:
            _mark_instants(properties[field.encode_name], field.type)
    schemas = Schemas(
        messages={name: _component(each) for name, each in zip(kinds, references, strict=True)},
        components=components,
    )
    # As they are read from a file, so that both compare equal.
    return msgspec.json.decode(msgspec.json.encode(schemas), type=Schemas)


def _component(reference: Mapping[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _structs(kind: type[msgspec.Struct]) -> Iterator[inspect.StructType]:
    seen: set[type] = set()
    waiting: list[inspect.Type] = [inspect.type_info(kind)]
    while waiting:
        known = waiting.pop()
        waiting.extend(_parts(known))
        if isinstance(known, inspect.StructType) and known.cls not in seen:
            seen.add(known.cls)
            waiting.extend(field.type for field in known.fields)
            yield known


def _parts(known: inspect.Type) -> tuple[inspect.Type, ...]:
    match known:
        case inspect.Metadata():
            return (known.type,)
        case inspect.UnionType():
            return known.types
        case inspect.TupleType():
            return known.item_types
        case inspect.DictType():
            return (known.value_type,)
        case inspect.CollectionType():
            return (known.item_type,)
        case _:
            return ()


def _mark_instants(node: dict[str, Any], known: inspect.Type) -> None:
    """A schema calls an instant a text: say which, since one can't be read as the other."""
    match known:
        case inspect.DateTimeType():
            node["format"] = "date-time"
        case inspect.Metadata():
            _mark_instants(node, known.type)
        case inspect.UnionType():
            for member in map(_unwrapped, known.types):
                _mark_member(node["anyOf"], member)
        case inspect.DictType() if "additionalProperties" in node:
            _mark_instants(node["additionalProperties"], known.value_type)
        case inspect.CollectionType() if "items" in node:
            _mark_instants(node["items"], known.item_type)


def _mark_member(nodes: list[dict[str, Any]], member: inspect.Type) -> None:
    wanted = _MEMBERS.get(type(member))
    for node in nodes:
        if wanted is not None and node.get("type") == wanted:
            _mark_instants(node, member)


def _unwrapped(known: inspect.Type) -> inspect.Type:
    return known.type if isinstance(known, inspect.Metadata) else known
