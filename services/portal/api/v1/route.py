"""A route of the JSON API: which message it stands for, and where that message's fields come from."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, Any, get_args

import msgspec

from shared.messages.base import FROM_THE_EDGE, Command, Message, Query
from shared.sealed import Sealed

LONGEST_SECRET = 64 * 1024
Secret = Annotated[str, msgspec.Meta(max_length=LONGEST_SECRET, description="a secret; it is kept nowhere")]
NextPage = tuple[str, Callable[[Any], object]]
"""The parameter that asks for the next page, and its value, from the page before."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One row of the table.

    Fields that the path names come from there. All others come from the query string of a GET or DELETE, and
    from the JSON body of anything else. `answers` are the outcomes that the message has of its own, the
    success first; `head_field` is filled with the token in the head. What costs a hash or a mail and names no
    account `is_limited`.
    """

    method: str
    path: str
    message: type[Message]
    answers: tuple[type[Message], ...]
    status: int = 200
    is_limited: bool = False
    head_field: str = ""
    next_page: NextPage | None = None

    @property
    def name(self) -> str:
        """What the route is called in the id of a message, and in what is counted."""
        return f"{self.method} {self.path}"

    @property
    def is_for_account(self) -> bool:
        """Does it need somebody who is signed in?"""
        return issubclass(self.message, Command | Query) and self.message.spoken_by == "account"

    @property
    def is_command(self) -> bool:
        """May it change something?"""
        return issubclass(self.message, Command)

    @property
    def in_path(self) -> tuple[str, ...]:
        """The fields that the path names."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @cached_property
    def parameters(self) -> type[msgspec.Struct]:
        """What path and query string say, as a struct."""
        return self._struct("Parameters", self._parameter_names)

    @cached_property
    def body(self) -> type[msgspec.Struct] | None:
        """What the body says, as a struct; None for a route without one."""
        names = [name for name in self._names if name not in self._parameter_names]
        return self._struct("", names) if names else None

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The fields that are sealed as soon as they were read."""
        return tuple(field.name for field in _fields(self.message) if is_sealed(field.type))

    @property
    def is_told_network(self) -> bool:
        """Does the message say where the request came from?"""
        return FROM_THE_EDGE in self.message.__struct_fields__

    @property
    def _names(self) -> tuple[str, ...]:
        own = (FROM_THE_EDGE, self.head_field)
        return tuple(name for name in self.message.__struct_fields__ if name not in own)

    @property
    def _parameter_names(self) -> tuple[str, ...]:
        return self._names if self.method in ("GET", "DELETE") else self.in_path

    def _struct(self, suffix: str, names: Iterable[str]) -> type[msgspec.Struct]:
        known = {field.name: field for field in _fields(self.message)}
        return msgspec.defstruct(
            f"{self.message.__name__}{suffix}",
            [_as_spoken(known[name]) for name in names],
            namespace={"__doc__": self.message.__doc__},
            frozen=True,
            kw_only=True,
            forbid_unknown_fields=True,
        )


def make(method: str, path: str, message: type[Message], *answers: type[Message], **more: Any) -> Route:
    """A row."""
    return Route(method=method, path=path, message=message, answers=answers, **more)


get, post, put, patch, delete = (
    partial(make, method) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
)


def is_sealed(kind: Any) -> bool:
    """Is it the type of a secret, perhaps one that may be left out?"""
    return kind is Sealed or Sealed in get_args(kind)


def default_of(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    """A field's default as `defstruct` takes it: nothing for a field that must be given."""
    return () if field.required else (field.default,)


def _fields(kind: type[Message]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _as_spoken(field: msgspec.structs.FieldInfo) -> tuple[Any, ...]:
    kind = field.type
    if is_sealed(kind):
        kind = Secret if field.required else Secret | None
    return (field.name, kind, *default_of(field))
