"""Golden samples: one real body of every message, which must decode for ever."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect

from deploy.tool.sample_values import INSTANTS, OTHER, READERS, TRUE, USUAL_DATE, USUAL_INSTANT, VALUES
from shared.messages.base import Message, Reply
from shared.messaging.ids import child_id, first_id_of

_FIRST_ID = first_id_of(datetime.fromisoformat(USUAL_INSTANT))
_KEY_BYTES, _CIPHERTEXT_BYTES = 32, 48


def sample_of(kind: type[Message]) -> bytes:
    """A body with every field filled, made of the story in `sample_values`; the same at each call.

    Raises msgspec.ValidationError where the story has no value that fits a field.
    """
    usual = "portal" if issubclass(kind, Reply) else kind.message_owner()
    story = _Story(reader=READERS.get(kind.__name__, usual))
    body = {"type": kind.message_name(), **story.tell(kind.__name__, inspect.type_info(kind))}
    message = kind.from_json(msgspec.json.encode(body))
    return msgspec.json.format(msgspec.json.encode(message), indent=1) + b"\n"


def sample_problems(
    samples: Mapping[str, bytes], kinds: Mapping[str, type[Message]], released: Mapping[str, str]
) -> list[str]:
    """What is wrong with the samples, by message name; `released` has the SHA-256 of those of a release."""
    problems = [
        f"{name} has no sample: run `nextgen documents --samples`" for name in sorted(kinds.keys() - samples)
    ]
    for name, sha256 in sorted(released.items()):
        if name not in samples:
            problems.append(f"the sample of {name} was released and is gone: put it back")
        elif hashlib.sha256(samples[name]).hexdigest() != sha256:
            problems.append(f"the sample of {name} was released and is changed: put it back as it was")
    for name, body in sorted(samples.items()):
        if name not in kinds:
            problems.append(f"there is a sample of {name}, and no such message")
        elif problem := _reading_problem(kinds[name], body):
            problems.append(f"the sample of {name} {problem}")
        elif name not in released and (silent := _left_out(kinds[name], body)):
            problems.append(
                f"the sample of {name} leaves out {', '.join(silent)}: remove it and make it anew"
            )
    return problems


def _reading_problem(kind: type[Message], body: bytes) -> str | None:
    try:
        message = kind.from_json(body)
    except msgspec.DecodeError as error:
        return f"doesn't decode: {error}"
    if kind.from_json(msgspec.json.encode(message)) != message:
        return "says something else when it is encoded and decoded again"
    return None


def _left_out(kind: type[Message], body: bytes) -> list[str]:
    said = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return [name for name in kind.__struct_encode_fields__ if name not in said]


@dataclass(frozen=True, slots=True)
class _Story:
    """Fills the fields of one message; its secrets are for `reader`."""

    reader: str

    def _tell_field(self, owner: str, field: inspect.Field) -> Any:
        place = f"{owner}.{field.name}"
        if place in OTHER:
            return OTHER[place]
        if place == "Sealed.reader":
            return self.reader
        return self.tell(field.name, field.type)

    def tell(self, name: str, known: inspect.Type) -> Any:
        """What a field of this name and type says, as JSON has it."""
        match known:
            case inspect.Metadata():
                return self.tell(name, known.type)
            case inspect.UnionType():
                return self.tell(name, next(t for t in known.types if not isinstance(t, inspect.NoneType)))
            case inspect.StructType():
                owner = known.cls.__name__
                return {field.encode_name: self._tell_field(owner, field) for field in known.fields}
            case inspect.CollectionType():
                return [self.tell(_one_of(name), known.item_type)]
            case inspect.DictType():
                return {_one_of(name): self.tell(_one_of(name), known.value_type)}
            case inspect.LiteralType():
                return known.values[0]
            case _:
                return _plain(name, known)


def _plain(name: str, known: inspect.Type) -> Any:
    match known:
        case inspect.UUIDType():
            return str(_id_called(name))
        case inspect.DateTimeType():
            return INSTANTS.get(name, USUAL_INSTANT)
        case inspect.BoolType():
            return name in TRUE
        case inspect.BytesType():
            size = _KEY_BYTES if name.endswith("_key") else _CIPHERTEXT_BYTES
            return base64.b64encode(hashlib.shake_256(name.encode()).digest(size)).decode()
        case inspect.DateType():
            return VALUES.get(name, USUAL_DATE)
        case inspect.IntType():
            return VALUES.get(name, 1)
        case _:
            return VALUES.get(name, name.replace("_", " "))


def _one_of(name: str) -> str:
    """What one element of a field is called."""
    return name.removesuffix("s") if name.endswith("s") else f"{name}_item"


def _id_called(name: str) -> UUID:
    return child_id(_FIRST_ID, name, 0)
