"""What the JSON API is asked: the message in a request, and the id that it is sent under."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

import msgspec

from services.portal.api.v1.route import Route
from services.portal.web.asking import Caller
from services.portal.web.problems import Problem
from shared.messages.base import FROM_THE_EDGE, Message
from shared.messaging.ids import child_id, is_acceptable_from_outside

JSON = "application/json"
KEY = "Idempotency-Key"
LONGEST_TOKEN = 200
_MISSING = "Object missing required field "
T = TypeVar("T", bound=msgspec.Struct)


def token_in(authorization: str) -> str:
    """The token that a request's head carries, or nothing where that is no bearer's."""
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and len(token) <= LONGEST_TOKEN and token.isascii() else ""


def read_message(
    route: Route,
    path: Iterable[tuple[str, str]],
    query: Iterable[tuple[str, str]],
    body: bytes,
    caller: Caller,
) -> Message:
    """The message that a request stands for, its secrets to be sealed. Raises Problem for what isn't one."""
    said = msgspec.structs.asdict(_convert(_once([*path, *query]), route.parameters))
    if route.body is not None:
        said |= msgspec.structs.asdict(_decode(body, route.body))
    if route.is_told_network:
        said[FROM_THE_EDGE] = caller.network
    if route.head_field:
        said[route.head_field] = caller.token
    reader = route.message.message_owner()
    for field in route.secrets:
        if said[field] is not None:
            said[field] = caller.services.sealed(said[field], reader)
    return route.message(**said)


def check_type(content_type: str) -> None:
    """Raises Problem for a body that isn't said to be JSON."""
    if content_type.partition(";")[0].strip().lower() != JSON:
        raise Problem(415, "wrong_type", "Not JSON", f"Send {JSON}.", field="Content-Type")


def read_key(text: str | None, caller: Caller) -> UUID | None:
    """The caller's own id for a command. Raises Problem if it can't be one."""
    if text is None:
        return None
    try:
        key = UUID(text)
    except ValueError:
        key = None
    if key is None or not is_acceptable_from_outside(key, caller.services.now()):
        raise Problem(
            400,
            "idempotency_key_unusable",
            "Unusable key",
            "An Idempotency-Key is a UUIDv7, made within the last 24 hours.",
            field=KEY,
        )
    return key


async def id_from(key: UUID, route: Route, message: Message, caller: Caller) -> UUID:
    """The message's id, made of key, account and route: the same at every repetition, for nobody else."""
    account = ""
    if route.is_for_account:
        account = str((await caller.resolve(message, key)).account_id)
    return child_id(key, f"{account} {route.name}", 0)


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    said: dict[str, str] = {}
    for name, value in pairs:
        if name in said:
            raise _malformed("This field is given more than once.", name)
        said[name] = value
    return said


def _convert(said: dict[str, str], kind: type[T]) -> T:
    try:
        return msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "not_json", "Not JSON", "The body can't be read as JSON.") from None


def _invalid(error: msgspec.ValidationError) -> Problem:
    """Which field is wrong, and how; some of msgspec's texts quote what was sent, and those aren't shown."""
    what, _, path = str(error).partition(" - at ")
    field = path.strip("`").removeprefix("$").lstrip(".")
    if what.startswith(_MISSING):
        missing = what.removeprefix(_MISSING).strip("`")
        return _malformed("This field is missing.", f"{field}.{missing}".lstrip("."))
    return _malformed(f"{what}." if what.startswith("Expected ") else "A value or field is not known.", field)


def _malformed(what: str, field: str) -> Problem:
    return Problem(422, "malformed", "Not understood", what, field=field)
