"""What may change in a message within its version, and what may not."""

from datetime import date, datetime
from types import GenericAlias
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest

from deploy.tool.message_schemas import schemas_of
from deploy.tool.schema_changes import SchemaChange, changes_between

NAME = "linking.thing_done.v1"
Struct = type[msgspec.Struct]


def a_message(*fields: Any, doc: str = "As it was.", **options: Any) -> Struct:
    """A message like those of the registry, with the given fields."""
    defined = msgspec.defstruct(
        "ThingDone", fields, frozen=True, kw_only=True, tag_field="type", tag=NAME, **options
    )
    defined.__doc__ = doc
    return defined


def a_struct(*fields: Any, **options: Any) -> Struct:
    """What a message's field may hold."""
    return msgspec.defstruct("Inner", fields, frozen=True, kw_only=True, **options)


def many(kind: Struct) -> Any:
    return GenericAlias(tuple, (kind, ...))


def changes(before: Struct, after: Struct) -> list[SchemaChange]:
    return changes_between(schemas_of({NAME: before}), schemas_of({NAME: after}))


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """A type that holds itself."""

    branches: "tuple[Tree, ...]" = ()


class TallTree(msgspec.Struct, frozen=True, kw_only=True):
    """The same, with one thing more."""

    branches: "tuple[TallTree, ...]" = ()
    height: int = 0


class TornTree(msgspec.Struct, frozen=True, kw_only=True):
    """The same, but it doesn't hold itself any more."""

    branches: tuple[int, ...] = ()


WORDS = Literal["attorney", "trustee"]
MORE_WORDS = Literal["attorney", "trustee", "party"]
SHORT = Annotated[str, msgspec.Meta(max_length=20)]
LONG = Annotated[str, msgspec.Meta(max_length=30)]
TAGGED_A = msgspec.defstruct("TaggedA", [("size", int)], tag="a")
TAGGED_B = msgspec.defstruct("TaggedB", [("size", int)], tag="b")
TAGGED_C = msgspec.defstruct("TaggedC", [("size", int)], tag="c")

ALLOWED = {
    "nothing": (a_message(("number", int)), a_message(("number", int))),
    "another docstring": (a_message(("number", int)), a_message(("number", int), doc="Said better.")),
    "another text at a field": (
        a_message(("court", Annotated[str, msgspec.Meta(description="a court")])),
        a_message(("court", Annotated[str, msgspec.Meta(description="a court's id")])),
    ),
    "a new field with a default": (
        a_message(("number", int)),
        a_message(("number", int), ("note", str, "")),
    ),
    "a new field that may be nothing": (
        a_message(("number", int)),
        a_message(("number", int), ("note", str | None, None)),
    ),
    "a new field with a default inside": (
        a_message(("inner", many(a_struct(("size", int))))),
        a_message(("inner", many(a_struct(("size", int), ("note", str, ""))))),
    ),
    "fields in another order": (
        a_message(("number", int), ("court", str)),
        a_message(("court", str), ("number", int)),
    ),
    "values in another order": (
        a_message(("role", WORDS)),
        a_message(("role", Literal["trustee", "attorney"])),
    ),
    "a union in another order": (
        a_message(("either", int | str | None)),
        a_message(("either", None | str | int)),
    ),
    "more in a type that holds itself": (a_message(("tree", Tree)), a_message(("tree", TallTree))),
}

