"""What of today's messages the senders and readers of an earlier release could not live with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

Node = Mapping[str, Any]
_PARTS = ("items", "additionalProperties", "propertyNames")
_TOLD_APART = (
    *("title", "description", "examples", "default", "$ref", "discriminator"),
    *("required", "properties", "anyOf", "prefixItems"),
)
"""What a schema says beside the type of a value: texts, and what is compared in its own way."""


class Schemas(msgspec.Struct, frozen=True, kw_only=True):
    """JSON schemas of messages: the component of each by its name, and all components."""

    messages: dict[str, str]
    components: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """One change that is not allowed within a version: in which message, at which field, and what it is."""

    message: str
    field: str
    problem: str

    def __str__(self) -> str:
        """The change, and what to do instead."""
        name, _, version = self.message.rpartition(".v")
        place = f", field `{self.field}`" if self.field else ""
        following = f"{name}.v{int(version) + 1}" if version.isdecimal() else "a new message"
        return f"{self.message}{place}: {self.problem}. Put it back as it was, or make {following} beside it"


def changes_between(before: Schemas, after: Schemas) -> list[SchemaChange]:
    """What is not allowed within a version: anything but a new message, or a new field with a default."""
    found = []
    both = _Both(before.components, after.components)
    for message, component in sorted(before.messages.items()):
        now = after.messages.get(message)
        if now is None:
            found.append(SchemaChange(message=message, field="", problem="the message has vanished"))
            continue
        for field, problem in both.differences(_reference(component), _reference(now), "", frozenset()):
            found.append(SchemaChange(message=message, field=field, problem=problem))
    return found


def _reference(component: str) -> Node:
    return {"$ref": f"#/$defs/{component}"}


@dataclass(frozen=True, slots=True)
class _Both:
    """Two sets of components, in which two nodes are compared."""

    before: Mapping[str, Node]
    after: Mapping[str, Node]

    def differences(
        self, before: Node, after: Node, field: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[tuple[str, str]]:
        """Each difference that matters: the field, and what happened to it."""
        names = (before.get("$ref", ""), after.get("$ref", ""))
        if names in seen and all(names):  # a type that holds itself
            return
        seen = seen | {names}
        before, after = _resolved(before, self.before), _resolved(after, self.after)
        parts_before, parts_after = _parts(before, self.before), _parts(after, self.after)
        if parts_before.keys() != parts_after.keys():
            yield field, "its type has changed"
            return
        yield from _value_differences(before, after, field)
        if "properties" in before and "properties" in after:
            yield from self._field_differences(before, after, field, seen)
        for part, node in parts_before.items():
            yield from self.differences(node, parts_after[part], field, seen)

    def _field_differences(
        self, before: Node, after: Node, field: str, seen: frozenset[tuple[str, str]]
    ) -> Iterator[tuple[str, str]]:
        fields_before, fields_after = before["properties"], after["properties"]
        for name, node in fields_before.items():
            place = f"{field}.{name}".lstrip(".")
            if name not in fields_after:
                yield place, "the field is gone, removed or renamed"
                continue
            yield from _default_differences(before, after, name, place)
            yield from self.differences(node, fields_after[name], place, seen)
        for name in fields_after.keys() - fields_before.keys():
            place = f"{field}.{name}".lstrip(".")
            if name in after.get("required", ()):
                yield place, "the new field has no default: who sends as before leaves it out"
            if before.get("additionalProperties") is False:
                yield place, "the field is new where a reader of before refuses fields that it doesn't know"


def _resolved(node: Node, components: Mapping[str, Node]) -> Node:
    reference = node.get("$ref")
    return node if reference is None else components[reference.rpartition("/")[2]]


def _parts(node: Node, components: Mapping[str, Node]) -> dict[str, Node]:
    """The nodes of which a collection or union consists, by a name that doesn't hang on their order."""
    parts = {place: node[place] for place in _PARTS if isinstance(node.get(place), Mapping)}
    parts |= {f"item {place}": part for place, part in enumerate(node.get("prefixItems", ()))}
    members = sorted(node.get("anyOf", ()), key=lambda member: _kind_of(_resolved(member, components)))
    return parts | {f"member {place}": member for place, member in enumerate(members)}


def _kind_of(node: Node) -> str:
    tags = [field["enum"] for field in node.get("properties", {}).values() if "enum" in field]
    return f"{node.get('type', '')} {tags} {sorted(node.get('enum', ()), key=str)}"


def _value_differences(before: Node, after: Node, field: str) -> Iterator[tuple[str, str]]:
    values_before, values_after = before.get("enum"), after.get("enum")
    if values_before is not None and values_after is not None:
        if grown := [value for value in values_after if value not in values_before]:
            yield field, f"{_listed(grown)} may be said that a reader of before fails on"
        if gone := [value for value in values_before if value not in values_after]:
            yield field, f"{_listed(gone)} may not be said any more"
        return
    bare_before, bare_after = _bare(before), _bare(after)
    if bare_before != bare_after:
        told = sorted(
            name
            for name in bare_before.keys() | bare_after.keys()
            if bare_before.get(name) != bare_after.get(name)
        )
        yield field, f"its type has changed ({', '.join(told)})"


def _bare(node: Node) -> Node:
    """What a schema says of the value itself, without the parts that are compared one by one."""
    return {
        name: value
        for name, value in node.items()
        if name not in _TOLD_APART and not (name in _PARTS and isinstance(value, Mapping))
    }


def _listed(values: list[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _default_differences(before: Node, after: Node, name: str, place: str) -> Iterator[tuple[str, str]]:
    was_required, is_required = (name in node.get("required", ()) for node in (before, after))
    if is_required and not was_required:
        yield place, "its default is gone: who sends as before may leave it out"
    if was_required and not is_required:
        yield place, "it may be left out now, and a reader of before needs it"
    defaults = [node["properties"][name].get("default") for node in (before, after)]
    if not was_required and not is_required and defaults[0] != defaults[1]:
        yield place, "its default has changed: what leaves it out would mean something else"