FORBIDDEN: dict[str, tuple[Struct, Struct, list[tuple[str, str]]]] = {
    "a field removed": (
        a_message(("number", int), ("note", str, "")),
        a_message(("number", int)),
        [("note", "is gone")],
    ),
    "a field renamed": (
        a_message(("number", int)),
        a_message(("count", int)),
        [("number", "is gone"), ("count", "has no default")],
    ),
    "a field renamed on the wire alone": (
        a_message(("number", int)),
        a_message(("number", int), rename={"number": "count"}),
        [("number", "is gone"), ("count", "has no default")],
    ),
    "a required field added": (
        a_message(("number", int)),
        a_message(("number", int), ("court", str)),
        [("court", "has no default")],
    ),
    "a default removed": (
        a_message(("note", str, "")),
        a_message(("note", str)),
        [("note", "its default is gone")],
    ),
    "a default given": (
        a_message(("note", str)),
        a_message(("note", str, "")),
        [("note", "may be left out now")],
    ),
    "another default": (
        a_message(("limit", int, 50)),
        a_message(("limit", int, 100)),
        [("limit", "its default has changed")],
    ),
    "another type": (a_message(("x", int)), a_message(("x", str)), [("x", "its type has changed")]),
    "a wider type": (a_message(("x", int)), a_message(("x", float)), [("x", "its type has changed")]),
    "an instant for a text": (
        a_message(("at", str)),
        a_message(("at", datetime)),
        [("at", "its type has changed")],
    ),
    "a text for an instant that may be nothing": (
        a_message(("at", datetime | None)),
        a_message(("at", str | None)),
        [("at", "its type has changed")],
    ),
    "a text for an instant in a list": (
        a_message(("at", tuple[datetime, ...])),
        a_message(("at", tuple[str, ...])),
        [("at", "its type has changed")],
    ),
    "a text for an instant in a dictionary": (
        a_message(("at", dict[str, datetime])),
        a_message(("at", dict[str, str])),
        [("at", "its type has changed")],
    ),
    "a date for an instant": (
        a_message(("at", datetime)),
        a_message(("at", date)),
        [("at", "its type has changed")],
    ),
    "a text for an id": (a_message(("id", UUID)), a_message(("id", str)), [("id", "its type has changed")]),
    "a text for bytes": (a_message(("x", bytes)), a_message(("x", str)), [("x", "its type has changed")]),
    "nothing allowed": (a_message(("x", int)), a_message(("x", int | None)), [("x", "its type has changed")]),
    "nothing not allowed any more": (
        a_message(("x", int | None)),
        a_message(("x", int)),
        [("x", "its type has changed")],
    ),
    "one for many": (a_message(("x", list[int])), a_message(("x", int)), [("x", "its type has changed")]),
    "many of another type": (
        a_message(("x", list[int])),
        a_message(("x", list[str])),
        [("x", "its type has changed")],
    ),
    "other keys of a dictionary": (
        a_message(("x", dict[Annotated[str, msgspec.Meta(max_length=2)], int])),
        a_message(("x", dict[str, int])),
        [("x", "its type has changed")],
    ),
    "a longer text": (a_message(("x", SHORT)), a_message(("x", LONG)), [("x", "its type has changed")]),
    "a new value": (a_message(("role", WORDS)), a_message(("role", MORE_WORDS)), [("role", "`party` may")]),
    "a value that is gone": (
        a_message(("role", MORE_WORDS)),
        a_message(("role", WORDS)),
        [("role", "`party` may not")],
    ),
    "a new value of what may be nothing": (
        a_message(("role", WORDS | None, None)),
        a_message(("role", MORE_WORDS | None, None)),
        [("role", "`party` may")],
    ),
    "a new value inside": (
        a_message(("inner", many(a_struct(("role", WORDS))))),
        a_message(("inner", many(a_struct(("role", MORE_WORDS))))),
        [("inner.role", "`party` may")],
    ),
    "a new member of a union": (
        a_message(("either", TAGGED_A | TAGGED_B)),
        a_message(("either", TAGGED_A | TAGGED_B | TAGGED_C)),
        [("either", "its type has changed")],
    ),
    "another member of a union": (
        a_message(("either", TAGGED_A | TAGGED_B)),
        a_message(("either", TAGGED_A | TAGGED_C)),
        [("either.type", "`c` may"), ("either.type", "`b` may not")],
    ),
    "a new field where readers refuse unknown ones": (
        a_message(("inner", a_struct(("size", int), forbid_unknown_fields=True))),
        a_message(("inner", a_struct(("size", int), ("note", str, ""), forbid_unknown_fields=True))),
        [("inner.note", "refuses fields that it doesn't know")],
    ),
    "unknown fields refused": (
        a_message(("inner", a_struct(("size", int)))),
        a_message(("inner", a_struct(("size", int), forbid_unknown_fields=True))),
        [("inner", "its type has changed")],
    ),
    "a change in a type that holds itself": (
        a_message(("tree", Tree)),
        a_message(("tree", TornTree)),
        [("tree.branches", "its type has changed")],
    ),
}


@pytest.mark.parametrize(("before", "after"), ALLOWED.values(), ids=ALLOWED)
def test_what_old_senders_and_readers_can_live_with_is_allowed(before: Struct, after: Struct) -> None:
    assert changes(before, after) == []


@pytest.mark.parametrize(("before", "after", "told"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_what_breaks_them_is_found_and_named(
    before: Struct, after: Struct, told: list[tuple[str, str]]
) -> None:
    found = changes(before, after)

    assert [change.field for change in found] == [field for field, _ in told]
    for change, (_, problem) in zip(found, told, strict=True):
        assert problem in change.problem


def test_a_message_that_vanishes_is_found_and_a_new_one_is_not() -> None:
    known, new = a_message(("number", int)), a_message(("number", int))

    found = changes_between(schemas_of({NAME: known}), schemas_of({"linking.thing_done.v2": new}))

    assert [(change.message, change.problem) for change in found] == [(NAME, "the message has vanished")]


def test_another_name_of_the_type_is_no_change() -> None:
    before = a_message(("inner", a_struct(("size", int))))
    after = a_message(("inner", msgspec.defstruct("Renamed", [("size", int)])))

    assert changes(before, after) == []


def test_a_change_says_which_message_to_make_instead() -> None:
    (found,) = changes(a_message(("number", int)), a_message(("number", str)))

    assert str(found).startswith("linking.thing_done.v1, field `number`: ")
    assert "make linking.thing_done.v2 beside it" in str(found)
